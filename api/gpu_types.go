package api

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// GPUSlice is where a MIG slice is on its device.
type GPUSlice struct {
	Device  string `json:"device" doc:"UUID of the device"`
	Profile string `json:"profile" example:"3g.40gb"`
	Start   int    `json:"start" doc:"Of its placement, in memory slices"`
	Size    int    `json:"size" doc:"Of its placement"`
}

// GPUDetail is a GPU with all that is remembered of it, on whichever host it was.
type GPUDetail struct {
	GPU
	Health      *gpu.Health `json:"health,omitempty" doc:"What its driver told last"`
	CheckedAt   time.Time   `json:"checked_at,omitzero" doc:"When that was"`
	CertifiedAt time.Time   `json:"certified_at,omitzero" doc:"When it was last found well"`
	Uncorrected []time.Time `json:"uncorrected" doc:"When it had errors that were not corrected, in the last year and since it was last released"`
	LinkErrors  []time.Time `json:"link_errors" doc:"When its NVLink had errors, in the same time"`
	Unjudged    []gpu.Event `json:"unjudged" doc:"What its driver reported since and no diagnosis has taken into account"`
	Care        *GPUCare    `json:"care,omitempty" doc:"What is being done with it, or was done last"`
}

// GPUCare is something that is done with a GPU that no instance has.
type GPUCare struct {
	ID          string          `json:"id" example:"car_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	GPUID       string          `json:"gpu_id"`
	What        fleet.CareKind  `json:"what"`
	Level       gpu.Level       `json:"level" doc:"Of the test"`
	Actor       string          `json:"actor" doc:"Who asked for it"`
	State       fleet.CareState `json:"state" doc:"Failed: it came to no verdict"`
	Phase       string          `json:"phase,omitempty" doc:"What is done now"`
	Percent     float64         `json:"percent,omitempty"`
	Message     string          `json:"message,omitempty" doc:"What it came to, or why it failed"`
	DiagnosisID string          `json:"diagnosis_id,omitempty" doc:"The last that it led to"`
	AskedAt     time.Time       `json:"asked_at"`
	EndedAt     time.Time       `json:"ended_at,omitzero"`
	Drains      bool            `json:"drains,omitempty" doc:"What runs on the GPU is moved away first"`
	Rule        string          `json:"rule,omitempty" doc:"That asked for it, because of what the GPU reported" example:"xid-94"`
	Reason      string          `json:"reason,omitempty" doc:"What the GPU reported"`
	CancelledAt time.Time       `json:"cancelled_at,omitzero" doc:"Somebody wants it ended"`
}

// GPUReason is why somebody quarantines or releases a GPU.
type GPUReason struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For others to read; it is part of the GPU's history"`
}

// GPUTest is how a GPU is to be tested.
type GPUTest struct {
	Level gpu.Level `json:"level,omitempty" doc:"How thoroughly. Default: standard; after a reset, rigorous"`
}

// GPUEvent is what a GPU's driver reported by itself.
type GPUEvent struct {
	gpu.Event
	ID          string    `json:"id"`
	HostID      string    `json:"host_id" doc:"Where it was then"`
	Count       int64     `json:"count" doc:"How often it came, the same within seconds and when it came too often"`
	LastAt      time.Time `json:"last_at" doc:"The last of these"`
	DiagnosisID string    `json:"diagnosis_id,omitempty" doc:"The one that took it into account; none: nobody has judged it yet"`
}

// Diagnosis is one examination, scrub or reset of a GPU, or what somebody decided about it.
type Diagnosis struct {
	ID          string              `json:"id" example:"dgn_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Kind        fleet.DiagnosisKind `json:"kind"`
	GPUID       string              `json:"gpu_id"`
	UUID        string              `json:"uuid" doc:"The driver's name for the GPU"`
	Serial      string              `json:"serial,omitempty"`
	HostID      string              `json:"host_id"`
	OperationID string              `json:"operation_id,omitempty" doc:"That asked for it"`
	InstanceID  string              `json:"instance_id,omitempty" doc:"That the operation was about"`
	Actor       string              `json:"actor,omitempty" doc:"Who asked for it, or decided, if it was no operation"`
	Outcome     string              `json:"outcome,omitempty" enum:"lost,hung,quarantine,reboot,reset_and_retest,inconclusive,pass_degraded,pass" doc:"Of a test or scrub. One that was skipped has none"`
	Rule        string              `json:"rule,omitempty" doc:"That decided" example:"remap-pending"`
	Message     string              `json:"message,omitempty" doc:"What it saw"`
	Action      string              `json:"action,omitempty" doc:"What was done about it"`
	Level       string              `json:"level,omitempty" doc:"Of a test" example:"rigorous"`
	Retest      bool                `json:"retest,omitempty" doc:"The GPU had been reset because of an earlier verdict"`
	Seconds     float64             `json:"seconds,omitempty" doc:"How long it took"`
	Coverage    float64             `json:"coverage,omitempty" doc:"Of its usable memory, what was tested or overwritten, 0 to 1"`
	GBps        float64             `json:"gbps,omitempty" doc:"The best phase's rate in 10⁹ bytes a second"`
	Signed      bool                `json:"signed" doc:"By the host"`
	Simulated   bool                `json:"simulated" doc:"The GPU is, and so is what was found"`
	At          time.Time           `json:"at"`
}

// DiagnosisReport is a diagnosis with all that it comes from.
type DiagnosisReport struct {
	Diagnosis
	Verdict     gpu.Verdict      `json:"verdict"`
	Examination *gpu.Examination `json:"examination,omitempty" doc:"Of a test"`
	Scrub       *gpu.Result      `json:"scrub,omitempty" doc:"Of a scrub"`
	Signature   *gpu.Signed      `json:"signature,omitempty" doc:"The host's, on the examination or the scrub"`
	Redacted    bool             `json:"redacted,omitempty" doc:"What concerns others was left out: the signature is of more than this"`
}

// ScrubAnswer is what became of GPUs that a host scrubbed.
type ScrubAnswer struct {
	GPUs []ScrubbedGPU `json:"gpus"`
}

// ScrubbedGPU is what became of one.
type ScrubbedGPU struct {
	UUID    string         `json:"uuid"`
	State   fleet.GPUState `json:"state,omitempty"`
	Outcome gpu.Outcome    `json:"outcome"`
	Message string         `json:"message,omitempty" doc:"What the verdict saw, or why the scrub counts for nothing"`
}

// EventsAnswer is what became of events that a host reported.
type EventsAnswer struct {
	Fresh int `json:"fresh" doc:"How many were new"`
}

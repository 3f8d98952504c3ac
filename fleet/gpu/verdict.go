package gpu

import "time"

// Purpose is why a GPU is examined. It decides how thoroughly.
type Purpose string

// The purposes.
const (
	ForThaw    Purpose = "thaw"    // it is about to get a frozen instance's data, or a migrated one's
	ForCreate  Purpose = "create"  // a new server's
	ForWorker  Purpose = "worker"  // an endpoint's worker's
	ForRelease Purpose = "release" // it comes back from quarantine, a reset, or probation
	ForHand    Purpose = "hand"    // somebody asked
)

// An Examination is all that is found out about one GPU before it is judged.
type Examination struct {
	Schema    int       `json:"schema"` // SchemaVersion
	UUID      string    `json:"uuid"`
	Type      string    `json:"type"`
	Purpose   Purpose   `json:"purpose"`
	Level     Level     `json:"level"`
	Retest    bool      `json:"retest,omitempty" doc:"It was reset because of an earlier verdict"`
	Simulated bool      `json:"simulated,omitempty"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`

	Before  *Health  `json:"before,omitempty"`
	After   *Health  `json:"after,omitempty"`
	Events  []Event  `json:"events,omitempty" doc:"While it was examined"`
	Holders []Holder `json:"holders,omitempty" doc:"Who has it open and should not"`
	Result  *Result  `json:"result,omitempty" doc:"Of the memory test"`
	Hung    bool     `json:"hung,omitempty" doc:"The driver did not answer three times in a row"`
	Missing bool     `json:"missing,omitempty" doc:"The driver does not list it any more"`
	Error   string   `json:"error,omitempty" doc:"Why it is not whole"`

	ResetError string `json:"reset_error,omitempty" doc:"Why the reset before it was refused, or failed"`
}

// SchemaVersion is that of Examination.
const SchemaVersion = 1

// History is what is remembered of a GPU, by serial and UUID.
type History struct {
	// Certified are its counters when it was last found well; nil: never.
	Certified *Health `json:"certified,omitempty"`
	// Since are events since then that nobody has judged yet.
	Since []Event `json:"since,omitempty"`
	// Uncorrected is when it had uncorrectable errors, and LinkErrors when NVLink errors, within
	// Policy.Window and since it was last released from a quarantine. Times that are closer
	// than Policy.Incident count as one.
	Uncorrected []time.Time `json:"uncorrected,omitempty"`
	LinkErrors  []time.Time `json:"link_errors,omitempty"`
}

// Outcome is what a verdict comes to.
type Outcome string

// The outcomes, in the order of the table: the first row whose condition holds wins.
const (
	Lost         Outcome = "lost"             // off the bus: the node needs a reboot
	Hung         Outcome = "hung"             // the driver does not answer
	Quarantine   Outcome = "quarantine"       // out of the pool for good
	Reboot       Outcome = "reboot"           // the node needs one; a reset does not do
	Reset        Outcome = "reset_and_retest" // reset it, then test again, once
	Inconclusive Outcome = "inconclusive"     // not enough is known: not passed
	Degraded     Outcome = "pass_degraded"    // handed out, after better ones
	Pass         Outcome = "pass"
)

// Outcomes are all of them, worst first.
var Outcomes = []Outcome{Lost, Hung, Quarantine, Reboot, Reset, Inconclusive, Degraded, Pass}

// A Verdict is what an examination comes to.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Rule    string  `json:"rule" doc:"ID of the rule that decided: remap-failed"`
	Message string  `json:"message" doc:"What the rule saw"`
	Action  string  `json:"action" doc:"What is done about it"`
	// All are the rules that hold, the deciding one first.
	All []string `json:"all,omitempty"`
}

// Passed reports whether the GPU can be handed out.
func (v Verdict) Passed() bool { return v.Outcome == Pass || v.Outcome == Degraded }

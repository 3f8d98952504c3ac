package fleet

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A Diagnosis is one examination, scrub or reset of a GPU, and what came of it. It is never
// changed: a GPU's history is the list of them, by its UUID and serial.
type Diagnosis struct {
	ID          string // dgn_…
	Kind        DiagnosisKind
	GPUID       string
	UUID        string
	Serial      string
	HostID      string
	OperationID string // that asked for it; empty: nobody's operation
	InstanceID  string
	AccountID   string // whose operation that was
	Actor       string // who asked for it by hand, released or quarantined it
	Examination *gpu.Examination
	Scrub       *gpu.Result
	Verdict     gpu.Verdict
	Score       int           // after a pass, by policy; 0: as usual
	Probation   time.Duration // after a reset, by policy; 0: as usual
	Signed      *gpu.Signed   // by the host; nil: it has no key
	Simulated   bool
	At          time.Time
}

// DiagnosisPrefix is that of a Diagnosis's ID.
const DiagnosisPrefix = "dgn_"

// DiagnosisKind is what a diagnosis is about.
type DiagnosisKind string

// The kinds.
const (
	DiagnosisTest  DiagnosisKind = "test"
	DiagnosisScrub DiagnosisKind = "scrub"
	DiagnosisReset DiagnosisKind = "reset"
	DiagnosisSkip  DiagnosisKind = "skip"  // its owner did not want it tested
	DiagnosisWatch DiagnosisKind = "watch" // of what its driver reported by itself
	DiagnosisHand  DiagnosisKind = "hand"  // somebody quarantined or released it
)

// DiagnosisKinds are all of them.
var DiagnosisKinds = []DiagnosisKind{DiagnosisTest, DiagnosisScrub, DiagnosisReset, DiagnosisSkip, DiagnosisWatch, DiagnosisHand}

// DiagnosisID names the nth diagnosis of a GPU for a lease or a care, so that writing it down
// can be repeated.
func DiagnosisID(of, gpuID string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", of, gpuID, n))
	return DiagnosisPrefix + crockford.EncodeToString(sum[:16])
}

// A GPUScrubbed is what a host says of a GPU that it scrubbed.
type GPUScrubbed struct {
	UUID   string      `json:"uuid"`
	Result gpu.Result  `json:"result"`
	Signed *gpu.Signed `json:"signed,omitempty"`
}

// A GPUEvents is what a host's agent tells of its GPUs between two reports.
type GPUEvents struct {
	Events []gpu.Event  `json:"events"`                         // at most 1000
	Health []gpu.Health `json:"health,omitempty" maxItems:"64"` // of GPUs whose events say nothing without it
}

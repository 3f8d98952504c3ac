package fleet

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A Care is something to be done with a GPU that nobody has, because somebody asked for it or
// because of what its driver reported. Nobody gets the GPU before it is over. A GPU has one
// at a time.
type Care struct {
	ID         string
	GPUID      string
	HostID     string
	UUID       string
	What       CareKind
	Level      gpu.Level // of a test, and of the one after a reset
	Actor      string    // who asked for it
	State      CareState
	Phase      string // what is done now, for people
	Percent    float64
	Message    string // why it failed, or what it came to
	Diagnosis  string // the last one that it led to
	AskedAt    time.Time
	EndedAt    time.Time
	Quarantine bool // the GPU was quarantined when it was asked for

	Drains      bool      // what runs on the GPU is moved away first
	Broken      bool      // what runs on it has failed: workers are not replaced before they go
	Rule        string    // that the watch went by; empty: nobody but who asked for it
	Reason      string    // what it saw
	CancelledAt time.Time // somebody wants it ended
}

// CarePrefix is that of a Care's ID.
const CarePrefix = "car_"

// CareKind is what a care does.
type CareKind string

// The kinds of care.
const (
	CareTest  CareKind = "test"
	CareScrub CareKind = "scrub"
	CareReset CareKind = "reset" // and a test after it
)

// CareKinds are all of them.
var CareKinds = []CareKind{CareTest, CareScrub, CareReset}

// CareState is how far a care is.
type CareState string

// The states of a care.
const (
	CareAsked   CareState = "asked"
	CareRunning CareState = "running"
	CareDone    CareState = "done"   // whatever the verdict was
	CareFailed  CareState = "failed" // it came to no verdict
)

// CareStates are all of them.
var CareStates = []CareState{CareAsked, CareRunning, CareDone, CareFailed}

// CareActor is who asks for the moves by which a GPU is vacated.
func CareActor(gpuID string) string { return "gpu:" + gpuID }

// CareWorkflowID names the workflow that cares for a GPU.
func CareWorkflowID(gpuID string) string { return gpuID + ":care" }

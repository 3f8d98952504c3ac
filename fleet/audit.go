package fleet

import "time"

// A Finding is something that should never be so: the record contradicts itself, Temporal,
// or what hosts reported.
type Finding struct {
	Kind       FindingKind
	Resource   string // ID of what it is about; with Kind it is the finding's name
	AccountID  string // whose that is; empty: the fleet's
	InstanceID string
	HostID     string
	Message    string    // for people: what is wrong, and the way out if there is one
	Repairable bool      // it can be repaired without risk to data, or to what runs
	Repaired   bool      // it was, just now
	Since      time.Time // when it was first noticed; zero: just now
}

// An Audit is one look for findings.
type Audit struct {
	At       time.Time
	Findings []Finding
	// Partial says that Temporal did not answer, so that operations were not compared with it.
	Partial bool
}

// FindingKind is what is wrong.
type FindingKind string

// The kinds of findings.
const (
	OrphanContainer          FindingKind = "orphan_container"           // no lease names it
	StaleContainer           FindingKind = "stale_container"            // it runs, and its instance lives elsewhere
	UnwantedContainer        FindingKind = "unwanted_container"         // it runs, and its instance should not
	DoubleContainer          FindingKind = "double_container"           // two of one instance run
	MissingContainer         FindingKind = "missing_container"          // it does not run, and its instance should
	LeakedLease              FindingKind = "leaked_lease"               // of an instance that is terminated
	LeftoverLease            FindingKind = "leftover_lease"             // of an instance that lives elsewhere
	LeaseOnRetiredHost       FindingKind = "lease_on_retired_host"      // what has it cannot run
	UnleasedGPU              FindingKind = "unleased_gpu"               // in use, and no lease has it
	StrandedGPU              FindingKind = "stranded_gpu"               // being tested, scrubbed or reset for long, and no lease has it
	IdleLeasedGPU            FindingKind = "idle_leased_gpu"            // free or lost, and a lease has it
	Homeless                 FindingKind = "homeless"                   // running or stopped, and nowhere
	FrozenWithoutSnapshot    FindingKind = "frozen_without_snapshot"    // nothing whole to thaw it from
	StaleOperation           FindingKind = "stale_operation"            // open, and its resource does not know of it
	DeadClaim                FindingKind = "dead_claim"                 // ended, and its resource waits for it
	OperationWithoutWorkflow FindingKind = "operation_without_workflow" // open, and nothing works on it
	Overdue                  FindingKind = "overdue"                    // in transition past its deadline
	StaleAddress             FindingKind = "stale_address"              // of a server that is terminated
	DeadRoute                FindingKind = "dead_route"                 // gateways send requests to what does not run
	MissingRoute             FindingKind = "missing_route"              // gateways know nothing of what runs
	StaleQueuePlace          FindingKind = "stale_queue_place"          // of an operation that has ended
)

// FindingKinds are all of them.
var FindingKinds = []FindingKind{
	OrphanContainer, StaleContainer, UnwantedContainer, DoubleContainer, MissingContainer, LeakedLease, LeftoverLease, LeaseOnRetiredHost,
	UnleasedGPU, StrandedGPU, IdleLeasedGPU, Homeless, FrozenWithoutSnapshot, StaleOperation, DeadClaim, OperationWithoutWorkflow, Overdue,
	StaleAddress, DeadRoute, MissingRoute, StaleQueuePlace,
}

// AuditGrace is how long something may be wrong before it is a finding: what two processes
// see is never of the same moment.
const AuditGrace = time.Minute

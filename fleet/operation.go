package fleet

import (
	"slices"
	"time"
)

// Kind is the kind of resource an operation moves.
type Kind string

// The kinds.
const (
	KindInstance Kind = "instance"
	KindEndpoint Kind = "endpoint"
)

// A State is where an instance or an endpoint is in its life.
type State string

// The states in which a resource can rest, and those it passes through.
const (
	Absent     State = ""
	Running    State = "running"
	Stopped    State = "stopped" // it keeps its data on the host; a frozen instance does not
	Frozen     State = "frozen"  // its data is in the archive; it holds nothing else
	Lost       State = "lost"    // its host went silent
	Failed     State = "failed"  // an operation could be neither finished nor undone: someone must look
	Terminated State = "terminated"
	Deleted    State = "deleted"   // of an endpoint
	AsBefore   State = "as before" // only as Operation.To

	Provisioning State = "provisioning"
	Starting     State = "starting"
	Stopping     State = "stopping"
	Restarting   State = "restarting"
	Freezing     State = "freezing"
	Thawing      State = "thawing"
	Migrating    State = "migrating"
	Resetting    State = "resetting"
	Recovering   State = "recovering"
	Terminating  State = "terminating"
	Updating     State = "updating"
	Deleting     State = "deleting"
)

// InstanceStates are those an instance can be in; EndpointStates an endpoint.
var (
	InstanceStates = []State{
		Absent, Running, Stopped, Frozen, Lost, Failed, Terminated, Provisioning, Starting,
		Stopping, Restarting, Freezing, Thawing, Migrating, Resetting, Recovering, Terminating,
	}
	EndpointStates = []State{
		Absent, Running, Stopped, Failed, Deleted, Provisioning, Starting, Stopping, Updating, Deleting,
	}
)

// Gone reports whether there is nothing left of a resource in this state.
func (s State) Gone() bool { return s == Absent || s == Terminated || s == Deleted }

// An Operation is a legal move through a resource's life.
type Operation struct {
	Kind  Kind
	Name  string
	From  []State       // where it may start
	Via   State         // while it is open
	To    State         // once it is done
	Limit time.Duration // for reaching the point of no return; past it the operation is undone
	Over  []string      // the operations it cancels when they are in its way, to come next
}

// The operations. API, workflows, console, documentation and tests all read this table;
// nothing else decides what is legal.
var (
	Create    = Operation{KindInstance, "create", []State{Absent}, Provisioning, Running, time.Hour, nil}
	Start     = Operation{KindInstance, "start", []State{Stopped}, Starting, Running, 2 * time.Hour, nil}
	Stop      = Operation{KindInstance, "stop", []State{Running}, Stopping, Stopped, 2 * time.Hour, []string{"create", "start", "restart", "thaw"}}
	Restart   = Operation{KindInstance, "restart", []State{Running}, Restarting, Running, 2 * time.Hour, nil}
	Freeze    = Operation{KindInstance, "freeze", []State{Running, Stopped}, Freezing, Frozen, 6 * time.Hour, nil}
	Thaw      = Operation{KindInstance, "thaw", []State{Frozen}, Thawing, Running, 6 * time.Hour, nil}
	Migrate   = Operation{KindInstance, "migrate", []State{Running, Stopped}, Migrating, AsBefore, 6 * time.Hour, nil}
	Reset     = Operation{KindInstance, "reset", []State{Running, Stopped, Frozen}, Resetting, Running, 6 * time.Hour, nil}
	Recover   = Operation{KindInstance, "recover", []State{Lost, Failed}, Recovering, Running, 6 * time.Hour, nil}
	Terminate = Operation{
		KindInstance, "terminate",
		[]State{Running, Stopped, Frozen, Lost, Failed},
		Terminating, Terminated, 2 * time.Hour,
		[]string{"create", "start", "stop", "restart", "freeze", "thaw", "migrate", "reset", "recover"},
	}

	CreateEndpoint = Operation{KindEndpoint, "create", []State{Absent}, Provisioning, Running, time.Hour, nil}
	StartEndpoint  = Operation{KindEndpoint, "start", []State{Stopped}, Starting, Running, time.Hour, nil}
	StopEndpoint   = Operation{KindEndpoint, "stop", []State{Running}, Stopping, Stopped, 2 * time.Hour, []string{"create", "start", "update"}}
	UpdateEndpoint = Operation{KindEndpoint, "update", []State{Running, Stopped}, Updating, AsBefore, 2 * time.Hour, nil}
	DeleteEndpoint = Operation{
		KindEndpoint, "delete",
		[]State{Running, Stopped, Failed},
		Deleting, Deleted, 2 * time.Hour,
		[]string{"create", "start", "stop", "update"},
	}
)

// Operations are all of them, in the order of a life.
var Operations = []Operation{
	Create, Start, Stop, Restart, Freeze, Thaw, Migrate, Reset, Recover, Terminate,
	CreateEndpoint, StartEndpoint, StopEndpoint, UpdateEndpoint, DeleteEndpoint,
}

// FindOperation returns the operation of that name on that kind of resource.
func FindOperation(kind Kind, name string) (Operation, bool) {
	i := slices.IndexFunc(Operations, func(o Operation) bool { return o.Kind == kind && o.Name == name })
	if i < 0 {
		return Operation{}, false
	}
	return Operations[i], true
}

// Workflow is the name the operation's workflow is registered under: "freeze" for an
// instance's, "stop-endpoint" for an endpoint's. A name in a history is for ever.
func (o Operation) Workflow() string {
	if o.Kind == KindEndpoint {
		return o.Name + "-endpoint"
	}
	return o.Name
}

// Legal are the names of the operations that a resource of this kind accepts when it is
// settled in state. The console lights these buttons.
func Legal(kind Kind, state State) []string {
	var names []string
	for _, o := range Operations {
		if o.Kind == kind && slices.Contains(o.From, state) {
			names = append(names, o.Name)
		}
	}
	return names
}

// An Outcome is how an operation ended.
type Outcome string

// The outcomes. An open operation has none.
const (
	Open   Outcome = ""
	Done   Outcome = "done"   // the resource is in the operation's To state
	Undone Outcome = "undone" // it is back in the state it was in
	Stuck  Outcome = "stuck"  // neither: the resource is Failed
)

// A Record is one operation on one resource: accepted, begun, and ended.
type Record struct {
	ID         string
	AccountID  string
	Kind       Kind
	ResourceID string
	Name       string // of the operation
	Params     Params
	Actor      string  // who asked: key_…, autoscaler, schedule:…, monitor
	Outcome    Outcome // Open while it is open
	Code       Code    // why it did not end Done
	Message    string
	Phase      string // the current step, for people
	CancelledAt,
	AcceptedAt, StartedAt, BegunAt, EndedAt time.Time
	Deadline time.Time     // when it will be undone if it has not passed its point of no return
	Downtime time.Duration // for which the instance did not run, of one that interrupts it; 0: not known, or none
	Moved    int64         // bytes copied
	Place    int           // in the queue for a place, from 1; 0: it does not wait
	Steps    []Step
}

// Operation is the record's row of the table.
func (r *Record) Operation() Operation {
	o, _ := FindOperation(r.Kind, r.Name)
	return o
}

// A Step is one step of an operation, as people see it.
type Step struct {
	Name      string    `json:"name"` // the activity: StartContainer
	Title     string    `json:"title"`
	HostID    string    `json:"host_id,omitempty"`
	Undo      bool      `json:"undo,omitempty"` // it takes another step back
	State     StepState `json:"state"`
	Message   string    `json:"message,omitempty"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// StepState is how far a step is.
type StepState string

// The states of a step.
const (
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
)

// Progress is how far the current step is. It travels as a heartbeat's details.
type Progress struct {
	Message string  `json:"message,omitempty"`
	Percent float64 `json:"percent,omitempty"` // 0 to 100; 0: not known
	Done    int64   `json:"done,omitempty"`    // bytes, or things
	Total   int64   `json:"total,omitempty"`

	Rate    int64    `json:"rate,omitempty"`    // bytes a second, of late
	Left    Duration `json:"left,omitempty"`    // until the step ends, at this rate; 0: not known
	Attempt int      `json:"attempt,omitempty"` // how often the step is being tried; 0: not known
	Failure string   `json:"failure,omitempty"` // how the attempt before ended
}

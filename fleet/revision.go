package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Revision is one version of an endpoint's spec: who asked for it, and what became of it.
type Revision struct {
	EndpointID  string
	Number      int
	Spec        EndpointSpec
	State       RevisionState
	Actor       string // who asked for it
	OperationID string // that moves the endpoint to it
	Base        int    // the revision that ran when it was made; 0: none
	Restores    int    // of a rollback: the revision whose spec it has
	Code        Code   // why it was withdrawn
	Message     string
	Changes     []Change  // against Base
	CreatedAt   time.Time // when it was asked for
	ReadyAt     time.Time // when a worker of it was ready first; zero: none has been
}

// RevisionState is what has become of a revision.
type RevisionState string

// The states of a revision.
const (
	RevisionPending   RevisionState = "pending"   // it was asked for, and nothing has been done yet
	RevisionRolling   RevisionState = "rolling"   // workers of it take the place of older ones
	RevisionCurrent   RevisionState = "current"   // it is what the endpoint runs
	RevisionReplaced  RevisionState = "replaced"  // by a newer one
	RevisionWithdrawn RevisionState = "withdrawn" // it could not be, or somebody cancelled it
)

// RevisionStates are all of them.
var RevisionStates = []RevisionState{RevisionPending, RevisionRolling, RevisionCurrent, RevisionReplaced, RevisionWithdrawn}

// A Change is a field that differs between two specs. Values of environment variables are
// secrets, and not in it.
type Change struct {
	Field string `json:"field" doc:"Path of the field, such as image or env.TOKEN" example:"image"`
	From  string `json:"from,omitempty" doc:"As JSON; absent if it was not set. Values of environment variables are masked"`
	To    string `json:"to,omitempty" doc:"As JSON; absent if it is not set any more"`
}

// Masked stands for a value that nobody is shown.
const Masked = "***"

// Diff are the fields in which b differs from a, by their paths.
func Diff(a, b EndpointSpec) []Change {
	before, after := a.flat(), b.flat()
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		from, was := before[name]
		to, is := after[name]
		if from == to && was == is {
			continue
		}
		if strings.HasPrefix(name, "env.") {
			from, to = mask(was), mask(is)
		}
		changes = append(changes, Change{Field: name, From: from, To: to})
	}
	return changes
}

func mask(there bool) string {
	if there {
		return Masked
	}
	return ""
}

// flat is the spec field by field, as JSON; fields of fields by their paths. What is left out
// of the spec's own JSON is left out.
func (s EndpointSpec) flat() map[string]string {
	doc, err := json.Marshal(s)
	var fields map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(doc, &fields)
	}
	if err != nil {
		return map[string]string{} // a spec is always JSON
	}
	out := map[string]string{}
	for name, value := range fields {
		var inner map[string]json.RawMessage
		if json.Unmarshal(value, &inner) != nil || inner == nil {
			out[name] = string(value)
			continue
		}
		for key, v := range inner {
			out[name+"."+key] = string(v)
		}
	}
	return out
}

// A Rollout is how far an endpoint is on its way from one revision to the next.
type Rollout struct {
	EndpointID  string
	OperationID string // empty: none is under way
	From        int    // the revision that ran before
	Revision    int    // that it moves to; or runs, when none is under way
	New         int    // workers that are as Revision wants them
	NewReady    int    // those of them that are ready
	Old         int    // workers that are not
	OldReady    int
	Wanted      int // workers in all, as the autoscaler last said
	PausedAt    time.Time
	PausedBy    string
	StartedAt   time.Time
	Deadline    time.Time // when it is taken back; paused, it waits as long
	Trouble     *Trouble
}

// State is the roll-out in a word: rolling, paused, done.
func (r *Rollout) State() string {
	switch {
	case r.OperationID == "":
		return "done"
	case !r.PausedAt.IsZero():
		return "paused"
	default:
		return "rolling"
	}
}

// Message says how far it is: 2 of 5 workers on revision 7.
func (r *Rollout) Message() string {
	text := fmt.Sprintf("%d of %d workers on revision %d", r.NewReady, max(r.Wanted, r.NewReady), r.Revision)
	if r.Old > 0 {
		text += fmt.Sprintf(", %d on older ones", r.Old)
	}
	if r.OperationID != "" && r.Trouble != nil {
		text += "; " + r.Trouble.Word() + ": " + r.Trouble.Last.Message
	}
	return text
}

// PauseLimit is how long a roll-out can be paused. Past it, it is taken back.
const PauseLimit = 30 * 24 * time.Hour

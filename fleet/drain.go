package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A HostDrain is how far a host has been emptied.
type HostDrain struct {
	HostID     string
	DataCenter string
	StartedAt  time.Time  // zero: nobody asked for it
	EndedAt    time.Time  // when nothing lived there any more; zero while something does
	Parallel   int        // moves at a time
	Actor      string     // who asked for it
	Total      int        // instances that had a place there when it began
	Left       []Occupant // those that have one now
}

// Limits of a drain.
const (
	DefaultDrainParallel = 2
	MaxDrainParallel     = 64
)

// An Occupant is an instance that has a place on a host that is emptied.
type Occupant struct {
	InstanceID  string
	AccountID   string
	EndpointID  string // of a worker
	Name        string
	State       State
	Since       time.Time
	Home        bool // it lives there; otherwise an operation has, or has had, something there
	Kept        bool // it lives elsewhere, and its owner decides about the data that lies there
	OperationID string
	Operation   string    // the name of the open one
	Moving      bool      // the open operation is the drain's
	LeavingAt   time.Time // of a worker: since when its autoscaler is to replace it
	Serving     bool      // of a worker: its endpoint is started
	Failures    int       // moves, or replacements, that failed since the drain began
	FailedAt    time.Time // the newest of them
	Failure     string
}

// Running reports whether a drain is to go on.
func (d *HostDrain) Running() bool { return !d.StartedAt.IsZero() && d.EndedAt.IsZero() }

// Empty reports whether nothing lives on the host any more. What is kept there for owners
// is no reason to go on: it cannot be moved.
func (d *HostDrain) Empty() bool {
	return !slices.ContainsFunc(d.Left, func(o Occupant) bool { return !o.Kept })
}

// Next are those that are to leave now: as many as the limit allows, those first that have
// failed the least. One whose move fails makes room for others, and is tried again later.
func (d *HostDrain) Next(now time.Time) []Occupant {
	if !d.Running() {
		return nil
	}
	room := d.Parallel
	var next []Occupant
	for _, o := range d.Left {
		switch {
		case o.leaving():
			room--
		case o.movable() && !now.Before(o.retryAt()):
			next = append(next, o)
		}
	}
	slices.SortStableFunc(next, func(a, b Occupant) int {
		return cmp.Or(cmp.Compare(a.Failures, b.Failures), a.FailedAt.Compare(b.FailedAt))
	})
	return next[:min(max(room, 0), len(next))]
}

// leaving reports whether it is on its way, and counts against the limit.
func (o *Occupant) leaving() bool {
	return o.Moving || o.EndpointID != "" && !o.LeavingAt.IsZero() && o.Failures == 0
}

// movable reports whether a drain can make it leave as it is.
func (o *Occupant) movable() bool {
	switch {
	case !o.Home || o.Kept:
		return false
	case o.EndpointID != "":
		return o.Serving && o.LeavingAt.IsZero()
	default:
		return o.OperationID == "" && slices.Contains(Migrate.From, o.State)
	}
}

// retryAt is when a move that failed is tried again: after 15 s, doubling, at most 10 minutes.
func (o *Occupant) retryAt() time.Time {
	if o.Failures == 0 {
		return time.Time{}
	}
	return o.FailedAt.Add(min(15*time.Second<<min(o.Failures-1, 10), 10*time.Minute))
}

// Reason says for people why it is still there.
func (o *Occupant) Reason(now time.Time) string {
	switch {
	case o.Kept:
		return "it lives elsewhere; its owner has yet to let go of the data that is kept here"
	case o.Moving:
		return "it is being moved"
	case o.EndpointID != "":
		return o.workerReason()
	case o.OperationID != "":
		return o.Operation + " is open on it"
	case o.State == Lost:
		return "it is lost: it waits for its host, or for its recovery elsewhere"
	case !o.Home || !slices.Contains(Migrate.From, o.State):
		return fmt.Sprintf("it is %s: recover it, or terminate it", o.State)
	case o.Failures > 0:
		return fmt.Sprintf("its move failed, try %d is in %s: %s", o.Failures+1, max(0, o.retryAt().Sub(now)).Round(time.Second), o.Failure)
	default:
		return "it waits for its turn"
	}
}

func (o *Occupant) workerReason() string {
	switch {
	case o.State == Terminating:
		return "it is being removed"
	case !o.Serving:
		return "its endpoint is not started: delete that, or start it"
	case o.LeavingAt.IsZero():
		return "it waits for its turn"
	case o.Failures > 0:
		return "its replacement does not start: " + o.Failure
	default:
		return "it is being replaced"
	}
}

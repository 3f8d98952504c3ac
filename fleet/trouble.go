package fleet

import (
	"fmt"
	"time"
)

// When an open operation counts as stuck, though it may still come through.
const (
	StuckUnbegun = 2 * time.Minute // accepted, and not begun
	StuckTries   = 3               // of a step
	StuckStep    = 2 * time.Minute // since the beginning of a step that is tried again and again
)

// Trouble says why an operation is not getting on, and the way out; nothing of one that is.
func (r *Record) Trouble(p Progress, now time.Time) (why, wayOut string) {
	i := running(r.Steps)
	switch {
	case r.Outcome == Stuck:
		return "it could be neither finished nor undone", r.takeDown("recover the instance, or terminate it")
	case r.Outcome != Open:
		return "", ""
	case r.BegunAt.IsZero():
		if now.Sub(r.AcceptedAt) < StuckUnbegun {
			return "", ""
		}
		return "it has not begun: the operation before it is not over, or nobody takes it", "wait, or cancel it: nothing has been done yet"
	case i >= 0 && r.Steps[i].Name == awaitPlace: // as long as it takes
		return "", ""
	case !r.Deadline.IsZero() && now.After(r.Deadline):
		why = "it is past its deadline"
		if i >= 0 && r.Steps[i].HostID != "" {
			why += fmt.Sprintf("; host %s is at %q", r.Steps[i].HostID, r.Steps[i].Title)
		}
		return why, r.takeDown("see that its host answers, or terminate the instance, which wins over it")
	case i < 0 || p.Attempt < StuckTries || now.Sub(r.Steps[i].StartedAt) < StuckStep:
		return "", ""
	}
	why = fmt.Sprintf("%q has been tried %d times", r.Steps[i].Title, p.Attempt)
	if p.Failure != "" {
		why += ": " + p.Failure
	}
	switch {
	case r.Steps[i].Undo:
		return why, r.takeDown("wait: it is tried for half an hour; after that recover the instance, or terminate it")
	case !r.CancelledAt.IsZero():
		return why, r.takeDown("wait until it is undone, or terminate the instance, which wins over it")
	}
	return why, "repair what it says, or cancel the operation: it is undone, unless it is past its point of no return"
}

// takeDown is the way out of an instance, or that of an endpoint.
func (r *Record) takeDown(instance string) string {
	switch {
	case r.Kind == KindEndpoint:
		return "delete the endpoint"
	case r.Name == Terminate.Name && r.Outcome == Open:
		return "see that its host answers: it goes on until everything is taken down"
	}
	return instance
}

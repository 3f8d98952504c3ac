package fleet

import (
	"fmt"
	"slices"
	"time"
)

// Life is the part of an instance and of an endpoint that operations move. A status is
// always a pair, state and target; there is no state from which nothing can happen.
type Life struct {
	State       State
	Was         State     // the state the open operation found it in
	OperationID string    // the open operation, which holds it; empty when it is settled
	NextID      string    // the operation that holds it after that one; see Operation.Over
	Since       time.Time // when State was entered
	Deadline    time.Time // when the open operation is undone if it is not past its commit
	Reason      string    // why it is where it is, when nobody asked for it
}

// Target is the state it moves towards: its own when it is settled.
func (l *Life) Target(open *Record) State {
	if open == nil {
		return l.State
	}
	if to := open.Operation().To; to != AsBefore {
		return to
	}
	return l.Was
}

// Accept claims the resource for rec; or puts it next, if it wins over the open operation;
// or returns Conflict. It is called in the one transaction that also writes the record.
func (l *Life) Accept(rec, open *Record, now time.Time) error {
	op := rec.Operation()
	switch {
	case open == nil && slices.Contains(op.From, l.State):
		l.claim(rec, now)
	case open == nil:
		return Errorf(Conflict, "cannot %s an %s that is %s", op.Name, op.Kind, named(l.State))
	case l.NextID == "" && slices.Contains(op.Over, open.Name):
		l.NextID = rec.ID
	default:
		holder := open.ID
		if l.NextID != "" {
			holder = l.NextID
		}
		return &Error{Code: Conflict, Operation: holder, Message: fmt.Sprintf("cannot %s while operation %s (%s) is open", op.Name, open.ID, open.Name)}
	}
	return nil
}

// WaitLimit is how long an operation waits for a place at most.
const WaitLimit = 30 * 24 * time.Hour

// Limit is how long an operation may take to its point of no return, with waiting for a place
// if it is to.
func (r *Record) Limit() time.Duration {
	limit := r.Operation().Limit
	if r.Params.Wait {
		limit += WaitLimit
	}
	return limit
}

func named(s State) string {
	if s == Absent {
		return "not there"
	}
	return string(s)
}

// Settle ends the claim of rec, which has an outcome now. If an operation was waiting, the
// resource is next's from here on: no third one can come between. A next that finds its
// work done already, such as a stop that undid a start, is done as well; one that finds
// nothing it can do is undone. lost says that the resource's home has lost its lease.
func (l *Life) Settle(rec, next *Record, lost bool, now time.Time) {
	op := rec.Operation()
	switch {
	case lost && rec.Name != Terminate.Name: // whatever the outcome
		l.State = Lost
	case rec.Outcome == Stuck:
		l.State = Failed
	case rec.Outcome == Undone && l.Was == Absent:
		l.State = map[Kind]State{KindInstance: Terminated, KindEndpoint: Deleted}[op.Kind]
	case rec.Outcome == Undone, op.To == AsBefore:
		l.State = l.Was
	default:
		l.State = op.To
	}
	l.OperationID, l.NextID, l.Was, l.Deadline = "", "", Absent, time.Time{}
	l.Since, l.Reason = now, ""
	if rec.Outcome != Done {
		l.Reason = fmt.Sprintf("%s: %s", rec.Name, rec.Message)
	}
	if next == nil {
		return
	}
	nextOp := next.Operation()
	switch {
	case slices.Contains(nextOp.From, l.State):
		l.claim(next, now)
	case nextOp.To == l.State:
		next.Outcome, next.EndedAt = Done, now
	default:
		next.Outcome, next.EndedAt = Undone, now
		next.Code, next.Message = Conflict, fmt.Sprintf("the %s is %s", op.Kind, named(l.State))
	}
}

func (l *Life) claim(rec *Record, now time.Time) {
	op := rec.Operation()
	l.Was, l.State, l.OperationID = l.State, op.Via, rec.ID
	l.Since, l.Deadline, l.Reason = now, now.Add(rec.Limit()), ""
	rec.Deadline = l.Deadline
}

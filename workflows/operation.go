package workflows

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var (
	control *activities.Control // typed nil pointers: workflows name
	metal   *activities.Host    // activities by method, never by string
	errLost = fleet.Errorf(fleet.Unavailable, "the host is lost")
)

// operation is one move through a resource's life, and the way back.
type operation struct {
	fleet.Operation
	activities.Claim
	undo               []func(workflow.Context) error
	committed, overdue bool
	paused             bool          // its instance is stopped
	waits              bool          // for a place, or paused, which the limit does not count
	rested             time.Duration // that it was paused, and the clock has not been told
	stop               func()
	saved              activities.Saved // by the last pass over its snapshot
	savedAt            time.Time        // when that began
	moved              int64            // bytes copied so far
	downtime           time.Duration
	params             fleet.Params
	steps              []fleet.Step
	acceptedAt         time.Time
	endpointID         string // whose autoscaler waits for the end
}

type operationKey struct{}

// newOperation starts the operation's clock. When its limit passes before the commit,
// the context it returns is cancelled, and the operation is undone like any other.
func newOperation(ctx workflow.Context, kind fleet.Operation, claim activities.Claim) (*operation, workflow.Context) {
	ctx, cancel := workflow.WithCancel(workflow.WithActivityOptions(ctx, quick))
	op := &operation{Operation: kind, Claim: claim, stop: cancel}
	ctx = workflow.WithValue(ctx, operationKey{}, op)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for left := kind.Limit; workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{Summary: "limit of " + kind.Name}).Get(ctx, nil) == nil; {
			rung, waited := workflow.Now(ctx), op.waits
			if waited {
				_ = workflow.Await(ctx, func() bool { return !op.waits }) // cancelled: the timer is, too
			}
			switch {
			case op.rested > 0: // what came after the timer did not use it up
				left = op.rested - workflow.Now(ctx).Sub(rung)
			case waited:
				left = kind.Limit
			default:
				left = 0
			}
			if op.rested = 0; left > 0 {
				continue
			}
			op.overdue = true
			cancel()
			return
		}
	})
	return op, ctx
}

// rest does something while the operation's clock stands still.
func (op *operation) rest(ctx workflow.Context, do func() error) error {
	op.waits = true
	began := workflow.Now(ctx)
	err := do()
	op.waits, op.rested = false, op.rested+workflow.Now(ctx).Sub(began)
	return err
}

// beginInstance confirms the claim, and says in Temporal's UI what it is about.
func (op *operation) beginInstance(ctx workflow.Context) (activities.Instance, error) {
	inst, err := call(ctx, control.BeginInstance, op.Claim)
	if err != nil {
		return inst, err
	}
	op.endpointID, op.acceptedAt, op.params = inst.EndpointID, inst.AcceptedAt, inst.Params
	label(ctx, gpuCount.ValueSet(int64(inst.GPUs)), endpointID.ValueSet(inst.EndpointID), hostID.ValueSet(inst.Home.Lease.HostID))
	return inst, nil
}

// beginEndpoint confirms the claim.
func (op *operation) beginEndpoint(ctx workflow.Context) (activities.Endpoint, error) {
	ep, err := call(ctx, control.BeginEndpoint, op.Claim)
	op.acceptedAt = ep.AcceptedAt
	return ep, err
}

// commit passes the point of no return. Work done on the context it returns is neither
// undone nor cancelled: it is finished. Contexts from before it are dead.
func (op *operation) commit(ctx workflow.Context) workflow.Context {
	op.undo, op.committed = nil, true
	op.stop()
	return workflow.WithValue(steadfast(ctx), committedKey{}, true)
}

// steadfast is a context for work that has to be finished: it is neither cancelled nor
// ever given up.
func steadfast(ctx workflow.Context) workflow.Context {
	ctx, _ = workflow.NewDisconnectedContext(workflow.WithValue(ctx, steadfastKey{}, true))
	return workflow.WithRetryPolicy(ctx, untilDone)
}

// end settles the resource: done, back where it was, or failed. It works on a
// disconnected context, so that a cancelled operation is undone like a failed one.
func (op *operation) end(ctx workflow.Context, err *error) {
	ctx = steadfast(workflow.WithActivityOptions(ctx, quick))
	if op.overdue && temporal.IsCanceledError(*err) {
		*err = fleet.Errorf(fleet.Timeout, "%s took longer than %s", op.Name, op.Limit)
	}
	ending := activities.Ending{OperationID: op.OperationID, Outcome: fleet.Done}
	if *err != nil {
		ending.Outcome = fleet.Undone
		slices.Reverse(op.undo)
		// It stops at an undo that fails, because those noted before rely on it: no lease
		// goes back while its container may run.
		uerr := op.takeBack(ctx)
		if uerr != nil {
			*err = fleet.Errorf(fleet.Internal, "%v; and undoing it: %v", FromTemporal(*err), FromTemporal(uerr))
		}
		if uerr != nil || op.committed {
			ending.Outcome = fleet.Stuck
		}
		ending.Code, ending.Message = fleet.CodeOf(FromTemporal(*err)), FromTemporal(*err).Error()
		ending.Fault = op.fault(*err)
	}
	ending.Steps, ending.AcceptedAt = op.steps, op.acceptedAt
	ending.Downtime, ending.Moved = op.downtime, op.moved
	settling := workflow.GetActivityOptions(ctx)
	settling.Summary = "end operation: " + string(ending.Outcome)
	ctx = workflow.WithActivityOptions(ctx, settling)
	if eerr := workflow.ExecuteActivity(ctx, control.EndOperation, ending).Get(ctx, nil); eerr != nil {
		*err = fleet.Errorf(fleet.Internal, "%s is %s, but not settled: %v", op.Name, ending.Outcome, FromTemporal(eerr))
		return
	}
	label(ctx, outcome.ValueSet(string(ending.Outcome)))
	if op.endpointID != "" {
		// An autoscaler that is not there any more has nothing to learn.
		finished := Finished{InstanceID: op.ResourceID, Operation: op.Name, Outcome: ending.Outcome, Code: ending.Code, Message: ending.Message}
		_ = workflow.SignalExternalWorkflow(ctx, fleet.AutoscalerID(op.endpointID), "", OperationDone, finished).Get(ctx, nil)
	}
}

// takeBack does the undos that are noted, and stops at one that fails.
func (op *operation) takeBack(ctx workflow.Context) error {
	for _, undo := range op.undo {
		if err := undo(ctx); err != nil {
			return err
		}
	}
	return nil
}

// noteUndo notes how to take back what is about to be done on ctx. It will be done by whoever
// ends the operation: a context belongs to the coroutine it was made in, which may be over by
// then.
func noteUndo[In any](ctx workflow.Context, op *operation, undo func(context.Context, In) error, in In) {
	op.undo = append(op.undo, func(now workflow.Context) error {
		now = workflow.WithActivityOptions(now, workflow.GetActivityOptions(ctx))
		now = workflow.WithValue(now, leaseKey{}, ctx.Value(leaseKey{}))
		return clearUp(now, undo, in)()
	})
}

// inOrder does one thing after the other, as long as nothing fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// inTurn is several steps as one.
func inTurn(steps ...func() error) func() error {
	return func() error { return inOrder(steps...) }
}

// together does several things side by side, and waits for all of them. The first that
// fails has the others cancelled.
func together(ctx workflow.Context, all ...func(workflow.Context) error) (err error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	group := workflow.NewWaitGroup(ctx)
	for _, one := range all {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			if failed := one(ctx); failed != nil && err == nil {
				err = failed
				cancel()
			}
		})
	}
	waiting, _ := workflow.NewDisconnectedContext(ctx) // what is cancelled is waited for, too
	group.Wait(waiting)
	return err
}

// when is steps that only make sense in some state.
func when(ok bool, steps ...func() error) func() error {
	if !ok {
		steps = nil
	}
	return func() error { return inOrder(steps...) }
}

// step is work the operation knows how to undo. The undo is noted first: work that failed
// may still have happened. Both halves have the same input, and can be repeated.
func step[In any](ctx workflow.Context, op *operation, do, undo func(context.Context, In) error, in In) func() error {
	return func() error {
		noteUndo(ctx, op, undo, in)
		return run(ctx, do, in)()
	}
}

// clearUp takes something back, cancelled or not. A host that has lost its lease does that
// by itself before it works again, so there it is as good as done.
func clearUp[In any](ctx workflow.Context, undo func(context.Context, In) error, in In) func() error {
	return func() error {
		ctx := steadfast(ctx)
		if ctx.Value(committedKey{}) == nil {
			ctx = workflow.WithValue(ctx, undoKey{}, true)
			limit := max(undoLimit, 2*workflow.GetActivityOptions(ctx).StartToCloseTimeout)
			ctx = workflow.WithScheduleToCloseTimeout(ctx, limit)
		}
		if err := run(ctx, undo, in)(); !errors.Is(err, errLost) {
			return err
		}
		return nil
	}
}

// run is one activity without an answer.
func run[In any](ctx workflow.Context, activity func(context.Context, In) error, in In) func() error {
	return func() error {
		return execute(ctx, activity, in, nil)
	}
}

// call is one activity that answers.
func call[In, Out any](ctx workflow.Context, activity func(context.Context, In) (Out, error), in In) (out Out, err error) {
	err = execute(ctx, activity, in, &out)
	return out, err
}

// ask is call, as one step of a list, when only people care for the answer.
func ask[In, Out any](ctx workflow.Context, activity func(context.Context, In) (Out, error), in In) func() error {
	return func() error {
		var out Out
		return execute(ctx, activity, in, &out)
	}
}

// execute runs an activity, and keeps the step row that people follow. If a host does not
// take the activity, its lease says whether to wait on: a long queue is not a dead host.
func execute(ctx workflow.Context, activity, in, out any) (err error) {
	ctx, done := note(ctx, activity)
	defer func() { done(ctx, err) }()
	lease, onHost := ctx.Value(leaseKey{}).(fleet.Lease)
	for known := onHost && lease.Expired; ; known = false {
		if !known { // else it was lost already when the operation began: it is asked for first
			err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, out)
			timeout, ok := errors.AsType[*temporal.TimeoutError](err)
			if !ok || timeout.TimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START || !onHost {
				return err
			}
		}
		var lost bool
		err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, quick), control.LeaseExpired, lease).Get(ctx, &lost)
		if lost || err != nil {
			return cmp.Or(err, errLost)
		}
	}
}

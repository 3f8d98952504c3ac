package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// CreateEndpoint brings an endpoint's first workers up. If they cannot start, nothing is
// left of it but its record.
func CreateEndpoint(ctx workflow.Context, in activities.Claim) error {
	return raise(ctx, fleet.CreateEndpoint, in)
}

// StartEndpoint brings the workers of a stopped endpoint up, behind the URL it always had.
func StartEndpoint(ctx workflow.Context, in activities.Claim) error {
	return raise(ctx, fleet.StartEndpoint, in)
}

func raise(ctx workflow.Context, kind fleet.Operation, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, kind, in)
	defer op.end(ctx, &err)

	ep, err := op.beginEndpoint(ctx)
	if err != nil {
		return err
	}
	// The autoscaler makes the workers, through the same door as people do. Its undo takes
	// them down with it.
	noteUndo(waiting(ctx, kind.Limit), op, control.StopWorkers, in)
	return inOrder(
		run(ctx, control.StartAutoscaler, in),
		run(waiting(ctx, kind.Limit), control.AwaitWorkers, activities.WorkersWait{EndpointID: ep.ID, Since: ep.AcceptedAt}),
	)
}

// StopEndpoint ends an endpoint's requests gracefully and takes its workers down. It keeps
// its URL, its settings and its volume. Until the last request has ended, or had its time,
// a cancel brings it back as if nothing had been.
func StopEndpoint(ctx workflow.Context, in activities.Claim) error {
	return lower(ctx, fleet.StopEndpoint, in)
}

// DeleteEndpoint stops an endpoint and forgets it.
func DeleteEndpoint(ctx workflow.Context, in activities.Claim) error {
	return lower(ctx, fleet.DeleteEndpoint, in)
}

func lower(ctx workflow.Context, kind fleet.Operation, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, kind, in)
	defer op.end(ctx, &err)

	ep, err := op.beginEndpoint(ctx)
	if err != nil {
		return err
	}
	if ep.Was == fleet.Running {
		limit := time.Duration(ep.Drain)
		err = inOrder(
			step(ctx, op, control.StopAutoscaler, control.StartAutoscaler, in),
			ask(waiting(ctx, limit), control.AwaitIdle, activities.Drain{Claim: in, Limit: ep.Drain}),
		)
		if err != nil {
			return err
		}
	}

	// Nobody is being served. Past this line the workers go.
	ctx = op.commit(ctx)

	return run(waiting(ctx, kind.Limit), control.StopWorkers, in)()
}

// UpdateEndpoint moves an endpoint to a new revision of its spec. Its autoscaler replaces
// the workers one by one; a revision that does not become ready is taken back, and the old
// workers have been serving all along.
func UpdateEndpoint(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.UpdateEndpoint, in)
	defer op.end(ctx, &err)

	ep, err := op.beginEndpoint(ctx)
	if err != nil {
		return err
	}
	running := ep.Was == fleet.Running
	old, next := activities.Revision{EndpointID: ep.ID, Number: ep.Revision}, activities.Revision{EndpointID: ep.ID, Number: ep.Next}

	// Undone, the revision is the old one again, and then the autoscaler looks.
	if running {
		noteUndo(ctx, op, control.WakeAutoscaler, in)
	}
	noteUndo(ctx, op, control.SetRevision, old)
	return inOrder(
		run(ctx, control.SetRevision, next),
		when(running,
			run(ctx, control.WakeAutoscaler, in),
			func() error { return op.rollOut(ctx, ep) }),
	)
}

// rollOut waits until the autoscaler has replaced the workers. While somebody has paused it,
// the operation's clock stands still.
func (op *operation) rollOut(ctx workflow.Context, ep activities.Endpoint) error {
	wait := activities.WorkersWait{EndpointID: ep.ID, Since: ep.AcceptedAt}
	for {
		out, err := call(waiting(ctx, fleet.UpdateEndpoint.Limit), control.AwaitRollout, wait)
		if err != nil || !out.Paused {
			return err
		}
		err = op.rest(ctx, func() error {
			wait.Since, err = call(waiting(ctx, fleet.PauseLimit), control.AwaitResumed, ep.ID)
			return err
		})
		if err != nil {
			return err
		}
		if err := run(ctx, control.WakeAutoscaler, op.Claim)(); err != nil {
			return err
		}
	}
}

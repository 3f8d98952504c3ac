package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// StopInstance ends an instance's requests gracefully and stops its container. It keeps
// its disk, and its GPUs and ports unless it is asked to give them back.
func StopInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Stop, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	if err := op.pause(ctx, inst)(); err != nil || op.params.Hold != fleet.HoldNone {
		return err
	}
	// It has stopped. Past this line others may have its GPUs.
	ctx = op.commit(ctx)
	return inOrder(
		op.scrub(ctx, inst.Home),
		run(ctx, control.StripLease, inst.Home),
	)
}

// drain waits for the requests in flight of an instance whose traffic is held.
func drain(ctx workflow.Context, inst activities.Instance, in activities.Claim) func() error {
	return ask(waiting(ctx, time.Duration(inst.Drain)), control.AwaitDrained, activities.Drain{Claim: in, Limit: inst.Drain})
}

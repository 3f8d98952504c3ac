package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// StartInstance starts the container of a stopped instance, where it has been all along, or
// where it finds a place if it has given its own back.
// Requests reach it once the operation is settled.
func StartInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Start, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	home := inst.Home
	if home.Lease.Bare { // it gave its GPUs back when it stopped
		return op.move(ctx, inst, true)
	}
	return inOrder(
		step(onHost(ctx, home), op, metal.StartContainer, metal.StopContainer, home),
		equip(ctx, home),
		run(probing(ctx, home), metal.ProbeContainer, home),
	)
}

package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// RestartInstance stops an instance's container and starts it again, on the same disk.
func RestartInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Restart, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	home := inst.Home
	return inOrder(
		op.pause(ctx, inst),
		run(onHost(ctx, home), metal.StartContainer, home),
		equip(ctx, home),
		run(probing(ctx, home), metal.ProbeContainer, home),
	)
}

package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// StopInstance ends an instance's requests gracefully and stops its container. It keeps
// its disk, its GPUs and its ports.
func StopInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Stop, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	home := inst.Home
	return inOrder(
		step(ctx, op, control.HoldTraffic, control.ReleaseTraffic, in),
		drain(ctx, inst, in),
		step(onHost(ctx, home), op, metal.StopContainer, metal.ResumeContainer, home),
	)
}

// drain waits for the requests in flight of an instance whose traffic is held.
func drain(ctx workflow.Context, inst activities.Instance, in activities.Claim) func() error {
	return ask(waiting(ctx, time.Duration(inst.Drain)), control.AwaitDrained, activities.Drain{Claim: in, Limit: inst.Drain})
}

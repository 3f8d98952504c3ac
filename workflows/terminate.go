package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// TerminateInstance takes down all there is of an instance, whatever state it is in.
// All it does is undo, so it has no undo of its own and commits at once, unless it is asked
// to keep the data for a while: then that is saved first. It starts when the operation it
// cancelled has settled: until then that one has the workflow ID.
func TerminateInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Terminate, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	if op.params.Keep > 0 && (inst.Was == fleet.Running || inst.Was == fleet.Stopped) {
		if err := op.keepSafe(ctx, inst)(); err != nil {
			return err
		}
	}
	ctx = op.commit(ctx)

	steps := []func() error{when(inst.Was == fleet.Running, run(ctx, control.HoldTraffic, in), drain(ctx, inst, in))}
	for _, place := range inst.Leases {
		steps = append(steps, op.vacate(ctx, place))
	}
	steps = append(steps, run(ctx, control.ForgetSnapshots, activities.Snap{Claim: in, Keep: op.params.Keep}))
	return inOrder(steps...)
}

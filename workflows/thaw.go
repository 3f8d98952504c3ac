package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// ThawInstance brings a frozen instance back, on any host that fits: its GPUs are diagnosed
// before they get its data. If it cannot, it is as frozen as before.
func ThawInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Thaw, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	home, err := op.placeTested(ctx, activities.Placing{Archives: true, Purpose: gpu.ForThaw})
	if err != nil {
		return err
	}
	op.moved = inst.Saved
	err = inOrder(
		op.restore(ctx, op.at(home, inst.Snapshot)),
		op.wake(ctx, home),
	)
	if err != nil {
		return err
	}

	// It answers. Past this line it lives there.
	ctx = op.commit(ctx)

	return inOrder(
		run(ctx, control.MoveInstance, home),
		run(ctx, control.ForgetSnapshot, activities.Snap{Claim: in, SnapshotID: inst.Snapshot}),
	)
}

// wake starts a container that is about to be the instance's, and waits until it answers.
func (op *operation) wake(ctx workflow.Context, home activities.Container) func() error {
	return inTurn(
		step(onHost(ctx, home), op, metal.StartContainer, metal.StopContainer, home),
		equip(ctx, home),
		run(probing(ctx, home), metal.ProbeContainer, home),
	)
}

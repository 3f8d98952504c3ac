package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// FreezeInstance parks an instance: its root filesystem and data go to the archive, and its
// GPUs back to the pool. If it cannot, the instance is as it was.
func FreezeInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Freeze, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	home, snap := inst.Home, op.snap(fleet.SnapshotFreeze)
	here := op.at(home, snap.SnapshotID)
	err = inOrder(
		step(ctx, op, control.RecordSnapshot, control.ForgetSnapshot, snap),
		when(inst.Was == fleet.Running, op.save(ctx, here)), // most of it, while it runs
		op.pause(ctx, inst),
		op.save(ctx, here),
		op.seal(ctx, here, snap),
	)
	if err != nil {
		return err
	}

	// The archive can give everything back. Past this line nothing is undone, only finished.
	ctx = op.commit(ctx)

	return inOrder(
		run(ctx, control.FreezeInstance, snap), // the record first,
		op.vacate(ctx, home),                   // then what it replaces
	)
}

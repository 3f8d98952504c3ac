package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// MigrateInstance moves an instance to another host. If it runs, most of its data travels
// meanwhile, and callers see a pause. If it cannot move, it stays as and where it was.
func MigrateInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Migrate, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	return op.move(ctx, inst, inst.Was == fleet.Running)
}

// move moves an instance from its home to another place, where it runs afterwards or not.
func (op *operation) move(ctx workflow.Context, inst activities.Instance, running bool) error {
	source, snap := inst.Home, op.snap(fleet.SnapshotMigrate)
	op.paused = inst.Was != fleet.Running
	here := op.at(source, snap.SnapshotID)
	err := run(ctx, control.CheckMove, activities.Placing{Claim: op.Claim, HostID: op.params.HostID})()
	if err != nil {
		return err
	}
	if err := step(ctx, op, control.RecordSnapshot, control.ForgetSnapshot, snap)(); err != nil {
		return err
	}

	// While it is as it was: a place, the diagnostics of its GPUs, and most of the data.
	var target activities.Container
	err = together(ctx,
		func(ctx workflow.Context) (err error) {
			target, err = op.placeTested(ctx, activities.Placing{Archives: true, Purpose: gpu.ForThaw})
			return err
		},
		func(ctx workflow.Context) error { return op.save(ctx, here)() },
	)
	if err != nil {
		return err
	}
	there := op.at(target, snap.SnapshotID)
	if err := op.restore(ctx, there)(); err != nil {
		return err
	}
	for pass, last := 2, op.saved.Read; inst.Was == fleet.Running && worthAnotherPass(pass, last); pass++ {
		err := inOrder(op.save(ctx, here), op.again(ctx, there))
		if err != nil {
			return err
		}
		if op.saved.Read > last/2 { // it does not shrink any more
			break
		}
		last = op.saved.Read
	}

	// The pause. What changed since the last pass travels, and nothing else.
	paused := workflow.Now(ctx)
	err = inOrder(
		op.pause(ctx, inst),
		when(inst.Was == fleet.Running, op.save(ctx, here), op.again(ctx, there)),
		when(running, op.wake(ctx, target)),
	)
	if err != nil {
		return err
	}

	// The copy answers. Past this line the instance lives on the target.
	ctx = op.commit(ctx)

	err = inOrder(
		run(ctx, control.MoveInstance, target),     // the record first,
		run(ctx, control.ReleaseTraffic, op.Claim), // then the callers,
	)
	if inst.Was == fleet.Running {
		op.downtime = workflow.Now(ctx).Sub(paused)
	}
	if err != nil {
		return err
	}
	return inOrder(
		when(!running && source.Lease.Bare, run(ctx, control.StripLease, target)),
		op.vacate(ctx, source), // and the source last
		run(ctx, control.ForgetSnapshot, snap),
	)
}

// Passes over the data of a running instance go on until what is left is small.
const (
	mostPasses = 6
	smallPass  = 32 << 20 // bytes: less than a second's worth
)

func worthAnotherPass(pass int, left int64) bool { return pass <= mostPasses && left > smallPass }

// again restores what changed since the last time, and compares it; the undo is noted.
func (op *operation) again(ctx workflow.Context, there activities.Copy) func() error {
	return inTurn(
		run(copies(ctx, there.Container), metal.RestoreSnapshot, there),
		run(copies(ctx, there.Container), metal.CheckRestored, there),
	)
}

package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// ResetInstance erases all data of an instance and installs its image anew, or restores a
// snapshot; ID, price and balance are as they were. What was there is kept for a while, if
// it was asked to.
func ResetInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Reset, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	// One that has no GPUs any more gets a place first.
	old, home := inst.Home, inst.Home
	moves := inst.Was == fleet.Frozen || old.Lease.Bare
	if moves {
		if home, err = op.placeTested(ctx, activities.Placing{Archives: true, Purpose: gpu.ForThaw}); err != nil {
			return err
		}
	}
	err = inOrder(
		when(op.params.SnapshotID == "", run(bulk(ctx, home), metal.PullImage, home)),
		when(op.params.SnapshotID != "", run(copies(ctx, home), metal.VerifySnapshot, op.at(home, op.params.SnapshotID))),
		op.keepSafe(ctx, inst),
	)
	if err != nil {
		return err
	}

	// It is asked to destroy. Past this line it does.
	ctx = op.commit(ctx)

	return inOrder(
		when(moves, run(ctx, control.MoveInstance, home)),
		when(!moves, run(onHost(ctx, old), metal.RemoveContainer, old)),
		op.install(ctx, home),
		op.bringUp(ctx, home),
		when(moves && old.Lease.ID != "", op.vacate(ctx, old)),
		when(inst.Snapshot != "", op.forgetFrozen(ctx, inst)),
		run(ctx, control.ReleaseTraffic, in),
	)
}

// keepSafe stops the instance, if it runs, and takes a snapshot of what is about to be
// erased, if that shall be kept. All there is of a frozen one is in a snapshot already.
func (op *operation) keepSafe(ctx workflow.Context, inst activities.Instance) func() error {
	snap := op.snap(fleet.SnapshotSafety)
	snap.Keep = op.params.Keep
	here := op.at(inst.Home, snap.SnapshotID)
	keep := op.params.Keep > 0 && inst.Was != fleet.Frozen
	return inTurn(
		when(keep,
			step(ctx, op, control.RecordSnapshot, control.ForgetSnapshot, snap),
			when(inst.Was == fleet.Running, op.save(ctx, here))),
		when(inst.Was != fleet.Frozen, op.pause(ctx, inst)),
		when(keep, op.save(ctx, here), op.seal(ctx, here, snap)),
	)
}

// install makes the container: of the instance's image, or with what a snapshot holds.
func (op *operation) install(ctx workflow.Context, home activities.Container) func() error {
	from := op.at(home, op.params.SnapshotID)
	if op.params.SnapshotID == "" {
		return run(onHost(ctx, home), metal.CreateContainer, home)
	}
	return inTurn(
		run(copies(ctx, home), metal.RestoreSnapshot, from),
		run(copies(ctx, home), metal.CheckRestored, from),
	)
}

// startings is how often a container is started past a commit, where nothing can be undone any
// more.
const (
	startings  = 3
	startAgain = 10 * time.Second
)

// bringUp starts a container that was just installed, and waits until it answers. One that
// ends first is started again: its engine may have ended it. One that cannot be started, as
// when its engine was killed at the wrong moment, is installed anew.
func (op *operation) bringUp(ctx workflow.Context, home activities.Container) func() error {
	return func() (err error) {
		for try := 1; ; try++ {
			starting := onHost(ctx, home)
			if try < startings {
				starting = workflow.WithRetryPolicy(starting, brief)
			}
			err = run(starting, metal.StartContainer, home)()
			if err != nil && try < startings && !errors.Is(err, errLost) {
				if err := inOrder(run(onHost(ctx, home), metal.RemoveContainer, home), op.install(ctx, home)); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			err = inOrder(equip(ctx, home), run(probing(ctx, home), metal.ProbeContainer, home))
			if !fleet.Is(FromTemporal(err), fleet.Unhealthy) || try == startings {
				return err
			}
			if err := workflow.Sleep(ctx, startAgain); err != nil { // its engine may be on its way down
				return err
			}
		}
	}
}

// forgetFrozen lets go of what a frozen instance was frozen in, at once or after a while.
func (op *operation) forgetFrozen(ctx workflow.Context, inst activities.Instance) func() error {
	return run(ctx, control.ExpireSnapshot, activities.Snap{Claim: op.Claim, SnapshotID: inst.Snapshot, Kind: fleet.SnapshotSafety, Keep: op.params.Keep})
}

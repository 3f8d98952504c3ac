package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// snap is the snapshot that the operation takes of its instance.
func (op *operation) snap(kind fleet.SnapshotKind) activities.Snap {
	return activities.Snap{Claim: op.Claim, SnapshotID: fleet.SnapshotID(op.OperationID), Kind: kind}
}

// at is a snapshot at a host: to be taken from a container, or to be restored into it.
func (op *operation) at(c activities.Container, snapshotID string) activities.Copy {
	return activities.Copy{Container: c, SnapshotID: snapshotID, RateLimit: op.params.RateLimit}
}

// save is one pass over a snapshot: only what changed since the last one is read.
func (op *operation) save(ctx workflow.Context, in activities.Copy) func() error {
	return func() error {
		in.Stopped = op.paused
		begun := workflow.Now(ctx)
		saved, err := call(copies(ctx, in.Container), metal.SaveSnapshot, in)
		if err == nil {
			op.saved, op.savedAt = saved, begun
			op.moved += saved.Read
		}
		return err
	}
}

// seal verifies that the archive can give a snapshot back, all of it, and writes it down.
func (op *operation) seal(ctx workflow.Context, in activities.Copy, snap activities.Snap) func() error {
	return func() error {
		if err := run(copies(ctx, in.Container), metal.VerifySnapshot, in)(); err != nil {
			return err
		}
		return run(ctx, control.SnapshotSaved, activities.SavedSnap{Snap: snap, Saved: op.saved, At: op.savedAt})()
	}
}

// restore makes a container with what the snapshot holds, and compares the two by content.
func (op *operation) restore(ctx workflow.Context, in activities.Copy) func() error {
	return inTurn(
		step(copies(ctx, in.Container), op, metal.RestoreSnapshot, metal.RemoveRestored, in),
		run(copies(ctx, in.Container), metal.CheckRestored, in),
	)
}

// pause takes an instance out of its callers' reach, and stops it: in this order, and back
// in the other.
func (op *operation) pause(ctx workflow.Context, inst activities.Instance) func() error {
	return inTurn(
		step(ctx, op, control.HoldTraffic, control.ReleaseTraffic, op.Claim),
		when(inst.Was == fleet.Running,
			drain(ctx, inst, op.Claim),
			step(onHost(ctx, inst.Home), op, metal.StopContainer, metal.ResumeContainer, inst.Home)),
		func() error { op.paused = true; return nil },
	)
}

package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// TakeSnapshotName is the name TakeSnapshot is registered under.
const TakeSnapshotName = "take-snapshot"

// TakeSnapshot saves an instance's files while it goes on as it is: what it writes meanwhile
// may be missing, as after a power cut. It is no operation, so it holds nobody up; one that
// moves the instance ends it.
func TakeSnapshot(ctx workflow.Context, in activities.Snap) error {
	ctx = workflow.WithActivityOptions(ctx, quick)
	if err := run(ctx, control.RecordSnapshot, in)(); err != nil {
		return err
	}
	err := takeSnapshot(ctx, in)
	if err != nil {
		lost := activities.LostSnap{Snap: in, Why: FromTemporal(err).Error()}
		if temporal.IsCanceledError(err) {
			lost.Why = "an operation moved the instance meanwhile"
		}
		if ferr := run(steadfast(ctx), control.SnapshotFailed, lost)(); ferr != nil {
			return ferr
		}
	}
	return err
}

func takeSnapshot(ctx workflow.Context, in activities.Snap) error {
	begun := workflow.Now(ctx)
	home, err := call(ctx, control.HomeOf, in.Claim)
	if err != nil {
		return err
	}
	label(ctx, hostID.ValueSet(home.Lease.HostID))
	copied := activities.Copy{Container: home, SnapshotID: in.SnapshotID}
	saved, err := call(copies(ctx, home), metal.SaveSnapshot, copied)
	if err != nil {
		return err
	}
	return inOrder(
		run(copies(ctx, home), metal.VerifySnapshot, copied),
		run(ctx, control.SnapshotSaved, activities.SavedSnap{Snap: in, Saved: saved, At: begun}),
	)
}

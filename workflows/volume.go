package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// Removal is the input of RemoveVolume.
type Removal struct{ VolumeID string }

// erasing is how long the files of a volume may take to erase on one host. After that the next
// try may be on another.
const erasing = 6 * time.Hour

// RemoveVolume erases a network volume that nobody has any more, on any host that reaches it.
// While there is none it waits.
func RemoveVolume(ctx workflow.Context, in Removal) error {
	ctx = workflow.WithActivityOptions(ctx, quick)
	for {
		found, err := call(ctx, control.FindErasure, in.VolumeID)
		if err != nil || found.Over {
			return err
		}
		if found.HostID != "" {
			at := activities.Container{Lease: found.OfLease()}
			within := workflow.WithStartToCloseTimeout(bulk(ctx, at), erasing)
			err := run(within, metal.EraseVolume, found)()
			if err != nil { // the host went, say: look for another
				if ctx.Err() != nil {
					return err
				}
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return err
				}
				if workflow.GetInfo(ctx).GetCurrentHistoryLength() >= maxEvents {
					return workflow.NewContinueAsNewError(ctx, RemoveVolume, in)
				}
				continue
			}
		}
		return run(ctx, control.VolumeErased, in.VolumeID)()
	}
}

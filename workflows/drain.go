package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// Draining is the input of DrainHost. How far it is, is in the record.
type Draining struct{ HostID string }

// DrainHost empties a host as long as the record wants it. The moves are operations like
// any other, accepted through the same door as people's: so it can die and go on, and is
// ended by the record alone.
func DrainHost(ctx workflow.Context, in Draining) error {
	ctx = waiting(workflow.WithActivityOptions(ctx, quick), activities.DrainShift)
	for {
		over, err := call(ctx, control.DrainHost, in.HostID)
		if over || err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetCurrentHistoryLength() >= maxEvents {
			return workflow.NewContinueAsNewError(ctx, DrainHost, in)
		}
	}
}

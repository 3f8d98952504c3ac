package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// readyLimit is how long a container may take until it answers. Loading a big model into
// GPU memory takes minutes.
const readyLimit = 45 * time.Minute

// probing sends the wait for a container's first answer to its host's quick queue, with
// time enough: it holds a slot there, and nothing else.
func probing(ctx workflow.Context, c activities.Container) workflow.Context {
	return workflow.WithStartToCloseTimeout(onHost(ctx, c), readyLimit)
}

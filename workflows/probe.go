package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// probing sends the wait for a container's first answer to its host's quick queue, with
// time enough: it holds a slot there, and nothing else. The step itself gives up in time, and
// says why.
func probing(ctx workflow.Context, c activities.Container) workflow.Context {
	return workflow.WithStartToCloseTimeout(onHost(ctx, c), c.StartWithin()+time.Minute)
}

package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// installLimit is how long a container's templates may take. Their steps have limits of their
// own, and the operation has one.
const installLimit = 4 * time.Hour

// equip installs what is missing of the templates of a container that has just been started,
// and starts their services.
func equip(ctx workflow.Context, home activities.Container) func() error {
	return when(home.Templates > 0,
		run(installing(ctx, home), metal.InstallTemplates, home),
		run(onHost(ctx, home), metal.StartServices, home),
	)
}

// installing sends an installation to its host's quick queue, with time enough: the container
// does the work, and the step looks how far it is.
func installing(ctx workflow.Context, c activities.Container) workflow.Context {
	return workflow.WithStartToCloseTimeout(onHost(ctx, c), installLimit)
}

package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
)

// vacate clears a lease's place and gives it back, in this order: nobody else gets what
// may still be in use, or what still holds somebody's data.
func (op *operation) vacate(ctx workflow.Context, home activities.Container) func() error {
	return inTurn(
		clearUp(onHost(ctx, home), metal.RemoveContainer, home),
		op.scrub(ctx, home),
		run(ctx, control.ReturnLease, home),
	)
}

// scrubLimit is how long an operation waits for the GPUs it gives back to be scrubbed.
const scrubLimit = 10 * time.Minute

// scrubbing is patient with a host for a while. What is not scrubbed by then, its agent
// scrubs before it is free: nobody waits for it here.
var scrubbing = temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 5 * time.Second, MaximumAttempts: 3}

// scrub overwrites the memory of the GPUs that a lease has, so that they are free as soon as
// it is returned. It does not fail the operation: GPUs that were not proven clean stay out
// of everybody's reach until their host has done it.
func (op *operation) scrub(ctx workflow.Context, home activities.Container) func() error {
	return when(home.Held > 0, func() error {
		there := workflow.WithRetryPolicy(onHost(ctx, home), scrubbing)
		there = workflow.WithScheduleToCloseTimeout(workflow.WithStartToCloseTimeout(there, scrubLimit), scrubLimit)
		scrubbed, err := call(there, metal.ScrubGPUs, home)
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		return run(ctx, control.RecordScrubs, activities.Clearing{Claim: op.Claim, Container: home, Scrubbed: scrubbed})()
	})
}

package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// Flush sends what waits to be said, and returns when that is done.
func (v *Evaluator) Flush(ctx context.Context) {
	v.open()
	for len(v.signals) > 0 {
		v.deliver(ctx, <-v.signals)
	}
}

// Settle returns when the points for charts are written.
func (v *Evaluator) Settle() {
	for v.saving.Load() {
		time.Sleep(time.Millisecond)
	}
}

// Resting is an update that works for a while, rests for a while, and then never ends by itself.
func Resting(ctx workflow.Context, before, paused time.Duration) error {
	op, ctx := newOperation(ctx, fleet.UpdateEndpoint, activities.Claim{})
	if err := workflow.Sleep(ctx, before); err != nil {
		return err
	}
	if err := op.rest(ctx, func() error { return workflow.Sleep(ctx, paused) }); err != nil {
		return err
	}
	return workflow.Sleep(ctx, 10_000*time.Hour)
}

// Mixed are how many workers a mixed decision makes, how many of them of the older revision, and how
// many it removes.
func Mixed(seen activities.Observation) (create, older, remove int) {
	m := mix(seen, autoscale.Decide(seen.Observed))
	if len(m.makes) != m.Create {
		panic("a worker without a place")
	}
	return m.Create, m.Older, len(m.Remove)
}

package workflows

import (
	"context"
	"time"
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

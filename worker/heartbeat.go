package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// beat is how often a step that runs says so. Its policy counts it dead after six times as
// long.
const beat = time.Second

// Heartbeat beats for every step, with the progress it reports. A step of less than a
// second costs none. A heartbeat is also how a step hears that it is cancelled.
type Heartbeat struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (h *Heartbeat) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &beating{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type beating struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	defer func() { err = workflows.ToTemporal(err) }() // before the SDK logs it
	if activity.GetInfo(ctx).HeartbeatTimeout == 0 {
		return b.Next.ExecuteActivity(ctx, in)
	}
	ctx, pulse := activities.WithPulse(ctx)
	done := make(chan struct{})
	defer close(done)
	go func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx, pulse.Progress())
			}
		}
	}()
	return b.Next.ExecuteActivity(ctx, in)
}

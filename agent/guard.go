package agent

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// Guard stands before every step on a host: it must have an epoch that is not over, and,
// unless it only takes away, the host must have its lease. Attempts of one step share one
// run of it.
type Guard struct {
	interceptor.WorkerInterceptorBase
	Journal *Journal
	Leased  func() bool
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (g *Guard) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &guarded{interceptor.ActivityInboundInterceptorBase{Next: next}, g}
}

type guarded struct {
	interceptor.ActivityInboundInterceptorBase
	guard *Guard
}

// takesAway are the steps that a host does without a lease, too: they start nothing.
var takesAway = map[string]bool{"StopContainer": true, "RemoveContainer": true}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (g *guarded) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if len(in.Args) == 0 {
		return nil, fleet.Errorf(fleet.Internal, "%s names no lease", info.ActivityType.Name)
	}
	c, ok := in.Args[0].(activities.Container)
	if !ok {
		return nil, fleet.Errorf(fleet.Internal, "%s names no lease", info.ActivityType.Name)
	}
	if !takesAway[info.ActivityType.Name] && !g.guard.Leased() {
		return nil, fleet.Errorf(fleet.Unavailable, "the host has no lease")
	}
	if err := g.guard.Journal.Admit(c.Lease.InstanceID, c.Lease.Epoch); err != nil {
		return nil, err
	}
	key := info.WorkflowExecution.RunID + "/" + info.ActivityID
	return nil, g.guard.Journal.Once(ctx, key, func(ctx context.Context) error {
		_, err := g.Next.ExecuteActivity(ctx, in)
		return err
	})
}

package agent

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Guard stands before every step on a host: unless it only takes away, it must have an epoch
// that is not over, and the host must have its lease. Attempts of one step share one
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
var takesAway = map[string]bool{"StopContainer": true, "RemoveContainer": true, "RemoveRestored": true}

// ofLease is what the input of every step on a host is.
type ofLease interface{ OfLease() fleet.Lease }

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (g *guarded) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if len(in.Args) == 0 {
		return nil, fleet.Errorf(fleet.Internal, "%s names no lease", info.ActivityType.Name)
	}
	of, ok := in.Args[0].(ofLease)
	if !ok {
		return nil, fleet.Errorf(fleet.Internal, "%s names no lease", info.ActivityType.Name)
	}
	if !takesAway[info.ActivityType.Name] {
		if !g.guard.Leased() {
			return nil, fleet.Errorf(fleet.Unavailable, "the host has no lease")
		}
		if err := g.guard.Journal.Admit(of.OfLease().InstanceID, of.OfLease().Epoch); err != nil {
			return nil, err
		}
	}
	key := info.WorkflowExecution.RunID + "/" + info.ActivityID
	return g.guard.Journal.Once(ctx, key, func(ctx context.Context) (any, error) { return g.Next.ExecuteActivity(ctx, in) })
}

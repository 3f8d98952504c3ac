package worker

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/workflows"
)

const (
	quickSlots = 64 // most quick steps wait (for a drain, for a probe); the engine has its own queue
	bulkSlots  = 4  // pulls and copies share one disk and one network
	waitSlots  = 2000
	stopGrace  = 20 * time.Second
)

// Control is the worker of the control queue: workflows, and steps that own the record.
// Interceptors stand before every step, the first of them outermost.
func Control(c client.Client, steps *activities.Control, interceptors ...interceptor.WorkerInterceptor) worker.Worker {
	w := worker.New(c, workflows.ControlQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: waitSlots, // a step that waits for workers or a drain holds one
		WorkerStopTimeout:                  stopGrace,
		DisableRegistrationAliasing:        true,
		WorkflowPanicPolicy:                worker.BlockWorkflow,
		DefaultHeartbeatThrottleInterval:   beat,
		MaxHeartbeatThrottleInterval:       beat,
		Interceptors:                       append([]interceptor.WorkerInterceptor{&Heartbeat{}}, interceptors...),
	})
	workflows.Register(w)
	w.RegisterActivity(steps)
	return w
}

// Host are the two workers of a host. Interceptors stand before every step, the first of
// them outermost: one is the agent's, and decides which steps it takes on.
func Host(c client.Client, hostID string, steps *activities.Host, interceptors ...interceptor.WorkerInterceptor) []worker.Worker {
	queue := func(name string, slots int) worker.Worker {
		w := worker.New(c, name, worker.Options{
			DisableWorkflowWorker:              true,
			MaxConcurrentActivityTaskPollers:   1, // pollers are what a big fleet runs out of first
			MaxConcurrentActivityExecutionSize: slots,
			WorkerStopTimeout:                  stopGrace,
			DisableRegistrationAliasing:        true,
			DefaultHeartbeatThrottleInterval:   beat,
			MaxHeartbeatThrottleInterval:       beat,
			Interceptors:                       append([]interceptor.WorkerInterceptor{&Heartbeat{}}, interceptors...),
		})
		w.RegisterActivity(steps)
		return w
	}
	return []worker.Worker{queue(fleet.HostQueue(hostID), quickSlots), queue(fleet.BulkQueue(hostID), bulkSlots)}
}

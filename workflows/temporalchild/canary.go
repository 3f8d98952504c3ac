package temporalchild

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	// canaryQueue is nobody else's, so that the canary waits for no worker and
	// no worker meets a workflow it does not know.
	canaryQueue = "kelvin-canary"
	canaryID    = "kelvin:canary"

	// tryLimit bounds one try of the server. A server that has just begun to
	// listen can lose a request for good, and a second one is answered at once.
	tryLimit = 2 * time.Second
	tryPause = 20 * time.Millisecond
)

// canary is the smallest workflow: a server that completes it has all its
// parts running, which a port that answers does not tell.
func canary(workflow.Context) error { return nil }

// probe tries the server until a canary has completed, or ctx ends.
func probe(ctx context.Context, address, namespace string) error {
	for {
		err := try(ctx, address, namespace)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w (last: %w)", context.Cause(ctx), err)
		case <-time.After(tryPause):
		}
	}
}

// try is one round: connect, ask for health, execute the canary.
func try(ctx context.Context, address, namespace string) error {
	var c client.Client
	err := limited(ctx, func(ctx context.Context) (err error) {
		c, err = client.DialContext(ctx, client.Options{
			HostPort: address, Namespace: namespace,
			// What fails is tried again, and reported in the end.
			Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer c.Close()
	err = limited(ctx, func(ctx context.Context) error {
		_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	})
	if err != nil {
		return fmt.Errorf("check health: %w", err)
	}

	w := worker.New(c, canaryQueue, worker.Options{LocalActivityWorkerOnly: true})
	w.RegisterWorkflowWithOptions(canary, workflow.RegisterOptions{Name: "canary"})
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the canary's worker: %w", err)
	}
	defer w.Stop()
	err = limited(ctx, func(ctx context.Context) error {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:        canaryID,
			TaskQueue: canaryQueue,
			// An older canary, of a try or a parent that died, has nothing to undo.
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
			WorkflowRunTimeout:       time.Minute,
			StaticSummary:            "Is the server ready?",
		}, "canary")
		if err != nil {
			return err
		}
		return run.Get(ctx, nil)
	})
	if err != nil {
		return fmt.Errorf("execute the canary: %w", err)
	}
	return nil
}

// limited calls f with a context that ends after tryLimit.
func limited(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	return f(ctx)
}

package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/worker"
)

// Start starts workers, as soon as Temporal answers: our processes may start in any order.
// It returns what stops them, or nil if ctx ended first. build is called for each try,
// because a worker whose start failed cannot be started again.
func Start(ctx context.Context, logger *slog.Logger, build func() []worker.Worker) (stop func()) {
	for said := false; ctx.Err() == nil; {
		workers := build()
		started, err := startAll(workers)
		if err == nil {
			return func() { stopAll(started) }
		}
		stopAll(started)
		if !said { // once: the next line is that it works
			logger.WarnContext(ctx, "Temporal does not answer yet", "error", err)
			said = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func startAll(workers []worker.Worker) (started []worker.Worker, err error) {
	for _, w := range workers {
		if err := w.Start(); err != nil {
			return started, err
		}
		started = append(started, w)
	}
	return started, nil
}

// stopAll stops workers at once, not one after the other: each lets its steps end for a
// while.
func stopAll(workers []worker.Worker) {
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(w.Stop)
	}
	group.Wait()
}

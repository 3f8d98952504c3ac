package worker

import (
	"context"
	"log/slog"
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

func stopAll(workers []worker.Worker) {
	for _, w := range workers {
		w.Stop()
	}
}

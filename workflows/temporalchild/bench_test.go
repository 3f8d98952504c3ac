package temporalchild

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// BenchmarkStart measures a start with an empty folder, until the first
// workflow is done.
func BenchmarkStart(b *testing.B) {
	for _, sync := range []string{"normal", "off"} {
		b.Run("sync="+sync, func(b *testing.B) {
			for b.Loop() {
				c := mustStart(b, Options{Sync: sync, UI: "127.0.0.1:0", DataDir: b.TempDir()})
				b.StopTimer()
				require.NoError(b, c.Stop(context.Background()))
				b.StartTimer()
			}
		})
	}
}

// BenchmarkSixActivities measures a workflow of six activities in a row on the
// worker's own queue, from its start until its result is known: the shape of an
// operation, without its work.
func BenchmarkSixActivities(b *testing.B) {
	for _, sync := range []string{"normal", "off"} {
		b.Run("sync="+sync, func(b *testing.B) {
			c := mustDial(b, mustStart(b, Options{Sync: sync, DataDir: b.TempDir()}))
			w := worker.New(c, "control", worker.Options{})
			w.RegisterActivityWithOptions(func(context.Context, int) error { return nil },
				activity.RegisterOptions{Name: "step"})
			w.RegisterWorkflowWithOptions(sixActivities, workflow.RegisterOptions{Name: "six"})
			require.NoError(b, w.Start())
			defer w.Stop()

			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				run, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{
					ID: fmt.Sprintf("six-%d", len(took)), TaskQueue: "control",
				}, "six")
				require.NoError(b, err)
				require.NoError(b, run.Get(b.Context(), nil))
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
			b.ReportMetric(milliseconds(took[len(took)*95/100]), "p95-ms")
		})
	}
}

func sixActivities(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	for step := 1; step <= 6; step++ {
		if err := workflow.ExecuteActivity(ctx, "step", step).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

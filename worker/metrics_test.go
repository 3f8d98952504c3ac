package worker

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func TestOperationsAreMeasuredFromTheirAcceptance(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), mustTemporal(t)
	record, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, record.Close()) })
	require.NoError(t, record.Migrate(ctx))
	require.NoError(t, record.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s"}))
	account, err := record.CreateAccount(ctx, "acme", false)
	require.NoError(t, err)

	operations := &workflows.Client{Temporal: c, Store: record, Logger: slog.New(slog.DiscardHandler)}
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	stop := Start(ctx, slog.New(slog.DiscardHandler), func() []sdkworker.Worker {
		return []sdkworker.Worker{Control(c, &activities.Control{Store: record, Operations: operations, Logger: slog.New(slog.DiscardHandler)}, metrics)}
	})
	require.NotNil(t, stop)
	t.Cleanup(stop)

	// There is no host: the operation is undone at once.
	rec, _, err := record.CreateInstance(ctx, store.Ask{AccountID: account.ID, Actor: "key_test", Key: "1"},
		store.NewInstance{Name: "one", Spec: fleet.InstanceSpec{Image: "kelvin/echo", GPUs: 1}.Defaults()})
	require.NoError(t, err)
	time.Sleep(time.Second) // it waits to be started
	require.NoError(t, operations.Start(ctx, rec))
	require.Eventually(t, func() bool { return metric(t, registry, "kelvin_operation_seconds", "create", "undone") == 1 }, 20*time.Second, 20*time.Millisecond)
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "kelvin_operation_seconds" {
			require.GreaterOrEqual(t, f.GetMetric()[0].GetHistogram().GetSampleSum(), 1.0)
		}
	}
	require.InDelta(t, 1, metric(t, registry, "kelvin_step_seconds", "exhausted", "PlaceInstance"), 0)
	require.InDelta(t, 1, metric(t, registry, "kelvin_step_seconds", "done", "EndOperation"), 0)
	rec, err = record.GetOperation(ctx, account.ID, rec.ID)
	require.NoError(t, err)
	require.Equal(t, fleet.Undone, rec.Outcome)
}

func TestStepThatPanicsIsMeasured(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{&Heartbeat{}, NewMetrics(registry)}})
	steps := &activities.Host{} // without a machine
	env.RegisterActivity(steps)
	_, err := env.ExecuteActivity(steps.RemoveContainer, activities.Container{})
	require.Error(t, err)
	require.InDelta(t, 1, metric(t, registry, "kelvin_step_seconds", "internal", "RemoveContainer"), 0)
	require.Zero(t, metric(t, registry, "kelvin_steps_running", "RemoveContainer"))
}

func TestOldOperationsAreMeasuredFromTheirFirstStep(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := NewMetrics(registry)
	m.ended("stop", []any{activities.Ending{Outcome: fleet.Done, Steps: []fleet.Step{{StartedAt: time.Now().Add(-time.Minute)}}}})
	m.ended("stop", []any{activities.Ending{Outcome: fleet.Done}}) // it has none
	m.ended("stop", []any{"another step"})
	m.ended("stop", nil)
	require.InDelta(t, 1, metric(t, registry, "kelvin_operation_seconds", "stop", "done"), 0)
}

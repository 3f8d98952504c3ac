package agent

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/worker"
	"github.com/kelvin-gpu/kelvin/workflows"
	"github.com/kelvin-gpu/kelvin/workflows/temporalchild"
)

func TestOperationsRunOnTheHostThatHasItsLease(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	child, err := temporalchild.Start(t.Context(), temporalchild.Options{Binary: filepath.Join("..", "bin", "kelvin-temporal"), Sync: "off"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = child.Kill() })
	s.temporal = mustTemporal(t, child.Address, child.Namespace)
	operations := &workflows.Client{Temporal: s.temporal, Store: s.store, Logger: slog.New(slog.DiscardHandler)}
	stop := worker.Start(t.Context(), slog.New(slog.DiscardHandler), func() []sdkworker.Worker {
		return []sdkworker.Worker{worker.Control(s.temporal, &activities.Control{Store: s.store, Operations: operations, Logger: slog.New(slog.DiscardHandler)})}
	})
	require.NotNil(t, stop)
	t.Cleanup(stop)
	a := s.mustLease()

	spec := fleet.InstanceSpec{Image: "kelvin/echo", GPUs: 1, Ports: []int{8080}, ProbePath: "/healthz"}.Defaults()
	rec, _, err := s.store.CreateInstance(t.Context(), s.ask(), store.NewInstance{Name: "one", Spec: spec})
	require.NoError(t, err)
	require.Equal(t, fleet.Done, s.mustEnd(operations, rec).Outcome)
	require.True(t, s.runs(rec.ID))
	i, err := s.store.Instance(t.Context(), rec.ResourceID)
	require.NoError(t, err)
	require.Equal(t, fleet.Fenced, fleet.CodeOf(a.Journal.Admit(i.ID, i.Home.Epoch-1)), "the steps left the epoch in the journal")
	require.InDelta(t, 5, a.metric(t, "kelvin_step_seconds"), 0, "test the GPU, pull, create, start, probe")

	// Without a lease the host takes steps, but starts nothing; what it is told to take away goes.
	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(rec.ID) }, "it fences itself")
	terminate, _, err := s.store.Accept(t.Context(), s.ask(), fleet.KindInstance, rec.ResourceID, "terminate")
	require.NoError(t, err)
	require.Equal(t, fleet.Done, s.mustEnd(operations, terminate).Outcome)
	require.Empty(t, s.machine.Left(s.hostID))
	require.False(t, a.Leased())
}

// mustEnd runs an operation to its end.
func (s *site) mustEnd(operations *workflows.Client, rec fleet.Record) fleet.Record {
	s.Helper()
	require.NoError(s, operations.Start(s.Context(), rec))
	s.eventually(func() bool {
		var err error
		rec, err = s.store.GetOperation(s.Context(), s.account, rec.ID)
		require.NoError(s, err)
		return rec.Outcome != fleet.Open
	}, "it ends")
	return rec
}

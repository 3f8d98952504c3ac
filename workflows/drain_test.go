package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// drain empties a host, as the API has it done, and returns when its workflow has ended.
func (w *world) drain(hostID string) {
	w.Helper()
	env := w.environment()
	env.ExecuteWorkflow(workflows.DrainHost, workflows.Draining{HostID: hostID})
	require.NoError(w, env.GetWorkflowError())
}

// named makes a server of that name with two GPUs.
func (w *world) named(name string) string {
	spec := fleet.InstanceSpec{Image: "kelvin/echo", GPUs: 2, Ports: []int{8080}, ProbePath: "/healthz"}.Defaults()
	rec, _, err := w.store.CreateInstance(w.Context(), w.ask(), store.NewInstance{Name: name, Spec: spec})
	require.NoError(w, err)
	require.NoError(w, w.start(rec))
	return rec.ResourceID
}

func (w *world) home(id string) string {
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	return inst.Home.HostID
}

func (w *world) hostState(id string) fleet.HostState {
	h, err := w.store.GetHost(w.Context(), id)
	require.NoError(w, err)
	return h.State
}

// other is the world's other host.
func (w *world) other(id string) string {
	if w.hosts[0] == id {
		return w.hosts[1]
	}
	return w.hosts[0]
}

func TestADrainMovesServersAndReplacesWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.store.Cordon(t.Context(), w.hosts[1], "key_test")) // so that all begins on one host
	running, ep := w.named("running"), w.endpoint(fleet.Running)            // two GPUs, and two workers of one
	disk, err := w.store.Instance(t.Context(), running)
	require.NoError(t, err)
	w.disks[disk.Home.ID] = "precious"
	before, err := w.store.Workers(t.Context(), ep)
	require.NoError(t, err)
	require.Len(t, before, 2)
	_, err = w.store.Uncordon(t.Context(), w.hosts[1], "key_test")
	require.NoError(t, err)

	require.NoError(t, w.store.StartDrain(t.Context(), w.hosts[0], "key_test", 2))
	w.drain(w.hosts[0])
	require.Equal(t, fleet.HostDrained, w.hostState(w.hosts[0]))
	require.Equal(t, w.hosts[1], w.home(running))
	after, err := w.store.Instance(t.Context(), running)
	require.NoError(t, err)
	require.Equal(t, fleet.Running, after.State)
	require.Equal(t, "precious", w.disks[after.Home.ID])
	workers, err := w.store.Workers(t.Context(), ep)
	require.NoError(t, err)
	require.Len(t, workers, 2)
	for _, worker := range workers {
		require.Equal(t, w.hosts[1], worker.Home.HostID)
		require.True(t, worker.Ready)
		require.NotContains(t, []string{before[0].ID, before[1].ID}, worker.ID)
	}
	containers, err := w.machines[w.hosts[0]].List(t.Context())
	require.NoError(t, err)
	require.Empty(t, containers)
	moves, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{ResourceID: running, Page: store.Page{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, fleet.DrainActor(w.hosts[0]), moves[0].Actor)
	require.NoError(t, w.store.RetireHost(t.Context(), w.hosts[0], "key_test", store.KeepNothing))
}

func TestADrainMovesWhatIsStopped(t *testing.T) {
	t.Parallel()
	for _, hold := range []string{fleet.HoldReserved, fleet.HoldNone} {
		t.Run(hold, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.server(fleet.Running)
			if hold == fleet.HoldNone {
				w.bare(id)
			} else {
				require.NoError(t, w.do(fleet.Stop, id))
			}
			from := w.home(id)
			require.NoError(t, w.store.StartDrain(t.Context(), from, "key_test", 2))
			w.drain(from)
			require.Equal(t, fleet.HostDrained, w.hostState(from))
			require.Equal(t, w.other(from), w.home(id))
			inst, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, fleet.Stopped, inst.State)
			require.Equal(t, "precious", w.disks[inst.Home.ID])
			require.NoError(t, w.do(fleet.Start, id))
		})
	}
}

// A drain that cannot go on says why, and goes on when it can; a new run takes over where
// the last one was.
func TestADrainWaitsForRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	from := w.home(id)
	require.NoError(t, w.store.Cordon(t.Context(), w.other(from), "key_test"))
	require.NoError(t, w.store.StartDrain(t.Context(), from, "key_test", 2))

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.drain(from)
	}()
	var left fleet.Occupant
	require.Eventually(t, func() bool {
		drain, err := w.store.HostDrain(context.Background(), from)
		if err == nil && len(drain.Left) == 1 {
			left = drain.Left[0]
		}
		return left.Failures == 1
	}, 20*time.Second, 20*time.Millisecond)
	require.Contains(t, left.Reason(w.store.Now()), "no host is ready to take it")
	w.requireState(id, fleet.Running)
	require.Equal(t, fleet.HostDraining, w.hostState(from))

	_, err := w.store.Uncordon(t.Context(), w.other(from), "key_test")
	require.NoError(t, err)
	w.skew.Add(int64(15 * time.Second)) // the next try is due
	w.renew(w.other(from))
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the drain goes on")
	}
	require.Equal(t, fleet.HostDrained, w.hostState(from))
	require.Equal(t, w.other(from), w.home(id))
}

func TestACancelledDrainEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Failed) // nothing moves that
	from := w.home(id)
	require.NoError(t, w.store.StartDrain(t.Context(), from, "key_test", 2))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.drain(from)
	}()
	time.Sleep(200 * time.Millisecond)
	require.Equal(t, fleet.HostDraining, w.hostState(from))
	_, err := w.store.CancelDrain(t.Context(), from, "key_test")
	require.NoError(t, err)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the drain goes on")
	}
	require.Equal(t, fleet.HostCordoned, w.hostState(from))
	w.drain(from) // nobody wants it any more: it ends at once
}

package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// An endpoint's operations keep the same promise as an instance's: done, or undone as if
// they had never been, or stuck in view; and then delete leaves nothing behind. Their
// workers come and go by operations of their own, which do not fail here.
func TestEveryEndpointOperationAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op   fleet.Operation
		from fleet.State
	}{
		{fleet.CreateEndpoint, fleet.Absent},
		{fleet.StartEndpoint, fleet.Stopped},
		{fleet.StopEndpoint, fleet.Running},
		{fleet.UpdateEndpoint, fleet.Running},
		{fleet.UpdateEndpoint, fleet.Stopped},
		{fleet.DeleteEndpoint, fleet.Running},
		{fleet.DeleteEndpoint, fleet.Stopped},
	} {
		t.Run(fmt.Sprintf("%s %s", c.op.Name, c.from), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.endpoint(c.from)
			w.calls = nil
			require.NoError(t, w.moveEndpoint(c.op, id))
			w.requireEndpoint(id, c.op, c.from)
			t.Log(w.story())
			commit := len(w.calls)
			for n, call := range w.calls {
				if (c.op.Name == "stop" || c.op.Name == "delete") && strings.HasPrefix(call, "StopWorkers") {
					commit = n
				}
			}
			for n := range w.calls {
				for _, how := range []string{"before", "after", "answer lost", "undo fails", "stalls", "cancel", "delete"} {
					t.Run(fmt.Sprintf("%02d %s", n+1, how), func(t *testing.T) { sweepEndpoint(t, c.op, c.from, n+1, n >= commit, how) })
				}
			}
		})
	}
}

func sweepEndpoint(t *testing.T, op fleet.Operation, from fleet.State, n int, committed bool, how string) {
	if committed && how == "stalls" {
		return // past its commit it goes on trying, without end
	}
	w := newWorld(t)
	id := w.endpoint(from)
	before := w.endpointPicture(id)
	w.calls, w.at, w.how = nil, n, how
	var next fleet.Record
	w.during = map[string]func(){
		"cancel": func() { _ = w.CancelWorkflow(t.Context(), "", w.run) },
		"delete": func() {
			var err error
			next, _, err = w.store.Accept(t.Context(), w.ask(), fleet.KindEndpoint, id, fleet.DeleteEndpoint.Name)
			if op.Name == fleet.DeleteEndpoint.Name {
				require.Equal(t, fleet.Conflict, fleet.CodeOf(err))
				return
			}
			require.NoError(t, err)
			once, stop := context.WithCancel(t.Context())
			stop()
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(w.operations().Start(once, next)))
		},
	}[how]
	err := w.moveEndpoint(op, id)
	w.settled()
	ep, gerr := w.store.Endpoint(t.Context(), id)
	require.NoError(t, gerr)
	t.Log(w.story(), "=>", ep.State, err)
	switch {
	case how == "delete" && op.Name != fleet.DeleteEndpoint.Name:
		require.Contains(t, []fleet.State{fleet.Deleting, fleet.Deleted}, ep.State, "another operation came between")
	case how == "answer lost", how == "delete", committed && how == "cancel":
		require.NoError(t, err)
		w.requireEndpoint(id, op, from)
	case committed, how == "undo fails" && ep.State == fleet.Failed, how == "stalls" && ep.State == fleet.Failed:
		require.Error(t, err)
		require.Equal(t, fleet.Failed, ep.State)
	default:
		require.Error(t, err)
		if op.Name == fleet.CreateEndpoint.Name {
			require.Equal(t, fleet.Deleted, ep.State)
			break
		}
		require.Equal(t, before, w.endpointPicture(id))
	}

	// Whatever it is now, delete leaves nothing.
	w.at, w.broken, w.during = 0, "", nil
	if ep.State == fleet.Deleting {
		require.NoError(t, w.start(next)) // the outbox does
	} else if ep.State != fleet.Deleted {
		require.NoError(t, w.do(fleet.DeleteEndpoint, id))
	}
	w.requireEndpoint(id, fleet.DeleteEndpoint, from)
}

// settled waits for what the test environment has cancelled and not waited for.
func (w *world) settled() {
	w.mu.Lock()
	defer w.mu.Unlock()
}

// endpoint makes an endpoint with two workers and brings it to a state.
func (w *world) endpoint(state fleet.State) string {
	spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: 2, ProbePath: "/healthz"}.Defaults()
	rec, _, err := w.store.CreateEndpoint(w.Context(), w.ask(), "mine", spec)
	require.NoError(w, err)
	if state == fleet.Absent {
		return rec.ResourceID
	}
	require.NoError(w, w.start(rec))
	if state == fleet.Stopped {
		require.NoError(w, w.do(fleet.StopEndpoint, rec.ResourceID))
	}
	return rec.ResourceID
}

func (w *world) moveEndpoint(op fleet.Operation, id string) error {
	switch op.Name {
	case fleet.CreateEndpoint.Name:
		ep, err := w.store.Endpoint(w.Context(), id)
		require.NoError(w, err)
		rec, err := w.store.GetOperation(w.Context(), w.account, ep.OperationID)
		require.NoError(w, err)
		return w.start(rec)
	case fleet.UpdateEndpoint.Name:
		rec, _, err := w.store.UpdateEndpoint(w.Context(), w.ask(), id, "", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			s.ActiveWorkers, s.MaxWorkers, s.Env = 3, 3, map[string]string{"NEW": "1"}
			return s, nil
		})
		require.NoError(w, err)
		return w.start(rec)
	default:
		return w.do(op, id)
	}
}

// requireEndpoint checks for what a done operation promises, and for nothing else.
func (w *world) requireEndpoint(id string, op fleet.Operation, from fleet.State) {
	w.Helper()
	ep, err := w.store.Endpoint(w.Context(), id)
	require.NoError(w, err)
	state, workers := op.To, 0
	if state == fleet.AsBefore {
		state = from
		require.Equal(w, 2, ep.Revision)
	}
	if state == fleet.Running {
		workers = ep.Spec.ActiveWorkers
	}
	require.Equal(w, state, ep.State, ep.Reason)
	open, err := w.store.ListOperations(w.Context(), w.account, store.OperationFilter{Open: true})
	require.NoError(w, err)
	require.Empty(w, open)
	there, err := w.store.Workers(w.Context(), id)
	require.NoError(w, err)
	require.Len(w, there, workers)
	for _, worker := range there {
		require.True(w, worker.Ready)
		require.Equal(w, ep.Revision, worker.Revision)
	}
	require.Equal(w, workers, w.running())
	require.Len(w, w.containers(), workers)
	require.Equal(w, workers, w.gpus()[fleet.GPUAssigned])
	require.Equal(w, 8-workers, w.gpus()[fleet.GPUFree])
}

// endpointPicture is all there is of an endpoint, whichever its workers are.
func (w *world) endpointPicture(id string) string {
	ep, err := w.store.Endpoint(w.Context(), id)
	require.NoError(w, err)
	workers, err := w.store.Workers(w.Context(), id)
	require.NoError(w, err)
	var b strings.Builder
	fmt.Fprintln(&b, ep.State, ep.OperationID, ep.NextID, ep.Revision, ep.Spec.ActiveWorkers, w.running(), len(w.containers()), w.gpus())
	for _, worker := range workers {
		fmt.Fprintln(&b, worker.State, worker.Ready, worker.Revision)
	}
	return b.String()
}

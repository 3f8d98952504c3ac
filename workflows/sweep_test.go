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

// faults are what can happen at a call: it fails before its work, or after; its answer is
// lost; its host is busy; its undo fails too; it keeps failing until somebody gives up; the
// operation is cancelled, or overtaken by terminate; the host is lost.
var faults = []string{"before", "after", "answer lost", "busy", "undo fails", "stalls", "cancel", "terminate", "host lost"}

// Whatever goes wrong, at whichever step, an operation is done, or undone as if it had
// never been, or stuck in view; and then terminate leaves nothing behind. The steps come
// from a run without faults: a new one needs no new test.
func TestEveryOperationAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op   fleet.Operation
		from fleet.State
	}{
		{fleet.Create, fleet.Absent},
		{fleet.Start, fleet.Stopped},
		{fleet.Stop, fleet.Running},
		{fleet.Restart, fleet.Running},
		{fleet.Terminate, fleet.Running},
		{fleet.Terminate, fleet.Stopped},
	} {
		t.Run(fmt.Sprintf("%s %s", c.op.Name, c.from), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.server(c.from)
			w.calls = nil
			require.NoError(t, w.move(c.op, id))
			w.requireState(id, c.op.To)
			t.Log(w.story())
			for n := range w.calls {
				for _, how := range faults {
					t.Run(fmt.Sprintf("%02d %s", n+1, how), func(t *testing.T) { sweep(t, c.op, c.from, n+1, len(w.calls), how) })
				}
			}
		})
	}
}

// move runs an operation on a server; create has been accepted with it.
func (w *world) move(op fleet.Operation, id string) error {
	if op.Name != fleet.Create.Name {
		return w.do(op, id)
	}
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	rec, err := w.store.GetOperation(w.Context(), w.account, inst.OperationID)
	require.NoError(w, err)
	return w.start(rec)
}

func sweep(t *testing.T, op fleet.Operation, from fleet.State, n, of int, how string, templates ...fleet.Attachment) {
	// Create commits before its last step, terminate after its first.
	committed := op.Name == fleet.Create.Name && n == of || op.Name == fleet.Terminate.Name && n > 1
	if committed && how == "stalls" {
		return // past its commit it goes on trying, without end
	}
	w := newWorld(t)
	w.templates = templates
	id := w.server(from)
	before := w.picture(id)
	w.calls, w.at, w.how = nil, n, how
	home := w.hosts[0]
	if inst, err := w.store.Instance(t.Context(), id); err == nil && inst.Home.HostID != "" {
		home = inst.Home.HostID
	}
	cancel := func() { _ = w.CancelWorkflow(t.Context(), "", w.run) }
	var next fleet.Record
	w.during = map[string]func(){
		"cancel": cancel,
		"host lost": func() { // what is open on a lost host is cancelled
			if inst, err := w.store.Instance(t.Context(), id); err == nil && len(inst.Leases) > 0 {
				home = inst.Leases[0].HostID
			}
			w.lose(home)
			cancel()
		},
		"terminate": func() {
			var err error
			next, _, err = w.store.Accept(t.Context(), w.ask(), fleet.KindInstance, id, fleet.Terminate.Name)
			if op.Name == fleet.Terminate.Name {
				require.Equal(t, fleet.Conflict, fleet.CodeOf(err))
				return
			}
			require.NoError(t, err)
			once, stop := context.WithCancel(t.Context())
			stop() // it asks once and does not wait: the outbox will come back
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(w.operations().Start(once, next)))
		},
	}[how]
	err := w.move(op, id)
	w.settled()
	inst, gerr := w.store.Instance(t.Context(), id)
	require.NoError(t, gerr)
	t.Log(w.story(), "=>", inst.State, err)

	endless := committed && (how == "before" || how == "after" || how == "undo fails")
	switch {
	case how == "terminate" && op.Name != fleet.Terminate.Name:
		require.Contains(t, []fleet.State{fleet.Terminating, fleet.Terminated}, inst.State, "another operation came between")
		require.Equal(t, committed, err == nil) // else it was cancelled
	case how == "host lost":
		require.NotContains(t, []fleet.State{fleet.Failed}, inst.State)
	case how == "answer lost", how == "busy", how == "terminate", committed && !endless:
		require.NoError(t, err)
		w.requireState(id, op.To)
	case how == "stalls" && inst.State == fleet.Failed: // the undo needs the very call that stalls
		require.ErrorContains(t, err, "and undoing it: "+w.broken)
	case endless, how == "undo fails" && n > 1 && inst.State == fleet.Failed:
		require.Error(t, err)
		require.Equal(t, fleet.Failed, inst.State)
	default:
		require.Error(t, err)
		if op.Name == fleet.Create.Name {
			before = w.nothing(id)
		}
		require.Equal(t, before, w.picture(id))
	}
	require.LessOrEqual(t, w.running(), 1)

	// Whatever it is now, terminate leaves nothing.
	w.at, w.broken, w.during = 0, "", nil
	if inst.State == fleet.Terminating {
		require.NoError(t, w.start(next)) // the outbox does
	} else if inst.State != fleet.Terminated {
		require.NoError(t, w.do(fleet.Terminate, id))
	}
	w.requireState(id, fleet.Terminated)
}

// requireState checks for what a settled state promises, and for nothing else.
func (w *world) requireState(id string, state fleet.State) {
	w.Helper()
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	require.Equal(w, state, inst.State, inst.Reason)
	require.Empty(w, inst.OperationID)
	require.Empty(w, inst.NextID)
	require.Equal(w, state == fleet.Running, inst.Ready)
	open, err := w.store.ListOperations(w.Context(), w.account, store.OperationFilter{Open: true})
	require.NoError(w, err)
	require.Empty(w, open)
	if state == fleet.Terminated {
		require.Empty(w, inst.Leases)
		require.Zero(w, inst.Home)
		require.Zero(w, w.gpus()[fleet.GPUAssigned]+w.gpus()[fleet.GPUReserved])
		for lease, c := range w.containers() { // a lost host clears up when it is back
			require.Equal(w, w.lost, w.hostOf(lease))
			require.False(w, c.Running)
		}
		return
	}
	require.Len(w, inst.Leases, 1)
	require.Equal(w, 2, w.gpus()[fleet.GPUAssigned])
	containers := w.containers()
	require.Len(w, containers, 1)
	require.Equal(w, state == fleet.Running, containers[inst.Home.ID].Running)
	if state == fleet.Running {
		w.requireEquipped(inst)
	}
}

func (w *world) hostOf(lease string) string {
	for id, m := range w.machines {
		if _, err := m.Inspect(w.Context(), lease); err == nil {
			return id
		}
	}
	return ""
}

func (w *world) running() (n int) {
	for _, c := range w.containers() {
		if c.Running {
			n++
		}
	}
	return n
}

// picture is all there is of an instance, in the record and on the hosts.
func (w *world) picture(id string) string {
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	return w.paint(inst)
}

// nothing is the picture of a server that could not be made.
func (w *world) nothing(id string) string {
	return w.paint(fleet.Instance{ID: id, Life: fleet.Life{State: fleet.Terminated}})
}

func (w *world) paint(inst fleet.Instance) string {
	var b strings.Builder
	fmt.Fprintln(&b, inst.State, inst.OperationID, inst.NextID, inst.Home.ID, len(inst.Leases), inst.Ready, w.gpus())
	for lease, c := range w.containers() {
		fmt.Fprintln(&b, lease, c.Running, w.services(lease))
	}
	return b.String()
}

package workflows_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// faults are what can happen at a call: it fails before its work, or after; its answer is
// lost; its host is busy; its undo fails too; it keeps failing until somebody gives up; the
// operation is cancelled, or overtaken by terminate; the host is lost, or the one that an
// instance is on its way to.
var faults = []string{"before", "after", "answer lost", "busy", "undo fails", "stalls", "cancel", "terminate", "host lost", "target lost"}

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
		{fleet.Freeze, fleet.Running},
		{fleet.Freeze, fleet.Stopped},
		{fleet.Thaw, fleet.Frozen},
		{fleet.Migrate, fleet.Running},
		{fleet.Migrate, fleet.Stopped},
		{fleet.Reset, fleet.Running},
		{fleet.Reset, fleet.Stopped},
		{fleet.Reset, fleet.Frozen},
		{fleet.Recover, fleet.Lost},
		{fleet.Recover, fleet.Failed},
		{fleet.Terminate, fleet.Running},
		{fleet.Terminate, fleet.Stopped},
		{fleet.Terminate, fleet.Frozen},
		{fleet.Terminate, fleet.Lost},
		{fleet.Terminate, fleet.Failed},
	} {
		t.Run(fmt.Sprintf("%s %s", c.op.Name, c.from), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.server(c.from)
			w.calls = nil
			require.NoError(t, w.move(c.op, id), w.story())
			w.requireState(id, to(c.op, c.from))
			t.Log(w.story())
			for n := range w.calls {
				for _, how := range faults {
					t.Run(fmt.Sprintf("%02d %s", n+1, how), func(t *testing.T) { sweep(t, c.op, c.from, n+1, w.calls, how) })
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

// to is the state that an operation brings an instance to.
func to(op fleet.Operation, from fleet.State) fleet.State {
	if op.To == fleet.AsBefore {
		return from
	}
	return op.To
}

// commits are the steps that operations do first once they are past their commit.
var commits = map[string][]string{
	"create": {"MoveInstance"}, "freeze": {"FreezeInstance"}, "thaw": {"MoveInstance"}, "migrate": {"MoveInstance"},
	"reset": {"RemoveContainer", "MoveInstance"}, "recover": {"MoveInstance", "ReleaseTraffic"},
}

// committed reports whether the nth call of an operation comes past its commit. Start, stop
// and restart have none, and terminate has it after its first step.
func committed(op fleet.Operation, n int, calls []string) bool {
	if op.Name == fleet.Terminate.Name {
		return n > 1
	}
	for _, call := range calls[:n] {
		name, _, _ := strings.Cut(call, " ")
		if slices.Contains(commits[op.Name], name) {
			return true
		}
	}
	return false
}

func sweep(t *testing.T, op fleet.Operation, from fleet.State, n int, calls []string, how string, templates ...fleet.Attachment) {
	committed := committed(op, n, calls)
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
	lose := func(pick func([]fleet.Lease) fleet.Lease) { // what is open on a lost host is cancelled
		if inst, err := w.store.Instance(t.Context(), id); err == nil && len(inst.Leases) > 0 {
			home = pick(inst.Leases).HostID
		}
		if home != w.gone {
			w.lose(home)
		}
		if op.Name != fleet.Terminate.Name { // which takes nothing back
			cancel()
		}
	}
	var next fleet.Record
	w.during = map[string]func(){
		"cancel":      cancel,
		"host lost":   func() { lose(func(l []fleet.Lease) fleet.Lease { return l[0] }) },
		"target lost": func() { lose(func(l []fleet.Lease) fleet.Lease { return l[len(l)-1] }) },
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

	// GPUs that could not be scrubbed stay out of reach until their host has done it.
	// A container that cannot be started after a reset is installed anew.
	mended := strings.HasPrefix(calls[n-1], "ScrubGPUs ") || op.Name == fleet.Reset.Name && strings.HasPrefix(calls[n-1], "StartContainer ")
	endless := committed && (how == "undo fails" || (how == "before" || how == "after") && !mended)
	switch {
	case how == "terminate" && op.Name != fleet.Terminate.Name:
		require.Contains(t, []fleet.State{fleet.Terminating, fleet.Terminated}, inst.State, "another operation came between")
		require.Equal(t, committed, err == nil) // else it was cancelled
	case how == "host lost", how == "target lost":
		if from != fleet.Failed {
			require.NotEqual(t, fleet.Failed, inst.State)
		}
		w.requirePrecious(op, inst)
	case how == "answer lost", how == "busy", how == "terminate", committed && !endless:
		require.NoError(t, err)
		w.requireState(id, to(op, from))
	case how == "stalls" && inst.State == fleet.Failed && from != fleet.Failed: // the undo needs the very call that stalls
		require.ErrorContains(t, err, "and undoing it: "+w.broken)
	case endless, how == "undo fails" && n > 1 && (inst.State == fleet.Failed || inst.State == fleet.Lost):
		require.Error(t, err)
		if from == fleet.Lost && inst.State == fleet.Lost { // nobody can have stopped it, so it is lost first
			break
		}
		require.Equal(t, fleet.Failed, inst.State)
	default:
		require.Error(t, err)
		if op.Name == fleet.Create.Name {
			before = w.nothing(id)
		}
		require.Equal(t, before, w.picture(id))
	}
	require.LessOrEqual(t, w.running(), 1)
	w.requirePrecious(op, inst)

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
			require.Contains(w, []string{w.lost, w.gone}, w.hostOf(lease))
			require.False(w, c.Running)
		}
		return
	}
	containers := w.containers()
	for _, l := range inst.Leases {
		if l.Kept { // on the host that was lost
			delete(containers, l.ID)
		}
	}
	for lease := range containers {
		if host := w.hostOf(lease); host == w.lost { // it clears up when it is back
			delete(containers, lease)
		}
	}
	if state == fleet.Frozen {
		require.Empty(w, inst.Leases)
		require.Empty(w, containers)
		require.Zero(w, w.gpus()[fleet.GPUAssigned]+w.gpus()[fleet.GPUReserved])
		require.Equal(w, "precious", w.archive[inst.Snapshot])
		return
	}
	require.Equal(w, 2, w.gpus()[fleet.GPUAssigned])
	require.Len(w, containers, 1)
	require.Equal(w, state == fleet.Running, containers[inst.Home.ID].Running)
	if state == fleet.Running {
		w.requireEquipped(inst)
	}
}

// requirePrecious checks that an instance's data is somewhere, unless somebody asked for its
// end: at home, in a snapshot that the record names, or kept where it was.
func (w *world) requirePrecious(op fleet.Operation, inst fleet.Instance) {
	w.Helper()
	switch {
	case op.Name == fleet.Create.Name, op.Name == fleet.Reset.Name, op.Name == fleet.Terminate.Name,
		inst.State == fleet.Terminating, inst.State == fleet.Terminated:
		return
	case w.disks[inst.Home.ID] == "precious", w.archive[inst.Snapshot] == "precious":
		return
	}
	require.Failf(w, "the data is gone", "%s: at home %q, frozen %q", inst.State, w.disks[inst.Home.ID], w.archive[inst.Snapshot])
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
	fmt.Fprintln(&b, inst.State, inst.OperationID, inst.NextID, inst.Home.ID, len(inst.Leases), inst.Ready, w.gpus(), inst.Snapshot)
	containers := w.containers()
	for _, lease := range slices.Sorted(maps.Keys(containers)) {
		fmt.Fprintln(&b, lease, containers[lease].Running, w.disks[lease], w.services(lease))
	}
	snaps, err := w.store.ListSnapshots(w.Context(), w.account, store.SnapshotFilter{InstanceID: inst.ID})
	require.NoError(w, err)
	for _, s := range snaps {
		fmt.Fprintln(&b, s.ID, s.Kind, s.State, w.archive[s.ID])
	}
	return b.String()
}

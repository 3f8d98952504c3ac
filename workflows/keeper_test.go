package workflows_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func (w *world) keeper() *workflows.Keeper {
	return &workflows.Keeper{Store: w.store, Client: w.operations(), Logger: slog.New(slog.DiscardHandler)}
}

// A server whose host is lost comes back elsewhere with the data of its snapshot, and what
// the old host has is kept until its owner lets go of it.
func TestALostServerIsRecoveredByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	old := inst.Home
	w.snapshot(inst)
	w.disks[old.ID] = "precious, and newer"
	w.lose(old.HostID)
	require.NoError(t, w.keeper().Look(t.Context()))

	inst, err = w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fleet.Running, inst.State)
	require.NotEqual(t, old.HostID, inst.Home.HostID)
	require.Greater(t, inst.Home.Epoch, old.Epoch)
	require.Equal(t, "precious", w.disks[inst.Home.ID])
	require.Equal(t, "precious, and newer", w.disks[old.ID])
	events, err := w.store.ListEvents(t.Context(), w.account, store.EventFilter{ResourceID: id})
	require.NoError(t, err)
	var told string
	for _, e := range events {
		if e.Name == "instance.recovered_from_snapshot" {
			told = e.Message
		}
	}
	require.Contains(t, told, "recovered with its data as of ")
	require.Contains(t, told, "newer data may lie on "+old.HostID)

	// The old host is back: nothing of it runs there, and it stays until it is released.
	w.lost = ""
	w.renew(old.HostID)
	require.Equal(t, 1, w.running())
	require.Len(t, w.containers(), 2)
	require.NoError(t, w.store.ReleaseKept(t.Context(), w.account, "key_test", id, old.ID))
}

func TestAServerThatIsToWaitIsNotRecovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec.Recover = fleet.RecoverWait
	id := w.server(fleet.Lost)
	require.NoError(t, w.keeper().Look(t.Context()))
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fleet.Lost, inst.State)
}

func TestSnapshotsAreTakenOnTheirInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec.SnapshotEvery = fleet.Duration(time.Hour)
	id := w.server(fleet.Running)
	taken := func() int {
		require.NoError(t, w.keeper().Look(t.Context()))
		all, err := w.store.ListSnapshots(t.Context(), w.account, store.SnapshotFilter{InstanceID: id})
		require.NoError(t, err)
		for _, s := range all {
			require.Equal(t, fleet.SnapshotReady, s.State)
			require.Equal(t, "precious", w.archive[s.ID])
		}
		return len(all)
	}
	require.Zero(t, taken())
	for i := range 4 {
		w.skew.Add(int64(time.Hour + time.Minute))
		require.Equal(t, min(i+1, fleet.KeepAutoSnapshots), taken())
		require.Equal(t, min(i+1, fleet.KeepAutoSnapshots), taken(), "not again so soon")
	}
}

// A server whose container is gone is made anew where it lives.
func TestAServerWithoutAContainerIsRecovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Failed)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, w.machines[inst.Home.HostID].Remove(t.Context(), inst.Home.ID))
	require.NoError(t, w.do(fleet.Recover, id), w.story())
	w.requireState(id, fleet.Running)
}

// A thaw that waits for capacity has its place in the queue, and starts once there is room.
func TestAThawWaitsForAPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Frozen)
	for _, host := range w.hosts {
		require.NoError(t, w.store.Cordon(t.Context(), host, "key_test"))
	}
	require.Equal(t, fleet.Exhausted, fleet.CodeOf(w.do(fleet.Thaw, id)))
	w.requireState(id, fleet.Frozen)

	ask := w.ask()
	ask.Params.Wait = true
	rec, _, err := w.store.Accept(t.Context(), ask, fleet.KindInstance, id, fleet.Thaw.Name)
	require.NoError(t, err)
	time.AfterFunc(time.Second, func() {
		seen, err := w.store.GetOperation(t.Context(), w.account, rec.ID)
		require.NoError(t, err)
		require.Equal(t, 1, seen.Place)
		_, err = w.store.Uncordon(t.Context(), w.hosts[0], "key_test")
		require.NoError(t, err)
	})
	require.NoError(t, w.start(rec))
	w.requireState(id, fleet.Running)
}

// A server that keeps nothing while it is stopped has its data and ports again.
func TestAStartWithoutAHoldPlacesAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	before, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	w.bare(id)
	require.Equal(t, 8, w.gpus()[fleet.GPUFree])
	require.NoError(t, w.do(fleet.Start, id))
	w.requireState(id, fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, before.Ports, inst.Ports)
	require.Equal(t, "precious", w.disks[inst.Home.ID])
	require.Len(t, w.containers(), 1)
}

// What is terminated can be had back while its snapshot is kept.
func TestATerminatedServerIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	ask := w.ask()
	ask.Params.Keep = fleet.Duration(time.Hour)
	rec, _, err := w.store.Accept(t.Context(), ask, fleet.KindInstance, id, fleet.Terminate.Name)
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	w.requireState(id, fleet.Terminated)
	snaps, err := w.store.ListSnapshots(t.Context(), w.account, store.SnapshotFilter{InstanceID: id})
	require.NoError(t, err)
	require.Len(t, snaps, 1)
	require.Equal(t, fleet.SnapshotSafety, snaps[0].Kind)
	require.NotZero(t, snaps[0].ExpiresAt)

	gone, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	rec, _, err = w.store.CreateInstance(t.Context(), w.ask(), store.NewInstance{Name: "again", Spec: gone.Spec, Snapshot: snaps[0].ID})
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	inst, err := w.store.Instance(t.Context(), rec.ResourceID)
	require.NoError(t, err)
	require.Equal(t, fleet.Running, inst.State)
	require.Equal(t, "precious", w.disks[inst.Home.ID])
}

// A reset erases, and can be undone from what it kept.
func TestAResetIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	reset := func(p fleet.Params) fleet.Instance {
		ask := w.ask()
		ask.Params = p
		rec, _, err := w.store.Accept(t.Context(), ask, fleet.KindInstance, id, fleet.Reset.Name)
		require.NoError(t, err)
		require.NoError(t, w.start(rec))
		inst, err := w.store.Instance(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, fleet.Running, inst.State)
		return inst
	}
	inst := reset(fleet.Params{Keep: fleet.DefaultKeep})
	require.Empty(t, w.disks[inst.Home.ID])
	snaps, err := w.store.ListSnapshots(t.Context(), w.account, store.SnapshotFilter{InstanceID: id})
	require.NoError(t, err)
	require.Len(t, snaps, 1)
	inst = reset(fleet.Params{SnapshotID: snaps[0].ID})
	require.Equal(t, "precious", w.disks[inst.Home.ID])
}

// A migration goes on as soon as its host is well again, however long that takes within its
// limit; and gives up, as it was, past it.
func TestALongMigrationOutlivesAWeakHost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failures int
		least    time.Duration
		done     bool
	}{
		"an hour and a half": {95, 90 * time.Minute, true},
		"past its limit":     {1000, fleet.Migrate.Limit, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.server(fleet.Running)
			before, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			picture := w.picture(id)
			w.weak = c.failures
			err = w.do(fleet.Migrate, id)
			require.GreaterOrEqual(t, w.took, c.least, "of the workflow's time")
			if !c.done {
				require.Equal(t, fleet.Timeout, fleet.CodeOf(err))
				require.Equal(t, picture, w.picture(id))
				return
			}
			require.NoError(t, err)
			w.requireState(id, fleet.Running)
			after, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			require.NotEqual(t, before.Home.HostID, after.Home.HostID)
			require.Equal(t, "precious", w.disks[after.Home.ID])
		})
	}
}

// A server that cannot open its GPUs any more is started again; if that does not last, it is
// made anew elsewhere, with its data.
func TestAServerThatLostItsGPUsIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	lose := func() {
		w.skew.Add(int64(11 * time.Minute))
		w.renew(w.hosts[0])
		w.renew(w.hosts[1])
		w.report(w.now(inst.GPUs[0].ID), gpu.EventAccessLost, 0)
	}
	last := func() string {
		ops, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{ResourceID: id, Page: store.Page{Limit: 1}})
		require.NoError(t, err)
		require.NotEmpty(t, ops)
		return ops[0].Name
	}
	lose()
	require.NoError(t, w.keeper().Look(t.Context()))
	require.NoError(t, w.err)
	require.Equal(t, fleet.Restart.Name, last())
	require.Equal(t, inst.Home.HostID, w.home(id))
	lose()
	require.NoError(t, w.keeper().Look(t.Context()))
	require.Equal(t, fleet.Migrate.Name, last())
	require.Equal(t, w.other(inst.Home.HostID), w.home(id))
	require.Contains(t, w.happened(w.account), "instance.gpu_access_lost")
}

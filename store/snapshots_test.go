package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustSnapshot makes a whole snapshot of an instance.
func mustSnapshot(t testing.TB, s *Store, inst fleet.Instance, kind fleet.SnapshotKind) fleet.Snapshot {
	t.Helper()
	snap := fleet.Snapshot{
		ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), InstanceID: inst.ID, Kind: kind,
		ImageID: "sha256:1", Bytes: 1000, Files: 10, SavedAt: s.Now(),
	}
	require.NoError(t, s.RecordSnapshot(t.Context(), snap))
	require.NoError(t, s.SnapshotSaved(t.Context(), snap))
	got, err := s.Snapshot(t.Context(), snap.ID)
	require.NoError(t, err)
	return got
}

func TestASnapshotIsWrittenDownBeforeItIsSaved(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		snap := fleet.Snapshot{ID: fleet.SnapshotID("op_1" + unique("")), InstanceID: inst.ID, OperationID: "op_1", Kind: fleet.SnapshotFreeze}
		for range 2 {
			require.NoError(t, s.RecordSnapshot(t.Context(), snap))
		}
		got, err := s.Snapshot(t.Context(), snap.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.SnapshotSaving, got.State)
		require.Equal(t, a.ID, got.AccountID)
		_, err = s.NewestSnapshot(t.Context(), inst.ID)
		requireCode(t, fleet.NotFound, err)
		requireCode(t, fleet.Conflict, s.FreezeInstance(t.Context(), inst.ID, snap.ID))

		snap.ImageID, snap.Bytes, snap.Files, snap.SavedAt = "sha256:1", 5, 2, s.Now().Truncate(time.Microsecond)
		require.NoError(t, s.SnapshotSaved(t.Context(), snap))
		newest, err := s.NewestSnapshot(t.Context(), inst.ID)
		require.NoError(t, err)
		require.Equal(t, snap.ID, newest.ID)
		require.Equal(t, snap.SavedAt, newest.SavedAt)
		requireCode(t, fleet.NotFound, s.SnapshotSaved(t.Context(), fleet.Snapshot{ID: "snp_none"}))
	})
}

func TestAFrozenInstancesSnapshotIsNotForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 2)
		ports := inst.Ports
		require.NotEmpty(t, ports)
		rec := mustAccept(t, s, inst, "freeze")
		snap := mustSnapshot(t, s, inst, fleet.SnapshotFreeze)
		for range 2 {
			require.NoError(t, s.FreezeInstance(t.Context(), inst.ID, snap.ID))
		}
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		mustEnd(t, s, rec, fleet.Done)
		frozen := mustInstance(t, s, inst.ID)
		require.Equal(t, snap.ID, frozen.Snapshot)
		require.Zero(t, frozen.Home)
		require.Empty(t, frozen.Leases)

		require.NoError(t, s.ForgetSnapshot(t.Context(), snap.ID))
		requireCode(t, fleet.Conflict, s.DeleteSnapshot(t.Context(), a.ID, "key_test", snap.ID))
		requireCode(t, fleet.NotFound, s.DeleteSnapshot(t.Context(), mustAccount(t, s).ID, "key_test", snap.ID))
		ids, err := s.ArchivedSnapshots(t.Context(), snap.DataCenter)
		require.NoError(t, err)
		require.Contains(t, ids, snap.ID)

		// Thawed where it was, with the ports it had: nothing to tell.
		thaw := mustAccept(t, s, frozen, "thaw")
		lease, err := s.Place(t.Context(), thaw.ID, inst.ID)
		require.NoError(t, err)
		require.Equal(t, inst.Home.HostID, lease.HostID)
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		mustEnd(t, s, thaw, fleet.Done)
		thawed := mustInstance(t, s, inst.ID)
		require.Equal(t, ports, thawed.Ports)
		require.Empty(t, thawed.Snapshot)
		events, err := s.ListEvents(t.Context(), a.ID, EventFilter{ResourceID: inst.ID})
		require.NoError(t, err)
		for _, e := range events {
			require.NotEqual(t, "instance.ports_changed", e.Name)
		}
		require.NoError(t, s.DeleteSnapshot(t.Context(), a.ID, "key_test", snap.ID))
		_, err = s.Snapshot(t.Context(), snap.ID)
		requireCode(t, fleet.NotFound, err)
	})
}

func TestPortsThatChangeAreTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 4)
		inst := mustServer(t, s, a, 4)
		rec := mustAccept(t, s, inst, "freeze")
		require.NoError(t, s.FreezeInstance(t.Context(), inst.ID, mustSnapshot(t, s, inst, fleet.SnapshotFreeze).ID))
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		mustEnd(t, s, rec, fleet.Done)
		mustServer(t, s, a, 0) // takes the port
		rival := mustInstance(t, s, mustServer(t, s, a, 1).ID)
		_ = rival
		other := mustHost(t, s, 4)
		thaw := mustAccept(t, s, mustInstance(t, s, inst.ID), "thaw")
		lease, err := s.PlaceAs(t.Context(), Placing{LeaseID: thaw.ID, InstanceID: inst.ID, HostID: other.ID})
		require.NoError(t, err)
		require.Equal(t, other.ID, lease.HostID)
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		moved := mustInstance(t, s, inst.ID)
		events, err := s.ListEvents(t.Context(), a.ID, EventFilter{ResourceID: inst.ID})
		require.NoError(t, err)
		var told int
		for _, e := range events {
			if e.Name == "instance.ports_changed" {
				told++
			}
		}
		if moved.Ports[0].Host == inst.Ports[0].Host {
			require.Zero(t, told)
		} else {
			require.Equal(t, 1, told)
		}
	})
}

func TestAnOldHostKeepsDataUntilItsOwnerLetsGo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		old := mustHost(t, s, 4)
		inst := mustServer(t, s, a, 4)
		require.Equal(t, old.ID, inst.Home.HostID)
		mustHost(t, s, 4)
		rec := mustAccept(t, s, inst, "migrate")
		lease, err := s.Place(t.Context(), rec.ID, inst.ID)
		require.NoError(t, err)
		requireCode(t, fleet.Conflict, s.KeepLease(t.Context(), inst.Home.ID))
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		for range 2 {
			require.NoError(t, s.KeepLease(t.Context(), inst.Home.ID))
		}
		mustEnd(t, s, rec, fleet.Done)
		moved := mustInstance(t, s, inst.ID)
		require.Len(t, moved.Leases, 2)
		require.True(t, moved.Leases[0].Kept)
		require.Equal(t, []fleet.Kept{{LeaseID: inst.Home.ID, HostID: old.ID, Since: moved.Kept[0].Since}}, moved.Kept)
		require.WithinDuration(t, s.Now(), moved.Kept[0].Since, time.Minute)
		h, err := s.GetHost(t.Context(), old.ID)
		require.NoError(t, err)
		for _, g := range h.GPUs {
			require.Equal(t, fleet.GPUFree, g.State)
		}
		order, _ := mustRenew(t, s, old.ID, 4)
		require.Len(t, order.Leases, 1, "its agent does not take it for an orphan")
		require.False(t, order.Leases[0].Run)
		require.True(t, order.Leases[0].Halt)

		requireCode(t, fleet.NotFound, s.ReleaseKept(t.Context(), mustAccount(t, s).ID, "key_test", inst.ID, inst.Home.ID))
		requireCode(t, fleet.NotFound, s.ReleaseKept(t.Context(), a.ID, "key_test", inst.ID, lease.ID))
		require.NoError(t, s.ReleaseKept(t.Context(), a.ID, "key_test", inst.ID, inst.Home.ID))
		require.Len(t, mustInstance(t, s, inst.ID).Leases, 1)
	})
}

func TestABareLeaseHasItsPortsAgainIfItCan(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 4)
		inst := mustServer(t, s, a, 4)
		rec := mustAccept(t, s, inst, "stop")
		for range 2 {
			require.NoError(t, s.StripLease(t.Context(), inst.Home.ID))
		}
		mustEnd(t, s, rec, fleet.Done)
		stopped := mustInstance(t, s, inst.ID)
		require.True(t, stopped.Home.Bare)
		require.Empty(t, stopped.GPUs)
		require.Empty(t, stopped.Ports)

		start := mustAccept(t, s, stopped, "start")
		lease, err := s.Place(t.Context(), start.ID, inst.ID)
		require.NoError(t, err)
		require.Equal(t, host.ID, lease.HostID, "it may go where only its data lies")
		require.Greater(t, lease.Epoch, stopped.Home.Epoch)
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		require.Equal(t, inst.Ports, mustInstance(t, s, inst.ID).Ports)
	})
}

func TestOnlyTheNewestAutomaticSnapshotsStay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		manual := mustSnapshot(t, s, inst, fleet.SnapshotManual)
		var last fleet.Snapshot
		for range fleet.KeepAutoSnapshots + 2 {
			last = mustSnapshot(t, s, inst, fleet.SnapshotAuto)
		}
		all, err := s.ListSnapshots(t.Context(), a.ID, SnapshotFilter{InstanceID: inst.ID})
		require.NoError(t, err)
		require.Len(t, all, fleet.KeepAutoSnapshots+1)
		require.Equal(t, manual.ID, all[0].ID)
		require.Equal(t, last.ID, all[len(all)-1].ID)
		none, err := s.ListSnapshots(t.Context(), mustAccount(t, s).ID, SnapshotFilter{InstanceID: inst.ID})
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestASnapshotThatFailsSaysWhy(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		whole := mustSnapshot(t, s, inst, fleet.SnapshotManual)
		snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, s.Now()), InstanceID: inst.ID, Kind: fleet.SnapshotManual}
		require.NoError(t, s.RecordSnapshot(t.Context(), snap))
		require.NoError(t, s.SnapshotFailed(t.Context(), snap.ID, "the disk is full"))
		require.NoError(t, s.SnapshotFailed(t.Context(), snap.ID, "the disk is full"))
		all, err := s.ListSnapshots(t.Context(), a.ID, SnapshotFilter{InstanceID: inst.ID})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, whole.ID, all[0].ID)
		events, err := s.ListEvents(t.Context(), a.ID, EventFilter{ResourceID: inst.ID})
		require.NoError(t, err)
		require.Equal(t, "snapshot.failed", events[0].Name)
		require.Equal(t, snap.ID+": the disk is full", events[0].Message)
	})
}

func TestTheQueueIsFirstComeFirstServed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		var recs []fleet.Record
		for i := range 3 {
			recs = append(recs, mustCreate(t, s, a, 1))
			for range 2 {
				n, err := s.Queue(t.Context(), recs[i].ID)
				require.NoError(t, err)
				require.Equal(t, i+1, n)
			}
		}
		require.NoError(t, s.Dequeue(t.Context(), recs[0].ID))
		mustEnd(t, s, recs[1], fleet.Undone)
		rec, err := s.GetOperation(t.Context(), a.ID, recs[2].ID)
		require.NoError(t, err)
		require.Equal(t, 1, rec.Place)
		_, err = s.Queue(t.Context(), "op_none")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestALimitBeginsAnewAfterTheQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		ask := ask(a)
		ask.Params.Wait = true
		rec, _, err := s.Accept(t.Context(), ask, fleet.KindInstance, inst.ID, "migrate")
		require.NoError(t, err)
		again, repeated, err := s.Accept(t.Context(), ask, fleet.KindInstance, inst.ID, "migrate")
		require.NoError(t, err)
		require.True(t, repeated)
		require.Equal(t, rec, again)
		waits := s.Now().Add(fleet.Migrate.Limit + fleet.WaitLimit).Truncate(time.Microsecond)
		require.Equal(t, waits, mustRecord(t, s, rec).Deadline)
		_, err = s.Queue(t.Context(), rec.ID)
		require.NoError(t, err)
		now.advance(100 * time.Hour)
		for range 2 {
			require.NoError(t, s.Dequeue(t.Context(), rec.ID))
		}
		works := s.Now().Add(fleet.Migrate.Limit).Truncate(time.Microsecond)
		require.Equal(t, works, mustRecord(t, s, rec).Deadline)
		require.Equal(t, works, mustInstance(t, s, inst.ID).Deadline)
		now.advance(time.Hour)
		require.NoError(t, s.Dequeue(t.Context(), rec.ID), "it is not in the queue")
		require.Equal(t, works, mustRecord(t, s, rec).Deadline)
	})
}

func TestSnapshotsThatExpiredAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), InstanceID: inst.ID, Kind: fleet.SnapshotSafety, ExpiresAt: s.Now().Add(time.Hour)}
		require.NoError(t, s.RecordSnapshot(t.Context(), snap))
		ids, err := s.ArchivedSnapshots(t.Context(), inst.Spec.DataCenter)
		require.NoError(t, err)
		require.Contains(t, ids, snap.ID)
		now := s.Now
		s.Now = func() time.Time { return now().Add(2 * time.Hour) }
		ids, err = s.ArchivedSnapshots(t.Context(), inst.Spec.DataCenter)
		require.NoError(t, err)
		require.NotContains(t, ids, snap.ID)
	})
}

func TestOneHostClearsUpTheArchiveInAWhile(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := s.Now().Add(24 * time.Hour) // other tests of this database have theirs
		s.Now = func() time.Time { return now }
		a := mustAccount(t, s)
		one, two := mustHost(t, s, 1), mustHost(t, s, 1)
		snap := mustSnapshot(t, s, mustServer(t, s, a, 0), fleet.SnapshotManual)
		order, err := s.Collect(t.Context(), one.ID)
		require.NoError(t, err)
		require.True(t, order.Collect)
		require.Contains(t, order.Snapshots, snap.ID)
		order, err = s.Collect(t.Context(), two.ID)
		require.NoError(t, err)
		require.False(t, order.Collect)
		now = now.Add(fleet.CollectEvery)
		order, err = s.Collect(t.Context(), two.ID)
		require.NoError(t, err)
		require.True(t, order.Collect)
		_, err = s.Collect(t.Context(), "hst_none")
		requireCode(t, fleet.NotFound, err)
	})
}

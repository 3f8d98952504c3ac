package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestADrainIsInTheRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, worker := mustServer(t, s, a, 1), mustWorker(t, s, ep)
		drain, err := s.HostDrain(t.Context(), host.ID)
		require.NoError(t, err)
		require.True(t, drain.StartedAt.IsZero())

		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_test", 3))
		requireHostState(t, s, host.ID, fleet.HostDraining)
		drain, err = s.HostDrain(t.Context(), host.ID)
		require.NoError(t, err)
		require.True(t, drain.Running())
		require.Equal(t, 2, drain.Total)
		require.Equal(t, 3, drain.Parallel)
		require.Equal(t, "key_test", drain.Actor)
		require.ElementsMatch(t, []string{server.ID, worker.ID}, idsOf(drain.Left, func(o fleet.Occupant) string { return o.InstanceID }))
		for _, o := range drain.Left {
			require.True(t, o.Home)
			require.Equal(t, o.EndpointID != "", o.Serving)
		}
		draining, err := s.DrainingHosts(t.Context())
		require.NoError(t, err)
		require.Contains(t, draining, host.ID)

		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_other", 1), "asked again")
		drain, err = s.HostDrain(t.Context(), host.ID)
		require.NoError(t, err)
		require.Equal(t, 1, drain.Parallel)
		require.Equal(t, "key_test", drain.Actor)

		require.NoError(t, s.EndDrain(t.Context(), host.ID))
		requireHostState(t, s, host.ID, fleet.HostDraining)
		for _, inst := range []fleet.Instance{server, worker} {
			mustTerminate(t, s, inst)
		}
		require.NoError(t, s.EndDrain(t.Context(), host.ID))
		require.NoError(t, s.EndDrain(t.Context(), host.ID))
		requireHostState(t, s, host.ID, fleet.HostDrained)
		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_test", 2), "it is drained")
		requireHostState(t, s, host.ID, fleet.HostDrained)
		mustRenew(t, s, host.ID, 8)
		requireHostState(t, s, host.ID, fleet.HostDrained)
		changes, err := s.Uncordon(t.Context(), host.ID, "key_test")
		require.NoError(t, err)
		require.Empty(t, changes)
		requireHostState(t, s, host.ID, fleet.HostReady)
		require.Equal(t, []string{"host.joined", "host.draining", "host.drained", "host.uncordoned"}, eventNames(t, s, "", host.ID))
	})
}

func TestACancelledDrainTakesBackWhatItAskedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, fresh, theirs, worker := mustServer(t, s, a, 1), mustServer(t, s, a, 1), mustServer(t, s, a, 1), mustWorker(t, s, ep)
		require.NoError(t, s.MarkLeaving(t.Context(), host.ID, worker.ID))
		require.False(t, mustInstance(t, s, worker.ID).Leaving, "nobody empties its host")
		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_test", 2))
		require.NoError(t, s.MarkLeaving(t.Context(), host.ID, worker.ID))
		require.NoError(t, s.MarkLeaving(t.Context(), host.ID, server.ID))
		require.True(t, mustInstance(t, s, worker.ID).Leaving)
		require.False(t, mustInstance(t, s, server.ID).Leaving, "it is no worker")
		move := func(inst fleet.Instance, actor string) fleet.Record {
			asking := ask(a)
			asking.Actor = actor
			rec, _, err := s.Accept(t.Context(), asking, fleet.KindInstance, inst.ID, fleet.Migrate.Name)
			require.NoError(t, err)
			return rec
		}
		open, unstarted, other := move(server, fleet.DrainActor(host.ID)), move(fresh, fleet.DrainActor(host.ID)), move(theirs, "key_owner")
		for _, rec := range []fleet.Record{open, other} {
			require.NoError(t, s.MarkStarted(t.Context(), rec.ID))
		}

		changes, err := s.CancelDrain(t.Context(), host.ID, "key_test")
		require.NoError(t, err)
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		require.Equal(t, []string{open.ID}, idsOf(changes.Operations, func(r fleet.Record) string { return r.ID }), "not its owner's own")
		require.False(t, changes.Operations[0].CancelledAt.IsZero())
		ended, err := s.GetOperation(t.Context(), a.ID, unstarted.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.Undone, ended.Outcome)
		require.Equal(t, fleet.Running, mustInstance(t, s, fresh.ID).State)
		require.False(t, mustInstance(t, s, worker.ID).Leaving)
		requireHostState(t, s, host.ID, fleet.HostCordoned)
		changes, err = s.CancelDrain(t.Context(), host.ID, "key_test")
		require.NoError(t, err)
		require.Empty(t, changes)
		require.Equal(t, []string{"host.joined", "host.draining", "host.drain_cancelled"}, eventNames(t, s, "", host.ID))
	})
}

func TestWhatFailedIsSaid(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, worker := mustServer(t, s, a, 1), mustWorker(t, s, ep)
		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_test", 2))
		now.advance(time.Second)
		require.NoError(t, s.MarkLeaving(t.Context(), host.ID, worker.ID))
		now.advance(time.Second)
		asking := ask(a)
		asking.Actor = fleet.DrainActor(host.ID)
		move, _, err := s.Accept(t.Context(), asking, fleet.KindInstance, server.ID, fleet.Migrate.Name)
		require.NoError(t, err)
		left := func() map[string]fleet.Occupant {
			drain, err := s.HostDrain(t.Context(), host.ID)
			require.NoError(t, err)
			byID := map[string]fleet.Occupant{}
			for _, o := range drain.Left {
				byID[o.InstanceID] = o
			}
			return byID
		}
		require.True(t, left()[server.ID].Moving)
		require.Equal(t, move.ID, left()[server.ID].OperationID)
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: move.ID, Outcome: fleet.Undone, Code: fleet.Exhausted, Message: "no room"}))
		create, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("worker"), Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision})
		require.NoError(t, err)
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: create.ID, Outcome: fleet.Undone, Code: fleet.Exhausted, Message: "no GPU"}))
		got := left()
		require.Equal(t, 1, got[server.ID].Failures)
		require.Equal(t, "no room", got[server.ID].Failure)
		require.Equal(t, now.now(), got[server.ID].FailedAt)
		require.False(t, got[server.ID].Moving)
		require.Equal(t, 1, got[worker.ID].Failures)
		require.Equal(t, "no GPU", got[worker.ID].Failure)
	})
}

func TestARetiredHostIsGone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		token, host, err := s.CreateHost(t.Context(), "rack-1", here)
		require.NoError(t, err)
		mustRenew(t, s, host.ID, 2)
		server := mustServer(t, s, a, 1)
		requireCode(t, fleet.Conflict, s.RetireHost(t.Context(), host.ID, "key_test", KeepNothing))
		mustTerminate(t, s, server)
		require.NoError(t, s.RetireHost(t.Context(), host.ID, "key_test", KeepNothing))
		require.NoError(t, s.RetireHost(t.Context(), host.ID, "key_test", KeepNothing), "repeatable")

		requireHostState(t, s, host.ID, fleet.HostRetired)
		h, err := s.GetHost(t.Context(), host.ID)
		require.NoError(t, err)
		require.Equal(t, "rack-1", h.Name)
		require.False(t, h.RetiredAt.IsZero())
		_, err = s.AuthenticateHost(t.Context(), token)
		requireCode(t, fleet.Unauthenticated, err)
		_, _, err = s.RenewLease(t.Context(), host.ID, report(host.ID, 2))
		requireCode(t, fleet.Unauthenticated, err)
		for _, do := range []func() error{
			func() error { return s.Cordon(t.Context(), host.ID, "key_test") },
			func() error { _, err := s.Uncordon(t.Context(), host.ID, "key_test"); return err },
			func() error { return s.StartDrain(t.Context(), host.ID, "key_test", 2) },
			func() error { _, err := s.CancelDrain(t.Context(), host.ID, "key_test"); return err },
		} {
			requireCode(t, fleet.Conflict, do())
		}
		rec := mustCreate(t, s, a, 1)
		_, err = s.Place(t.Context(), rec.ID, rec.ResourceID)
		requireCode(t, fleet.Exhausted, err)
		hosts, err := s.ListHosts(t.Context(), HostFilter{})
		require.NoError(t, err)
		require.NotContains(t, idsOf(hosts, func(h fleet.Host) string { return h.ID }), host.ID)
		hosts, err = s.ListHosts(t.Context(), HostFilter{Retired: true})
		require.NoError(t, err)
		require.Contains(t, idsOf(hosts, func(h fleet.Host) string { return h.ID }), host.ID)
		gpus, err := s.ListGPUs(t.Context(), GPUFilter{})
		require.NoError(t, err)
		require.Empty(t, gpus)
		gpus, err = s.ListGPUs(t.Context(), GPUFilter{HostID: host.ID})
		require.NoError(t, err)
		require.Equal(t, []fleet.GPUState{fleet.GPULost, fleet.GPULost}, []fleet.GPUState{gpus[0].State, gpus[1].State})
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Empty(t, counts.Hosts)
		require.Empty(t, counts.GPUs)

		_, again, err := s.CreateHost(t.Context(), "rack-1", here)
		require.NoError(t, err, "its name is free")
		require.NotEqual(t, host.ID, again.ID)
		require.Equal(t, []string{"host.joined", "host.retired"}, eventNames(t, s, "", host.ID))
	})
}

func TestRetireKeepsWhatIsKeptUnlessToldOtherwise(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		old := inst.Home
		now.advance(time.Minute)
		_, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		mustHost(t, s, 1)
		rec := mustAccept(t, s, inst, "recover")
		lease, err := s.Place(t.Context(), rec.ID, inst.ID)
		require.NoError(t, err)
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		require.NoError(t, s.KeepLease(t.Context(), old.ID))
		mustEnd(t, s, rec, fleet.Done)
		mustRenew(t, s, host.ID, 1)

		require.NoError(t, s.StartDrain(t.Context(), host.ID, "key_test", 2))
		drain, err := s.HostDrain(t.Context(), host.ID)
		require.NoError(t, err)
		require.Zero(t, drain.Total)
		require.Len(t, drain.Left, 1)
		require.True(t, drain.Left[0].Kept)
		require.NoError(t, s.EndDrain(t.Context(), host.ID), "what is kept cannot be moved")
		requireHostState(t, s, host.ID, fleet.HostDrained)
		requireCode(t, fleet.Conflict, s.RetireHost(t.Context(), host.ID, "key_test", KeepNothing))
		require.NoError(t, s.RetireHost(t.Context(), host.ID, "key_test", DiscardKept))
		require.Len(t, mustInstance(t, s, inst.ID).Leases, 1)
		require.Contains(t, eventNames(t, s, a.ID, inst.ID), "instance.kept_data_released")
	})
}

func TestADrainHasALimit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		for _, parallel := range []int{-1, 0, 65} {
			requireCode(t, fleet.Invalid, s.StartDrain(t.Context(), host.ID, "key_test", parallel))
		}
		requireCode(t, fleet.NotFound, s.StartDrain(t.Context(), "hst_none", "key_test", 2))
		_, err := s.CancelDrain(t.Context(), "hst_none", "key_test")
		requireCode(t, fleet.NotFound, err)
		requireCode(t, fleet.NotFound, s.RetireHost(t.Context(), "hst_none", "key_test", KeepNothing))
		_, err = s.HostDrain(t.Context(), "hst_none")
		requireCode(t, fleet.NotFound, err)
		requireCode(t, fleet.NotFound, s.EndDrain(t.Context(), "hst_none"))
	})
}

func requireHostState(t *testing.T, s *Store, id string, want fleet.HostState) {
	t.Helper()
	h, err := s.GetHost(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, want, h.State)
}

// mustTerminate has nothing left of an instance.
func mustTerminate(t *testing.T, s *Store, inst fleet.Instance) {
	t.Helper()
	rec := mustAccept(t, s, inst, "terminate")
	require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
	mustEnd(t, s, rec, fleet.Done)
}

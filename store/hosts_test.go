package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// runs says which instances the agent is told to run.
func runs(order fleet.HostOrder) map[string]bool {
	run := map[string]bool{}
	for _, l := range order.Leases {
		run[l.InstanceID] = l.Run
	}
	return run
}

func TestAHostJoinsWithItsGPUs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		now := mustClock(t, s)
		token, host, err := s.CreateHost(t.Context(), "alpha", here)
		require.NoError(t, err)
		require.Equal(t, fleet.HostJoining, host.State)
		_, _, err = s.CreateHost(t.Context(), "alpha", here)
		requireCode(t, fleet.Conflict, err)
		_, _, err = s.CreateHost(t.Context(), "beta", "mars")
		requireCode(t, fleet.Invalid, err)
		id, err := s.AuthenticateHost(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, host.ID, id)

		order, changes := mustRenew(t, s, id, 2)
		require.Equal(t, []string{id}, changes.Hosts)
		require.Equal(t, fleet.HostOrder{
			HostID: id, TTL: fleet.Duration(15 * time.Second), Every: fleet.Duration(5 * time.Second), Grace: fleet.Duration(30 * time.Second),
			Leases: []fleet.LeaseOrder{}, Now: now.now(),
		}, order)
		_, changes = mustRenew(t, s, id, 2)
		require.Empty(t, changes.Hosts)

		host, err = s.GetHost(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, fleet.HostReady, host.State)
		require.Equal(t, now.now().Add(fleet.LeaseTTL), host.ExpiresAt)
		require.Equal(t, fleet.Disk{Total: 1 << 40, Free: 1 << 39}, host.Disk)
		require.Len(t, host.GPUs, 2)
		require.True(t, host.GPUs[0].Simulated)
		require.Equal(t, []string{"host.joined"}, eventNames(t, s, "", id))
		_, _, err = s.RenewLease(t.Context(), "hst_none", report("x", 1))
		requireCode(t, fleet.NotFound, err)
	})
}

func TestAReportThatMakesNoSenseIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		for _, spoil := range []func(*fleet.HostReport){
			func(r *fleet.HostReport) { r.PortLast = 65536 },
			func(r *fleet.HostReport) { r.PortFirst = 2 * r.PortLast },
			func(r *fleet.HostReport) { r.GPUs[0].UUID = "" },
			func(r *fleet.HostReport) { r.GPUs = append(r.GPUs, r.GPUs[0]) },
			func(r *fleet.HostReport) { r.GPUs = make([]fleet.GPUReport, 2000) },
			func(r *fleet.HostReport) { r.GPUAccess = "by hand" },
		} {
			r := report(host.ID, 1)
			spoil(&r)
			_, _, err := s.RenewLease(t.Context(), host.ID, r)
			requireCode(t, fleet.Invalid, err)
		}
	})
}

func TestAHostSaysHowContainersGetGPUs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		require.Empty(t, host.GPUAccess, "an older agent does not say")
		for _, access := range fleet.GPUAccesses {
			r := report(host.ID, 1)
			r.GPUAccess = access
			_, _, err := s.RenewLease(t.Context(), host.ID, r)
			require.NoError(t, err)
			now, err := s.GetHost(t.Context(), host.ID)
			require.NoError(t, err)
			require.Equal(t, access, now.GPUAccess)
		}
	})
}

func TestGPUsComeAndGoWithTheReport(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 4)
		require.NoError(t, s.QuarantineGPU(t.Context(), host.GPUs[3].ID, "ECC"))
		inst := mustServer(t, s, a, 1)
		states := func() (all []fleet.GPUState) {
			h, err := s.GetHost(t.Context(), host.ID)
			require.NoError(t, err)
			for _, g := range h.GPUs {
				all = append(all, g.State)
			}
			return all
		}
		require.Equal(t, host.GPUs[2].ID, inst.GPUs[0].ID, "beside the bad one: the pair is broken anyway")
		mustRenew(t, s, host.ID, 0)
		require.Equal(t, []fleet.GPUState{fleet.GPULost, fleet.GPULost, fleet.GPUAssigned, fleet.GPUQuarantined}, states())
		r := report(host.ID, 4)
		r.GPUs[0].Type = "a100-40gb"
		_, _, err := s.RenewLease(t.Context(), host.ID, r)
		require.NoError(t, err)
		require.Equal(t, []fleet.GPUState{fleet.GPUFree, fleet.GPUFree, fleet.GPUAssigned, fleet.GPUQuarantined}, states())
		gpus, err := s.ListGPUs(t.Context(), GPUFilter{Type: "a100-40gb"})
		require.NoError(t, err)
		require.Len(t, gpus, 1)
		require.Equal(t, host.GPUs[0].ID, gpus[0].ID, "it keeps its ID")
	})
}

func TestALostHostAndWhatRanThere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, worker, stopped, busy := mustServer(t, s, a, 1), mustWorker(t, s, ep), mustServer(t, s, a, 1), mustServer(t, s, a, 1)
		mustEnd(t, s, mustAccept(t, s, stopped, "stop"), fleet.Done)
		stop := mustAccept(t, s, busy, "stop")
		terminate, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, busy.ID, "terminate") // waits
		require.NoError(t, err)
		require.NoError(t, s.Cordon(t.Context(), host.ID, "key_test"))

		now.advance(fleet.LeaseTTL + fleet.LeaseGrace)
		changes, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Empty(t, changes.Hosts, "not before the grace is over")
		before, err := s.RoutesVersion(t.Context(), here)
		require.NoError(t, err)
		now.advance(time.Second)
		changes, err = s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{host.ID}, changes.Hosts)
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		require.Len(t, changes.Operations, 1, "not what waits")
		require.Equal(t, stop.ID, changes.Operations[0].ID)
		open, err := s.OpenOperationsOnHost(t.Context(), host.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{stop.ID, terminate.ID}, idsOf(open, func(r fleet.Record) string { return r.ID }))
		_, err = s.RequestCancel(t.Context(), a.ID, terminate.ID)
		require.NoError(t, err)
		again, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Empty(t, again.Hosts)

		for _, inst := range []fleet.Instance{server, worker} {
			inst = mustInstance(t, s, inst.ID)
			require.Equal(t, fleet.Lost, inst.State)
			require.Equal(t, "lost", inst.Cause)
			require.Equal(t, "its host went silent", inst.Reason)
			require.False(t, inst.Ready)
		}
		require.Equal(t, fleet.Stopped, mustInstance(t, s, stopped.ID).State)
		require.Equal(t, fleet.Stopping, mustInstance(t, s, busy.ID).State)
		after, err := s.RoutesVersion(t.Context(), here)
		require.NoError(t, err)
		require.Greater(t, after, before)
		mustEnd(t, s, stop, fleet.Undone)
		require.Equal(t, fleet.Lost, mustInstance(t, s, busy.ID).State, "whatever the outcome")
		h, err := s.GetHost(t.Context(), host.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.HostLost, h.State)
		require.Equal(t, fleet.GPULost, h.GPUs[7].State)

		order, changes := mustRenew(t, s, host.ID, 8)
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		require.Equal(t, []string{host.ID}, changes.Hosts)
		require.Equal(t, map[string]bool{server.ID: true, worker.ID: true, stopped.ID: false, busy.ID: true}, runs(order))
		for _, inst := range []fleet.Instance{server, worker, busy} {
			inst = mustInstance(t, s, inst.ID)
			require.Equal(t, fleet.Running, inst.State)
			require.Empty(t, inst.Cause)
			require.Empty(t, inst.Reason)
			require.True(t, inst.Ready)
		}
		h, err = s.GetHost(t.Context(), host.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.HostCordoned, h.State, "the cordon was not forgotten")
		require.Equal(t, fleet.GPUFree, h.GPUs[7].State)
		require.Equal(t, []string{"host.joined", "host.cordoned", "host.lost", "host.returned"}, eventNames(t, s, "", host.ID))
		require.Equal(t, []string{"instance.lost", "instance.found"}, eventNames(t, s, a.ID, server.ID)[2:])
	})
}

func TestALostInstanceThatWasPlacedElsewhereStaysLost(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		now.advance(time.Hour)
		_, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		mustHost(t, s, 1)
		rec := mustAccept(t, s, inst, "recover")
		lease, err := s.Place(t.Context(), rec.ID, inst.ID)
		require.NoError(t, err)
		require.NoError(t, s.ReturnLease(t.Context(), lease.ID))
		mustEnd(t, s, rec, fleet.Undone)
		order, _ := mustRenew(t, s, host.ID, 1)
		require.Equal(t, fleet.Lost, mustInstance(t, s, inst.ID).State)
		require.False(t, order.Leases[0].Run)
		require.EqualValues(t, 1, order.Leases[0].Epoch)
	})
}

func TestAStartThatFailedOnALostHostIsStoppedWhenItReturns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		mustEnd(t, s, mustAccept(t, s, inst, "stop"), fleet.Done)
		start := mustAccept(t, s, inst, "start")
		now.advance(time.Minute)
		_, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		mustEnd(t, s, start, fleet.Undone)
		require.Equal(t, fleet.Lost, mustInstance(t, s, inst.ID).State)
		order, _ := mustRenew(t, s, host.ID, 1)
		require.Equal(t, fleet.Stopped, mustInstance(t, s, inst.ID).State)
		require.False(t, order.Leases[0].Run)
	})
}

func TestAProcessThatEndsStopsItsInstance(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, worker := mustServer(t, s, a, 1), mustWorker(t, s, ep)
		dead := container(worker, false)
		dead.ExitCode, dead.OOMKilled = 137, true

		_, changes := mustRenew(t, s, host.ID, 8, container(server, true), dead)
		require.Empty(t, changes.Endpoints, "the report may be older than the start")
		require.Equal(t, fleet.Running, mustInstance(t, s, worker.ID).State)
		_, changes = mustRenew(t, s, host.ID, 8, container(server, true), dead)
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		got := mustInstance(t, s, worker.ID)
		require.Equal(t, fleet.Stopped, got.State)
		require.Equal(t, "exited (137)", got.Cause)
		require.Equal(t, "its process ended with code 137 (out of memory)", got.Reason)
		require.False(t, got.Ready)
		require.True(t, mustInstance(t, s, server.ID).Ready)

		now.advance(fleet.LeaseEvery)
		dead = container(server, false)
		dead.Fenced = true
		order, _ := mustRenew(t, s, host.ID, 8, dead)
		require.Equal(t, fleet.Running, mustInstance(t, s, server.ID).State, "the agent stopped it, and starts it again")
		require.True(t, runs(order)[server.ID])
		dead.Fenced = false
		order, _ = mustRenew(t, s, host.ID, 8, dead)
		require.Equal(t, "its process ended with code 0", mustInstance(t, s, server.ID).Reason, "once it has run for a while one report is enough")
		require.False(t, runs(order)[server.ID])
		require.Equal(t, []string{"instance.exited"}, eventNames(t, s, a.ID, server.ID)[2:])

		mustEnd(t, s, mustAccept(t, s, server, "start"), fleet.Done)
		got = mustInstance(t, s, server.ID)
		require.Empty(t, got.Cause)
		require.Empty(t, got.Reason)
	})
}

func TestAContainerThatIsMissingTwiceIsGone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		state := func(containers ...fleet.ContainerReport) fleet.State {
			mustRenew(t, s, host.ID, 1, containers...)
			return mustInstance(t, s, inst.ID).State
		}
		require.Equal(t, fleet.Running, state())
		require.Equal(t, fleet.Running, state(), "it is young: its container may be on its way")
		now.advance(time.Minute)
		require.Equal(t, fleet.Running, state())
		require.Equal(t, fleet.Running, state(container(inst, true)))
		require.Equal(t, fleet.Running, state(), "not in a row")
		require.Equal(t, fleet.Stopped, state())
		require.Equal(t, "missing", mustInstance(t, s, inst.ID).Cause)
	})
}

func TestAnOperationKeepsItsContainersToItself(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		stop := mustAccept(t, s, inst, "stop")
		now.advance(time.Hour)
		for range 3 {
			order, _ := mustRenew(t, s, host.ID, 1, container(inst, false))
			require.False(t, order.Leases[0].Run)
		}
		require.Equal(t, fleet.Stopping, mustInstance(t, s, inst.ID).State)
		mustEnd(t, s, stop, fleet.Done)
		require.Empty(t, mustInstance(t, s, inst.ID).Reason)
	})
}

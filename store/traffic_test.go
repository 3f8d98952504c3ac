package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustGateway makes a gateway, which has not reported.
func mustGateway(t testing.TB, s *Store) string {
	t.Helper()
	token, id, err := s.CreateGateway(t.Context(), unique("gateway"), here)
	require.NoError(t, err)
	got, dataCenter, err := s.AuthenticateGateway(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, id, got)
	require.Equal(t, here, dataCenter)
	return id
}

func mustReport(t testing.TB, s *Store, gatewayID string, version int64, inFlight map[string]int) {
	t.Helper()
	require.NoError(t, s.SaveGatewayReport(t.Context(), gatewayID, fleet.GatewayReport{Version: version, InFlight: inFlight}))
}

func mustVersion(t testing.TB, s *Store) int64 {
	t.Helper()
	version, err := s.RoutesVersion(t.Context(), here)
	require.NoError(t, err)
	return version
}

func TestAWorkerIsDrainedOnceEveryGatewayHasConfirmed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 8)
		worker := mustWorker(t, s, mustEndpoint(t, s, a))
		one, two := mustGateway(t, s), mustGateway(t, s)
		mustGateway(t, s) // has never reported: nobody waits for it
		version := mustVersion(t, s)
		mustReport(t, s, one, version, map[string]int{worker.ID: 3})
		mustReport(t, s, two, version, nil)
		stop := mustAccept(t, s, worker, "terminate")
		drain := func() Drain {
			d, err := s.Drained(t.Context(), worker.ID)
			require.NoError(t, err)
			return d
		}
		require.False(t, drain().Empty, "it still gets requests")

		require.NoError(t, s.HoldTraffic(t.Context(), stop.ID, worker.ID))
		held := mustVersion(t, s)
		require.Equal(t, version+1, held)
		require.NoError(t, s.HoldTraffic(t.Context(), stop.ID, worker.ID), "repeatable")
		require.Equal(t, held, mustVersion(t, s))
		require.False(t, mustInstance(t, s, worker.ID).Ready)
		routes, err := s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.True(t, routes.Endpoints[0].Workers[0].Draining)

		require.Equal(t, 3, drain().InFlight)
		require.ElementsMatch(t, []string{one, two}, drain().Waiting)
		mustReport(t, s, one, held, map[string]int{worker.ID: 1})
		require.Equal(t, Drain{InFlight: 1, Waiting: []string{two}}, drain())
		mustReport(t, s, one, held, nil)
		require.Equal(t, Drain{Waiting: []string{two}}, drain())
		now.advance(GatewayTTL)
		mustReport(t, s, one, held+5, nil)
		require.Equal(t, Drain{Empty: true}, drain(), "a gateway that is silent serves nobody")
		_, err = s.Drained(t.Context(), "ins_none")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestOnlyTheHolderReleasesTraffic(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		restart := mustAccept(t, s, inst, "restart")
		require.NoError(t, s.HoldTraffic(t.Context(), restart.ID, inst.ID))
		require.NoError(t, s.ReleaseTraffic(t.Context(), "op_other", inst.ID))
		require.False(t, mustInstance(t, s, inst.ID).Ready)
		require.NoError(t, s.ReleaseTraffic(t.Context(), restart.ID, inst.ID))
		require.NoError(t, s.ReleaseTraffic(t.Context(), restart.ID, inst.ID), "repeatable")
		require.True(t, mustInstance(t, s, inst.ID).Ready)
		mustEnd(t, s, restart, fleet.Done)

		mustEnd(t, s, mustAccept(t, s, inst, "stop"), fleet.Done)
		start := mustAccept(t, s, inst, "start")
		require.NoError(t, s.HoldTraffic(t.Context(), start.ID, inst.ID))
		require.NoError(t, s.ReleaseTraffic(t.Context(), start.ID, inst.ID))
		require.False(t, mustInstance(t, s, inst.ID).Ready, "it was not running")
		requireCode(t, fleet.NotFound, s.HoldTraffic(t.Context(), start.ID, "ins_none"))
	})
}

func TestAServerWithoutPortsIsReadyWhileItRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		version := mustVersion(t, s)
		spec := serverSpec(0)
		spec.Ports = nil
		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "batch", Spec: spec})
		require.NoError(t, err)
		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err)
		require.False(t, mustInstance(t, s, rec.ResourceID).Ready, "it is being made")
		inst := mustRun(t, s, rec)
		require.True(t, inst.Ready)
		listed, err := s.ListInstances(t.Context(), a.ID, InstanceFilter{})
		require.NoError(t, err)
		require.True(t, listed[0].Ready)

		stop := mustAccept(t, s, inst, "stop")
		require.False(t, mustInstance(t, s, inst.ID).Ready, "it is being stopped")
		require.NoError(t, s.HoldTraffic(t.Context(), stop.ID, inst.ID))
		drain, err := s.Drained(t.Context(), inst.ID)
		require.NoError(t, err)
		require.True(t, drain.Empty)
		mustEnd(t, s, stop, fleet.Done)
		require.False(t, mustInstance(t, s, inst.ID).Ready)
		mustEnd(t, s, mustAccept(t, s, inst, "start"), fleet.Done)
		require.True(t, mustInstance(t, s, inst.ID).Ready)
		require.Equal(t, version, mustVersion(t, s), "gateways hear nothing of it")
	})
}

func TestRoutesAreWhatGatewaysMustKnow(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		_, err := s.Routes(t.Context(), "mars")
		requireCode(t, fleet.NotFound, err)
		version := mustVersion(t, s)
		rises := func(what string) {
			t.Helper()
			now := mustVersion(t, s)
			require.Greater(t, now, version, what)
			version = now
		}
		ep := mustEndpoint(t, s, a)
		rises("a new endpoint")
		worker := mustWorker(t, s, ep)
		rises("a worker is ready")
		routes, err := s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.Equal(t, fleet.Routes{Version: version, Endpoints: []fleet.EndpointRoute{{
			EndpointID: ep.ID, AccountID: a.ID, Open: true, TargetConcurrency: 100,
			Workers: []fleet.WorkerRoute{{InstanceID: worker.ID, Address: "10.0.0.1:20000"}},
		}}, Servers: []fleet.ServerRoute{}}, routes)

		rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "stop")
		require.NoError(t, err)
		rises("an endpoint that stops is closed")
		mustEnd(t, s, mustAccept(t, s, worker, "terminate"), fleet.Done)
		rises("a worker is gone")
		mustEnd(t, s, rec, fleet.Done)
		require.Equal(t, version, mustVersion(t, s), "closed it was before")
		routes, err = s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.Equal(t, []fleet.EndpointRoute{{EndpointID: ep.ID, AccountID: a.ID, TargetConcurrency: 100, Workers: []fleet.WorkerRoute{}}}, routes.Endpoints)

		rec, _, err = s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "delete")
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)
		rises("an endpoint is gone")
		routes, err = s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.Empty(t, routes.Endpoints)
	})
}

func TestRoutesAreFollowedByTheGatewaysThatLive(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		now := mustClock(t, s)
		followed := func(version int64) bool {
			ok, err := s.RoutesFollowed(t.Context(), here, version)
			require.NoError(t, err)
			return ok
		}
		require.True(t, followed(7), "there is no gateway")
		one, two := mustGateway(t, s), mustGateway(t, s)
		mustReport(t, s, one, 7, map[string]int{"ins_1": 2})
		mustReport(t, s, two, 6, nil)
		require.True(t, followed(6))
		require.False(t, followed(7))
		now.advance(GatewayTTL / 2)
		mustReport(t, s, one, 7, map[string]int{"ins_1": 2})
		now.advance(GatewayTTL/2 + time.Millisecond)
		require.True(t, followed(7))

		gateways, err := s.ListGateways(t.Context())
		require.NoError(t, err)
		require.Len(t, gateways, 2)
		for _, g := range gateways {
			require.Equal(t, g.ID == one, g.Live)
			require.Equal(t, g.ID == one, g.InFlight["ins_1"] == 2)
		}
		requireCode(t, fleet.NotFound, s.SaveGatewayReport(t.Context(), "gw_none", fleet.GatewayReport{}))
	})
}

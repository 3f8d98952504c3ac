package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestKeysOfAnEndpointAreInItsRoute(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, other := mustAccount(t, s), mustAccount(t, s)
		mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		route := func() fleet.EndpointRoute {
			routes, err := s.Routes(t.Context(), here)
			require.NoError(t, err)
			for _, r := range routes.Endpoints {
				if r.EndpointID == ep.ID {
					return r
				}
			}
			require.Fail(t, "no route")
			return fleet.EndpointRoute{}
		}
		version := mustVersion(t, s)
		secret, key, err := s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, "laptop")
		require.NoError(t, err)
		require.Regexp(t, `^kep_[0-9a-z]{52}$`, secret)
		require.Regexp(t, `^epk_`, key.ID)
		require.Greater(t, mustVersion(t, s), version, "gateways hear of it")
		require.Empty(t, route().Keys, "it wants none")

		rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.Requests = fleet.RequestSpec{Keys: true, ConcurrencyLimit: 7, QueueTimeout: fleet.Duration(90e9)}
			return spec, nil
		})
		require.NoError(t, err)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, rec.Params.Revision))
		require.Equal(t, fleet.RequestSpec{Keys: true, ConcurrencyLimit: 7, QueueTimeout: fleet.Duration(90e9)}, route().Requests)
		require.Equal(t, []string{hashOf(secret)}, route().Keys)

		_, _, err = s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, "laptop")
		requireCode(t, fleet.Conflict, err)
		_, _, err = s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, "")
		requireCode(t, fleet.Invalid, err)
		_, second, err := s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, "phone")
		require.NoError(t, err)
		keys, err := s.ListEndpointKeys(t.Context(), a.ID, ep.ID)
		require.NoError(t, err)
		require.Equal(t, []fleet.EndpointKey{key, second}, keys)
		require.Len(t, route().Keys, 2)

		for _, theirs := range []struct{ account, endpoint, key string }{
			{other.ID, ep.ID, key.ID}, {a.ID, "ep_none", key.ID}, {a.ID, ep.ID, "epk_none"}, {a.ID, mustEndpoint(t, s, a).ID, key.ID},
		} {
			requireCode(t, fleet.NotFound, s.DeleteEndpointKey(t.Context(), theirs.account, "key_1", theirs.endpoint, theirs.key))
		}
		_, err = s.ListEndpointKeys(t.Context(), other.ID, ep.ID)
		requireCode(t, fleet.NotFound, err)
		_, _, err = s.CreateEndpointKey(t.Context(), other.ID, "key_2", ep.ID, "theirs")
		requireCode(t, fleet.NotFound, err)

		version = mustVersion(t, s)
		require.NoError(t, s.DeleteEndpointKey(t.Context(), a.ID, "key_1", ep.ID, key.ID))
		require.Greater(t, mustVersion(t, s), version)
		require.Len(t, route().Keys, 1)
		require.Subset(t, eventNames(t, s, a.ID, ep.ID), []string{"endpoint.key_created", "endpoint.key_deleted"})
		for range fleet.MaxEndpointKeys - 1 {
			_, _, err = s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, unique("key"))
			require.NoError(t, err)
		}
		_, _, err = s.CreateEndpointKey(t.Context(), a.ID, "key_1", ep.ID, "one too many")
		requireCode(t, fleet.Conflict, err)
	})
}

func TestAGatewayThatIsOnItsWayOutIsBelievedToo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		now := mustClock(t, s)
		worker := mustWorker(t, s, mustEndpoint(t, s, a))
		gw := mustGateway(t, s)
		rec := mustAccept(t, s, worker, "terminate")
		require.NoError(t, s.HoldTraffic(t.Context(), rec.ID, worker.ID))
		version := mustVersion(t, s)
		report := func(r fleet.GatewayReport) { require.NoError(t, s.SaveGatewayReport(t.Context(), gw, r)) }
		drain := func() Drain {
			d, err := s.Drained(t.Context(), worker.ID)
			require.NoError(t, err)
			return d
		}
		busy := map[string]int{worker.ID: 2}
		report(fleet.GatewayReport{Run: "old", Version: version, InFlight: busy})
		require.False(t, drain().Empty)

		for range 3 { // both serve
			report(fleet.GatewayReport{Run: "new", Version: version})
			require.Equal(t, 2, drain().InFlight)
			watch, err := s.Watch(t.Context())
			require.NoError(t, err)
			require.Len(t, watch.Gateways, 2)
			require.Equal(t, "new", watch.Gateways[0].Run)
			require.Equal(t, "old", watch.Gateways[1].Run)
			now.advance(GatewayTTL / 2)
			report(fleet.GatewayReport{Run: "old", Version: version - 1, InFlight: busy})
			followed, err := s.RoutesFollowed(t.Context(), here, version)
			require.NoError(t, err)
			require.False(t, followed)
		}
		report(fleet.GatewayReport{Run: "old", Version: version, Ended: true})
		require.True(t, drain().Empty, "it says itself that it is over")

		report(fleet.GatewayReport{Run: "new", Version: version, InFlight: busy})
		report(fleet.GatewayReport{Run: "third", Version: version})
		require.Equal(t, 2, drain().InFlight)
		now.advance(GatewayTTL + 1)
		report(fleet.GatewayReport{Run: "third", Version: version})
		require.True(t, drain().Empty, "nobody hears of it any more")

		report(fleet.GatewayReport{Run: "third", Version: version, InFlight: busy, Ended: true})
		require.True(t, drain().Empty)
		gateways, err := s.ListGateways(t.Context())
		require.NoError(t, err)
		require.Len(t, gateways, 1)
		require.False(t, gateways[0].Live, "nobody waits for it")
	})
}

func TestAGatewayLivesAsLongAsOneOfItsProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		now, gw := mustClock(t, s), mustGateway(t, s)
		report := func(run string, inflight int, ended bool) {
			require.NoError(t, s.SaveGatewayReport(t.Context(), gw, fleet.GatewayReport{Run: run, Version: 1, InFlight: map[string]int{"ins_1": inflight}, Ended: ended}))
		}
		listed := func() Gateway {
			all, err := s.ListGateways(t.Context())
			require.NoError(t, err)
			require.Len(t, all, 1)
			return all[0]
		}
		runs := func() (names []string) {
			watch, err := s.Watch(t.Context())
			require.NoError(t, err)
			for _, g := range watch.Gateways {
				names = append(names, g.Run)
			}
			return names
		}
		report("old", 2, false)
		report("new", 3, false)
		require.Equal(t, 5, listed().InFlight["ins_1"], "of both")
		require.Equal(t, []string{"new", "old"}, runs())

		report("new", 0, true) // it was no good
		for range 3 {
			report("old", 2, false)
			require.True(t, listed().Live)
			require.Equal(t, 2, listed().InFlight["ins_1"])
			require.Equal(t, []string{"old"}, runs())
			now.advance(GatewayTTL / 2)
		}

		report("second", 1, false)
		require.Equal(t, []string{"second", "old"}, runs())
		now.advance(GatewayTTL / 2)
		report("old", 2, false)
		now.advance(GatewayTTL / 2) // the second was killed
		report("old", 2, false)
		require.Equal(t, []string{"old"}, runs())
		require.True(t, listed().Live)
		report("second", 1, false) // or only away
		require.Equal(t, []string{"second", "old"}, runs())
	})
}

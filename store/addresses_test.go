package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestEveryPortOfAServerGetsAnAddressOfItsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		recs := race(rivals, func(int) fleet.Record {
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: serverSpec(0)})
			if err != nil {
				t.Error(err)
			}
			return rec
		})
		taken := map[int]bool{}
		for _, rec := range recs {
			inst := mustInstance(t, s, rec.ResourceID)
			require.Len(t, inst.Addresses, 2)
			for i, port := range inst.Spec.Ports {
				require.Equal(t, port, inst.Addresses[i].Container)
				taken[inst.Addresses[i].Port] = true
			}
		}
		require.Len(t, taken, 2*rivals, "no two are the same")
		for port := range taken {
			require.GreaterOrEqual(t, port, DefaultAddressFirst)
			require.Less(t, port, DefaultAddressFirst+2*rivals, "none is left out")
		}
		require.Error(t, raw(t, s, `UPDATE addresses SET port = (SELECT MIN(port) FROM addresses) WHERE port = (SELECT MAX(port) FROM addresses)`))
	})
}

func TestAnAddressGoesWithItsServerAndComesBackLast(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		s.AddressFirst, s.AddressLast = 12000, 12004
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		ports := func(inst fleet.Instance) (all []int) {
			for _, a := range inst.Addresses {
				all = append(all, a.Port)
			}
			return all
		}
		one := mustServer(t, s, a, 0)
		require.Equal(t, []int{12000, 12001}, ports(one))
		worker := mustWorker(t, s, mustEndpoint(t, s, a))
		require.Empty(t, worker.Addresses, "it has its endpoint's")

		mustEnd(t, s, mustAccept(t, s, one, "stop"), fleet.Done)
		require.Equal(t, []int{12000, 12001}, ports(mustInstance(t, s, one.ID)), "a stopped one keeps them")
		mustEnd(t, s, mustAccept(t, s, one, "terminate"), fleet.Done)
		require.Empty(t, mustInstance(t, s, one.ID).Addresses)

		two := mustServer(t, s, a, 0)
		require.Equal(t, []int{12002, 12003}, ports(two), "what was just freed is not given away first")
		three := mustCreate(t, s, a, 0)
		require.Equal(t, []int{12004, 12000}, ports(mustInstance(t, s, three.ResourceID)), "it goes round")

		version := mustVersion(t, s)
		_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: serverSpec(0)})
		full := requireCode(t, fleet.Exhausted, err)
		require.Contains(t, full.Message, "of the 5 addresses for the ports of servers in us-east, 1 are free and the server needs 2")
		require.Equal(t, version, mustVersion(t, s), "nothing came of it")
		spec := serverSpec(0)
		spec.Ports = nil
		_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: spec})
		require.NoError(t, err, "it needs none")

		mustEnd(t, s, three, fleet.Undone)
		require.Equal(t, fleet.Terminated, mustInstance(t, s, three.ResourceID).State)
		require.Empty(t, mustInstance(t, s, three.ResourceID).Addresses, "a create that was undone keeps none")
		require.Equal(t, []int{12001, 12004}, ports(mustServer(t, s, a, 0)))
	})
}

func TestAddressesAreShownToTheirAccountOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mine, theirs := mustAccount(t, s), mustAccount(t, s)
		mustHost(t, s, 8)
		server := mustServer(t, s, theirs, 0)
		own := mustServer(t, s, mine, 0)
		_, err := s.GetInstance(t.Context(), mine.ID, server.ID)
		requireCode(t, fleet.NotFound, err)
		listed, err := s.ListInstances(t.Context(), mine.ID, InstanceFilter{})
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.Equal(t, own.Addresses, listed[0].Addresses)
		got, err := s.GetInstance(t.Context(), theirs.ID, server.ID)
		require.NoError(t, err)
		require.Equal(t, server.Addresses, got.Addresses)
	})
}

// route is the route of a server; nil without one.
func route(t testing.TB, s *Store, id string) *fleet.ServerRoute {
	t.Helper()
	routes, err := s.Routes(t.Context(), here)
	require.NoError(t, err)
	for _, r := range routes.Servers {
		if r.InstanceID == id {
			return &r
		}
	}
	return nil
}

func TestTheRoutesSayWhatBecomesOfAConnectionToAServer(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 8)
		version := mustVersion(t, s)
		rises := func(what string) {
			t.Helper()
			newer := mustVersion(t, s)
			require.Greater(t, newer, version, what)
			version = newer
		}
		var id string
		// is checks open and ready, and that the ports have targets or not.
		is := func(open, ready, targets bool) {
			t.Helper()
			r := route(t, s, id)
			require.NotNil(t, r)
			require.Equal(t, []bool{open, ready, targets}, []bool{r.Open, r.Ready, r.Ports[0].Target != ""}, "open, ready, targets")
		}
		create := mustCreate(t, s, a, 0)
		id = create.ResourceID
		rises("a new server")
		is(true, false, false)
		inst := mustRun(t, s, create)
		rises("it runs")
		require.Equal(t, &fleet.ServerRoute{
			InstanceID: id, AccountID: a.ID, Open: true, Ready: true,
			Ports: []fleet.PortRoute{{Port: 10000, Target: "10.0.0.1:20000"}, {Port: 10001, Target: "10.0.0.1:20001"}},
		}, route(t, s, id))

		stop := mustAccept(t, s, inst, "stop")
		require.Equal(t, version, mustVersion(t, s), "it serves until its traffic is held")
		is(true, true, true)
		require.NoError(t, s.HoldTraffic(t.Context(), stop.ID, id))
		rises("its traffic is held")
		is(false, false, true)
		mustEnd(t, s, stop, fleet.Done)
		rises("it is stopped")
		is(false, false, false)

		start := mustAccept(t, s, inst, "start")
		rises("it is on its way")
		is(true, false, false)
		mustEnd(t, s, start, fleet.Undone)
		rises("it is not")
		is(false, false, false)
		mustEnd(t, s, mustAccept(t, s, inst, "start"), fleet.Done)
		is(true, true, true)

		restart := mustAccept(t, s, inst, "restart")
		require.NoError(t, s.HoldTraffic(t.Context(), restart.ID, id))
		is(true, false, true)
		mustEnd(t, s, restart, fleet.Done)
		is(true, true, true)

		mustEnd(t, s, mustAccept(t, s, inst, "freeze"), fleet.Done)
		is(false, false, false)
		thaw := mustAccept(t, s, inst, "thaw")
		is(true, false, false)
		mustEnd(t, s, thaw, fleet.Done)
		is(true, true, true)

		version = mustVersion(t, s)
		migrate := mustAccept(t, s, inst, "migrate")
		require.NoError(t, s.HoldTraffic(t.Context(), migrate.ID, id))
		is(true, false, true)
		_, second, err := s.CreateHost(t.Context(), unique("host"), here)
		require.NoError(t, err)
		there := report(second.ID, 8)
		there.Address = "10.0.0.2"
		_, _, err = s.RenewLease(t.Context(), second.ID, there)
		require.NoError(t, err)
		target, err := s.Place(t.Context(), migrate.ID, id)
		require.NoError(t, err)
		require.Equal(t, second.ID, target.HostID)
		require.NoError(t, s.MoveInstance(t.Context(), id, target.ID))
		require.NoError(t, s.ReleaseTraffic(t.Context(), migrate.ID, id))
		rises("it has moved")
		require.True(t, strings.HasPrefix(route(t, s, id).Ports[0].Target, "10.0.0.2:"))
		require.Equal(t, 10000, route(t, s, id).Ports[0].Port, "its address has not")
		mustEnd(t, s, migrate, fleet.Done)
		is(true, true, true)

		version = mustVersion(t, s)
		now.advance(fleet.LeaseTTL + fleet.LeaseGrace + time.Millisecond)
		mustRenew(t, s, host.ID, 8)
		_, err = s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Equal(t, fleet.Lost, mustInstance(t, s, id).State)
		rises("its host is lost")
		is(false, false, false)

		mustEnd(t, s, mustAccept(t, s, inst, "terminate"), fleet.Done)
		rises("it is gone")
		require.Nil(t, route(t, s, id))
	})
}

func TestAStopWaitsForTheRequestsOfAServer(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		gateway := mustGateway(t, s)
		mustReport(t, s, gateway, mustVersion(t, s), map[string]int{inst.ID: 1})
		stop := mustAccept(t, s, inst, "stop")
		require.NoError(t, s.HoldTraffic(t.Context(), stop.ID, inst.ID))
		drain, err := s.Drained(t.Context(), inst.ID)
		require.NoError(t, err)
		require.Equal(t, Drain{InFlight: 1, Waiting: []string{gateway}}, drain)
		mustReport(t, s, gateway, mustVersion(t, s), nil)
		drain, err = s.Drained(t.Context(), inst.ID)
		require.NoError(t, err)
		require.Equal(t, Drain{Empty: true}, drain)
	})
}

// A database of the first schema has servers without addresses: they get some.
func TestServersFromBeforeAddressesGetTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		one, two := mustServer(t, s, a, 0), mustServer(t, s, a, 0)
		gone := mustServer(t, s, a, 0)
		mustEnd(t, s, mustAccept(t, s, gone, "terminate"), fleet.Done)
		mustWorker(t, s, mustEndpoint(t, s, a))
		sql, err := migrations.ReadFile("migrations/00003_addresses.sql")
		require.NoError(t, err)
		_, backfill, found := strings.Cut(string(sql), "INSERT INTO")
		require.True(t, found)
		backfill, _, _ = strings.Cut(backfill, ";")
		require.NoError(t, errors.Join(raw(t, s, `DELETE FROM addresses`), raw(t, s, "INSERT INTO"+backfill)))
		require.Equal(t, []fleet.Address{{Container: 8080, Port: 10000}, {Container: 9090, Port: 10001}}, mustInstance(t, s, one.ID).Addresses)
		require.Equal(t, []fleet.Address{{Container: 8080, Port: 10002}, {Container: 9090, Port: 10003}}, mustInstance(t, s, two.ID).Addresses)
		require.Empty(t, mustInstance(t, s, gone.ID).Addresses)
	})
}

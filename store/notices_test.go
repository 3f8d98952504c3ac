package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustSpot makes a host of a pool that is ready and has n GPUs.
func mustSpot(t testing.TB, s *Store, n int, zone string) fleet.Host {
	t.Helper()
	_, h, err := s.CreateHost(t.Context(), unique("spot"), here)
	require.NoError(t, err)
	r := report(h.ID, n)
	r.Market, r.Provider, r.Zone = fleet.Spot, "aws", zone
	_, _, err = s.RenewLease(t.Context(), h.ID, r)
	require.NoError(t, err)
	h, err = s.GetHost(t.Context(), h.ID)
	require.NoError(t, err)
	require.Equal(t, fleet.Spot, h.Market)
	require.Equal(t, "aws/a100-80gb/"+zone, h.Pool())
	return h
}

// mustWorkerIn makes a worker that runs in a market.
func mustWorkerIn(t testing.TB, s *Store, ep fleet.Endpoint, market fleet.Market, pools ...string) fleet.Instance {
	t.Helper()
	spec := ep.Spec.Worker()
	spec.Market = market
	rec, _, err := s.CreateInstance(t.Context(), ask(fleet.Account{ID: ep.AccountID}), NewInstance{
		Name: unique("worker"), Spec: spec, EndpointID: ep.ID, Revision: ep.Revision, Pools: pools,
	})
	require.NoError(t, err)
	_, _, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return mustRun(t, s, rec)
}

func preempting(left time.Duration) fleet.NoticeReport {
	return fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, ID: "a", Left: fleet.Duration(left)}
}

// servingOf is what the gateways are told of a worker.
func servingOf(t *testing.T, s *Store, ep fleet.Endpoint, id string) string {
	routes, err := s.Routes(t.Context(), here)
	require.NoError(t, err)
	for _, e := range routes.Endpoints {
		for _, w := range e.Workers {
			switch {
			case e.EndpointID != ep.ID || w.InstanceID != id:
			case w.Draining:
				return draining
			default:
				return ready
			}
		}
	}
	return notServing
}

func TestOnlyWhoAsksForSpotGetsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		near, far := mustSpot(t, s, 8, "a"), mustSpot(t, s, 8, "b")
		rec := mustCreate(t, s, a, 1)
		_, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
		requireCode(t, fleet.Exhausted, err)
		plain := mustHost(t, s, 8)
		require.Equal(t, plain.ID, mustServer(t, s, a, 1).Home.HostID)
		require.Equal(t, plain.ID, mustWorker(t, s, ep).Home.HostID)
		require.Equal(t, far.ID, mustWorkerIn(t, s, ep, fleet.Spot, far.Pool(), near.Pool()).Home.HostID, "the best pool is the first")
		worker := mustWorkerIn(t, s, ep, fleet.Spot, near.Pool())
		require.Equal(t, near.ID, worker.Home.HostID)
		require.Equal(t, fleet.Spot, worker.Market)
		require.Equal(t, near.Pool(), worker.Pool)
		hosts, err := s.ListHosts(t.Context(), HostFilter{Market: fleet.Spot})
		require.NoError(t, err)
		require.Len(t, hosts, 2)
		hosts, err = s.ListHosts(t.Context(), HostFilter{Market: fleet.OnDemand})
		require.NoError(t, err)
		require.Equal(t, plain.ID, hosts[0].ID)
		require.Len(t, hosts, 1)
	})
}

func TestANoticeDivertsRequestsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep, lonely := mustEndpoint(t, s, a), mustEndpoint(t, s, a)
		mustHost(t, s, 8)
		host := mustSpot(t, s, 8, "a")
		stays := mustWorker(t, s, ep)
		goes, alone := mustWorkerIn(t, s, ep, fleet.Spot), mustWorkerIn(t, s, lonely, fleet.Spot)

		changes, err := s.NoteNotice(t.Context(), host.ID, "", preempting(30*time.Second))
		require.NoError(t, err)
		require.ElementsMatch(t, []string{ep.ID, lonely.ID}, changes.Endpoints)
		requireHostState(t, s, host.ID, fleet.HostPreempted)
		require.Equal(t, ready, servingOf(t, s, ep, stays.ID))
		require.Equal(t, draining, servingOf(t, s, ep, goes.ID))
		require.Equal(t, ready, servingOf(t, s, lonely, alone.ID), "nobody else serves it")
		goes = mustInstance(t, s, goes.ID)
		require.True(t, goes.Notice.Preempts())
		require.False(t, goes.Ready)
		require.WithinDuration(t, s.Now().Add(25*time.Second), goes.Notice.Cut(), 5*time.Second)
		require.Equal(t, []string{"host.joined", "host.preempted"}, eventNames(t, s, "", host.ID))
		require.Contains(t, eventNames(t, s, a.ID, goes.ID), "instance.preempted")

		changes, err = s.NoteNotice(t.Context(), host.ID, "", preempting(30*time.Second))
		require.NoError(t, err)
		require.Empty(t, changes, "said again")
		hint := fleet.NoticeReport{Kind: fleet.NoticeRebalance, Source: fleet.NoticeAWS}
		changes, err = s.NoteNotice(t.Context(), host.ID, "", hint)
		require.NoError(t, err)
		require.Empty(t, changes, "what may happen is less than what will")
		requireHostState(t, s, host.ID, fleet.HostPreempted)
		spec := ep.Spec.Worker()
		spec.Market = fleet.Spot
		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("worker"), Spec: spec, EndpointID: ep.ID, Revision: ep.Revision})
		require.NoError(t, err)
		_, err = s.Place(t.Context(), rec.ID, rec.ResourceID)
		requireCode(t, fleet.Exhausted, err)

		require.NoError(t, s.NoteReplaced(t.Context(), ep.ID))
		require.NoError(t, s.NoteReplaced(t.Context(), ep.ID))
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, counts.Hosts[fleet.HostPreempted])
		acted := int64(0)
		for _, tally := range counts.Tallies {
			if tally.Metric == TallyActions {
				acted += tally.Count
			}
		}
		require.EqualValues(t, 1, acted)
		require.Contains(t, counts.Tallies, GPUTally{TallyNotices, "aws", "preempt", 1})
		require.Contains(t, counts.Tallies, GPUTally{TallyPreemptions, "aws", "noticed", 1})

		changes, err = s.WithdrawNotice(t.Context(), host.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{ep.ID, lonely.ID}, changes.Endpoints)
		requireHostState(t, s, host.ID, fleet.HostReady)
		require.Equal(t, ready, servingOf(t, s, ep, goes.ID), "its requests are back")
		changes, err = s.WithdrawNotice(t.Context(), host.ID)
		require.NoError(t, err)
		require.Empty(t, changes)
	})
}

func TestAHostThatStaysIsSpared(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		now := mustClock(t, s)
		host := mustSpot(t, s, 8, "a")
		_, err := s.NoteNotice(t.Context(), host.ID, "key_op", fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeOperator, Left: fleet.Duration(time.Minute)})
		require.NoError(t, err)
		_, err = s.WithdrawNotice(t.Context(), host.ID)
		require.NoError(t, err)
		requireHostState(t, s, host.ID, fleet.HostPreempted)
		now.advance(time.Minute + fleet.NoticeSpared - time.Second)
		_, err = s.SpareHosts(t.Context())
		require.NoError(t, err)
		requireHostState(t, s, host.ID, fleet.HostPreempted)
		now.advance(2 * time.Second)
		_, err = s.SpareHosts(t.Context())
		require.NoError(t, err)
		requireHostState(t, s, host.ID, fleet.HostReady)
		_, err = s.NoteNotice(t.Context(), host.ID, "", fleet.NoticeReport{Kind: fleet.NoticeRebalance, Source: fleet.NoticeAWS})
		require.NoError(t, err)
		requireHostState(t, s, host.ID, fleet.HostWarned)
		_, err = s.LiftNotice(t.Context(), host.ID, "key_op")
		require.NoError(t, err)
		requireHostState(t, s, host.ID, fleet.HostReady)
		require.Equal(t, []string{"host.joined", "host.preempted", "host.spared", "host.warned", "host.spared"}, eventNames(t, s, "", host.ID))
	})
}

// What happens in a pool is remembered for all endpoints of a data center; a loss that had a
// notice is one.
func TestPoolsAreRemembered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		told, silent := mustSpot(t, s, 1, "a"), mustSpot(t, s, 1, "b")
		_, err := s.NoteNotice(t.Context(), told.ID, "", preempting(30*time.Second))
		require.NoError(t, err)
		now.advance(fleet.LeaseTTL + fleet.LeaseGrace + time.Second)
		_, err = s.ExpireHosts(t.Context())
		require.NoError(t, err)
		kinds := func() (all []string) {
			events, err := s.PoolEvents(t.Context(), here)
			require.NoError(t, err)
			for _, e := range events {
				all = append(all, string(e.Kind)+" "+e.Pool)
			}
			return all
		}
		require.Equal(t, []string{"preempted " + told.Pool(), "preempted " + silent.Pool()}, kinds())

		now.advance(time.Second)
		spec := ep.Spec.Worker()
		spec.Market = fleet.Spot
		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("worker"), Spec: spec, EndpointID: ep.ID, Revision: 1, Pools: []string{silent.Pool()}})
		require.NoError(t, err)
		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err)
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Undone, Code: fleet.Exhausted, Message: "no spot host"}))
		require.Equal(t, "launch_failed "+silent.Pool(), kinds()[2])
		r := report(silent.ID, 1)
		r.Market, r.Provider, r.Zone = fleet.Spot, "aws", "b"
		_, _, err = s.RenewLease(t.Context(), silent.ID, r)
		require.NoError(t, err)
		now.advance(time.Second)
		mustWorkerIn(t, s, ep, fleet.Spot, silent.Pool())
		require.Equal(t, "launched "+silent.Pool(), kinds()[3])
		now.advance(poolMemory + time.Minute)
		require.Empty(t, kinds())
	})
}

func TestDoomedInstancesAreListed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		host := mustSpot(t, s, 8, "a")
		spec := serverSpec(1)
		spec.Market = fleet.Spot
		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: spec})
		require.NoError(t, err)
		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err)
		server, worker := mustRun(t, s, rec), mustWorkerIn(t, s, ep, fleet.Spot)
		doomed, err := s.DoomedInstances(t.Context())
		require.NoError(t, err)
		require.Empty(t, doomed)
		_, err = s.NoteNotice(t.Context(), host.ID, "", preempting(30*time.Second))
		require.NoError(t, err)
		doomed, err = s.DoomedInstances(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, []string{server.ID, worker.ID}, idsOf(doomed, func(d Doomed) string { return d.InstanceID }))
	})
}

func TestBadNoticesAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		for _, n := range []fleet.NoticeReport{
			{},
			{Kind: "soon", Source: fleet.NoticeAWS},
			{Kind: fleet.NoticePreempt, Source: "rumour"},
			{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, Left: fleet.Duration(25 * time.Hour)},
			{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, ID: string(make([]byte, 300))},
		} {
			_, err := s.NoteNotice(t.Context(), host.ID, "", n)
			requireCode(t, fleet.Invalid, err)
		}
		_, err := s.NoteNotice(t.Context(), "hst_none", "", preempting(0))
		requireCode(t, fleet.NotFound, err)
		requireHostState(t, s, host.ID, fleet.HostReady)
		for _, spoil := range []func(*fleet.HostReport){
			func(r *fleet.HostReport) { r.Market = "futures" },
			func(r *fleet.HostReport) { r.Provider = "a/b" },
			func(r *fleet.HostReport) { r.Zone = "../x" },
		} {
			r := report(host.ID, 1)
			spoil(&r)
			_, _, err := s.RenewLease(t.Context(), host.ID, r)
			requireCode(t, fleet.Invalid, err)
		}
	})
}

package store

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustFail has a worker of the endpoint fail to come up.
func mustFail(t testing.TB, s *Store, ep fleet.Endpoint, e Ending) fleet.Record {
	t.Helper()
	rec := mustMake(t, s, ep)
	mustNotComeUp(t, s, rec, e)
	return rec
}

// mustMake begins to make a worker of the endpoint.
func mustMake(t testing.TB, s *Store, ep fleet.Endpoint) fleet.Record {
	t.Helper()
	rec, _, err := s.CreateInstance(t.Context(), ask(fleet.Account{ID: ep.AccountID}), NewInstance{Name: unique("worker"), Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision})
	require.NoError(t, err)
	_, _, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return rec
}

func mustNotComeUp(t testing.TB, s *Store, rec fleet.Record, e Ending) {
	t.Helper()
	require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "", []fleet.Step{{Name: "PullImage", HostID: "hst_1", State: fleet.StepFailed}}))
	e.OperationID = rec.ID
	require.NoError(t, s.EndOperation(t.Context(), e))
}

func mustTrouble(t testing.TB, s *Store, id string) *fleet.Trouble {
	t.Helper()
	ep, err := s.Endpoint(t.Context(), id)
	require.NoError(t, err)
	return ep.Trouble
}

var (
	noImage = Ending{Outcome: fleet.Undone, Code: fleet.NotFound, Message: "pull image: manifest unknown", Fault: &fleet.Fault{Cause: fleet.PullError}}
	noRoom  = Ending{Outcome: fleet.Undone, Code: fleet.Exhausted, Message: "no GPU is free", Fault: &fleet.Fault{Cause: fleet.NoCapacity, Message: "no GPU is free"}}
)

func TestAWorkerThatDoesNotComeUpIsAMishap(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, other := mustAccount(t, s), mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		require.Nil(t, ep.Trouble)
		mustFail(t, s, ep, Ending{Outcome: fleet.Undone, Code: fleet.Cancelled, Message: "cancelled"})
		require.Nil(t, mustTrouble(t, s, ep.ID), "a cancel is none")

		rec := mustFail(t, s, ep, noImage)
		tr := mustTrouble(t, s, ep.ID)
		require.Equal(t, fleet.PullError, tr.Cause)
		require.Equal(t, now.now().Add(15*time.Second), tr.Until)
		require.Equal(t, "hst_1", tr.Last.HostID)
		require.Equal(t, rec.ID, tr.Last.Operation)
		require.Equal(t, fleet.NotFound, tr.Last.Code)
		inst := mustInstance(t, s, rec.ResourceID)
		require.Equal(t, tr.Last, *inst.Mishap)

		now.advance(time.Second)
		code := 3
		crash := Ending{Outcome: fleet.Undone, Code: fleet.Unhealthy, Message: "m", Fault: &fleet.Fault{Cause: fleet.Crash, ExitCode: &code, Message: "exit code 3", LastLines: strings.Repeat("no\x00 weights\n", 1000)}}
		for range 3 {
			mustFail(t, s, ep, crash)
			now.advance(time.Second)
		}
		tr = mustTrouble(t, s, ep.ID)
		require.Equal(t, "crash loop", tr.Word())
		require.Equal(t, 3, *tr.Last.ExitCode)
		require.LessOrEqual(t, len(tr.Last.LastLines), fleet.MaxLastLines)
		require.Equal(t, []string{
			"operation.accepted", "endpoint.created", "operation.accepted", "operation.undone",
			"operation.accepted", "worker.failed", "operation.undone",
			"operation.accepted", "worker.failed", "operation.undone", "operation.accepted", "worker.failed", "operation.undone",
			"operation.accepted", "endpoint.troubled", "worker.failed", "operation.undone",
		}, eventNames(t, s, a.ID, ep.ID))

		all, err := s.Mishaps(t.Context(), a.ID, MishapFilter{EndpointID: ep.ID})
		require.NoError(t, err)
		require.Len(t, all, 4)
		require.Equal(t, fleet.PullError, all[3].Cause, "newest first")
		page, err := s.Mishaps(t.Context(), a.ID, MishapFilter{EndpointID: ep.ID, Page: Page{Limit: 2, After: all[1].ID}})
		require.NoError(t, err)
		require.Equal(t, all[2:], page)
		none, err := s.Mishaps(t.Context(), other.ID, MishapFilter{EndpointID: ep.ID})
		require.NoError(t, err)
		require.Empty(t, none, "another account's")
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Contains(t, counts.Tallies, GPUTally{Metric: TallyMishaps, One: "crash", Count: 3})

		// Who changes the endpoint has mended it, or thinks so.
		_, _, err = s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", image("kelvin/echo:2"))
		require.NoError(t, err)
		require.Nil(t, mustTrouble(t, s, ep.ID))
	})
}

func TestAWorkerThatEndsByItselfIsAMishap(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 4)
		ep := mustEndpoint(t, s, a)
		worker, server := mustWorker(t, s, ep), mustServer(t, s, a, 1)
		now.advance(time.Minute)
		end := func(inst fleet.Instance, exit int, oom bool) fleet.ContainerReport {
			c := container(inst, false)
			c.ExitCode, c.OOMKilled, c.LastLines = exit, oom, "loading\nout of luck"
			return c
		}
		_, changes := mustRenew(t, s, host.ID, 4, end(worker, 137, true), end(server, 1, false))
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		all, err := s.Mishaps(t.Context(), a.ID, MishapFilter{})
		require.NoError(t, err)
		require.Len(t, all, 1, "a server is its owner's business")
		m := all[0]
		require.Equal(t, fleet.OutOfMemory, m.Cause)
		require.Equal(t, 137, *m.ExitCode)
		require.Equal(t, time.Minute, m.Served)
		require.Equal(t, "loading\nout of luck", m.LastLines)
		require.Equal(t, host.ID, m.HostID)
		require.Empty(t, m.Operation)
		require.Equal(t, &m, mustInstance(t, s, worker.ID).Mishap)
		require.Equal(t, now.now().Add(time.Second), mustTrouble(t, s, ep.ID).Until)

		// One that has taken its place, and serves, is the end of it.
		mustWorker(t, s, ep)
		require.NotNil(t, mustTrouble(t, s, ep.ID))
		now.advance(fleet.Steady)
		require.Nil(t, mustTrouble(t, s, ep.ID))
	})
}

func TestALostHostIsNoMishap(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 1)
		ep := mustEndpoint(t, s, a)
		mustWorker(t, s, ep)
		now.advance(fleet.LeaseTTL + fleet.LeaseGrace + time.Second)
		_, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Nil(t, mustTrouble(t, s, ep.ID))
	})
}

// A machine that is taken away shuts down first: containers that end with it are no crashes, and
// hold up nobody who is to take their place.
func TestWhatEndsWithItsHostIsNoMishap(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 4)
		host := mustSpot(t, s, 4, "a")
		ep := mustEndpoint(t, s, a)
		worker := mustWorkerIn(t, s, ep, fleet.Spot)
		_, err := s.NoteNotice(t.Context(), host.ID, "", preempting(30*time.Second))
		require.NoError(t, err)
		now.advance(10 * time.Second)
		r := report(host.ID, 4, container(worker, false))
		r.Market, r.Provider, r.Zone = fleet.Spot, "aws", "a"
		_, changes, err := s.RenewLease(t.Context(), host.ID, r)
		require.NoError(t, err)
		require.Equal(t, []string{ep.ID}, changes.Endpoints)
		require.Equal(t, fleet.Stopped, mustInstance(t, s, worker.ID).State)
		require.Nil(t, mustTrouble(t, s, ep.ID))

		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("worker"), Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision})
		require.NoError(t, err)
		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err)
		require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "", []fleet.Step{{Name: "StartContainer", HostID: host.ID, State: fleet.StepFailed}}))
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Undone, Code: fleet.Unavailable, Message: "the machine does not answer", Fault: &fleet.Fault{Cause: fleet.HostError}}))
		require.Nil(t, mustTrouble(t, s, ep.ID), "nor is a start that it cuts short")
	})
}

func TestALackOfCapacityIsOneMishapUntilThereIsSome(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		for range 4 {
			mustFail(t, s, ep, noRoom)
			now.advance(time.Second)
		}
		all, err := s.Mishaps(t.Context(), a.ID, MishapFilter{EndpointID: ep.ID})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, 4, all[0].Times)
		tr := mustTrouble(t, s, ep.ID)
		require.Equal(t, 4, tr.Times)
		require.True(t, tr.Capacity)
		require.False(t, tr.Loop(), "it is no crash")

		back := func() []string {
			ids, err := s.CapacityBack(t.Context())
			require.NoError(t, err)
			return ids
		}
		now.advance(fleet.Regain)
		require.Empty(t, back(), "there is no host")
		mustHost(t, s, 1)
		require.Equal(t, []string{ep.ID}, back())
		yes, err := s.Regained(t.Context(), ep.ID)
		require.NoError(t, err)
		require.True(t, yes)

		mustFail(t, s, ep, noRoom) // a rival was faster
		require.Empty(t, back(), "not at once again")
		now.advance(fleet.Regain)
		mustWorker(t, s, ep)
		require.Empty(t, back())
		require.Nil(t, mustTrouble(t, s, ep.ID))
	})
}

// Many workers are made at once, and fail once each: that is no loop, however many they are.
func TestWorkersThatFailSideBySideAreNoLoop(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		crash := Ending{Outcome: fleet.Undone, Code: fleet.Unhealthy, Message: "m", Fault: &fleet.Fault{Cause: fleet.Crash, Message: "exit code 3"}}
		batch := func(workers int, e Ending) {
			var made []fleet.Record
			for range workers {
				made = append(made, mustMake(t, s, ep))
			}
			for _, rec := range made {
				now.advance(time.Second)
				mustNotComeUp(t, s, rec, e)
			}
			now.advance(time.Second)
		}
		failures := func() []fleet.Mishap {
			all, err := s.Mishaps(t.Context(), a.ID, MishapFilter{EndpointID: ep.ID})
			require.NoError(t, err)
			return all
		}
		batch(8, crash)
		tr := mustTrouble(t, s, ep.ID)
		require.Equal(t, 1, tr.Times)
		require.Equal(t, "crash", tr.Word())
		require.Equal(t, tr.Last.At.Add(time.Second), tr.Until)
		require.Len(t, failures(), 8, "and each is listed")
		batch(8, crash)
		require.Equal(t, 2, mustTrouble(t, s, ep.ID).Times)
		batch(8, crash)
		require.Equal(t, 3, mustTrouble(t, s, ep.ID).Times)
		require.Len(t, failures(), 24)
		told := 0
		for _, name := range eventNames(t, s, a.ID, ep.ID) {
			if name == "endpoint.troubled" {
				told++
			}
		}
		require.Equal(t, 1, told, "once, at the third")
		since, err := s.MishapsSince(t.Context(), ep.ID, time.Time{})
		require.NoError(t, err)
		require.Error(t, fleet.Hopeless(since))

		batch(4, noRoom)
		tr = mustTrouble(t, s, ep.ID)
		require.Equal(t, fleet.NoCapacity, tr.Cause)
		require.Equal(t, 1, tr.Times)
		batch(4, noRoom)
		require.Equal(t, 2, mustTrouble(t, s, ep.ID).Times)
		require.Len(t, failures(), 25, "a lack of capacity that goes on is one")
	})
}

func TestMishapsOfAnotherRevisionHoldNothingUp(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", image("kelvin/broken:1"))
		require.NoError(t, err)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2))
		now.advance(time.Second)
		bad, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		mustFail(t, s, bad, noImage)
		require.NotNil(t, mustTrouble(t, s, ep.ID))
		since, err := s.MishapsSince(t.Context(), ep.ID, rec.AcceptedAt)
		require.NoError(t, err)
		require.Len(t, since, 1)

		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 1))
		mustEnd(t, s, rec, fleet.Undone)
		require.Nil(t, mustTrouble(t, s, ep.ID), "the old image is there")
		since, err = s.MishapsSince(t.Context(), ep.ID, rec.AcceptedAt)
		require.NoError(t, err)
		require.Empty(t, since)

		// One that only scales otherwise is the same to its workers.
		rec, _, err = s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.MaxWorkers = 9
			return spec, nil
		})
		require.NoError(t, err)
		now.advance(time.Second)
		mustFail(t, s, ep, noImage)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 3))
		mustEnd(t, s, rec, fleet.Done)
		require.NotNil(t, mustTrouble(t, s, ep.ID))
	})
}

func TestOnlyTheNewestMishapsAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		first := mustFail(t, s, ep, noImage)
		h := func(t2 *tx) error {
			h, err := t2.hold(fleet.KindInstance, first.ResourceID)
			if err != nil {
				return err
			}
			return t2.mishap(h, "test", fleet.Mishap{Cause: fleet.Crash, Message: "m"})
		}
		for range maxMishaps {
			now.advance(time.Millisecond)
			require.NoError(t, s.write(t.Context(), "test", h))
		}
		all, err := s.Mishaps(t.Context(), a.ID, MishapFilter{EndpointID: ep.ID, Page: Page{Limit: MaxLimit}})
		require.NoError(t, err)
		require.Len(t, all, maxMishaps)
		require.Equal(t, fleet.Crash, all[maxMishaps-1].Cause)
	})
}

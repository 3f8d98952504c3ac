package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustUpdate moves an endpoint to another image.
func mustUpdate(t testing.TB, s *Store, a fleet.Account, id, to string) fleet.Record {
	t.Helper()
	rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), id, "", image(to))
	require.NoError(t, err)
	_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
	require.NoError(t, err)
	require.NoError(t, s.SetRevision(t.Context(), id, rec.Params.Revision))
	return rec
}

func TestRevisionsSayWhoDidWhatAndWhatBecameOfIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, other := mustAccount(t, s), mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 4)
		ep := mustEndpoint(t, s, a)
		list := func() []fleet.Revision {
			all, err := s.Revisions(t.Context(), a.ID, ep.ID, Page{})
			require.NoError(t, err)
			return all
		}
		first := list()
		require.Len(t, first, 1)
		require.Equal(t, fleet.RevisionCurrent, first[0].State)
		require.Equal(t, "key_test", first[0].Actor)
		require.Empty(t, first[0].Changes)
		require.Zero(t, first[0].ReadyAt)
		now.advance(time.Second)
		mustWorker(t, s, ep)
		require.Equal(t, now.now(), list()[0].ReadyAt)

		rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.Image, spec.Env = "kelvin/echo:2", map[string]string{"TOKEN": "hush"}
			return spec, nil
		})
		require.NoError(t, err)
		require.Equal(t, []fleet.RevisionState{fleet.RevisionPending, fleet.RevisionCurrent}, statesOf(list()))
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2))
		require.Equal(t, []fleet.RevisionState{fleet.RevisionRolling, fleet.RevisionReplaced}, statesOf(list()))
		mustEnd(t, s, rec, fleet.Done)
		bad := mustUpdate(t, s, a, ep.ID, "kelvin/broken:3")
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2))
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: bad.ID, Outcome: fleet.Undone, Code: fleet.NotFound, Message: "no such image"}))

		all := list()
		require.Equal(t, []fleet.RevisionState{fleet.RevisionWithdrawn, fleet.RevisionCurrent, fleet.RevisionReplaced}, statesOf(all))
		require.Equal(t, "no such image", all[0].Message)
		require.Equal(t, 2, all[0].Base)
		require.Equal(t, []fleet.Change{{Field: "env.TOKEN", To: fleet.Masked}, {Field: "image", From: `"kelvin/echo:latest"`, To: `"kelvin/echo:2"`}}, all[1].Changes)

		page, err := s.Revisions(t.Context(), a.ID, ep.ID, Page{After: "3", Limit: 1})
		require.NoError(t, err)
		require.Equal(t, all[1:2], page)
		_, err = s.Revisions(t.Context(), a.ID, ep.ID, Page{After: "x"})
		requireCode(t, fleet.Invalid, err)
		_, err = s.Revisions(t.Context(), other.ID, ep.ID, Page{})
		requireCode(t, fleet.NotFound, err)
		one, err := s.Revision(t.Context(), a.ID, ep.ID, 2)
		require.NoError(t, err)
		require.Equal(t, all[1], one)
		_, err = s.Revision(t.Context(), a.ID, ep.ID, 9)
		requireCode(t, fleet.NotFound, err)
		_, err = s.Revision(t.Context(), other.ID, ep.ID, 2)
		requireCode(t, fleet.NotFound, err)
	})
}

func statesOf(all []fleet.Revision) (states []fleet.RevisionState) {
	for _, r := range all {
		states = append(states, r.State)
	}
	return states
}

func TestARollbackIsARevisionToo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, other := mustAccount(t, s), mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		back := func(to int) (fleet.Record, error) {
			rec, _, err := s.RollbackEndpoint(t.Context(), ask(a), ep.ID, to)
			return rec, err
		}
		_, err := back(0)
		requireCode(t, fleet.Conflict, err)
		_, err = back(1)
		requireCode(t, fleet.Conflict, err) // it runs
		_, err = back(7)
		requireCode(t, fleet.NotFound, err)
		_, _, err = s.RollbackEndpoint(t.Context(), ask(other), ep.ID, 1)
		requireCode(t, fleet.NotFound, err)

		mustEnd(t, s, mustUpdate(t, s, a, ep.ID, "kelvin/echo:2"), fleet.Done)
		open := mustUpdate(t, s, a, ep.ID, "kelvin/echo:3")
		_, err = back(1)
		require.Equal(t, open.ID, requireCode(t, fleet.Conflict, err).Operation)
		mustEnd(t, s, open, fleet.Done)

		rec, err := back(0)
		require.NoError(t, err)
		require.Equal(t, 4, rec.Params.Revision)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 4))
		mustEnd(t, s, rec, fleet.Done)
		got, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, "kelvin/echo:2", got.Spec.Image)
		r, err := s.Revision(t.Context(), a.ID, ep.ID, 4)
		require.NoError(t, err)
		require.Equal(t, 2, r.Restores)
		require.Equal(t, 3, r.Base)
		events, err := s.ListEvents(t.Context(), a.ID, EventFilter{ResourceID: ep.ID, Page: Page{Limit: 2}})
		require.NoError(t, err)
		require.Equal(t, "roll "+ep.Name+" back to revision 2", events[1].Message)

		rec, err = back(1)
		require.NoError(t, err)
		again, _, err := s.RollbackEndpoint(t.Context(), Ask{AccountID: a.ID, Actor: "key_test", Key: "same"}, ep.ID, 1)
		requireCode(t, fleet.Conflict, err)
		require.Empty(t, again.ID)
		mustEnd(t, s, rec, fleet.Undone)
	})
}

func TestARollOutIsPausedAndResumed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, other := mustAccount(t, s), mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 4)
		ep := mustEndpoint(t, s, a)
		pause := func() error { return s.PauseRollout(t.Context(), a.ID, "key_test", ep.ID) }
		resume := func() error { return s.ResumeRollout(t.Context(), a.ID, "key_test", ep.ID) }
		rollout := func() fleet.Rollout {
			r, err := s.Rollout(t.Context(), a.ID, ep.ID)
			require.NoError(t, err)
			return r
		}
		requireCode(t, fleet.Conflict, pause())
		requireCode(t, fleet.Conflict, resume())
		require.Equal(t, "done", func() string { r := rollout(); return r.State() }())
		old := mustWorker(t, s, ep)
		rec := mustUpdate(t, s, a, ep.ID, "kelvin/echo:2")
		next, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		requireCode(t, fleet.NotFound, s.PauseRollout(t.Context(), other.ID, "key_other", ep.ID))
		_, err = s.Rollout(t.Context(), other.ID, ep.ID)
		requireCode(t, fleet.NotFound, err)

		before := rollout()
		require.Equal(t, "rolling", before.State())
		require.Equal(t, "0 of 1 workers on revision 2, 1 on older ones", before.Message())
		require.NoError(t, pause())
		require.NoError(t, pause(), "again")
		paused := rollout()
		require.Equal(t, "paused", paused.State())
		require.Equal(t, before.Deadline.Add(fleet.PauseLimit), paused.Deadline)
		makes := func() int {
			revision, spec, err := s.Makes(t.Context(), ep.ID)
			require.NoError(t, err)
			require.Equal(t, revision == 2, spec.Image == "kelvin/echo:2")
			return revision
		}
		require.Equal(t, 1, makes(), "the new one has not been ready")
		mustFail(t, s, next, noImage)
		require.NotNil(t, mustTrouble(t, s, ep.ID))
		now.advance(time.Hour)
		mustRenew(t, s, host.ID, 4, container(old, true))

		require.NoError(t, resume())
		require.NoError(t, resume(), "again")
		require.Equal(t, 2, makes())
		require.Nil(t, mustTrouble(t, s, ep.ID))
		resumed := rollout()
		require.Equal(t, before.Deadline.Add(time.Hour), resumed.Deadline)
		require.Equal(t, resumed.Deadline, mustRecord(t, s, rec).Deadline)
		worker := mustWorker(t, s, next)
		require.True(t, worker.Ready)
		require.NoError(t, pause())
		require.Equal(t, 2, makes(), "it has")
		require.Equal(t, "1 of 1 workers on revision 2, 1 on older ones", func() string { r := rollout(); return r.Message() }())
		mustEnd(t, s, rec, fleet.Undone)
		got, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Zero(t, got.PausedAt, "what has ended is not paused")
		require.Subset(t, eventNames(t, s, a.ID, ep.ID), []string{"rollout.paused", "rollout.resumed"})
	})
}

func TestWhatScalesOtherwiseReplacesNoWorker(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 4)
		ep := mustEndpoint(t, s, a)
		worker := mustWorker(t, s, ep)
		for name, change := range map[string]func(*fleet.EndpointSpec){
			"scaling":       func(e *fleet.EndpointSpec) { e.Scaling.Policy = "fast" },
			"requests":      func(e *fleet.EndpointSpec) { e.Requests.QueueMax = 5 },
			"spot":          func(e *fleet.EndpointSpec) { e.Spot.Market = fleet.Spot },
			"numbers":       func(e *fleet.EndpointSpec) { e.ActiveWorkers, e.MaxWorkers = 2, 9 },
			"concurrency":   func(e *fleet.EndpointSpec) { e.TargetConcurrency = 7 },
			"start timeout": func(e *fleet.EndpointSpec) { e.StartTimeout = fleet.Duration(time.Minute) },
		} {
			next := ep
			next.Revision = 2
			change(&next.Spec)
			require.True(t, next.Runs(&worker), name)
		}
		for name, change := range map[string]func(*fleet.EndpointSpec){
			"image":   func(e *fleet.EndpointSpec) { e.Image = "other" },
			"env":     func(e *fleet.EndpointSpec) { e.Env = map[string]string{"A": "1"} },
			"command": func(e *fleet.EndpointSpec) { e.Command = "true" },
			"gpus":    func(e *fleet.EndpointSpec) { e.GPUsPerWorker = 2 },
			"memory":  func(e *fleet.EndpointSpec) { e.MemoryMB = 64 },
		} {
			next := ep
			next.Revision = 2
			change(&next.Spec)
			require.False(t, next.Runs(&worker), name)
		}
	})
}

// A roll-out that is taken back while it is paused is not paused any more: else the workers of
// what is withdrawn would be as good as the others.
func TestWhatIsTakenBackIsNotPaused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		pausedAt := func() time.Time {
			ep, err := s.Endpoint(t.Context(), ep.ID)
			require.NoError(t, err)
			return ep.PausedAt
		}
		rec := mustUpdate(t, s, a, ep.ID, "kelvin/echo:2")
		require.NoError(t, s.PauseRollout(t.Context(), a.ID, "key_test", ep.ID))
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2), "repeated")
		require.NotZero(t, pausedAt())
		_, err := s.RequestCancel(t.Context(), a.ID, rec.ID)
		require.NoError(t, err)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 1))
		require.Zero(t, pausedAt())
		err = s.PauseRollout(t.Context(), a.ID, "key_test", ep.ID)
		require.Equal(t, rec.ID, requireCode(t, fleet.Conflict, err).Operation)
		require.Zero(t, pausedAt())
		mustEnd(t, s, rec, fleet.Undone)
		require.Zero(t, pausedAt())
	})
}

func TestWhatServedBeforeIsKnownUntilTheNewHasBeenReady(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		at := func() fleet.Endpoint {
			ep, err := s.Endpoint(t.Context(), ep.ID)
			require.NoError(t, err)
			return ep
		}
		older := func() *fleet.Endpoint {
			older, err := s.Older(t.Context(), ep.ID)
			require.NoError(t, err)
			return older
		}
		require.Nil(t, older(), "no roll-out is under way")
		rec := mustUpdate(t, s, a, ep.ID, "kelvin/echo:2")
		require.Nil(t, older(), "it has never been ready itself")
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 1))
		mustWorker(t, s, ep)
		require.Nil(t, older(), "it has been taken back")
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2))
		require.Equal(t, 1, older().Revision)
		require.Equal(t, "kelvin/echo:latest", older().Spec.Image)

		// Each has troubles of its own.
		now.advance(time.Second)
		mustFail(t, s, at(), noImage)
		require.Nil(t, older().Trouble)
		now.advance(time.Second)
		mustFail(t, s, ep, noRoom)
		require.Equal(t, fleet.NoCapacity, older().Trouble.Cause)
		require.Equal(t, fleet.PullError, at().Trouble.Cause)

		mustWorker(t, s, at())
		require.Nil(t, older(), "the new one has been ready")
		mustEnd(t, s, rec, fleet.Done)

		// A change that is none to workers needs no worker of its own to be known good.
		rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.MaxWorkers = 9
			return spec, nil
		})
		require.NoError(t, err)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 3))
		require.Nil(t, older(), "both are the same")
		mustEnd(t, s, rec, fleet.Done)
		rec = mustUpdate(t, s, a, ep.ID, "kelvin/echo:4")
		require.Equal(t, 3, older().Revision)
		require.Equal(t, "kelvin/echo:2", older().Spec.Image)
		mustEnd(t, s, rec, fleet.Done)
		require.Nil(t, older(), "it is over")
		mustUpdate(t, s, a, ep.ID, "kelvin/echo:5")
		require.Nil(t, older(), "nor has the one before been ready")
	})
}

package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// nights stops a target from 20:00 to 08:00 on weekdays, in Berlin.
func nights(target fleet.ScheduleTarget) fleet.ScheduleSpec {
	days := []fleet.Weekday{"mon", "tue", "wed", "thu", "fri"}
	return fleet.ScheduleSpec{
		Target: target, Action: fleet.DoStop, TimeZone: "Europe/Berlin",
		When: fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: days, EndDays: days},
	}
}

func mustSchedule(t testing.TB, s *Store, a fleet.Account, spec fleet.ScheduleSpec) fleet.Schedule {
	t.Helper()
	sch, _, err := s.CreateSchedule(t.Context(), ask(a), unique("schedule"), spec)
	require.NoError(t, err)
	return sch
}

// mustTime sets the store's clock.
func mustTime(t testing.TB, c *clock, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	c.micros.Store(at.UnixMicro())
	return at.UTC()
}

// byKey is a request of a person.
func byKey(a fleet.Account) Ask {
	r := ask(a)
	r.Actor = "key_alice"
	return r
}

func TestAScheduleBelongsToItsAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mine, theirs := mustAccount(t, s), mustAccount(t, s)
		mustHost(t, s, 8)
		server, worker := mustServer(t, s, theirs, 1), mustWorker(t, s, mustEndpoint(t, s, theirs))
		sch := mustSchedule(t, s, theirs, nights(fleet.ScheduleTarget{Instance: server.ID}))
		same := func(name string, spec fleet.ScheduleSpec) (string, fleet.ScheduleSpec, error) {
			t.Error("their spec was shown")
			return name, spec, nil
		}
		ctx := t.Context()
		for what, call := range map[string]func() error{
			"GetSchedule":    func() error { _, err := s.GetSchedule(ctx, mine.ID, sch.ID); return err },
			"of nobody":      func() error { _, err := s.GetSchedule(ctx, "", sch.ID); return err },
			"UpdateSchedule": func() error { _, err := s.UpdateSchedule(ctx, mine.ID, "key_mine", sch.ID, same); return err },
			"PauseSchedule":  func() error { _, err := s.PauseSchedule(ctx, mine.ID, "key_mine", sch.ID, ""); return err },
			"ResumeSchedule": func() error { _, err := s.ResumeSchedule(ctx, mine.ID, "key_mine", sch.ID); return err },
			"DeleteSchedule": func() error { _, err := s.DeleteSchedule(ctx, mine.ID, "key_mine", sch.ID); return err },
			"TriggerSchedule": func() error {
				_, _, err := s.TriggerSchedule(ctx, ask(mine), sch.ID, "")
				return err
			},
			"ScheduleRuns": func() error { _, err := s.ScheduleRuns(ctx, mine.ID, sch.ID, 10); return err },
		} {
			t.Run(what, func(t *testing.T) { requireCode(t, fleet.NotFound, call()) })
		}
		for what, target := range map[string]fleet.ScheduleTarget{"instance": {Instance: server.ID}, "endpoint": {Endpoint: worker.EndpointID}} {
			_, _, err := s.CreateSchedule(ctx, ask(mine), "spy", nights(target))
			require.Equal(t, "body.target."+what, requireCode(t, fleet.Invalid, err).Fields[0].Field)
		}
		all, err := s.ListSchedules(ctx, mine.ID, ScheduleFilter{Gone: true})
		require.NoError(t, err)
		require.Empty(t, all)
		holds, err := s.ScheduleHolds(ctx, mine.ID, sch.ID)
		require.NoError(t, err)
		require.Empty(t, holds)
		require.Empty(t, eventNames(t, s, mine.ID, sch.ID))
	})
}

func TestAScheduleIsToldOnceAtATime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a, ctx := mustAccount(t, s), t.Context()
		sch := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Selector: "team=ml"}))
		unsynced := func() []string {
			ids, err := s.UnsyncedSchedules(ctx, 10)
			require.NoError(t, err)
			return ids
		}
		claim := func() (fleet.Schedule, bool) {
			sch, ok, err := s.ClaimSchedule(ctx, sch.ID)
			require.NoError(t, err)
			return sch, ok
		}
		require.Equal(t, []string{sch.ID}, unsynced())
		seen, ok := claim()
		require.True(t, ok)
		_, again := claim()
		require.False(t, again, "somebody is at it")
		require.Empty(t, unsynced())
		clock.advance(claimed + time.Second)
		require.Equal(t, []string{sch.ID}, unsynced(), "whoever was at it has died")
		_, ok = claim()
		require.True(t, ok)

		_, err := s.PauseSchedule(ctx, a.ID, "key_alice", sch.ID, "") // meanwhile
		require.NoError(t, err)
		require.NoError(t, s.SyncedSchedule(ctx, sch.ID, seen.Version))
		now, err := s.Schedule(ctx, sch.ID)
		require.NoError(t, err)
		require.False(t, now.Synced, "the change came after what was told")
		require.Equal(t, []string{sch.ID}, unsynced())
		require.NoError(t, s.SyncedSchedule(ctx, sch.ID, now.Version))
		require.Empty(t, unsynced())
		require.NoError(t, s.SyncedSchedule(ctx, sch.ID, 0))
		require.Empty(t, unsynced(), "a failure changes nothing")
		require.NoError(t, s.UnsyncSchedule(ctx, sch.ID))
		require.Len(t, unsynced(), 1)
		require.NoError(t, s.SyncedSchedule(ctx, sch.ID, now.Version))
		clock.advance(resync + time.Hour)
		require.Len(t, unsynced(), 1, "it is told anew, with the coming years")
	})
}

func TestARunBeginsOnceForItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a, ctx := mustAccount(t, s), t.Context()
		sch := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Selector: "team=ml"}))
		begin := func(at time.Time) (fleet.ScheduleRun, bool) {
			_, run, act, err := s.BeginRun(ctx, sch.ID, at)
			require.NoError(t, err)
			return run, act
		}
		due := mustTime(t, clock, "2026-10-23T20:00:00+02:00")
		clock.advance(time.Second)
		run, act := begin(due)
		require.True(t, act)
		require.Equal(t, fleet.ScheduleRun{ScheduleID: sch.ID, At: due, Edge: fleet.Begin, Action: fleet.DoStop, State: fleet.RunRunning, BegunAt: clock.now()}, run)
		_, act = begin(due)
		require.True(t, act, "the answer may have been lost")
		require.NoError(t, s.EndRun(ctx, sch.ID, due))
		require.NoError(t, s.EndRun(ctx, sch.ID, due))
		_, act = begin(due)
		require.False(t, act, "it is over")
		_, act = begin(due.Add(time.Minute))
		require.False(t, act, "no time of this schedule")

		end := mustTime(t, clock, "2026-10-26T08:00:00+01:00")
		clock.advance(fleet.CatchUp)
		run, act = begin(end)
		require.True(t, act)
		require.Equal(t, fleet.DoStart, run.Action)
		require.NoError(t, s.EndRun(ctx, sch.ID, end))
		late := mustTime(t, clock, "2026-10-26T20:00:00+01:00")
		clock.advance(fleet.CatchUp + time.Second)
		run, act = begin(late)
		require.False(t, act)
		require.Equal(t, fleet.RunMissed, run.State)
		_, act = begin(late)
		require.False(t, act)

		_, err := s.PauseSchedule(ctx, a.ID, "key_alice", sch.ID, "")
		require.NoError(t, err)
		paused := mustTime(t, clock, "2026-10-27T20:00:00+01:00")
		_, act = begin(paused)
		require.False(t, act, "it is paused")
		triggered, _, err := s.TriggerSchedule(ctx, ask(a), sch.ID, "")
		require.NoError(t, err)
		require.NotEqual(t, paused, triggered.At, "a trigger is no time of the schedule's own")
		run, act = begin(triggered.At)
		require.True(t, act, "but it can be triggered")
		require.Equal(t, fleet.Begin, run.Edge)
		run, act = begin(triggered.At.Add(7 * time.Second))
		require.True(t, act, "also in Temporal's UI")
		require.Equal(t, "temporal", run.Actor)
		_, err = s.DeleteSchedule(ctx, a.ID, "key_alice", sch.ID)
		require.NoError(t, err)
		_, act = begin(triggered.At)
		require.False(t, act, "it is gone")
		_, run, act, err = s.BeginRun(ctx, "sch_nobody", due)
		require.NoError(t, err)
		require.False(t, act)
		require.Zero(t, run)
		require.Equal(t, []string{
			"schedule.created", "schedule.fired", "schedule.fired", "schedule.missed", "schedule.paused", "schedule.triggered", "schedule.deleted",
		}, eventNames(t, s, a.ID, sch.ID))
	})
}

// A time that the clocks show twice is one run, whichever of the two Temporal fires at.
func TestADoubledHourIsOneRun(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		spec := nights(fleet.ScheduleTarget{Selector: "team=ml"})
		spec.When = fleet.ScheduleTimes{At: "02:30"}
		sch := mustSchedule(t, s, mustAccount(t, s), spec)
		first := mustTime(t, clock, "2026-10-25T02:30:00+02:00")
		_, run, act, err := s.BeginRun(t.Context(), sch.ID, first)
		require.NoError(t, err)
		require.True(t, act)
		require.NoError(t, s.EndRun(t.Context(), sch.ID, run.At))
		clock.advance(time.Hour)
		_, _, act, err = s.BeginRun(t.Context(), sch.ID, first.Add(time.Hour))
		require.NoError(t, err)
		require.False(t, act)
	})
}

func TestRunsAreKeptForAWhileWithTheirTargets(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a, ctx := mustAccount(t, s), t.Context()
		mustHost(t, s, 8)
		server := mustServer(t, s, a, 1)
		sch := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Instance: server.ID}))
		var last time.Time
		for range keptRuns + 3 {
			clock.advance(time.Minute)
			run, _, err := s.TriggerSchedule(ctx, ask(a), sch.ID, fleet.Begin)
			require.NoError(t, err)
			_, _, _, err = s.BeginRun(ctx, sch.ID, run.At)
			require.NoError(t, err)
			for _, outcome := range []fleet.RunOutcome{fleet.RunBusy, fleet.RunAccepted} { // in the end
				require.NoError(t, s.SaveTarget(ctx, sch.ID, run.At, fleet.RunTarget{Kind: fleet.KindInstance, ResourceID: server.ID, Outcome: outcome}))
			}
			require.NoError(t, s.SaveTarget(ctx, sch.ID, run.At, fleet.RunTarget{Kind: fleet.KindInstance, ResourceID: "ins_other", Outcome: fleet.RunBusy, Code: fleet.Conflict, Message: "a\x00b"}))
			settled, err := s.SettledTargets(ctx, sch.ID, run.At)
			require.NoError(t, err)
			require.Equal(t, []string{server.ID}, settled)
			require.NoError(t, s.EndRun(ctx, sch.ID, run.At))
			last = run.At
		}
		runs, err := s.ScheduleRuns(ctx, a.ID, sch.ID, 100)
		require.NoError(t, err)
		require.Len(t, runs, keptRuns)
		require.Equal(t, last, runs[0].At)
		require.Equal(t, map[fleet.RunOutcome]int{fleet.RunAccepted: 1, fleet.RunRefused: 1}, runs[0].Counts)
		require.Equal(t, []fleet.RunTarget{
			{Kind: fleet.KindInstance, ResourceID: "ins_other", Outcome: fleet.RunRefused, Code: fleet.Conflict, Message: "ab"},
			{Kind: fleet.KindInstance, ResourceID: server.ID, Name: server.Name, Outcome: fleet.RunAccepted},
		}, runs[0].Targets)
		missing, err := s.RunMissing(ctx, sch.ID, last)
		require.NoError(t, err)
		require.False(t, missing)
		missing, err = s.RunMissing(ctx, sch.ID, last.Add(time.Hour))
		require.NoError(t, err)
		require.True(t, missing)
	})
}

func TestAStartByHandHoldsUntilTheWindowEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a, ctx := mustAccount(t, s), t.Context()
		mustTime(t, clock, "2026-10-23T19:00:00+02:00")
		mustHost(t, s, 8)
		spec := serverSpec(1)
		spec.Labels = map[string]string{"team": "ml"}
		rec, _, err := s.CreateInstance(ctx, ask(a), NewInstance{Name: "notebook", Spec: spec})
		require.NoError(t, err)
		_, rec, err = s.BeginInstance(ctx, rec.ID)
		require.NoError(t, err)
		server := mustRun(t, s, rec)
		byName := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Instance: server.ID}))
		byLabel := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Selector: "team=ml"}))
		others := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Selector: "team=web"}))
		do := func(r Ask, operation string) {
			t.Helper()
			rec, _, err := s.Accept(ctx, r, fleet.KindInstance, server.ID, operation)
			require.NoError(t, err)
			mustEnd(t, s, rec, fleet.Done)
		}
		held := func(action fleet.ScheduleAction, at time.Time) time.Time {
			until, err := s.Held(ctx, server.ID, action, at)
			require.NoError(t, err)
			return until
		}
		do(byKey(a), "stop")
		do(byKey(a), "start")
		require.Zero(t, held(fleet.DoStop, clock.now()), "no window has begun")

		begun := mustTime(t, clock, "2026-10-23T20:00:01+02:00")
		scheduled := ask(a)
		scheduled.Actor = ScheduleActor(byName.ID)
		do(scheduled, "stop")
		byAutoscaler := ask(a)
		byAutoscaler.Actor = "autoscaler"
		do(byAutoscaler, "start")
		require.Zero(t, held(fleet.DoStop, begun), "nobody did that by hand")
		moved, err := s.MovedByHand(ctx, server.ID, begun)
		require.NoError(t, err)
		require.False(t, moved)
		do(scheduled2(scheduled), "stop")
		clock.advance(time.Hour)
		do(byKey(a), "start")
		monday := time.Date(2026, 10, 26, 7, 0, 0, 0, time.UTC)
		require.Equal(t, monday, held(fleet.DoStop, clock.now()))
		require.Equal(t, monday, held(fleet.DoFreeze, clock.now()))
		require.Zero(t, held(fleet.DoStart, clock.now()))
		require.Zero(t, held(fleet.DoStop, monday), "when the window ends, the hold does")
		moved, err = s.MovedByHand(ctx, server.ID, begun)
		require.NoError(t, err)
		require.True(t, moved)
		for _, sch := range []fleet.Schedule{byName, byLabel} {
			holds, err := s.ScheduleHolds(ctx, a.ID, sch.ID)
			require.NoError(t, err)
			require.Equal(t, []fleet.Hold{{
				ScheduleID: sch.ID, Kind: fleet.KindInstance, ResourceID: server.ID, Name: "notebook", Actor: "key_alice", Until: monday, CreatedAt: clock.now(),
			}}, holds)
		}
		none, err := s.ScheduleHolds(ctx, a.ID, others.ID)
		require.NoError(t, err)
		require.Empty(t, none)
		require.Contains(t, eventNames(t, s, a.ID, server.ID), "schedule.held")

		do(byKey(a), "stop")
		require.Zero(t, held(fleet.DoStop, clock.now()), "whoever stops it takes the hold off")
		do(byKey(a), "start")
		_, err = s.DeleteSchedule(ctx, a.ID, "key_alice", byName.ID)
		require.NoError(t, err)
		require.NotZero(t, held(fleet.DoStop, clock.now()), "of the other schedule")
		_, err = s.DeleteSchedule(ctx, a.ID, "key_alice", byLabel.ID)
		require.NoError(t, err)
		require.Zero(t, held(fleet.DoStop, clock.now()))
	})
}

func scheduled2(r Ask) Ask {
	r.Key += "again"
	return r
}

func TestAChangeOfWorkersByHandHoldsTheirNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a, ctx := mustAccount(t, s), t.Context()
		mustTime(t, clock, "2026-10-23T22:00:00+02:00")
		ep := mustEndpoint(t, s, a)
		none, two := 0, 2
		spec := nights(fleet.ScheduleTarget{Endpoint: ep.ID})
		spec.Action, spec.ActiveWorkers, spec.EndActiveWorkers = fleet.DoSetWorkers, &none, &two
		mustSchedule(t, s, a, spec)
		tooMany := spec
		four := 4
		tooMany.EndActiveWorkers = &four
		_, _, err := s.CreateSchedule(ctx, ask(a), "too many", tooMany)
		require.Equal(t, "body.end_active_workers", requireCode(t, fleet.Invalid, err).Fields[0].Field)
		update := func(change func(*fleet.EndpointSpec)) {
			t.Helper()
			rec, _, err := s.UpdateEndpoint(ctx, byKey(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
				change(&spec)
				return spec, nil
			})
			require.NoError(t, err)
			require.NoError(t, s.SetRevision(ctx, ep.ID, rec.Params.Revision))
			mustEnd(t, s, rec, fleet.Done)
		}
		update(func(spec *fleet.EndpointSpec) { spec.Image = "a:2" })
		until, err := s.Held(ctx, ep.ID, fleet.DoSetWorkers, clock.now())
		require.NoError(t, err)
		require.Zero(t, until, "that was not about workers")
		update(func(spec *fleet.EndpointSpec) { spec.ActiveWorkers = 3 })
		until, err = s.Held(ctx, ep.ID, fleet.DoSetWorkers, clock.now())
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 10, 26, 7, 0, 0, 0, time.UTC), until)
		until, err = s.Held(ctx, ep.ID, fleet.DoStop, clock.now())
		require.NoError(t, err)
		require.Zero(t, until)
	})
}

func TestAnAccountHasSoManySchedulesAndNamesAreFreedByDeleting(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, ctx := mustAccount(t, s), t.Context()
		spec := nights(fleet.ScheduleTarget{Selector: "team=ml"})
		first, _, err := s.CreateSchedule(ctx, ask(a), "nights", spec)
		require.NoError(t, err)
		_, _, err = s.CreateSchedule(ctx, ask(a), "nights", spec)
		require.Equal(t, "body.name", requireCode(t, fleet.Conflict, err).Fields[0].Field)
		_, err = s.DeleteSchedule(ctx, a.ID, "key_alice", first.ID)
		require.NoError(t, err)
		second, _, err := s.CreateSchedule(ctx, ask(a), "nights", spec)
		require.NoError(t, err)
		_, err = s.UpdateSchedule(ctx, a.ID, "key_alice", second.ID, func(name string, spec fleet.ScheduleSpec) (string, fleet.ScheduleSpec, error) {
			spec.TimeZone = "Nowhere"
			return name, spec, nil
		})
		requireCode(t, fleet.Invalid, err)
		for i := range fleet.MaxSchedules - 1 {
			require.NoError(t, raw(t, s, `INSERT INTO schedules (id, account_id, name, spec, target, windowed, state, key_hash, digest, version, created_at, updated_at)
				VALUES (?, ?, ?, '{}', '', false, 'active', ?, '', 1, 1, 1)`, fmt.Sprintf("sch_%d", i), a.ID, fmt.Sprint(i), fmt.Sprint(i)))
		}
		_, _, err = s.CreateSchedule(ctx, ask(a), "one too many", spec)
		requireCode(t, fleet.Conflict, err)
	})
}

func TestAHundredEqualRequestsMakeOneSchedule(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		same, name := ask(a), unique("schedule")
		spec := nights(fleet.ScheduleTarget{Selector: "team=ml"})
		made := race(100, func(int) string {
			sch, _, err := s.CreateSchedule(t.Context(), same, name, spec)
			if err != nil {
				return err.Error()
			}
			return sch.ID
		})
		for _, id := range made {
			require.Equal(t, made[0], id)
		}
		same.Digest = "another"
		_, _, err := s.CreateSchedule(t.Context(), same, name, spec)
		requireCode(t, fleet.Conflict, err)
	})
}

func TestTheDatabaseKnowsWhatSchedulesCanBe(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		sch := mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Selector: "team=ml"}))
		run, _, err := s.TriggerSchedule(t.Context(), ask(a), sch.ID, "")
		require.NoError(t, err)
		require.NoError(t, s.SaveTarget(t.Context(), sch.ID, run.At, fleet.RunTarget{Kind: fleet.KindInstance, ResourceID: "ins_1", Outcome: fleet.RunSkipped}))
		set := func(table, column, value string) error {
			return raw(t, s, `UPDATE `+table+` SET `+column+` = ?`, value)
		}
		for _, state := range fleet.ScheduleStates {
			require.NoError(t, set("schedules", "state", string(state)))
		}
		for _, state := range fleet.RunStates {
			require.NoError(t, set("schedule_runs", "state", string(state)))
		}
		for _, outcome := range fleet.RunOutcomes {
			require.NoError(t, set("schedule_targets", "outcome", string(outcome)))
		}
		for table, column := range map[string]string{"schedules": "state", "schedule_runs": "edge", "schedule_targets": "outcome"} {
			require.Error(t, set(table, column, "flying"), table)
		}
	})
}

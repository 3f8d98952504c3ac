package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// keptRuns is how many runs of a schedule are kept.
const keptRuns = 20

const runColumns = `schedule_id, at, edge, actor, action, workers, state, begun_at, ended_at`

type runRow struct {
	ScheduleID string               `db:"schedule_id"`
	At         int64                `db:"at"`
	Edge       fleet.Edge           `db:"edge"`
	Actor      string               `db:"actor"`
	Action     fleet.ScheduleAction `db:"action"`
	Workers    int                  `db:"workers"`
	State      fleet.RunState       `db:"state"`
	BegunAt    int64                `db:"begun_at"`
	EndedAt    int64                `db:"ended_at"`
}

func (r runRow) run() fleet.ScheduleRun {
	return fleet.ScheduleRun{
		ScheduleID: r.ScheduleID, At: at(r.At), Edge: r.Edge, Actor: r.Actor, Action: r.Action, Workers: r.Workers,
		State: r.State, BegunAt: at(r.BegunAt), EndedAt: at(r.EndedAt),
	}
}

// run reads a run; false if there is none.
func (t *tx) run(scheduleID string, moment time.Time) (fleet.ScheduleRun, bool, error) {
	var rows []runRow
	err := t.all(&rows, `SELECT `+runColumns+` FROM schedule_runs WHERE schedule_id = ? AND at = ?`, scheduleID, micros(moment))
	if err != nil || len(rows) == 0 {
		return fleet.ScheduleRun{}, false, err
	}
	return rows[0].run(), true, nil
}

func (t *tx) insertRun(r fleet.ScheduleRun, key string) error {
	_, err := t.exec(`INSERT INTO schedule_runs (`+runColumns+`, key_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ScheduleID, micros(r.At), r.Edge, r.Actor, r.Action, r.Workers, r.State, micros(r.BegunAt), micros(r.EndedAt), null(key), micros(t.now))
	return err
}

// TriggerSchedule notes that a schedule is to act now, paused or not: at an edge, or with
// "" as it is meant to be now (begin in a window, end outside of one). Temporal is told
// afterwards. repeated says that the Ask's Key was used before. NotFound if the account has
// no such schedule; Invalid for an end of a schedule without windows.
func (s *Store) TriggerSchedule(ctx context.Context, ask Ask, id string, edge fleet.Edge) (run fleet.ScheduleRun, repeated bool, err error) {
	err = s.write(ctx, "trigger schedule", func(t *tx) error {
		sch, err := t.lockSchedule(ask.AccountID, id)
		if err != nil {
			return err
		}
		key := hashOf(ask.Key)
		var rows []runRow
		if err := t.all(&rows, `SELECT `+runColumns+` FROM schedule_runs WHERE schedule_id = ? AND key_hash = ?`, id, key); err != nil {
			return err
		}
		if repeated = len(rows) > 0; repeated {
			if run = rows[0].run(); edge != "" && edge != run.Edge {
				return fleet.Errorf(fleet.Conflict, "this Idempotency-Key was used for another request")
			}
			return nil
		}
		table, err := sch.Spec.Timetable()
		if err != nil {
			return err
		}
		if edge == fleet.End && !sch.Spec.Windowed() {
			return &fleet.Error{Code: fleet.Invalid, Message: "the schedule has no windows", Fields: []fleet.FieldError{
				{Field: "body.edge", Message: "goes with a schedule that has windows", Allowed: "begin, or none"},
			}}
		}
		if edge == "" {
			edge = edgeNow(sch.Spec, table, t.now)
		}
		// Temporal tells runs apart by the second, and this is no time of the schedule's own.
		moment := t.now.Truncate(time.Second)
		for ; ; moment = moment.Add(time.Second) {
			_, taken, err := t.run(id, moment)
			if err != nil {
				return err
			}
			if _, due := table.At(moment); !due && !taken {
				break
			}
		}
		run = fleet.ScheduleRun{ScheduleID: id, At: moment, Edge: edge, Actor: ask.Actor, State: fleet.RunPending}
		run.Action, run.Workers = sch.Spec.Does(edge)
		if err := t.insertRun(run, key); err != nil {
			return err
		}
		return t.event(scheduleEvent(sch, "schedule.triggered", ask.Actor, string(run.Action)))
	})
	if err != nil {
		return fleet.ScheduleRun{}, false, err
	}
	return run, repeated, nil
}

// edgeNow is which of a schedule's actions makes things as they are meant to be at a time.
func edgeNow(spec fleet.ScheduleSpec, table fleet.Timetable, now time.Time) fleet.Edge {
	if !spec.Windowed() {
		return fleet.Begin
	}
	if _, in := table.Within(now); in {
		return fleet.Begin
	}
	return fleet.End
}

// PendingRuns lists the runs that were triggered longer ago than older and have not begun:
// a crash may have come before Temporal was told. Oldest first, at most limit.
func (s *Store) PendingRuns(ctx context.Context, older time.Duration, limit int) (all []fleet.ScheduleRun, err error) {
	err = s.read(ctx, "list pending runs", func(t *tx) error {
		var rows []runRow
		err := t.all(&rows, `SELECT `+runColumns+` FROM schedule_runs WHERE state = 'pending' AND created_at < ? ORDER BY created_at LIMIT ?`, micros(t.now.Add(-older)), limit)
		all = nil
		for _, r := range rows {
			all = append(all, r.run())
		}
		return err
	})
	return all, err
}

// RunMissing reports whether a schedule that was due at a time has done nothing about it:
// there is no run of that time, and none that is running still.
func (s *Store) RunMissing(ctx context.Context, scheduleID string, due time.Time) (is bool, err error) {
	err = s.read(ctx, "look for a run", func(t *tx) error {
		var n int
		err := t.get(&n, `SELECT COUNT(*) FROM schedule_runs WHERE schedule_id = ? AND (at = ? OR state = 'running')`, scheduleID, micros(due))
		is = n == 0
		return err
	})
	return is && err == nil, err
}

// BeginRun begins what a schedule does at a time for which Temporal has fired it. false:
// there is nothing to do, since the schedule is gone, paused or changed, the run is over, or
// the time is long past, which is noted. A run that has begun is given again.
func (s *Store) BeginRun(ctx context.Context, scheduleID string, fired time.Time) (sch fleet.Schedule, run fleet.ScheduleRun, act bool, err error) {
	err = s.write(ctx, "begin run", func(t *tx) error {
		act = false
		var row scheduleRow
		err := t.get(&row, `SELECT `+scheduleColumns+` FROM schedules WHERE id = ?`+t.engine.lock, scheduleID)
		if err = missing(err, "schedule", scheduleID); fleet.Is(err, fleet.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if sch, err = row.schedule(); err != nil || sch.State == fleet.ScheduleDeleted {
			return err
		}
		run, act, err = t.beginRun(sch, fired)
		return err
	})
	return sch, run, act && err == nil, err
}

func (t *tx) beginRun(sch fleet.Schedule, fired time.Time) (run fleet.ScheduleRun, act bool, err error) {
	run, ok, err := t.run(sch.ID, fired)
	if err != nil {
		return run, false, err
	}
	if ok && run.State == fleet.RunPending {
		run.State, run.BegunAt = fleet.RunRunning, t.now
		_, err := t.exec(`UPDATE schedule_runs SET state = ?, begun_at = ? WHERE schedule_id = ? AND at = ?`, run.State, micros(t.now), sch.ID, micros(fired))
		return run, true, err
	}
	if ok {
		return run, run.State == fleet.RunRunning, nil
	}
	table, err := sch.Spec.Timetable()
	if err != nil {
		return run, false, err
	}
	due, ok := table.At(fired)
	switch {
	case ok:
		if run, ok, err = t.run(sch.ID, due.At); err != nil || ok {
			return run, ok && run.State == fleet.RunRunning, err
		}
		if sch.State != fleet.ScheduleActive {
			return run, false, nil
		}
		run = fleet.ScheduleRun{ScheduleID: sch.ID, At: due.At.UTC(), Edge: due.Edge, State: fleet.RunRunning, BegunAt: t.now}
	case fired.Second() != 0: // no time of any schedule: somebody has triggered it in Temporal's UI
		run = fleet.ScheduleRun{ScheduleID: sch.ID, At: fired.UTC(), Edge: edgeNow(sch.Spec, table, t.now), Actor: "temporal", State: fleet.RunRunning, BegunAt: t.now}
	default: // of a spec that has changed since, or a slip of the clocks
		return run, false, nil
	}
	run.Action, run.Workers = sch.Spec.Does(run.Edge)
	if t.now.Sub(fired) <= fleet.CatchUp+time.Duration(sch.Spec.Jitter) {
		return run, true, t.insertRun(run, "")
	}
	run.State, run.EndedAt = fleet.RunMissed, t.now
	if err := t.insertRun(run, ""); err != nil {
		return run, false, err
	}
	return run, false, t.event(scheduleEvent(sch, "schedule.missed", ScheduleActor(sch.ID),
		fmt.Sprintf("%s at %s: more than %s late", run.Action, run.At.Format(time.RFC3339), fleet.CatchUp)))
}

// SaveTarget notes what became of one target of a run. Again, it takes the former's place.
func (s *Store) SaveTarget(ctx context.Context, scheduleID string, moment time.Time, target fleet.RunTarget) error {
	return s.write(ctx, "save target of a run", func(t *tx) error {
		_, err := t.exec(`INSERT INTO schedule_targets (schedule_id, at, kind, resource_id, outcome, code, message, operation_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (schedule_id, at, resource_id) DO UPDATE SET outcome = excluded.outcome, code = excluded.code, message = excluded.message, operation_id = excluded.operation_id`,
			scheduleID, micros(moment), target.Kind, target.ResourceID, target.Outcome, target.Code, text(target.Message), target.OperationID)
		return err
	})
}

// SettledTargets are the IDs of the targets of a run that have their outcome.
func (s *Store) SettledTargets(ctx context.Context, scheduleID string, moment time.Time) (ids []string, err error) {
	err = s.read(ctx, "list targets of a run", func(t *tx) error {
		return t.all(&ids, `SELECT resource_id FROM schedule_targets WHERE schedule_id = ? AND at = ? AND outcome <> 'busy'`, scheduleID, micros(moment))
	})
	return ids, err
}

// EndRun ends a run: what was busy all the while is refused. Runs long past are forgotten.
// Repeatable.
func (s *Store) EndRun(ctx context.Context, scheduleID string, moment time.Time) error {
	return s.write(ctx, "end run", func(t *tx) error {
		sch, err := t.schedule("", scheduleID)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE schedule_runs SET state = 'done', ended_at = ? WHERE schedule_id = ? AND at = ? AND state = 'running'`, micros(t.now), scheduleID, micros(moment))
		if err != nil || n == 0 {
			return err
		}
		if _, err := t.exec(`UPDATE schedule_targets SET outcome = 'refused' WHERE schedule_id = ? AND at = ? AND outcome = 'busy'`, scheduleID, micros(moment)); err != nil {
			return err
		}
		for _, table := range []string{"schedule_targets", "schedule_runs"} {
			if _, err := t.exec(`DELETE FROM `+table+` WHERE schedule_id = ? AND at <= COALESCE((SELECT at FROM schedule_runs WHERE schedule_id = ?
				ORDER BY at DESC LIMIT 1 OFFSET ?), -1)`, scheduleID, scheduleID, keptRuns); err != nil {
				return err
			}
		}
		if _, err := t.exec(`DELETE FROM schedule_holds WHERE schedule_id = ? AND until < ?`, scheduleID, micros(t.now.Add(-fleet.CatchUp))); err != nil {
			return err
		}
		run, _, err := t.run(scheduleID, moment)
		if err != nil {
			return err
		}
		counts, err := t.counts(scheduleID, moment)
		if err != nil {
			return err
		}
		return t.event(scheduleEvent(sch, "schedule.fired", ScheduleActor(sch.ID), fmt.Sprintf("%s: %s", run.Action, sum(counts))))
	})
}

// sum is how many targets had which outcome, in words.
func sum(counts map[fleet.RunOutcome]int) string {
	var all []string
	for _, o := range fleet.RunOutcomes {
		if counts[o] > 0 {
			all = append(all, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	if len(all) == 0 {
		return "nothing to act on"
	}
	return strings.Join(all, ", ")
}

// counts are how many targets of a run had which outcome.
func (t *tx) counts(scheduleID string, moment time.Time) (map[fleet.RunOutcome]int, error) {
	var rows []struct {
		Outcome fleet.RunOutcome `db:"outcome"`
		N       int              `db:"n"`
	}
	err := t.all(&rows, `SELECT outcome, COUNT(*) AS n FROM schedule_targets WHERE schedule_id = ? AND at = ? GROUP BY outcome`, scheduleID, micros(moment))
	counts := map[fleet.RunOutcome]int{}
	for _, r := range rows {
		counts[r.Outcome] = r.N
	}
	return counts, err
}

// shownTargets is how many targets of a run are shown. All are counted.
const shownTargets = 50

// ScheduleRuns are the newest runs of a schedule of an account, newest first, with counts of
// all their targets and the first of these: those that were not accepted come first.
func (s *Store) ScheduleRuns(ctx context.Context, accountID, scheduleID string, limit int) (runs []fleet.ScheduleRun, err error) {
	err = s.read(ctx, "list runs", func(t *tx) error {
		if _, err := t.schedule(accountID, scheduleID); err != nil {
			return err
		}
		var rows []runRow
		if err := t.all(&rows, `SELECT `+runColumns+` FROM schedule_runs WHERE schedule_id = ? ORDER BY at DESC LIMIT ?`, scheduleID, limit); err != nil {
			return err
		}
		runs = nil
		for _, r := range rows {
			run := r.run()
			if run.Counts, err = t.counts(scheduleID, run.At); err != nil {
				return err
			}
			if run.Targets, err = t.targets(scheduleID, run.At); err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	return runs, err
}

func (t *tx) targets(scheduleID string, moment time.Time) ([]fleet.RunTarget, error) {
	var rows []struct {
		Kind        fleet.Kind       `db:"kind"`
		ResourceID  string           `db:"resource_id"`
		Name        string           `db:"name"`
		Outcome     fleet.RunOutcome `db:"outcome"`
		Code        fleet.Code       `db:"code"`
		Message     string           `db:"message"`
		OperationID string           `db:"operation_id"`
		Ended       fleet.Outcome    `db:"ended"`
	}
	err := t.all(&rows, `SELECT r.kind, r.resource_id, COALESCE(i.name, e.name, '') AS name, r.outcome, r.code, r.message, r.operation_id,
		COALESCE(o.outcome, '') AS ended FROM schedule_targets r LEFT JOIN instances i ON i.id = r.resource_id
		LEFT JOIN endpoints e ON e.id = r.resource_id LEFT JOIN operations o ON o.id = r.operation_id
		WHERE r.schedule_id = ? AND r.at = ?
		ORDER BY CASE r.outcome WHEN 'refused' THEN 0 WHEN 'busy' THEN 1 WHEN 'accepted' THEN 2 ELSE 3 END, r.resource_id LIMIT ?`,
		scheduleID, micros(moment), shownTargets)
	all := make([]fleet.RunTarget, len(rows))
	for i, r := range rows {
		all[i] = fleet.RunTarget{
			Kind: r.Kind, ResourceID: r.ResourceID, Name: r.Name, Outcome: r.Outcome, Code: r.Code, Message: r.Message,
			OperationID: r.OperationID, Ended: r.Ended,
		}
	}
	return all, err
}

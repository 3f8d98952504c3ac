package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// byHand reports whether a person asked for an operation, rather than a part of Kelvin.
func byHand(rec fleet.Record) bool { return strings.HasPrefix(rec.Actor, fleet.KeyPrefix) }

// keepFromSchedules notes what somebody's own operation means for schedules. One that goes
// against a window it falls into holds the resource until the window ends; one that puts
// the resource down takes such holds off.
func (t *tx) keepFromSchedules(h *holding, rec fleet.Record) error {
	if !byHand(rec) || h.EndpointID != "" {
		return nil
	}
	op := rec.Operation()
	switch op.To {
	case fleet.Stopped, fleet.Frozen, fleet.Terminated, fleet.Deleted:
		_, err := t.exec(`DELETE FROM schedule_holds WHERE resource_id = ?`, h.ID)
		return err
	case fleet.Running, fleet.AsBefore:
	default:
		return nil
	}
	schedules, err := t.schedules(selecting(scheduleColumns, "schedules").and(`account_id = ?`, h.AccountID).
		and(`state = 'active'`).and(`windowed`).and(`target IN ('', ?)`, h.ID))
	if err != nil || len(schedules) == 0 {
		return err
	}
	labels, err := t.labels(h)
	if err != nil {
		return err
	}
	for _, sch := range schedules {
		if !sch.Spec.Action.HeldBy(op) || !sch.Spec.Covers(h.kind, h.ID, labels) {
			continue
		}
		if sch.Spec.Action == fleet.DoSetWorkers {
			if same, err := t.sameWorkers(h, rec); err != nil || same {
				return err
			}
		}
		if err := t.holdAgainst(sch, h, rec); err != nil {
			return err
		}
	}
	return nil
}

// holdAgainst holds a resource against a schedule, if that is in one of its windows.
func (t *tx) holdAgainst(sch fleet.Schedule, h *holding, rec fleet.Record) error {
	table, err := sch.Spec.Timetable()
	if err != nil {
		return err
	}
	until, in := table.Within(t.now)
	if !in {
		return nil
	}
	if _, err := t.exec(`INSERT INTO schedule_holds (schedule_id, kind, resource_id, action, actor, until, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (resource_id, schedule_id) DO UPDATE SET action = excluded.action, actor = excluded.actor, until = excluded.until, created_at = excluded.created_at`,
		sch.ID, h.kind, h.ID, sch.Spec.Action, rec.Actor, micros(until), micros(t.now)); err != nil {
		return err
	}
	e := h.happened("schedule.held", rec.Actor, rec.ID, fmt.Sprintf("%s stays as it was put until %s, the end of a window of %s", h.Name, until.Format(time.RFC3339), sch.Name))
	e.ScheduleID = sch.ID
	return t.event(e)
}

// sameWorkers reports whether an update of an endpoint keeps the number of active workers.
func (t *tx) sameWorkers(h *holding, rec fleet.Record) (bool, error) {
	var numbers []int
	err := t.all(&numbers, `SELECT DISTINCT r.active_workers FROM endpoints e JOIN endpoint_revisions r ON r.endpoint_id = e.id AND r.revision IN (e.revision, ?) WHERE e.id = ?`,
		rec.Params.Revision, h.ID)
	return len(numbers) == 1, err
}

// labels are the labels that a resource has.
func (t *tx) labels(h *holding) (map[string]string, error) {
	if h.kind == fleet.KindEndpoint {
		running, err := t.spec(h.ID)
		return running.spec.Labels, err
	}
	var kept string
	if err := t.get(&kept, `SELECT spec FROM instances WHERE id = ?`, h.ID); err != nil {
		return nil, err
	}
	spec, err := t.recallInstance(kept)
	return spec.Labels, err
}

// Held is until when somebody holds a resource against an action that was due at a time;
// zero if nobody does. A window of stop or freeze that somebody's start holds against holds
// against both.
func (s *Store) Held(ctx context.Context, resourceID string, action fleet.ScheduleAction, due time.Time) (until time.Time, err error) {
	actions := []fleet.ScheduleAction{action}
	if action == fleet.DoStop || action == fleet.DoFreeze {
		actions = []fleet.ScheduleAction{fleet.DoStop, fleet.DoFreeze}
	}
	err = s.read(ctx, "look for holds", func(t *tx) error {
		var rows []int64
		err := t.in(&rows, `SELECT until FROM schedule_holds WHERE resource_id = ? AND action IN (?) AND until > ? ORDER BY until DESC LIMIT 1`, resourceID, actions, micros(due))
		if len(rows) > 0 {
			until = at(rows[0])
		}
		return err
	})
	return until, err
}

// MovedByHand reports whether a person has asked for an operation on a resource since a
// time: whatever they asked for is newer than what a schedule had to do then.
func (s *Store) MovedByHand(ctx context.Context, resourceID string, since time.Time) (moved bool, err error) {
	err = s.read(ctx, "look for operations by hand", func(t *tx) error {
		var n int
		err := t.get(&n, `SELECT COUNT(*) FROM operations WHERE resource_id = ? AND accepted_at > ? AND actor LIKE 'key!_%' ESCAPE '!'`, resourceID, micros(since))
		moved = n > 0
		return err
	})
	return moved, err
}

// ScheduleHolds lists who holds what against a schedule of an account now, the first to
// end first.
func (s *Store) ScheduleHolds(ctx context.Context, accountID, scheduleID string) (all []fleet.Hold, err error) {
	err = s.read(ctx, "list holds", func(t *tx) error {
		var rows []struct {
			Kind       fleet.Kind `db:"kind"`
			ResourceID string     `db:"resource_id"`
			Name       string     `db:"name"`
			Actor      string     `db:"actor"`
			Until      int64      `db:"until"`
			CreatedAt  int64      `db:"created_at"`
		}
		err := t.all(&rows, `SELECT h.kind, h.resource_id, COALESCE(i.name, e.name, '') AS name, h.actor, h.until, h.created_at
			FROM schedule_holds h JOIN schedules s ON s.id = h.schedule_id LEFT JOIN instances i ON i.id = h.resource_id LEFT JOIN endpoints e ON e.id = h.resource_id
			WHERE h.schedule_id = ? AND s.account_id = ? AND h.until > ? ORDER BY h.until, h.resource_id LIMIT ?`,
			scheduleID, accountID, micros(t.now), MaxLimit)
		all = make([]fleet.Hold, len(rows))
		for i, r := range rows {
			all[i] = fleet.Hold{
				ScheduleID: scheduleID, Kind: r.Kind, ResourceID: r.ResourceID, Name: r.Name, Actor: r.Actor,
				Until: at(r.Until), CreatedAt: at(r.CreatedAt),
			}
		}
		return err
	})
	return all, err
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const scheduleColumns = `id, account_id, name, spec, state, note, digest, version, synced, created_at, updated_at`

type scheduleRow struct {
	ID        string              `db:"id"`
	AccountID string              `db:"account_id"`
	Name      string              `db:"name"`
	Spec      string              `db:"spec"`
	State     fleet.ScheduleState `db:"state"`
	Note      string              `db:"note"`
	Digest    string              `db:"digest"`
	Version   int64               `db:"version"`
	Synced    int64               `db:"synced"`
	CreatedAt int64               `db:"created_at"`
	UpdatedAt int64               `db:"updated_at"`
}

func (r scheduleRow) schedule() (fleet.Schedule, error) {
	s := fleet.Schedule{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, State: r.State, Note: r.Note, Version: r.Version,
		Synced: r.Synced == r.Version, CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
	}
	return s, parse(r.Spec, &s.Spec)
}

func (t *tx) schedules(q query) ([]fleet.Schedule, error) {
	var rows []scheduleRow
	if err := t.all(&rows, q.text, q.args...); err != nil {
		return nil, err
	}
	all := make([]fleet.Schedule, len(rows))
	for i, r := range rows {
		var err error
		if all[i], err = r.schedule(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// schedule reads a schedule, gone ones too. With an account it must be that account's.
func (t *tx) schedule(accountID, id string) (fleet.Schedule, error) {
	all, err := t.schedules(selecting(scheduleColumns, "schedules").and(`id = ?`, id).equal("account_id", accountID))
	if err == nil && len(all) == 0 {
		err = noSchedule(id)
	}
	if err != nil {
		return fleet.Schedule{}, err
	}
	return all[0], nil
}

func noSchedule(id string) error {
	return fleet.Errorf(fleet.NotFound, "there is no schedule %s", quote(id))
}

// lockSchedule is schedule for one of an account that is about to change: not a deleted one.
func (t *tx) lockSchedule(accountID, id string) (fleet.Schedule, error) {
	var row scheduleRow
	err := t.get(&row, `SELECT `+scheduleColumns+` FROM schedules WHERE id = ? AND account_id = ? AND state <> 'deleted'`+t.engine.lock, id, accountID)
	if err != nil {
		return fleet.Schedule{}, missing(err, "schedule", id)
	}
	return row.schedule()
}

// saveSchedule writes a change of a schedule, which Temporal is told of afterwards.
func (t *tx) saveSchedule(s *fleet.Schedule, actor, event, message string) error {
	s.Version, s.UpdatedAt, s.Synced = s.Version+1, t.now, false
	_, err := t.exec(`UPDATE schedules SET name = ?, spec = ?, target = ?, windowed = ?, state = ?, note = ?, version = ?, updated_at = ? WHERE id = ?`,
		s.Name, document(s.Spec), scheduleTarget(s.Spec), s.Spec.Windowed(), s.State, s.Note, s.Version, micros(t.now), s.ID)
	if err != nil {
		return t.taken(err)
	}
	return t.event(scheduleEvent(*s, event, actor, message))
}

// scheduleTarget is the ID of a schedule's only target; empty with a selector.
func scheduleTarget(s fleet.ScheduleSpec) string { return s.Target.Instance + s.Target.Endpoint }

func scheduleEvent(s fleet.Schedule, name, actor, message string) fleet.Event {
	return fleet.Event{
		AccountID: s.AccountID, Name: name, Actor: actor, Message: message, ScheduleID: s.ID,
		InstanceID: s.Spec.Target.Instance, EndpointID: s.Spec.Target.Endpoint,
	}
}

// ScheduleActor is how operations name the schedule that asked for them.
func ScheduleActor(id string) string { return "schedule:" + id }

// CreateSchedule makes a schedule, which is active at once. Invalid for a bad name or spec,
// or a target that the account does not have; Conflict if the name is taken, or there are
// too many. repeated says that the Ask's Key was used before: the schedule is then as it is
// now.
func (s *Store) CreateSchedule(ctx context.Context, ask Ask, name string, spec fleet.ScheduleSpec) (made fleet.Schedule, repeated bool, err error) {
	err = s.write(ctx, "create schedule", func(t *tx) error {
		// The account's row stays locked: the key, and the number of schedules, have no rivals.
		var locked string
		if err := t.get(&locked, `SELECT id FROM accounts WHERE id = ?`+t.engine.lock, ask.AccountID); err != nil {
			return missing(err, "account", ask.AccountID)
		}
		if made, repeated, err = t.repeatSchedule(ask); err != nil || repeated {
			return err
		}
		if err := spec.Validate(name); err != nil {
			return err
		}
		if err := t.checkTarget(ask.AccountID, spec); err != nil {
			return err
		}
		var n int
		if err := t.get(&n, `SELECT COUNT(*) FROM schedules WHERE account_id = ? AND state <> 'deleted'`, ask.AccountID); err != nil {
			return err
		}
		if n >= fleet.MaxSchedules {
			return fleet.Errorf(fleet.Conflict, "an account has at most %d schedules", fleet.MaxSchedules)
		}
		made = fleet.Schedule{
			ID: fleet.NewID(fleet.SchedulePrefix, t.now), AccountID: ask.AccountID, Name: name, Spec: spec,
			State: fleet.ScheduleActive, Version: 1, CreatedAt: t.now, UpdatedAt: t.now,
		}
		_, err := t.exec(`INSERT INTO schedules (id, account_id, name, spec, target, windowed, state, key_hash, digest, version, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
			made.ID, ask.AccountID, name, document(spec), scheduleTarget(spec), spec.Windowed(), made.State, hashOf(ask.Key), ask.Digest, micros(t.now), micros(t.now))
		if err != nil {
			return t.taken(err)
		}
		return t.event(scheduleEvent(made, "schedule.created", ask.Actor, name))
	})
	if err != nil {
		return fleet.Schedule{}, false, err
	}
	return made, repeated, nil
}

// repeatSchedule looks for the schedule that was made under the Ask's Key.
func (t *tx) repeatSchedule(ask Ask) (fleet.Schedule, bool, error) {
	var rows []scheduleRow
	if err := t.all(&rows, `SELECT `+scheduleColumns+` FROM schedules WHERE account_id = ? AND key_hash = ?`, ask.AccountID, hashOf(ask.Key)); err != nil || len(rows) == 0 {
		return fleet.Schedule{}, false, err
	}
	if rows[0].Digest != ask.Digest {
		return fleet.Schedule{}, false, fleet.Errorf(fleet.Conflict, "this Idempotency-Key was used for another request")
	}
	made, err := rows[0].schedule()
	return made, err == nil, err
}

// checkTarget refuses a target that the account does not have, or on which the action
// cannot be done.
func (t *tx) checkTarget(accountID string, spec fleet.ScheduleSpec) error {
	kind, id, field := fleet.KindInstance, spec.Target.Instance, "body.target.instance"
	if spec.Target.Endpoint != "" {
		kind, id, field = fleet.KindEndpoint, spec.Target.Endpoint, "body.target.endpoint"
	}
	if id == "" {
		return nil
	}
	bad := func(field, message, allowed string) error {
		return &fleet.Error{Code: fleet.Invalid, Message: field + " " + message, Fields: []fleet.FieldError{{Field: field, Message: message, Allowed: allowed}}}
	}
	h, err := t.holdOf(accountID, kind, id)
	switch {
	case fleet.Is(err, fleet.NotFound), err == nil && h.State.Gone():
		return bad(field, "is not there", fmt.Sprintf("the ID of an %s of yours", kind))
	case err != nil:
		return err
	case h.EndpointID != "":
		return bad(field, "is a worker, which its endpoint starts and stops", "the ID of a server; or its endpoint's, as body.target.endpoint")
	case spec.Action != fleet.DoSetWorkers:
		return nil
	}
	ep, err := t.endpoint(id)
	if err != nil {
		return err
	}
	for _, n := range []struct {
		field string
		value *int
	}{{"body.active_workers", spec.ActiveWorkers}, {"body.end_active_workers", spec.EndActiveWorkers}} {
		if n.value != nil && *n.value > ep.Spec.MaxWorkers {
			return bad(n.field, "is more than the endpoint's max_workers", fmt.Sprintf("0 to %d", ep.Spec.MaxWorkers))
		}
	}
	return nil
}

// UpdateSchedule changes a schedule's name and spec: change is given those it has, and may
// be called more than once. Errors are like CreateSchedule's; NotFound if the account has
// no such schedule.
func (s *Store) UpdateSchedule(ctx context.Context, accountID, actor, id string, change func(string, fleet.ScheduleSpec) (string, fleet.ScheduleSpec, error)) (fleet.Schedule, error) {
	return s.changeSchedule(ctx, "update schedule", accountID, id, func(t *tx, sch *fleet.Schedule) error {
		before := document(sch)
		var err error
		if sch.Name, sch.Spec, err = change(sch.Name, sch.Spec); err != nil {
			return err
		}
		if err := sch.Spec.Validate(sch.Name); err != nil {
			return err
		}
		if err := t.checkTarget(accountID, sch.Spec); err != nil || document(sch) == before {
			return err
		}
		return t.saveSchedule(sch, actor, "schedule.updated", sch.Name)
	})
}

// PauseSchedule has a schedule act no more until it is resumed, and notes why. Repeatable.
// NotFound if the account has no such schedule.
func (s *Store) PauseSchedule(ctx context.Context, accountID, actor, id, note string) (fleet.Schedule, error) {
	return s.changeSchedule(ctx, "pause schedule", accountID, id, func(t *tx, sch *fleet.Schedule) error {
		if err := fleet.ValidateNote(note); err != nil {
			return err
		}
		if sch.State == fleet.SchedulePaused && sch.Note == note {
			return nil
		}
		sch.State, sch.Note = fleet.SchedulePaused, note
		return t.saveSchedule(sch, actor, "schedule.paused", note)
	})
}

// ResumeSchedule has a paused schedule act again, from its next time on. Repeatable.
// NotFound if the account has no such schedule.
func (s *Store) ResumeSchedule(ctx context.Context, accountID, actor, id string) (fleet.Schedule, error) {
	return s.changeSchedule(ctx, "resume schedule", accountID, id, func(t *tx, sch *fleet.Schedule) error {
		if sch.State == fleet.ScheduleActive {
			return nil
		}
		sch.State, sch.Note = fleet.ScheduleActive, ""
		return t.saveSchedule(sch, actor, "schedule.resumed", sch.Name)
	})
}

func (s *Store) changeSchedule(ctx context.Context, what, accountID, id string, change func(*tx, *fleet.Schedule) error) (sch fleet.Schedule, err error) {
	err = s.write(ctx, what, func(t *tx) error {
		var err error
		if sch, err = t.lockSchedule(accountID, id); err != nil {
			return err
		}
		return change(t, &sch)
	})
	if err != nil {
		return fleet.Schedule{}, err
	}
	return sch, nil
}

// DeleteSchedule deletes a schedule. What it did stays to be seen, and what it had put in
// motion goes on. Repeatable. NotFound if the account never had such a schedule.
func (s *Store) DeleteSchedule(ctx context.Context, accountID, actor, id string) (sch fleet.Schedule, err error) {
	err = s.write(ctx, "delete schedule", func(t *tx) error {
		var err error
		sch, err = t.lockSchedule(accountID, id)
		if fleet.Is(err, fleet.NotFound) {
			sch, err = t.schedule(accountID, id) // deleted already
			return err
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM schedule_holds WHERE schedule_id = ?`, id); err != nil {
			return err
		}
		sch.State, sch.Note = fleet.ScheduleDeleted, ""
		return t.saveSchedule(&sch, actor, "schedule.deleted", sch.Name)
	})
	if err != nil {
		return fleet.Schedule{}, err
	}
	return sch, nil
}

// GetSchedule reads a schedule of an account, a deleted one, too. NotFound if the account
// has no such one.
func (s *Store) GetSchedule(ctx context.Context, accountID, id string) (sch fleet.Schedule, err error) {
	err = s.read(ctx, "get schedule", func(t *tx) error {
		if accountID == "" {
			return noSchedule(id)
		}
		var err error
		sch, err = t.schedule(accountID, id)
		return err
	})
	return sch, err
}

// Schedule reads a schedule of any account, for the control plane. NotFound without it.
func (s *Store) Schedule(ctx context.Context, id string) (sch fleet.Schedule, err error) {
	err = s.read(ctx, "read schedule", func(t *tx) error {
		var err error
		sch, err = t.schedule("", id)
		return err
	})
	return sch, err
}

// ListSchedules lists schedules of an account, oldest first.
func (s *Store) ListSchedules(ctx context.Context, accountID string, f ScheduleFilter) (all []fleet.Schedule, err error) {
	q := selecting(scheduleColumns, "schedules").and(`account_id = ?`, accountID).
		equal("name", f.Name).equal("target", f.ResourceID).equal("state", string(f.State))
	if !f.Gone {
		q = q.and(`state <> 'deleted'`)
	}
	err = s.read(ctx, "list schedules", func(t *tx) error {
		q := q.after("id", f.Page).ascending("id", f.Page)
		var err error
		all, err = t.schedules(q)
		return err
	})
	return all, err
}

// LiveSchedules lists the schedules of all accounts that are not deleted, by ID from after
// on, for comparing them with Temporal's.
func (s *Store) LiveSchedules(ctx context.Context, p Page) (all []fleet.Schedule, err error) {
	err = s.read(ctx, "list live schedules", func(t *tx) error {
		q := selecting(scheduleColumns, "schedules").and(`state <> 'deleted'`).after("id", p).ascending("id", p)
		var err error
		all, err = t.schedules(q)
		return err
	})
	return all, err
}

// resync is how old what Temporal was told of a schedule may be. The days on which clocks
// change are told for some years ahead.
const resync = 180 * 24 * time.Hour

// claimed is how long a claim on a schedule lasts, unless it is given back.
const claimed = 10 * time.Second

// UnsyncedSchedules lists the IDs of schedules that Temporal does not have as they are,
// and that nobody is telling it of; at most limit.
func (s *Store) UnsyncedSchedules(ctx context.Context, limit int) (ids []string, err error) {
	err = s.read(ctx, "list unsynced schedules", func(t *tx) error {
		return t.all(&ids, `SELECT id FROM schedules WHERE (synced < version OR synced_at < ? AND state <> 'deleted') AND claimed_at < ? ORDER BY id LIMIT ?`,
			micros(t.now.Add(-resync)), micros(t.now.Add(-claimed)), limit)
	})
	return ids, err
}

// ClaimSchedule gives a schedule to whoever is about to tell Temporal of it, for ten
// seconds or until SyncedSchedule. false: somebody else is at it.
func (s *Store) ClaimSchedule(ctx context.Context, id string) (sch fleet.Schedule, ok bool, err error) {
	err = s.write(ctx, "claim schedule", func(t *tx) error {
		n, err := t.exec(`UPDATE schedules SET claimed_at = ? WHERE id = ? AND claimed_at < ?`, micros(t.now), id, micros(t.now.Add(-claimed)))
		if err != nil {
			return err
		}
		sch, err = t.schedule("", id)
		ok = n == 1
		return err
	})
	return sch, ok, err
}

// SyncedSchedule gives a claim back: Temporal has that version, or with 0 none.
func (s *Store) SyncedSchedule(ctx context.Context, id string, version int64) error {
	return s.write(ctx, "mark schedule synced", func(t *tx) error {
		_, err := t.exec(`UPDATE schedules SET claimed_at = 0, synced = CASE WHEN ? > 0 THEN ? ELSE synced END, synced_at = CASE WHEN ? > 0 THEN ? ELSE synced_at END WHERE id = ?`,
			version, version, version, micros(t.now), id)
		return err
	})
}

// UnsyncSchedule has Temporal told of a schedule anew: what it has is not what it was told.
func (s *Store) UnsyncSchedule(ctx context.Context, id string) error {
	return s.write(ctx, "unsync schedule", func(t *tx) error {
		_, err := t.exec(`UPDATE schedules SET synced = 0 WHERE id = ?`, id)
		return err
	})
}

package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const revisionQuery = `SELECT r.endpoint_id, r.revision, r.spec, r.operation_id, r.actor, r.base, r.restores, r.created_at, r.ready_at,
	e.revision AS runs, COALESCE(e.operation_id, '') AS open_id, COALESCE(o.outcome, 'done') AS outcome, COALESCE(o.code, '') AS code, COALESCE(o.message, '') AS message
	FROM endpoint_revisions r JOIN endpoints e ON e.id = r.endpoint_id LEFT JOIN operations o ON o.id = r.operation_id WHERE 1 = 1`

type revisionRow struct {
	EndpointID  string        `db:"endpoint_id"`
	Number      int           `db:"revision"`
	Spec        string        `db:"spec"`
	OperationID string        `db:"operation_id"`
	Actor       string        `db:"actor"`
	Base        int           `db:"base"`
	Restores    int           `db:"restores"`
	CreatedAt   int64         `db:"created_at"`
	ReadyAt     int64         `db:"ready_at"`
	Runs        int           `db:"runs"`
	OpenID      string        `db:"open_id"`
	Outcome     fleet.Outcome `db:"outcome"`
	Code        fleet.Code    `db:"code"`
	Message     string        `db:"message"`
}

// state is what has become of it, by its operation, and by what the endpoint runs.
func (r revisionRow) state() fleet.RevisionState {
	open := r.OperationID != "" && r.OperationID == r.OpenID
	switch {
	case r.Number == r.Runs && open:
		return fleet.RevisionRolling
	case r.Number == r.Runs:
		return fleet.RevisionCurrent
	case open, r.Outcome == fleet.Open:
		return fleet.RevisionPending
	case r.Outcome == fleet.Done:
		return fleet.RevisionReplaced
	default:
		return fleet.RevisionWithdrawn
	}
}

func (t *tx) revision(r revisionRow) (fleet.Revision, error) {
	out := fleet.Revision{
		EndpointID: r.EndpointID, Number: r.Number, State: r.state(), Actor: r.Actor, OperationID: r.OperationID, Base: r.Base, Restores: r.Restores,
		CreatedAt: at(r.CreatedAt), ReadyAt: at(r.ReadyAt),
	}
	if out.State == fleet.RevisionWithdrawn {
		out.Code, out.Message = r.Code, r.Message
	}
	var err error
	if out.Spec, err = t.recallEndpoint(r.Spec); err != nil || r.Base == 0 {
		return out, err
	}
	base, err := t.specOf(r.EndpointID, r.Base)
	if err != nil {
		return out, err
	}
	out.Changes = fleet.Diff(base, out.Spec)
	return out, nil
}

// specOf is the spec of a revision. NotFound without it.
func (t *tx) specOf(endpointID string, revision int) (fleet.EndpointSpec, error) {
	var doc string
	err := t.get(&doc, `SELECT spec FROM endpoint_revisions WHERE endpoint_id = ? AND revision = ?`, endpointID, revision)
	if err = missing(err, "revision", strconv.Itoa(revision)); err != nil {
		return fleet.EndpointSpec{}, err
	}
	return t.recallEndpoint(doc)
}

// Revisions lists the revisions of an account's endpoint, the newest first. After is the number
// of the last one of the page before. NotFound if the account has no such endpoint.
func (s *Store) Revisions(ctx context.Context, accountID, endpointID string, p Page) (all []fleet.Revision, err error) {
	before := 0
	if p.After != "" {
		if before, err = strconv.Atoi(p.After); err != nil || before < 1 {
			return nil, fleet.Errorf(fleet.Invalid, "%s is no revision", quote(p.After))
		}
	}
	err = s.read(ctx, "list revisions", func(t *tx) error {
		all = nil
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		q := query{text: revisionQuery}.and(`r.endpoint_id = ?`, endpointID)
		if before > 0 {
			q = q.and(`r.revision < ?`, before)
		}
		var rows []revisionRow
		if err := t.all(&rows, q.text+` ORDER BY r.revision DESC LIMIT ?`, append(q.args, p.limit())...); err != nil {
			return err
		}
		for _, r := range rows {
			one, err := t.revision(r)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

// Revision reads one. NotFound if the account has no such endpoint, or that no such revision.
func (s *Store) Revision(ctx context.Context, accountID, endpointID string, number int) (one fleet.Revision, err error) {
	err = s.read(ctx, "read revision", func(t *tx) error {
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		var row revisionRow
		q := query{text: revisionQuery}.and(`r.endpoint_id = ?`, endpointID).and(`r.revision = ?`, number)
		if err := missing(t.get(&row, q.text, q.args...), "revision", strconv.Itoa(number)); err != nil {
			return err
		}
		var err error
		one, err = t.revision(row)
		return err
	})
	return one, err
}

// RollbackEndpoint accepts a new revision with the spec of an older one; of the one before,
// for 0. NotFound when the account has no such endpoint, or that no such revision; Conflict
// like Accept, when there is none before, and when it is the one that runs. For repeated see
// Accept.
func (s *Store) RollbackEndpoint(ctx context.Context, ask Ask, endpointID string, to int) (fleet.Record, bool, error) {
	return s.update(ctx, ask, endpointID, "", func(t *tx, now fleet.EndpointSpec) (revised, error) {
		target := to
		if target == 0 {
			err := t.get(&target, `SELECT r.base FROM endpoint_revisions r JOIN endpoints e ON e.id = r.endpoint_id AND e.revision = r.revision WHERE e.id = ?`, endpointID)
			if err != nil {
				return revised{}, err
			}
			if target == 0 {
				return revised{}, fleet.Errorf(fleet.Conflict, "there is no revision before the one that runs")
			}
		}
		spec, err := t.specOf(endpointID, target)
		if err != nil {
			return revised{}, err
		}
		if len(fleet.Diff(now, spec)) == 0 {
			return revised{}, fleet.Errorf(fleet.Conflict, "what runs is as revision %d already", target)
		}
		return revised{spec: spec, restores: target}, nil
	})
}

// PauseRollout has no more workers replaced until ResumeRollout. NotFound when the account has
// no such endpoint, Conflict when no roll-out is under way, or it is being taken back. Paused already is no error.
func (s *Store) PauseRollout(ctx context.Context, accountID, actor, endpointID string) error {
	return s.rollout(ctx, accountID, endpointID, func(t *tx, h *holding, pausedAt int64) error {
		if pausedAt > 0 {
			return nil
		}
		if err := t.postpone(h, fleet.PauseLimit); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE endpoints SET paused_at = ?, paused_by = ? WHERE id = ?`, micros(t.now), actor, h.ID); err != nil {
			return err
		}
		return t.event(h.happened("rollout.paused", actor, h.OperationID, "no more workers of "+h.Name+" are replaced"))
	})
}

// ResumeRollout lets a paused roll-out go on; the time it was paused is not counted. What
// failed meanwhile holds nothing up. Not paused is no error.
func (s *Store) ResumeRollout(ctx context.Context, accountID, actor, endpointID string) error {
	return s.rollout(ctx, accountID, endpointID, func(t *tx, h *holding, pausedAt int64) error {
		if pausedAt == 0 {
			return nil
		}
		if err := t.postpone(h, t.now.Sub(at(pausedAt))-fleet.PauseLimit); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE endpoints SET paused_at = 0, paused_by = '', forgiven_at = ? WHERE id = ?`, micros(t.now), h.ID); err != nil {
			return err
		}
		return t.event(h.happened("rollout.resumed", actor, h.OperationID, "the workers of "+h.Name+" are replaced again"))
	})
}

// rollout changes a roll-out that is under way.
func (s *Store) rollout(ctx context.Context, accountID, endpointID string, change func(t *tx, h *holding, pausedAt int64) error) error {
	return s.write(ctx, "change a roll-out", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindEndpoint, endpointID)
		if err != nil {
			return err
		}
		if h.State != fleet.Updating || h.Was != fleet.Running {
			return fleet.Errorf(fleet.Conflict, "no roll-out of %s is under way", quote(h.Name))
		}
		if h.NextID != "" {
			return &fleet.Error{Code: fleet.Conflict, Operation: h.NextID, Message: "the roll-out is being taken back: another operation comes next"}
		}
		open, err := t.record(h.OperationID)
		if err != nil {
			return err
		}
		if !open.CancelledAt.IsZero() {
			return &fleet.Error{Code: fleet.Conflict, Operation: open.ID, Message: "the roll-out is being taken back: it was cancelled"}
		}
		var pausedAt int64
		if err := t.get(&pausedAt, `SELECT paused_at FROM endpoints WHERE id = ?`, endpointID); err != nil {
			return err
		}
		return change(t, h, pausedAt)
	})
}

// postpone moves the deadline of the endpoint's open operation.
func (t *tx) postpone(h *holding, by time.Duration) error {
	h.Deadline = h.Deadline.Add(by)
	if _, err := t.exec(`UPDATE operations SET deadline = deadline + ? WHERE id = ?`, by.Microseconds(), h.OperationID); err != nil {
		return err
	}
	return t.release(h)
}

// Rollout is how far an account's endpoint is on its way to its newest revision. NotFound if
// the account has no such endpoint.
func (s *Store) Rollout(ctx context.Context, accountID, endpointID string) (out fleet.Rollout, err error) {
	err = s.read(ctx, "read a roll-out", func(t *tx) error {
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		ep, err := t.endpoint(endpointID)
		if err != nil {
			return err
		}
		out, err = t.rolloutOf(&ep)
		return err
	})
	return out, err
}

func (t *tx) rolloutOf(ep *fleet.Endpoint) (fleet.Rollout, error) {
	out := fleet.Rollout{EndpointID: ep.ID, Revision: ep.Revision, From: ep.Revision, Wanted: ep.Spec.ActiveWorkers}
	if ep.State == fleet.Updating {
		out.OperationID, out.StartedAt, out.Deadline, out.Trouble = ep.OperationID, ep.Since, ep.Deadline, ep.Trouble
		out.PausedAt, out.PausedBy = ep.PausedAt, ep.PausedBy
		var rows []revisionRow
		if err := t.all(&rows, revisionQuery+` AND r.endpoint_id = ? AND r.operation_id = ?`, ep.ID, ep.OperationID); err != nil {
			return out, err
		}
		for _, r := range rows {
			out.Revision, out.From = r.Number, r.Base
		}
	}
	var desired []int
	if err := t.all(&desired, `SELECT desired FROM endpoint_scaling WHERE endpoint_id = ?`, ep.ID); err != nil {
		return out, err
	}
	for _, n := range desired {
		out.Wanted = max(out.Wanted, n)
	}
	if !ep.Serving() {
		out.Wanted = 0
	}
	target := *ep
	if out.Revision != ep.Revision {
		spec, err := t.specOf(ep.ID, out.Revision)
		if err != nil {
			return out, err
		}
		target.Revision, target.Spec = out.Revision, spec
	}
	workers, err := t.instances(query{`SELECT ` + instanceColumns + ` FROM instances WHERE endpoint_id = ? AND state IN ('running', 'provisioning') ORDER BY id`, []any{ep.ID}})
	for i := range workers {
		w := &workers[i]
		all, ready := &out.Old, &out.OldReady
		if target.Runs(w) {
			all, ready = &out.New, &out.NewReady
		}
		*all++
		if w.Ready {
			*ready++
		}
	}
	return out, err
}

// Makes is the revision that a new worker of an endpoint runs, and what it is asked to be: the
// newest; while its roll-out is paused and no worker of that has been ready yet, the one before.
func (s *Store) Makes(ctx context.Context, endpointID string) (revision int, spec fleet.EndpointSpec, err error) {
	err = s.read(ctx, "read a revision", func(t *tx) error {
		ep, err := t.endpoint(endpointID)
		if err != nil {
			return err
		}
		revision, spec = ep.Revision, ep.Spec
		if ep.PausedAt.IsZero() {
			return nil
		}
		older, err := t.unproved(&ep)
		if err != nil || older == 0 {
			return err
		}
		revision = older
		spec, err = t.specOf(ep.ID, older)
		return err
	})
	return revision, spec, err
}

// Older is an endpoint as it was before the roll-out that is under way, while no worker of the
// newer revision has been ready and one of the older has: what is lost is replaced by workers
// of it. Its Trouble is theirs. Nil: there is no such revision.
func (s *Store) Older(ctx context.Context, endpointID string) (out *fleet.Endpoint, err error) {
	err = s.read(ctx, "read a revision", func(t *tx) error {
		out = nil
		ep, err := t.endpoint(endpointID)
		if err != nil {
			return err
		}
		older, err := t.unproved(&ep)
		if err != nil || older == 0 {
			return err
		}
		base := ep
		base.Revision, base.Trouble = older, nil
		if base.Spec, err = t.specOf(ep.ID, older); err != nil {
			return err
		}
		same := ep.Runs(&fleet.Instance{Revision: older, Spec: base.Spec.Worker()})
		if good, err := t.knownGood(&base); same || !good || err != nil {
			return err
		}
		var forgiven int64
		if err := t.get(&forgiven, `SELECT forgiven_at FROM endpoints WHERE id = ?`, ep.ID); err != nil {
			return err
		}
		out = &base
		return t.addTroubles([]string{ep.ID}, map[string]*fleet.Endpoint{ep.ID: out}, map[string]int64{ep.ID: forgiven})
	})
	return out, err
}

// unproved is the revision that ran before a roll-out that is under way, while no worker of the
// newer one has been ready; 0: there is none.
func (t *tx) unproved(ep *fleet.Endpoint) (older int, err error) {
	if ep.State != fleet.Updating {
		return 0, nil
	}
	var base []int
	err = t.all(&base, `SELECT base FROM endpoint_revisions WHERE endpoint_id = ? AND revision = ? AND operation_id = ? AND ready_at = 0`, ep.ID, ep.Revision, ep.OperationID)
	if err != nil || len(base) == 0 {
		return 0, err
	}
	return base[0], nil
}

// knownGood reports whether a worker has been ready that was as the endpoint's spec says. Where that
// is the same to its workers as the revision before, theirs count.
func (t *tx) knownGood(ep *fleet.Endpoint) (bool, error) {
	for revision := ep.Revision; revision > 0; {
		spec, err := t.specOf(ep.ID, revision)
		if err != nil || !ep.Runs(&fleet.Instance{Revision: revision, Spec: spec.Worker()}) {
			return false, err
		}
		var row struct {
			Base    int   `db:"base"`
			ReadyAt int64 `db:"ready_at"`
		}
		err = t.get(&row, `SELECT base, ready_at FROM endpoint_revisions WHERE endpoint_id = ? AND revision = ?`, ep.ID, revision)
		if err != nil || row.ReadyAt > 0 {
			return err == nil, err
		}
		revision = row.Base
	}
	return false, nil
}

// provedRevision notes that a worker of its revision is ready.
func (t *tx) provedRevision(h *holding) error {
	_, err := t.exec(`UPDATE endpoint_revisions SET ready_at = ? WHERE endpoint_id = ? AND ready_at = 0
		AND revision = (SELECT revision FROM instances WHERE id = ?)`, micros(t.now), h.EndpointID, h.ID)
	return err
}

// revised is what an update makes of an endpoint's spec.
type revised struct {
	spec     fleet.EndpointSpec
	restores int // the revision it was taken from; 0: none
}

// insertRevision writes a revision down that rec moves the endpoint to. base is the one that
// runs; 0: none.
func (t *tx) insertRevision(rec fleet.Record, revision, base int, r revised) error {
	spec := r.spec
	_, err := t.exec(`INSERT INTO endpoint_revisions (endpoint_id, revision, spec, active_workers, max_workers, gpus_per_worker, port, target_concurrency, requests,
		operation_id, actor, base, restores, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		rec.ResourceID, revision, t.keepEndpoint(spec), spec.ActiveWorkers, spec.MaxWorkers, spec.GPUsPerWorker, spec.Port, spec.TargetConcurrency, document(spec.Requests),
		rec.ID, rec.Actor, base, r.restores, micros(t.now))
	return err
}

// said is what the event of an update says of it.
func (r revised) said(name string) string {
	if r.restores > 0 {
		return fmt.Sprintf("roll %s back to revision %d", name, r.restores)
	}
	return fmt.Sprintf("%s %s", fleet.UpdateEndpoint.Name, name)
}

package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// MarkStarted notes that the operation's workflow has been started. Repeatable.
func (s *Store) MarkStarted(ctx context.Context, operationID string) error {
	return s.write(ctx, "mark operation started", func(t *tx) error {
		n, err := t.exec(`UPDATE operations SET started_at = CASE started_at WHEN 0 THEN ? ELSE started_at END WHERE id = ?`, micros(t.now), operationID)
		if err == nil && n == 0 {
			return fleet.Errorf(fleet.NotFound, "there is no operation %s", quote(operationID))
		}
		return err
	})
}

// PendingOperations lists open operations that have not begun, though they were accepted
// longer ago than older: a crash may have come before their start. Oldest first, at most
// limit.
func (s *Store) PendingOperations(ctx context.Context, older time.Duration, limit int) ([]fleet.Record, error) {
	return s.records(ctx, "list pending operations", func(t *tx) query {
		return query{`SELECT ` + recordColumns + ` FROM operations WHERE outcome = '' AND begun_at = 0 AND accepted_at < ?
			ORDER BY accepted_at, id LIMIT ?`, []any{micros(t.now.Add(-older)), limit}}
	})
}

// OpenOperationsOnHost lists the open operations of the instances that have a lease on the
// host, oldest first.
func (s *Store) OpenOperationsOnHost(ctx context.Context, hostID string) ([]fleet.Record, error) {
	return s.records(ctx, "list operations on host", func(*tx) query { return openOnHost(hostID, "") })
}

// openOnHost selects the open operations of instances with a lease on the host; besides is
// another condition, or nothing.
func openOnHost(hostID, besides string) query {
	return query{`SELECT ` + recordColumns + ` FROM operations WHERE outcome = '' AND kind = 'instance'
		AND resource_id IN (SELECT instance_id FROM leases WHERE host_id = ?) ` + besides + ` ORDER BY accepted_at, id`, []any{hostID}}
}

func (s *Store) records(ctx context.Context, what string, build func(*tx) query) ([]fleet.Record, error) {
	var recs []fleet.Record
	err := s.read(ctx, what, func(t *tx) error {
		var err error
		recs, err = t.records(build(t))
		return err
	})
	return recs, err
}

func (t *tx) records(q query) ([]fleet.Record, error) {
	var rows []recordRow
	if err := t.all(&rows, q.text, q.args...); err != nil {
		return nil, err
	}
	return records(rows)
}

// SaveSteps replaces the steps of an open operation, and its phase: the step it is at, for
// people. Those of one that has ended stay as they were. NotFound without the operation.
func (s *Store) SaveSteps(ctx context.Context, operationID, phase string, steps []fleet.Step) error {
	return s.write(ctx, "save steps", func(t *tx) error {
		n, err := t.exec(`UPDATE operations SET phase = ?, steps = ? WHERE id = ? AND outcome = ''`, text(phase), stepsDocument(steps), operationID)
		if err != nil || n > 0 {
			return err
		}
		_, err = t.record(operationID)
		return err
	})
}

func stepsDocument(steps []fleet.Step) string {
	clean := make([]fleet.Step, len(steps))
	for i, step := range steps {
		step.Message = text(step.Message)
		clean[i] = step
	}
	return document(clean)
}

// steps reads the steps of an operation.
func (t *tx) steps(operationID string) ([]fleet.Step, error) {
	var doc string
	if err := t.get(&doc, `SELECT steps FROM operations WHERE id = ?`, operationID); err != nil {
		return nil, missing(err, "operation", operationID)
	}
	var steps []fleet.Step
	return steps, parse(doc, &steps)
}

// RequestCancel asks an open operation to be undone. One whose workflow was never started is
// undone right here; of others, rec.Outcome is Open, and the caller tells the workflow.
// Repeatable. NotFound when the account has no such operation, Conflict when it has ended.
func (s *Store) RequestCancel(ctx context.Context, accountID, operationID string) (fleet.Record, error) {
	var rec fleet.Record
	err := s.write(ctx, "cancel operation", func(t *tx) error {
		h, err := t.holdFor(operationID, &rec)
		if err == nil && rec.AccountID != accountID {
			return fleet.Errorf(fleet.NotFound, "there is no operation %s", quote(operationID))
		}
		if err != nil {
			return err
		}
		if rec.Outcome != fleet.Open {
			return &fleet.Error{Code: fleet.Conflict, Operation: rec.ID, Message: "the operation has ended: " + string(rec.Outcome)}
		}
		return t.requestCancel(h, &rec)
	})
	if err != nil {
		return fleet.Record{}, err
	}
	return rec, nil
}

// requestCancel is RequestCancel for rec, which is open.
func (t *tx) requestCancel(h *holding, rec *fleet.Record) error {
	if rec.CancelledAt.IsZero() {
		rec.CancelledAt = t.now
		if _, err := t.exec(`UPDATE operations SET cancelled_at = ? WHERE id = ?`, micros(t.now), rec.ID); err != nil {
			return err
		}
	}
	if !rec.StartedAt.IsZero() {
		return nil
	}
	return t.end(h, rec, Ending{Outcome: fleet.Undone, Code: fleet.Cancelled, Message: "cancelled before it began"})
}

// holdFor locks the resource of an operation, and then reads the operation into rec: while
// the resource is locked, nobody else ends it.
func (t *tx) holdFor(operationID string, rec *fleet.Record) (*holding, error) {
	var err error
	if *rec, err = t.record(operationID); err != nil {
		return nil, err
	}
	h, err := t.hold(rec.Kind, rec.ResourceID)
	if err != nil {
		return nil, err
	}
	*rec, err = t.record(operationID)
	return h, err
}

package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// BeginInstance confirms the claim of an operation on its instance, from inside of its
// workflow, whose ID is the lock: so another operation that still holds the instance is a
// leftover, and is settled first. One that never began is undone; one that had begun is
// stuck, since nobody has taken back what it did. The instance comes with home, leases,
// GPUs, ports and address.
//
// Conflict when the operation has ended or does not hold the instance: it must change
// nothing then. Repeatable.
func (s *Store) BeginInstance(ctx context.Context, operationID string) (inst fleet.Instance, rec fleet.Record, err error) {
	var void error
	err = s.write(ctx, "begin operation", func(t *tx) error {
		var err error
		if rec, void, err = t.begin(operationID, fleet.KindInstance); err != nil || void != nil {
			return err
		}
		inst, err = t.instance(rec.ResourceID)
		return err
	})
	if err == nil {
		err = void
	}
	return inst, rec, err
}

// BeginEndpoint is BeginInstance for an operation on an endpoint.
func (s *Store) BeginEndpoint(ctx context.Context, operationID string) (ep fleet.Endpoint, rec fleet.Record, err error) {
	var void error
	err = s.write(ctx, "begin operation", func(t *tx) error {
		var err error
		if rec, void, err = t.begin(operationID, fleet.KindEndpoint); err != nil || void != nil {
			return err
		}
		ep, err = t.endpoint(rec.ResourceID)
		return err
	})
	if err == nil {
		err = void
	}
	return ep, rec, err
}

// begin says in void that the claim is void; what it settled is committed even then.
func (t *tx) begin(operationID string, kind fleet.Kind) (rec fleet.Record, void, err error) {
	h, err := t.holdFor(operationID, &rec)
	if err != nil {
		return rec, nil, err
	}
	if rec.Kind != kind {
		return rec, nil, fleet.Errorf(fleet.NotFound, "operation %s is not on an %s", quote(operationID), kind)
	}
	if rec.Outcome == fleet.Open && h.NextID == rec.ID {
		if err := t.settleLeftover(h); err != nil {
			return rec, nil, err
		}
		if h, err = t.holdFor(operationID, &rec); err != nil {
			return rec, nil, err
		}
	}
	switch {
	case rec.Outcome != fleet.Open:
		return rec, &fleet.Error{Code: fleet.Conflict, Operation: rec.ID, Message: "the operation has ended: " + string(rec.Outcome)}, nil
	case h.OperationID != rec.ID:
		return rec, &fleet.Error{Code: fleet.Conflict, Operation: h.OperationID, Message: "the operation does not hold its " + string(kind)}, nil
	case !rec.BegunAt.IsZero():
		return rec, nil, nil
	}
	rec.BegunAt = t.now
	if rec.StartedAt.IsZero() {
		rec.StartedAt = t.now
	}
	_, err = t.exec(`UPDATE operations SET begun_at = ?, started_at = ? WHERE id = ?`, micros(rec.BegunAt), micros(rec.StartedAt), rec.ID)
	return rec, nil, err
}

func (t *tx) settleLeftover(h *holding) error {
	leftover, err := t.record(h.OperationID)
	if err != nil {
		return err
	}
	e := Ending{Outcome: fleet.Undone, Code: fleet.Cancelled, Message: "cancelled before it began"}
	if !leftover.BegunAt.IsZero() {
		e = Ending{Outcome: fleet.Stuck, Code: fleet.Cancelled, Message: "its workflow is gone, and left it where it was"}
	}
	return t.end(h, &leftover, e)
}

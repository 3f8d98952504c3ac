package store

import (
	"context"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Accept claims a resource for an operation, or puts the operation next where it wins over
// the open one: the table in fleet decides. The workflow is started afterwards.
//
// repeated says that the Ask's Key was used before: rec is then as it was accepted. NotFound
// when the account has no such resource; Conflict, with the operation in the way, when the
// resource is not in a state to do it, is protected, or is a worker, whose life is its
// endpoint's; Invalid for what is not an operation, or has a method of its own.
func (s *Store) Accept(ctx context.Context, ask Ask, kind fleet.Kind, resourceID, operation string) (rec fleet.Record, repeated bool, err error) {
	err = s.write(ctx, "accept "+operation, func(t *tx) error {
		rec = t.asked(ask, kind, resourceID, operation)
		if op, ok := fleet.FindOperation(kind, operation); !ok || op.From[0] == fleet.Absent || op.Name == fleet.UpdateEndpoint.Name {
			return fleet.Errorf(fleet.Invalid, "%s is no operation on an %s to be asked for like this", quote(operation), kind)
		}
		h, missing := t.holdOf(ask.AccountID, kind, resourceID)
		if missing != nil && !fleet.Is(missing, fleet.NotFound) {
			return missing
		}
		// Having waited for the lock, this sees a rival with the same Key.
		var err error
		if repeated, err = t.repeat(ask, &rec); err != nil || repeated {
			return err
		}
		if missing != nil {
			return missing
		}
		if err := h.permits(rec); err != nil {
			return err
		}
		if err := t.checkWishes(h, rec); err != nil {
			return err
		}
		if err := t.claim(h, &rec, ask); err != nil {
			return err
		}
		return t.accepted(h, rec)
	})
	return answer(rec, repeated, err)
}

// asked is the record of what is asked for.
func (t *tx) asked(ask Ask, kind fleet.Kind, resourceID, operation string) fleet.Record {
	return fleet.Record{
		ID: fleet.OperationID(ask.AccountID, ask.Key), AccountID: ask.AccountID, Kind: kind, ResourceID: resourceID,
		Name: operation, Params: ask.Params, Actor: ask.Actor, AcceptedAt: t.now,
	}
}

// holdOf is hold for a resource that must be the account's.
func (t *tx) holdOf(accountID string, kind fleet.Kind, id string) (*holding, error) {
	h, err := t.hold(kind, id)
	if err == nil && h.AccountID != accountID {
		return nil, fleet.Errorf(fleet.NotFound, "there is no %s %s", kind, quote(id))
	}
	return h, err
}

// permits holds the rules beside the table.
func (h *holding) permits(rec fleet.Record) error {
	switch {
	case h.EndpointID != "" && rec.Name != fleet.Terminate.Name:
		return fleet.Errorf(fleet.Conflict, "a worker is started and stopped by its endpoint")
	case h.Protected && erases(rec):
		return fleet.Errorf(fleet.Conflict, "%s is protected: take the protection off first", quote(h.Name))
	}
	return nil
}

// repeat looks for the operation of the Ask's Key. If there is one, rec becomes it.
func (t *tx) repeat(ask Ask, rec *fleet.Record) (bool, error) {
	var row recordRow
	err := missing(t.get(&row, `SELECT `+recordColumns+` FROM operations WHERE id = ?`, rec.ID), "operation", rec.ID)
	if fleet.Is(err, fleet.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if row.Digest != ask.Digest {
		return false, &fleet.Error{Code: fleet.Conflict, Operation: row.ID, Message: "this Idempotency-Key was used for another request"}
	}
	*rec, err = row.record()
	return true, err
}

// claim lets the table decide, and writes the record and the claim.
func (t *tx) claim(h *holding, rec *fleet.Record, ask Ask) error {
	var holder *fleet.Record
	if h.OperationID != "" {
		r, err := t.record(h.OperationID)
		if err != nil {
			return err
		}
		holder = &r
	}
	if err := h.Accept(rec, holder, t.now); err != nil {
		return err
	}
	rec.Deadline = t.now.Add(rec.Limit()) // of one that comes next: until it is its turn
	if won, err := t.insertRecord(*rec, ask.Digest, h.NextID == rec.ID); err != nil {
		return err
	} else if !won {
		return errAgain // a rival used the Key on another resource: look at what it wrote
	}
	return t.release(h)
}

func (t *tx) accepted(h *holding, rec fleet.Record) error {
	return t.acceptedAs(h, rec, fmt.Sprintf("%s %s", rec.Name, h.Name))
}

// acceptedAs is accepted, with what is said of it.
func (t *tx) acceptedAs(h *holding, rec fleet.Record, message string) error {
	if err := t.keepFromSchedules(h, rec); err != nil {
		return err
	}
	if h.kind == fleet.KindEndpoint && (rec.Name == fleet.StartEndpoint.Name || rec.Name == fleet.UpdateEndpoint.Name) {
		// Whoever asks for it has mended what was wrong, or thinks so.
		if _, err := t.exec(`UPDATE endpoints SET forgiven_at = ? WHERE id = ?`, micros(t.now), h.ID); err != nil {
			return err
		}
	}
	return t.event(h.happened("operation.accepted", rec.Actor, rec.ID, message))
}

// answer shows a record as the first answer did, whatever has happened since.
func answer(rec fleet.Record, repeated bool, err error) (fleet.Record, bool, error) {
	if err != nil {
		return fleet.Record{}, false, err
	}
	return fleet.Record{
		ID: rec.ID, AccountID: rec.AccountID, Kind: rec.Kind, ResourceID: rec.ResourceID, Name: rec.Name,
		Params: rec.Params, Actor: rec.Actor, AcceptedAt: rec.AcceptedAt, Deadline: rec.AcceptedAt.Add(rec.Limit()),
	}, repeated, nil
}

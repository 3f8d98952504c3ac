package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// SetProtected has a server refuse terminate and reset, or takes that off, on behalf of
// actor (key_…). It moves nothing, so it can be done whatever is open on the server, unless
// that erases it: then it is too late to protect it. Repeatable.
//
// NotFound when the account has no such instance; Conflict when it is gone, is a worker, or
// is about to be erased, with the operation that does it.
func (s *Store) SetProtected(ctx context.Context, accountID, actor, instanceID string, protected bool) error {
	return s.write(ctx, "protect instance", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		switch {
		case h.State.Gone():
			return fleet.Errorf(fleet.Conflict, "%s is gone", quote(h.Name))
		case h.EndpointID != "":
			return fleet.Errorf(fleet.Conflict, "a worker comes and goes with its endpoint, and cannot be protected")
		case protected:
			if err := t.checkKept(h); err != nil {
				return err
			}
		}
		var kept string
		if err := t.get(&kept, `SELECT spec FROM instances WHERE id = ?`, h.ID); err != nil {
			return err
		}
		spec, err := t.recallInstance(kept)
		if err != nil || h.Protected == protected && spec.Protected == protected {
			return err
		}
		spec.Protected = protected
		if _, err := t.exec(`UPDATE instances SET protected = ?, spec = ?, updated_at = ? WHERE id = ?`,
			protected, t.keepInstance(spec), micros(t.now), h.ID); err != nil {
			return err
		}
		name := "instance.unprotected"
		if protected {
			name = "instance.protected"
		}
		return t.event(h.happened(name, actor, "", h.Name))
	})
}

// checkKept refuses what is open on an instance, or waits, if that erases it: a promise to
// keep it would be broken.
func (t *tx) checkKept(h *holding) error {
	for _, id := range []string{h.OperationID, h.NextID} {
		if id == "" {
			continue
		}
		rec, err := t.record(id)
		if err != nil {
			return err
		}
		if erases(rec) {
			return &fleet.Error{Code: fleet.Conflict, Operation: id, Message: "it is too late to protect it: operation " + id + " (" + rec.Name + ") is open"}
		}
	}
	return nil
}

// erases reports whether an operation destroys an instance's data, which protection refuses.
func erases(rec fleet.Record) bool {
	return rec.Kind == fleet.KindInstance && (rec.Name == fleet.Terminate.Name || rec.Name == fleet.Reset.Name)
}

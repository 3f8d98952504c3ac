package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// NoteInstance writes down what actor (key_…) did with an instance that changes nothing in
// the record: an event of that name. NotFound when the account has no such instance.
func (s *Store) NoteInstance(ctx context.Context, accountID, actor, instanceID, name, message string) error {
	return s.write(ctx, "note what was done", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		return t.event(h.happened(name, actor, "", message))
	})
}

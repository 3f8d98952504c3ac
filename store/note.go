package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// NoteHost writes an event of a host down that the record knows nothing else of. NotFound
// without the host.
func (s *Store) NoteHost(ctx context.Context, hostID, name, actor, message string) error {
	return s.write(ctx, "note an event of a host", func(t *tx) error {
		if _, err := t.lockServing(hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: name, HostID: hostID, Actor: actor, Message: message})
	})
}

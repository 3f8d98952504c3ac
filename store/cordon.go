package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Cordon cordons a host, which then gets nothing new and keeps what it runs. NotFound
// without the host, Conflict if it is retired. Repeatable.
func (s *Store) Cordon(ctx context.Context, hostID, actor string) error {
	return s.write(ctx, "cordon host", func(t *tx) error {
		host, err := t.lockServing(hostID)
		if err != nil || host.Cordoned {
			return err
		}
		if _, err := t.exec(`UPDATE hosts SET cordoned = ? WHERE id = ?`, true, hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "host.cordoned", HostID: hostID, Actor: actor, Message: host.Name})
	})
}

// Uncordon lifts a cordon, and ends a drain: see CancelDrain. Errors as Cordon's. Repeatable.
func (s *Store) Uncordon(ctx context.Context, hostID, actor string) (changes Changes, err error) {
	err = s.write(ctx, "uncordon host", func(t *tx) error {
		changes = Changes{}
		host, err := t.lockServing(hostID)
		if err != nil || !host.Cordoned {
			return err
		}
		if err := t.cancelDrain(host, actor, &changes); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE hosts SET cordoned = ? WHERE id = ?`, false, hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "host.uncordoned", HostID: hostID, Actor: actor, Message: host.Name})
	})
	return changes, err
}

// lockServing locks a host that is not retired, and its data center: no placement goes on
// that has seen it as it was.
func (t *tx) lockServing(hostID string) (hostRow, error) {
	var dataCenter string
	if err := t.get(&dataCenter, `SELECT data_center FROM hosts WHERE id = ?`, hostID); err != nil {
		return hostRow{}, missing(err, "host", hostID)
	}
	if err := t.lockDataCenter(dataCenter); err != nil {
		return hostRow{}, err
	}
	host, err := t.lockHost(hostID)
	if err == nil && host.RetiredAt > 0 {
		err = fleet.Errorf(fleet.Conflict, "host %s is retired", quote(host.RetiredName))
	}
	return host, err
}

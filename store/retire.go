package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Retirement says what may be left behind on a host that is retired.
type Retirement string

// The kinds of retirement.
const (
	KeepNothing Retirement = ""        // nothing: it is refused while data is kept there for owners
	DiscardKept Retirement = "discard" // owners lose the data that was kept there for them
)

// RetireHost takes a host out for good: its agent's token is void, its GPUs are gone, and
// its name is free for another. NotFound without the host; Conflict while an instance has a
// place there, or data is kept there for its owner and not to be discarded. Repeatable.
func (s *Store) RetireHost(ctx context.Context, hostID, actor string, how Retirement) error {
	return s.write(ctx, "retire host", func(t *tx) error {
		host, err := t.lockServing(hostID)
		if host.RetiredAt > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		left, err := t.occupants(host)
		if err != nil {
			return err
		}
		if err := retirable(host, left, how); err != nil {
			return err
		}
		if err := t.discardKept(host, left); err != nil {
			return err
		}
		if err := t.forgetDrain(hostID); err != nil {
			return err
		}
		if err := t.saveNotice(&host, fleet.Notice{}); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE gpus SET state = 'lost', since = ? WHERE host_id = ? AND state <> 'quarantined'`, micros(t.now), hostID); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE hosts SET state = 'lost', cordoned = ?, retired_at = ?, retired_name = name, name = id, token_hash = ?, containers = '[]' WHERE id = ?`,
			true, micros(t.now), "retired "+hostID, hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "host.retired", HostID: hostID, Actor: actor, Message: host.Name})
	})
}

func retirable(host hostRow, left []fleet.Occupant, how Retirement) error {
	living, kept := 0, 0
	for _, o := range left {
		if o.Kept {
			kept++
		} else {
			living++
		}
	}
	switch {
	case living > 0:
		return fleet.Errorf(fleet.Conflict, "host %s is not empty: drain it first (instances there: %d)", quote(host.Name), living)
	case kept > 0 && how != DiscardKept:
		return fleet.Errorf(fleet.Conflict, "host %s keeps data for owners whose servers were recovered elsewhere (servers: %d): they let go of it, or it is discarded", quote(host.Name), kept)
	}
	return nil
}

// discardKept forgets what is kept on a host, and tells its owners.
func (t *tx) discardKept(host hostRow, left []fleet.Occupant) error {
	if len(left) == 0 {
		return nil
	}
	if _, err := t.exec(`DELETE FROM leases WHERE host_id = ? AND kept`, host.ID); err != nil {
		return err
	}
	for _, o := range left {
		if err := t.event(fleet.Event{
			AccountID: o.AccountID, Name: "instance.kept_data_released", InstanceID: o.InstanceID, HostID: host.ID, Actor: "operator",
			Message: "what " + host.ID + " had kept of " + o.Name + ": the host is retired",
		}); err != nil {
			return err
		}
	}
	return nil
}

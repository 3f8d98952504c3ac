package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// StartDrain cordons a host and has it emptied, some instances at a time. One that is being
// drained goes on, with the new limit. NotFound without the host, Conflict if it is
// retired, Invalid for a limit out of bounds. Repeatable.
func (s *Store) StartDrain(ctx context.Context, hostID, actor string, parallel int) error {
	if parallel < 1 || parallel > fleet.MaxDrainParallel {
		return fleet.Errorf(fleet.Invalid, "parallel is 1 to %d", fleet.MaxDrainParallel)
	}
	return s.write(ctx, "drain host", func(t *tx) error {
		host, err := t.lockServing(hostID)
		if err != nil {
			return err
		}
		if host.DrainingAt > 0 {
			_, err := t.exec(`UPDATE hosts SET drain_parallel = ? WHERE id = ?`, parallel, hostID)
			return err
		}
		left, err := t.occupants(host)
		if err != nil {
			return err
		}
		total := 0
		for _, o := range left {
			if !o.Kept {
				total++
			}
		}
		if _, err := t.exec(`UPDATE hosts SET cordoned = ?, draining_at = ?, drained_at = 0, drain_parallel = ?, drain_total = ?, drain_actor = ? WHERE id = ?`,
			true, micros(t.now), parallel, total, actor, hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "host.draining", HostID: hostID, Actor: actor, Message: host.Name})
	})
}

// CancelDrain ends a drain. What it has moved stays where it is now, and the cordon stays
// on. In Changes are the moves that are open, to be cancelled, and the endpoints whose
// workers were to be replaced. Not being drained is no error. NotFound without the host.
func (s *Store) CancelDrain(ctx context.Context, hostID, actor string) (changes Changes, err error) {
	err = s.write(ctx, "cancel drain", func(t *tx) error {
		changes = Changes{}
		host, err := t.lockServing(hostID)
		if err != nil {
			return err
		}
		return t.cancelDrain(host, actor, &changes)
	})
	return changes, err
}

func (t *tx) cancelDrain(host hostRow, actor string, changes *Changes) error {
	if host.DrainingAt == 0 {
		return nil
	}
	left, err := t.occupants(host)
	if err != nil {
		return err
	}
	if err := t.forgetDrain(host.ID); err != nil {
		return err
	}
	for _, o := range left {
		if o.EndpointID != "" && !o.LeavingAt.IsZero() && !slices.Contains(changes.Endpoints, o.EndpointID) {
			changes.Endpoints = append(changes.Endpoints, o.EndpointID)
		}
		if !o.Moving {
			continue
		}
		var rec fleet.Record
		h, err := t.holdFor(o.OperationID, &rec)
		if err != nil {
			return err
		}
		if rec.Outcome != fleet.Open {
			continue
		}
		if err := t.requestCancel(h, &rec); err != nil {
			return err
		}
		if rec.Outcome == fleet.Open {
			changes.Operations = append(changes.Operations, rec)
		}
	}
	if host.DrainedAt > 0 {
		return nil
	}
	return t.event(fleet.Event{Name: "host.drain_cancelled", HostID: host.ID, Actor: actor, Message: host.Name})
}

// forgetDrain takes back what a drain has written about a host.
func (t *tx) forgetDrain(hostID string) error {
	if _, err := t.exec(`UPDATE instances SET leaving_at = 0 WHERE leaving_at > 0 AND id IN (SELECT instance_id FROM leases WHERE host_id = ?)`, hostID); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE hosts SET draining_at = 0, drained_at = 0, drain_parallel = 0, drain_total = 0, drain_actor = '' WHERE id = ?`, hostID)
	return err
}

// EndDrain notes that a host is drained, if nothing lives there any more. Repeatable.
// NotFound without the host.
func (s *Store) EndDrain(ctx context.Context, hostID string) error {
	return s.write(ctx, "end drain", func(t *tx) error {
		host, err := t.lockHost(hostID)
		if err != nil || host.DrainingAt == 0 || host.DrainedAt > 0 {
			return err
		}
		left, err := t.occupants(host)
		if err != nil {
			return err
		}
		if drain := host.drain(left); !drain.Empty() {
			return nil
		}
		if _, err := t.exec(`UPDATE hosts SET drained_at = ? WHERE id = ?`, micros(t.now), hostID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "host.drained", HostID: hostID, Actor: host.DrainActor, Message: host.Name})
	})
}

// HostDrain is how far a host has been emptied. NotFound without the host.
func (s *Store) HostDrain(ctx context.Context, hostID string) (drain fleet.HostDrain, err error) {
	err = s.read(ctx, "look at drain", func(t *tx) error {
		var row hostRow
		if err := t.get(&row, `SELECT `+hostColumns+` FROM hosts WHERE id = ?`, hostID); err != nil {
			return missing(err, "host", hostID)
		}
		var left []fleet.Occupant
		if row.DrainingAt > 0 {
			var err error
			if left, err = t.occupants(row); err != nil {
				return err
			}
		}
		drain = row.drain(left)
		return nil
	})
	return drain, err
}

// DrainingHosts are the IDs of the hosts that are to be emptied, and are not empty yet.
func (s *Store) DrainingHosts(ctx context.Context) (ids []string, err error) {
	err = s.read(ctx, "list draining hosts", func(t *tx) error {
		return t.all(&ids, `SELECT id FROM hosts WHERE draining_at > 0 AND drained_at = 0 ORDER BY id`)
	})
	return ids, err
}

// MarkLeaving has a worker replaced by its endpoint's autoscaler, since its host is emptied.
// Without a drain, or a worker that lives there, it does nothing. NotFound without the host.
func (s *Store) MarkLeaving(ctx context.Context, hostID, instanceID string) error {
	return s.write(ctx, "mark worker as leaving", func(t *tx) error {
		host, err := t.lockHost(hostID)
		if err != nil || host.DrainingAt == 0 || host.DrainedAt > 0 {
			return err
		}
		_, err = t.exec(`UPDATE instances SET leaving_at = ? WHERE id = ? AND leaving_at = 0 AND endpoint_id IS NOT NULL
			AND id IN (SELECT instance_id FROM leases WHERE host_id = ? AND home)`, micros(t.now), instanceID, hostID)
		return err
	})
}

func (r hostRow) drain(left []fleet.Occupant) fleet.HostDrain {
	return fleet.HostDrain{
		HostID: r.ID, DataCenter: r.DataCenter, StartedAt: at(r.DrainingAt), EndedAt: at(r.DrainedAt),
		Parallel: r.DrainParallel, Actor: r.DrainActor, Total: r.DrainTotal, Left: left,
	}
}

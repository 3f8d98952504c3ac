package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// ExpireHosts finds the hosts that did not renew their lease for TTL and grace: they are
// lost, with what ran there. A cordon stays for when they return. In Changes are these
// hosts, the endpoints that lost workers, and the open operations that must be cancelled.
//
// When the control plane itself was away, agents could not renew: give them a TTL first.
func (s *Store) ExpireHosts(ctx context.Context) (Changes, error) {
	var changes Changes
	err := s.write(ctx, "expire hosts", func(t *tx) error {
		changes = Changes{}
		var ids []string
		if err := t.all(&ids, `SELECT id FROM hosts WHERE state = 'ready' AND expires_at < ? ORDER BY id`, micros(t.now.Add(-fleet.LeaseGrace))); err != nil {
			return err
		}
		for _, id := range ids {
			if err := t.expireHost(id, &changes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Changes{}, err
	}
	return changes, nil
}

func (t *tx) expireHost(id string, changes *Changes) error {
	host, err := t.lockHost(id)
	if err != nil || host.State != fleet.HostReady || !t.expired(host.ExpiresAt) {
		return err // it renewed just now
	}
	if _, err := t.exec(`UPDATE hosts SET state = 'lost' WHERE id = ?`, id); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE gpus SET state = 'lost', since = ? WHERE host_id = ? AND `+idle, micros(t.now), id); err != nil {
		return err
	}
	changes.Hosts = append(changes.Hosts, id)
	// One that waits has done nothing there, and a terminate takes nothing back.
	operations, err := t.records(openOnHost(id, `AND NOT waits AND name <> 'terminate'`))
	if err != nil {
		return err
	}
	changes.Operations = append(changes.Operations, operations...)
	tenants, err := t.tenants(id)
	if err != nil {
		return err
	}
	for i := range tenants {
		l := &tenants[i]
		if !l.Home || l.OperationID != "" || l.State != fleet.Running {
			continue
		}
		if err := t.turn(id, l, turn{
			to: fleet.Lost, found: fleet.Running, event: "instance.lost", cause: "lost", message: "its host went silent",
		}, changes); err != nil {
			return err
		}
	}
	if host.Spot && !host.notice().Preempts() { // nobody gave notice
		if err := t.rememberPreemption(host, silentLoss); err != nil {
			return err
		}
	}
	return t.event(fleet.Event{Name: "host.lost", HostID: id, Message: host.Name})
}

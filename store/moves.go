package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// MoveInstance makes a lease the home of its instance, and its GPUs assigned; what it was
// frozen in is forgotten. If ports of its host are others than before, an event says which.
// NotFound unless the lease is the instance's. Repeatable.
func (s *Store) MoveInstance(ctx context.Context, instanceID, leaseID string) error {
	return s.write(ctx, "move instance", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		home, err := t.home(instanceID)
		if err != nil {
			return err
		}
		if home == leaseID {
			return t.setGPUs(leaseID, fleet.GPUAssigned)
		}
		before, err := t.lastPorts(instanceID, home)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE leases SET home = ? WHERE instance_id = ? AND home`, false, instanceID); err != nil {
			return err
		}
		n, err := t.exec(`UPDATE leases SET home = ?, suspect = 0 WHERE id = ? AND instance_id = ?`, true, leaseID, instanceID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fleet.Errorf(fleet.NotFound, "instance %s has no lease %s", instanceID, quote(leaseID))
		}
		if _, err := t.exec(`UPDATE instances SET snapshot_id = '', last_host = '', last_ports = '[]', updated_at = ? WHERE id = ?`, micros(t.now), instanceID); err != nil {
			return err
		}
		if err := t.remapped(h, before, leaseID); err != nil {
			return err
		}
		if h.Serving != notServing {
			if err := t.reroute(h); err != nil {
				return err
			}
		}
		return t.setGPUs(leaseID, fleet.GPUAssigned)
	})
}

// FreezeInstance leaves an instance without a home: all there is of it is a snapshot. Where
// it lived is kept, so that it may have host and ports again. NotFound without the
// snapshot, Conflict unless that is whole. Repeatable.
func (s *Store) FreezeInstance(ctx context.Context, instanceID, snapshotID string) error {
	return s.write(ctx, "freeze instance", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		snap, err := t.snapshot(snapshotID)
		if err != nil {
			return err
		}
		if snap.InstanceID != instanceID || snap.State != fleet.SnapshotReady {
			return fleet.Errorf(fleet.Conflict, "%s cannot be frozen in snapshot %s", instanceID, snapshotID)
		}
		home, err := t.home(instanceID)
		if err != nil || home == "" {
			return err
		}
		ports, err := t.ports(home)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE instances SET snapshot_id = ?, last_host = (SELECT host_id FROM leases WHERE id = ?), last_ports = ?, updated_at = ? WHERE id = ?`,
			snapshotID, home, document(ports), micros(t.now), instanceID); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE leases SET home = ? WHERE id = ?`, false, home); err != nil {
			return err
		}
		if h.Serving != notServing {
			return t.reroute(h)
		}
		return nil
	})
}

// StripLease takes GPUs and ports from a lease, and leaves it with the data that lies there.
// The instance has its ports again, if they are free when it asks. No lease is no error.
func (s *Store) StripLease(ctx context.Context, leaseID string) error {
	return s.write(ctx, "strip lease", func(t *tx) error { return t.bare(leaseID, false) })
}

// KeepLease is StripLease for where an instance does not live any more: what lies there is
// kept until its owner lets go of it (ReleaseKept).
func (s *Store) KeepLease(ctx context.Context, leaseID string) error {
	return s.write(ctx, "keep lease", func(t *tx) error { return t.bare(leaseID, true) })
}

func (t *tx) bare(leaseID string, kept bool) error {
	lease, err := t.lease(leaseID)
	if fleet.Is(err, fleet.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := t.hold(fleet.KindInstance, lease.InstanceID)
	if err != nil {
		return err
	}
	if kept && lease.Home {
		return fleet.Errorf(fleet.Conflict, "lease %s is its instance's home", leaseID)
	}
	ports, err := t.ports(leaseID)
	if err != nil {
		return err
	}
	if len(ports) > 0 && lease.Home {
		if _, err := t.exec(`UPDATE instances SET last_host = ?, last_ports = ? WHERE id = ?`, lease.HostID, document(ports), h.ID); err != nil {
			return err
		}
	}
	if err := t.strip(leaseID); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE leases SET bare = ?, kept = ?, kept_at = CASE WHEN kept THEN kept_at ELSE ? END WHERE id = ?`, true, kept, micros(t.now), leaseID)
	return err
}

// ReleaseKept lets go of what an instance's old host has kept of it: the host's agent
// removes it. NotFound when the account's instance has no such kept lease; Conflict while
// an operation on it is open.
func (s *Store) ReleaseKept(ctx context.Context, accountID, actor, instanceID, leaseID string) error {
	return s.write(ctx, "release kept data", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		lease, err := t.lease(leaseID)
		if err == nil && (lease.InstanceID != instanceID || !lease.Kept) {
			err = fleet.Errorf(fleet.NotFound, "%s has kept nothing under %s", quote(h.Name), quote(leaseID))
		}
		if err != nil {
			return err
		}
		if h.OperationID != "" {
			return &fleet.Error{Code: fleet.Conflict, Operation: h.OperationID, Message: "an operation on it is open"}
		}
		if _, err := t.exec(`DELETE FROM leases WHERE id = ?`, leaseID); err != nil {
			return err
		}
		e := h.happened("instance.kept_data_released", actor, "", "what "+lease.HostID+" had kept of "+h.Name)
		e.HostID = lease.HostID
		return t.event(e)
	})
}

// home is the lease where an instance lives, or "".
func (t *tx) home(instanceID string) (string, error) {
	var home string
	err := t.get(&home, `SELECT id FROM leases WHERE instance_id = ? AND home`, instanceID)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return home, err
}

// ports are those of a lease, in the order of the spec.
func (t *tx) ports(leaseID string) ([]fleet.Published, error) {
	var rows []portRow
	if err := t.all(&rows, portQuery+` WHERE l.id = ? ORDER BY p.position`, leaseID); err != nil {
		return nil, err
	}
	ports := make([]fleet.Published, len(rows))
	for i, p := range rows {
		ports[i] = fleet.Published{Container: p.Container, Host: p.Port}
	}
	return ports, nil
}

// lastPorts are the ports where an instance was reached last: at home, or before it had none.
func (t *tx) lastPorts(instanceID, home string) (ports []fleet.Published, err error) {
	if home != "" {
		if ports, err = t.ports(home); err != nil || len(ports) > 0 {
			return ports, err
		}
	}
	var doc string
	if err := t.get(&doc, `SELECT last_ports FROM instances WHERE id = ?`, instanceID); err != nil {
		return nil, err
	}
	return ports, parse(doc, &ports)
}

// remapped tells of ports that are others than before.
func (t *tx) remapped(h *holding, before []fleet.Published, leaseID string) error {
	now, err := t.ports(leaseID)
	if err != nil {
		return err
	}
	var changes []string
	for _, p := range now {
		i := slices.IndexFunc(before, func(b fleet.Published) bool { return b.Container == p.Container })
		if i >= 0 && before[i].Host != p.Host {
			changes = append(changes, fmt.Sprintf("port %d: %d, was %d", p.Container, p.Host, before[i].Host))
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return t.event(h.happened("instance.ports_changed", "", h.OperationID, "on its host: "+strings.Join(changes, "; ")))
}

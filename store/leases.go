package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// leaseQuery selects leases as l, with their hosts as h; callers add WHERE.
const leaseQuery = `SELECT l.id, l.instance_id, l.host_id, l.epoch, l.home, l.bare, l.kept, l.kept_at, h.address, h.state, h.spot, h.provider, h.gpu_type, h.zone,
	h.notice_kind, h.notice_source, h.notice_id, h.notice_actor, h.noticed_at, h.notice_deadline
	FROM leases l JOIN hosts h ON h.id = l.host_id`

type leaseRow struct {
	ID         string          `db:"id"`
	InstanceID string          `db:"instance_id"`
	HostID     string          `db:"host_id"`
	Epoch      int64           `db:"epoch"`
	Home       bool            `db:"home"`
	Bare       bool            `db:"bare"`
	Kept       bool            `db:"kept"`
	KeptAt     int64           `db:"kept_at"`
	Address    string          `db:"address"`
	HostState  fleet.HostState `db:"state"`
	Spot       bool            `db:"spot"`
	Provider   string          `db:"provider"`
	GPUType    string          `db:"gpu_type"`
	Zone       string          `db:"zone"`
	noticeRow
}

func (r leaseRow) lease() fleet.Lease {
	return fleet.Lease{ID: r.ID, InstanceID: r.InstanceID, HostID: r.HostID, Epoch: r.Epoch, Expired: r.expired(), Bare: r.Bare, Kept: r.Kept}
}

// host is what a lease tells of its host.
func (r leaseRow) host() hostRow {
	return hostRow{ID: r.HostID, Spot: r.Spot, Provider: r.Provider, GPUType: r.GPUType, Zone: r.Zone, noticeRow: r.noticeRow}
}

// expired reports whether the host has lost its own lease. ExpireHosts decides that, and it
// alone: while nobody could renew, as when the server was away, no host is lost for it.
func (r leaseRow) expired() bool { return r.HostState == fleet.HostLost }

// portQuery selects the ports of leases l as p; callers add WHERE.
const portQuery = `SELECT p.lease_id, l.instance_id, p.port, p.container FROM lease_ports p JOIN leases l ON l.id = p.lease_id`

type portRow struct {
	LeaseID    string `db:"lease_id"`
	InstanceID string `db:"instance_id"`
	Port       int    `db:"port"`
	Container  int    `db:"container"`
}

// lease reads a lease. NotFound without it.
func (t *tx) lease(id string) (leaseRow, error) {
	var row leaseRow
	err := t.get(&row, leaseQuery+` WHERE l.id = ?`, id)
	return row, missing(err, "lease", id)
}

// ReturnLease gives back what a lease has: its GPUs are free once they are scrubbed, unless
// quarantined, and its ports are at once. If it was the home of its instance, that has none. No lease is no error.
func (s *Store) ReturnLease(ctx context.Context, leaseID string) error {
	return s.write(ctx, "return lease", func(t *tx) error {
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
		if err := t.strip(leaseID); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM leases WHERE id = ?`, leaseID); err != nil {
			return err
		}
		if lease.Home && h.Serving != notServing {
			return t.reroute(h)
		}
		return nil
	})
}

// strip takes a lease's GPUs and ports.
func (t *tx) strip(leaseID string) error {
	if _, err := t.exec(`UPDATE gpus SET state = `+whenReturned+`, since = ?
		WHERE state <> 'quarantined' AND id IN (SELECT gpu_id FROM lease_gpus WHERE lease_id = ?)`, micros(t.now), leaseID); err != nil {
		return err
	}
	for _, table := range []string{"lease_gpus", "lease_ports"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE lease_id = ?`, leaseID); err != nil {
			return err
		}
	}
	return nil
}

// LeaseExpired reports whether nothing can run under a lease any more: it is gone, or its
// host is lost, and has stopped what it ran.
func (s *Store) LeaseExpired(ctx context.Context, leaseID string) (bool, error) {
	expired := false
	err := s.read(ctx, "look at lease", func(t *tx) error {
		lease, err := t.lease(leaseID)
		expired = fleet.Is(err, fleet.NotFound) || err == nil && lease.expired()
		if fleet.Is(err, fleet.NotFound) {
			return nil
		}
		return err
	})
	return expired, err
}

// ContainerSpec is what a host needs to make the container of a lease. NotFound unless the
// lease is on that host.
func (s *Store) ContainerSpec(ctx context.Context, hostID, leaseID string) (fleet.ContainerSpec, error) {
	var c fleet.ContainerSpec
	err := s.read(ctx, "read container spec", func(t *tx) error {
		lease, err := t.lease(leaseID)
		if err == nil && lease.HostID != hostID {
			return fleet.Errorf(fleet.NotFound, "there is no lease %s on this host", quote(leaseID))
		}
		if err != nil {
			return err
		}
		var row instanceRow
		if err := t.get(&row, `SELECT `+instanceColumns+` FROM instances WHERE id = ?`, lease.InstanceID); err != nil {
			return missing(err, "instance", lease.InstanceID)
		}
		inst, err := row.instance(t)
		if err != nil {
			return err
		}
		var gpus []gpuRow
		if err := t.all(&gpus, leasedGPUQuery+` WHERE l.id = ? ORDER BY g.idx, g.id`, leaseID); err != nil {
			return err
		}
		var ports []portRow
		if err := t.all(&ports, portQuery+` WHERE l.id = ? ORDER BY p.position`, leaseID); err != nil {
			return err
		}
		c = fleet.ContainerSpec{Lease: lease.lease(), AccountID: inst.AccountID, EndpointID: inst.EndpointID, Name: inst.Name, Spec: inst.Spec}
		for _, g := range gpus {
			c.GPUs = append(c.GPUs, fleet.GPUReport{Index: g.Index, UUID: g.UUID, Serial: g.Serial, Type: g.Type, MemoryMB: g.MemoryMB})
			c.Simulated = c.Simulated || g.Simulated
		}
		for _, p := range ports {
			c.Ports = append(c.Ports, fleet.Published{Container: p.Container, Host: p.Port})
		}
		c.Templates, err = t.installations(inst.AccountID, inst.Spec)
		return err
	})
	return c, err
}

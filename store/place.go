package store

import (
	"context"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Place leases GPUs and ports of a host in the instance's data center to the instance, as
// fleet.Place chooses, and raises its epoch. The lease bears the operation's ID; asked
// again, Place answers the same. Hosts where the instance has a lease already are avoided.
//
// Exhausted, with a reason for people, when nothing fits; NotFound without the instance.
func (s *Store) Place(ctx context.Context, operationID, instanceID string) (fleet.Lease, error) {
	var lease fleet.Lease
	err := s.write(ctx, "place instance", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		row, err := t.lease(operationID)
		if err == nil && row.InstanceID != instanceID {
			return fleet.Errorf(fleet.Conflict, "lease %s is another instance's", quote(operationID))
		}
		if err == nil {
			lease = row.lease(t)
			return nil
		}
		if !fleet.Is(err, fleet.NotFound) {
			return err
		}
		lease, err = t.place(h, operationID)
		return err
	})
	if err != nil {
		return fleet.Lease{}, err
	}
	return lease, nil
}

func (t *tx) place(h *holding, operationID string) (fleet.Lease, error) {
	inst, err := t.instance(h.ID)
	if err != nil {
		return fleet.Lease{}, err
	}
	want := fleet.Want{GPUs: inst.Spec.GPUs, GPUType: inst.Spec.GPUType, Ports: len(inst.Spec.Ports), EndpointID: inst.EndpointID}
	for _, l := range inst.Leases {
		want.Avoid = append(want.Avoid, l.HostID)
	}
	hosts, err := t.hostViews(h.DataCenter, inst.EndpointID)
	if err != nil {
		return fleet.Lease{}, err
	}
	choice, err := fleet.Place(want, hosts)
	if err != nil {
		return fleet.Lease{}, fmt.Errorf("in %s: %w", h.DataCenter, err)
	}
	lease := fleet.Lease{ID: operationID, InstanceID: h.ID, HostID: choice.HostID, Epoch: inst.Epoch + 1}
	return lease, t.insertLease(lease, choice, inst.Spec.Ports)
}

// insertLease takes what was chosen. The choice was made from a view that rivals may have
// overtaken: the keys of the tables, and the states below, decide who gets it.
func (t *tx) insertLease(lease fleet.Lease, choice fleet.Choice, containerPorts []int) error {
	if err := t.must(`UPDATE instances SET epoch = ?, updated_at = ? WHERE id = ? AND epoch = ?`,
		lease.Epoch, micros(t.now), lease.InstanceID, lease.Epoch-1); err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO leases (id, instance_id, host_id, epoch, created_at) VALUES (?, ?, ?, ?, ?)`,
		lease.ID, lease.InstanceID, lease.HostID, lease.Epoch, micros(t.now)); err != nil {
		return err
	}
	for _, gpu := range choice.GPUs {
		if err := t.must(`UPDATE gpus SET state = 'reserved' WHERE id = ? AND state = 'free'`, gpu.ID); err != nil {
			return err
		}
		if err := t.must(`INSERT INTO lease_gpus (gpu_id, lease_id) VALUES (?, ?) ON CONFLICT (gpu_id) DO NOTHING`, gpu.ID, lease.ID); err != nil {
			return err
		}
	}
	for i, port := range choice.Ports {
		if err := t.must(`INSERT INTO lease_ports (host_id, port, lease_id, position, container) VALUES (?, ?, ?, ?, ?) ON CONFLICT (host_id, port) DO NOTHING`,
			lease.HostID, port, lease.ID, i, containerPorts[i]); err != nil {
			return err
		}
	}
	if n := len(choice.Ports); n > 0 {
		_, err := t.exec(`UPDATE hosts SET next_port = ? WHERE id = ?`, choice.Ports[n-1]+1, lease.HostID)
		return err
	}
	return nil
}

// hostViews are the hosts of a data center as fleet.Place sees them. It locks the data
// center: one placement at a time there, or rivals would all choose the same best fit, and
// all but one would have to choose again.
func (t *tx) hostViews(dataCenter, endpointID string) ([]fleet.HostView, error) {
	var locked string
	if err := t.get(&locked, `SELECT name FROM data_centers WHERE name = ?`+t.engine.lock, dataCenter); err != nil {
		return nil, missing(err, "data center", dataCenter)
	}
	var rows []hostRow
	if err := t.all(&rows, `SELECT `+hostColumns+` FROM hosts WHERE data_center = ? ORDER BY id`, dataCenter); err != nil {
		return nil, err
	}
	views := make([]fleet.HostView, len(rows))
	byID := map[string]*fleet.HostView{}
	for i, r := range rows {
		views[i] = fleet.HostView{Host: r.host(), UsedPorts: map[int]bool{}, NextPort: r.NextPort}
		if views[i].Host.State == fleet.HostReady && !t.now.Before(views[i].Host.ExpiresAt) {
			views[i].Host.State = fleet.HostLost // the monitor has not said so yet
		}
		byID[r.ID] = &views[i]
	}
	var gpus []gpuRow
	if err := t.all(&gpus, `SELECT g.id, g.host_id, g.idx, g.uuid, g.serial, g.type, g.memory_mb, g.state, g.reason, g.simulated, '' AS lease_id, '' AS instance_id
		FROM gpus g JOIN hosts h ON h.id = g.host_id WHERE h.data_center = ? AND g.state = 'free' ORDER BY g.host_id, g.idx, g.id`, dataCenter); err != nil {
		return nil, err
	}
	for _, g := range gpus {
		view := byID[g.HostID]
		view.FreeGPUs = append(view.FreeGPUs, g.gpu())
	}
	var ports []struct {
		HostID string `db:"host_id"`
		Port   int    `db:"port"`
	}
	if err := t.all(&ports, `SELECT p.host_id, p.port FROM lease_ports p JOIN hosts h ON h.id = p.host_id WHERE h.data_center = ?`, dataCenter); err != nil {
		return nil, err
	}
	for _, p := range ports {
		byID[p.HostID].UsedPorts[p.Port] = true
	}
	var loads []struct {
		HostID string `db:"host_id"`
		All    int    `db:"leases"`
		Same   int    `db:"same"`
	}
	if err := t.all(&loads, `SELECT l.host_id, COUNT(*) AS leases, COUNT(*) FILTER (WHERE i.endpoint_id = ?) AS same
		FROM leases l JOIN instances i ON i.id = l.instance_id JOIN hosts h ON h.id = l.host_id WHERE h.data_center = ? GROUP BY l.host_id`, endpointID, dataCenter); err != nil {
		return nil, err
	}
	for _, l := range loads {
		byID[l.HostID].Instances, byID[l.HostID].SameEndpoint = l.All, l.Same
	}
	return views, nil
}

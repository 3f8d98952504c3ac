package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Place leases GPUs and ports of a host in the instance's data center to the instance, as
// fleet.Place chooses, and raises its epoch. The lease bears the operation's ID; asked
// again, Place answers the same. Hosts where the instance has a lease already are avoided,
// unless only its data lies there; the one where it lived last is preferred, with its ports.
//
// Exhausted, with a reason for people, when nothing fits; NotFound without the instance.
func (s *Store) Place(ctx context.Context, operationID, instanceID string) (fleet.Lease, error) {
	return s.PlaceAs(ctx, Placing{LeaseID: operationID, InstanceID: instanceID})
}

// PlaceAs is Place, with wishes.
func (s *Store) PlaceAs(ctx context.Context, p Placing) (fleet.Lease, error) {
	var lease fleet.Lease
	err := s.write(ctx, "place instance", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, p.InstanceID)
		if err != nil {
			return err
		}
		row, err := t.lease(p.LeaseID)
		if err == nil && row.InstanceID != p.InstanceID {
			return fleet.Errorf(fleet.Conflict, "lease %s is another instance's", quote(p.LeaseID))
		}
		if err == nil {
			lease = row.lease()
			return nil
		}
		if !fleet.Is(err, fleet.NotFound) {
			return err
		}
		lease, err = t.place(h, p)
		return err
	})
	if err != nil {
		return fleet.Lease{}, err
	}
	return lease, nil
}

// A Placing is what to find a place for.
type Placing struct {
	LeaseID    string // the operation's ID, or one made from it
	InstanceID string
	HostID     string   // the only host that will do; empty: any that fits
	Avoid      []string // hosts that will not do
	Archives   bool     // only hosts that can restore what the archive has will do
}

// unfit adds the hosts to those to avoid that cannot do what is asked.
func (p Placing) unfit(want *fleet.Want, hosts []fleet.HostView) {
	for _, h := range hosts {
		if p.Archives && !h.Host.Archives {
			want.Avoid = append(want.Avoid, h.Host.ID)
		}
	}
}

func (t *tx) place(h *holding, p Placing) (fleet.Lease, error) {
	inst, err := t.instance(h.ID)
	if err != nil {
		return fleet.Lease{}, err
	}
	want, err := t.want(inst, p)
	if err != nil {
		return fleet.Lease{}, err
	}
	hosts, err := t.hostViews(h.DataCenter, want)
	if err != nil {
		return fleet.Lease{}, err
	}
	p.unfit(&want, hosts)
	choice, err := t.choose(want, hosts)
	if err != nil {
		return fleet.Lease{}, fmt.Errorf("in %s: %w", h.DataCenter, err)
	}
	lease := fleet.Lease{ID: p.LeaseID, InstanceID: h.ID, HostID: choice.HostID, Epoch: inst.Epoch + 1}
	return lease, t.insertLease(lease, choice, inst.Spec.Ports)
}

// want is what an instance needs of its next place.
func (t *tx) want(inst fleet.Instance, p Placing) (fleet.Want, error) {
	want := fleet.Want{GPUs: inst.Spec.GPUs, GPUType: inst.Spec.GPUType, Ports: len(inst.Spec.Ports), EndpointID: inst.EndpointID, Only: p.HostID, Avoid: p.Avoid, Market: inst.Spec.Market}
	var pools string
	if err := t.get(&pools, `SELECT pools FROM instances WHERE id = ?`, inst.ID); err != nil {
		return want, err
	}
	if err := parse(pools, &want.Pools); err != nil {
		return want, err
	}
	for _, l := range inst.Leases {
		if !l.Bare {
			want.Avoid = append(want.Avoid, l.HostID)
		}
	}
	if err := t.get(&want.Prefer, `SELECT last_host FROM instances WHERE id = ?`, inst.ID); err != nil {
		return want, err
	}
	last, err := t.lastPorts(inst.ID, "")
	if err != nil {
		return want, err
	}
	for _, port := range inst.Spec.Ports {
		i := slices.IndexFunc(last, func(p fleet.Published) bool { return p.Container == port })
		again := 0 // any
		if i >= 0 {
			again = last[i].Host
		}
		want.PreferPorts = append(want.PreferPorts, again)
	}
	return want, nil
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
		if err := t.must(`UPDATE gpus SET state = 'reserved', since = ?, dirty = TRUE WHERE id = ? AND state = 'free'`, micros(t.now), gpu.ID); err != nil {
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

// choose is fleet.Place, which is shown the used ports only of the hosts it chooses: a host
// whose ports all seem free is chosen no later than it should be, so the first choice whose
// ports are known is the best.
func (t *tx) choose(want fleet.Want, hosts []fleet.HostView) (fleet.Choice, error) {
	byID := map[string]*fleet.HostView{}
	for i := range hosts {
		byID[hosts[i].Host.ID] = &hosts[i]
	}
	for {
		choice, err := fleet.Place(want, hosts)
		if err != nil || want.Ports == 0 || byID[choice.HostID].UsedPorts != nil {
			return choice, err
		}
		var used []int
		if err := t.all(&used, `SELECT port FROM lease_ports WHERE host_id = ?`, choice.HostID); err != nil {
			return choice, err
		}
		ports := map[int]bool{}
		for _, port := range used {
			ports[port] = true
		}
		byID[choice.HostID].UsedPorts = ports
	}
}

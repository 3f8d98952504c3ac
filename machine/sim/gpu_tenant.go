package sim

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// On is the machine whose containers have these GPUs. One that runs holds its GPUs, and
// leaves something in their memory.
func (g *GPUs) On(m machine.Machine) machine.Machine {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.machine = m
	return &withGPUs{Machine: m, gpus: g}
}

// withGPUs is a machine that tells simulated GPUs who has them.
type withGPUs struct {
	machine.Machine
	gpus *GPUs
}

// Create implements machine.Machine.
func (m *withGPUs) Create(ctx context.Context, c fleet.ContainerSpec) error {
	if err := m.Machine.Create(ctx, c); err != nil || len(c.GPUs) == 0 {
		return err
	}
	var uuids []string
	for _, r := range c.GPUs {
		uuids = append(uuids, r.UUID)
	}
	return m.gpus.assign(c.Lease.ID, uuids)
}

// Start implements machine.Machine.
func (m *withGPUs) Start(ctx context.Context, leaseID string) error {
	if err := m.Machine.Start(ctx, leaseID); err != nil {
		return err
	}
	return m.gpus.use(leaseID)
}

// Remove implements machine.Machine.
func (m *withGPUs) Remove(ctx context.Context, leaseID string) error {
	if err := m.Machine.Remove(ctx, leaseID); err != nil {
		return err
	}
	return m.gpus.assign(leaseID, nil)
}

// assign notes which GPUs the container of a lease has.
func (g *GPUs) assign(leaseID string, uuids []string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(uuids) == 0 && g.leases[leaseID] == nil {
		return nil
	}
	if delete(g.leases, leaseID); len(uuids) > 0 {
		g.leases[leaseID] = uuids
	}
	return g.save()
}

// use leaves something in the memory of a container's GPUs, and has what waits for that strike.
func (g *GPUs) use(leaseID string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed := false
	for _, uuid := range g.leases[leaseID] {
		c, err := g.find(uuid)
		if err != nil {
			continue // its container has not noticed
		}
		changed = changed || !c.Dirty || len(c.Faults) > 0
		c.Dirty = true
		for _, f := range slices.Clone(c.Faults) {
			g.access(c, f, tera)
		}
	}
	if !changed {
		return nil
	}
	return g.save()
}

// tenants are the containers of ours that run on a GPU.
func (g *GPUs) tenants(ctx context.Context, uuid string) []gpu.Holder {
	g.mu.Lock()
	m := g.machine
	var leases []string
	for lease, uuids := range g.leases {
		if slices.Contains(uuids, uuid) {
			leases = append(leases, lease)
		}
	}
	g.mu.Unlock()
	if m == nil {
		return nil
	}
	slices.Sort(leases)
	var holders []gpu.Holder
	for _, lease := range leases {
		c, err := m.Inspect(ctx, lease)
		if err == nil && c.Running {
			holders = append(holders, gpu.Holder{PID: 1, Command: "container", Container: lease, LeaseID: lease})
		}
	}
	return holders
}

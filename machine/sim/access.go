package sim

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// LoseAccess takes a running container's GPUs out of its reach, as a rewritten device cgroup
// does, until it starts again or is made again. It does nothing to one that does not run.
func (h *Host) LoseAccess(leaseID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.containers[leaseID]; c != nil && c.run != nil {
		c.run.blind.Store(true)
	}
}

// GPUsVisible implements machine.Machine.
func (m *Machine) GPUsVisible(ctx context.Context, leaseID string) error {
	return m.call(ctx, "GPUsVisible", leaseID, "", func() error {
		c, r, err := m.mustRun(leaseID)
		if err != nil {
			return err
		}
		if r.gate.isShut() {
			return fleet.Errorf(fleet.Conflict, "the container of lease %s is paused", leaseID)
		}
		if len(c.spec.GPUs) > 0 && r.blind.Load() {
			return fleet.Errorf(fleet.Unhealthy, "the container of lease %s cannot open its GPUs any more (simulated)", leaseID)
		}
		return nil
	})
}

// RefreshGPUs implements machine.Machine: there is nothing to find out.
func (m *Machine) RefreshGPUs(ctx context.Context) error {
	return m.call(ctx, "RefreshGPUs", "", "", func() error { return nil })
}

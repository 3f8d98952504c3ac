package sim

import "context"

// Pause implements machine.Machine. What the container does without a word to its callers,
// a few steps of a request at most, goes on.
func (m *Machine) Pause(ctx context.Context, leaseID string) error {
	return m.call(ctx, "Pause", leaseID, "", func() error {
		_, r, err := m.mustRun(leaseID)
		if err == nil {
			r.gate.close()
		}
		return err
	})
}

// Unpause implements machine.Machine.
func (m *Machine) Unpause(ctx context.Context, leaseID string) error {
	return m.call(ctx, "Unpause", leaseID, "", func() error {
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		c, err := m.find(leaseID)
		if err == nil && c.run != nil {
			c.run.gate.open()
		}
		return err
	})
}

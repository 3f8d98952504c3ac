package sim

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// GPUsVisible implements machine.Machine: a container that has a GPU with the fault access-lost
// cannot open it, unless it was started after that.
func (m *withGPUs) GPUsVisible(ctx context.Context, leaseID string) error {
	if err := m.Machine.GPUsVisible(ctx, leaseID); err != nil {
		return err
	}
	c, err := m.Inspect(ctx, leaseID)
	if err != nil {
		return err
	}
	blind, err := m.gpus.blind(c.GPUs, c.StartedAt)
	if err == nil && blind != "" {
		err = fleet.Errorf(fleet.Unhealthy, "the container of lease %s cannot open GPU %s any more (simulated)", leaseID, blind)
	}
	return err
}

// blind is one of the GPUs that a container which was started then cannot open any more; "":
// it can open all. What befell an earlier one is over.
func (g *GPUs) blind(uuids []string, started time.Time) (uuid string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	over := false
	for _, id := range uuids {
		c, err := g.find(id)
		if err != nil {
			continue // it has no such GPU at all
		}
		switch f := c.fault("access-lost"); {
		case f == nil:
		case f.Since.After(started):
			uuid = id
		default:
			c.Faults = slices.DeleteFunc(c.Faults, func(other *GPUFault) bool { return other == f })
			over = true
		}
	}
	if over {
		err = g.save()
	}
	return uuid, err
}

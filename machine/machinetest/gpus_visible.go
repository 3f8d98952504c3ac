package machinetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// withGPUs gives a container simulated GPUs.
func withGPUs(c *fleet.ContainerSpec) {
	c.Simulated = true
	c.GPUs = []fleet.GPUReport{{UUID: "GPU-1", Type: "a100-80gb"}, {UUID: "GPU-2", Type: "a100-80gb"}}
}

func gpusVisible(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, withGPUs)
	requireCode(t, fleet.NotFound, h.GPUsVisible(t.Context(), "op_none"))
	requireCode(t, fleet.Conflict, h.GPUsVisible(t.Context(), c.Lease.ID))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.NoError(t, h.GPUsVisible(t.Context(), c.Lease.ID))
	d := h.mustInspect(t, c)
	require.Equal(t, []string{"GPU-1", "GPU-2"}, d.GPUs)
	require.True(t, d.Simulated, "and is labelled so")

	require.NoError(t, h.Pause(t.Context(), c.Lease.ID))
	requireCode(t, fleet.Conflict, h.GPUsVisible(t.Context(), c.Lease.ID))
	require.NoError(t, h.Unpause(t.Context(), c.Lease.ID))
	require.NoError(t, h.RefreshGPUs(t.Context()), "those who have GPUs keep them")
	require.NoError(t, h.GPUsVisible(t.Context(), c.Lease.ID))

	without := h.mustStart(t, nil)
	require.NoError(t, h.GPUsVisible(t.Context(), without.Lease.ID), "it has all that it was given")
	d = h.mustInspect(t, without)
	require.Empty(t, d.GPUs)
	require.False(t, d.Simulated)
}

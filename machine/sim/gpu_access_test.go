package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestAContainerLosesItsGPUUntilItStartsAgain(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb", "a100-80gb")
	m := g.On(mustHost(t, sim.Options{}).Open("hst_1"))
	for i, lease := range []string{"op_1", "op_2"} {
		mustCreateWith(t, m, lease, func(c *fleet.ContainerSpec) {
			c.Simulated, c.GPUs = true, []fleet.GPUReport{{UUID: uuidOf(i), Type: "a100-80gb"}}
		})
		require.NoError(t, m.Start(t.Context(), lease))
		require.NoError(t, m.GPUsVisible(t.Context(), lease))
	}
	mustInject(t, g, uuidOf(0), "access-lost", nil)
	err := m.GPUsVisible(t.Context(), "op_1")
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, uuidOf(0))
	require.NoError(t, m.GPUsVisible(t.Context(), "op_2"))

	require.NoError(t, m.Stop(t.Context(), "op_1", time.Second))
	require.NoError(t, m.Start(t.Context(), "op_1"))
	require.NoError(t, m.GPUsVisible(t.Context(), "op_1"))
	require.Empty(t, g.Faults(), "it is over")
}

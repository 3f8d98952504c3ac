package agent

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestSimulatedGPUsAreKnownProducts(t *testing.T) {
	t.Parallel()
	for _, typ := range simulated() {
		p, known := gpu.ProductOfType(typ)
		require.True(t, known, typ)
		require.Equal(t, memoryOf[typ], p.MemoryMB, typ)
		require.Equal(t, typ, gpu.ProductOf(p.Name, p.MemoryMB).Type)
	}
}

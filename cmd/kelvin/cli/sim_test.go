package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestFaultsAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.mustRun("sim", "fault", "ls")
	for _, k := range sim.GPUFaults {
		require.Contains(t, all, k.Name)
		require.Contains(t, all, k.Does)
	}
	require.Len(t, decoded[[]faultKind](t, w.mustRun("sim", "fault", "ls", "-o", "json")), len(sim.GPUFaults))
	one := w.mustRun("sim", "fault", "ls", "data-mismatch")
	require.Contains(t, one, "--param bit")
	require.Contains(t, one, "Default: 17; allowed: 0 to 127")
	got := w.run("sim", "fault", "ls", "gremlins")
	require.Equal(t, exitUsage, got.exit)
	require.Contains(t, got.err, "allowed: access-lost, ")
}

func TestFaultsAreInjectedShownAndHealed(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	lost := api.List[fleet.GPUFault]{Items: []fleet.GPUFault{
		{GPU: "GPU-7", Index: -1, Name: "lost", Does: "The GPU is off the bus.", Params: map[string]string{"missing": "true"}, Since: testNow.Add(-60e9)},
		{GPU: "GPU-1", Index: 1, Name: "uncorrected-contained", Does: "It is bad.", Params: map[string]string{}, Since: testNow, Left: 2},
	}}
	w.answers("POST /v1/hosts/{id}/faults", 200, lost)
	out := w.mustRun("sim", "fault", "add", "a", "7", "lost", "--param", "missing=true")
	require.Contains(t, out, "GPU-7   lost")
	require.Contains(t, out, "2 more")
	require.Equal(t, fleet.GPUFaultOrder{GPU: "7", Name: "lost", Params: map[string]string{"missing": "true"}},
		sent[fleet.GPUFaultOrder](t, w, "POST", "/v1/hosts/"+id("hst_", 1)+"/faults"))
	w.answers("GET /v1/hosts/{id}/faults", 200, lost)
	require.Equal(t, "lost\nuncorrected-contained\n", w.mustRun("sim", "fault", "show", "a", "-o", "name"))
	w.answers("DELETE /v1/hosts/{id}/faults", 200, api.List[fleet.GPUFault]{Items: []fleet.GPUFault{}})
	require.Empty(t, w.mustRun("sim", "heal", "a", "7"))

	for _, args := range [][]string{
		{"fault", "add", "a", "7"},
		{"fault", "add", "a", "7", "lost", "--param", "missing"},
		{"fault", "add", "a", "7", "lost", "--param", "=x"},
		{"fault", "show"},
		{"heal"},
		{"break"},
	} {
		require.Equal(t, exitUsage, w.run(append([]string{"sim"}, args...)...).exit, "%v", args)
	}
}

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// Whatever is wrong with a GPU, testing it says so, and what is done about it is done: what a
// reset cures is reset and tested again, and all else is out of everybody's reach until
// somebody releases it.
func TestEveryFaultOfAGPUIsFoundAndActedOn(t *testing.T) {
	s := newStack(t)
	policy := filepath.Join(t.TempDir(), "policy.json")
	require.NoError(t, os.WriteFile(policy, []byte(`{"retries": 0}`), 0o600))
	s.parts["worker"].args = append(s.parts["worker"].args, "--gpu-policy", policy)
	s.kill("worker")
	s.start("worker")
	var gpus api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus", &gpus))
	want := map[string]gpu.Outcome{
		"bank-exhausted": gpu.Quarantine, "bank-low": gpu.Degraded, "corrected-burst": gpu.Degraded, "counter-unreadable": gpu.Inconclusive,
		"data-mismatch": gpu.Quarantine, "data-mismatch-transient": gpu.Quarantine, "ecc-off": gpu.Inconclusive, "ecc-pending": gpu.Inconclusive,
		"inforom-corrupt": gpu.Inconclusive, "lost": gpu.Lost, "lost-in-test": gpu.Lost, "low-coverage": gpu.Inconclusive, "mig-on": gpu.Inconclusive,
		"recovery-action": gpu.Reset, "remap-failed": gpu.Quarantine, "remap-pending": gpu.Reset, "repair-pending": gpu.Reset, "reset-required": gpu.Reset,
		"slow-memory": gpu.Inconclusive, "sram-threshold": gpu.Quarantine, "stray-holder": gpu.Inconclusive, "throttled": gpu.Inconclusive,
		"uncorrected-contained": gpu.Reset, "uncorrected-uncontained": gpu.Reset,
	}
	want["nvml-hang"], want["reordered-uuids"], want["reset-fails"], want["scrub-fails"] = gpu.Hung, gpu.Reset, gpu.Reboot, gpu.Quarantine
	elsewhere := []string{"access-lost", "xid", "test-hangs"} // in use, or after minutes: they have tests of their own
	for i, kind := range sim.GPUFaults {
		if slices.Contains(elsewhere, kind.Name) {
			continue
		}
		outcome, known := want[kind.Name]
		require.True(t, known, "what is %s to come to?", kind.Name)
		g := gpus.Items[i%len(gpus.Items)]
		s.plant(g, kind.Name)
		if kind.Name == "reordered-uuids" || kind.Name == "reset-fails" { // they show when it is reset
			s.plant(g, "reset-required")
		}
		do := []string{"gpu", "test", g.ID, "--level", "standard", "--wait"}
		if kind.Name == "scrub-fails" {
			do = []string{"gpu", "scrub", g.ID, "--wait"}
		}
		out, err := s.kelvin(do...)
		passes := outcome == gpu.Degraded || outcome == gpu.Reset
		require.Equal(t, passes, err == nil, "%s: %s", kind.Name, out)
		var found api.List[api.Diagnosis]
		require.NoError(t, s.get("/v1/gpus/"+g.ID+"/diagnoses", &found))
		last := found.Items[0]
		if outcome == gpu.Reset { // found, by the test or by the watch before it; reset; tested again
			require.True(t, gpu.Verdict{Outcome: gpu.Outcome(last.Outcome)}.Passed(), "%s: %s", kind.Name, last.Message)
			require.True(t, slices.ContainsFunc(found.Items, func(d api.Diagnosis) bool {
				return d.Outcome == string(gpu.Reset) || d.Kind == fleet.DiagnosisReset
			}), "%s: %+v", kind.Name, found.Items)
		} else {
			require.Equal(t, string(outcome), last.Outcome, "%s: %s", kind.Name, last.Message)
		}
		require.True(t, last.Simulated)
		require.NotEmpty(t, last.Rule)
		var now api.GPUDetail
		require.NoError(t, s.get("/v1/gpus/"+g.ID, &now))
		if passes {
			require.Equal(t, fleet.GPUFree, now.State, kind.Name)
			require.Less(t, now.Score, 100, kind.Name)
		} else {
			require.Equal(t, fleet.GPUQuarantined, now.State, kind.Name)
		}
		s.must("sim", "heal", g.HostID)
		if !passes {
			s.must("gpu", "release", g.ID, "--reason", "healed")
		}
		s.becomes(g.ID, fleet.GPUFree)
	}
}

// A thaw that is given three bad GPUs ends on three that are well.
func TestAThawGetsPastBadGPUs(t *testing.T) {
	s := newStack(t)
	s.must("instance", "create", "pet", "--image", "kelvin/echo:latest", "--gpus", "3", "--port", "8080", "--probe-path", "/healthz", "--disk-path", "/workspace", "--wait")
	var gpus api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus", &gpus))
	var bad []api.GPU
	for _, g := range gpus.Items {
		if g.InstanceID != "" {
			bad = append(bad, g) // it is thawed where it was, on the first that are free
		}
	}
	require.Len(t, bad, 3)
	s.must("instance", "freeze", "pet", "--wait")
	s.plant(bad[0], "remap-pending")
	s.plant(bad[1], "uncorrected-contained")
	s.plant(bad[2], "data-mismatch", "address=0x1000", "bit=5")
	s.must("instance", "thaw", "pet", "--wait")
	pet := s.server("pet")
	require.Equal(t, fleet.Running, pet.State)
	for _, g := range pet.GPUs {
		require.False(t, slices.ContainsFunc(bad, func(b api.GPU) bool { return b.ID == g.ID }))
	}
	for i, state := range []fleet.GPUState{fleet.GPUFree, fleet.GPUFree, fleet.GPUQuarantined} {
		now := s.becomes(bad[i].ID, state) // two have been reset and tested again meanwhile
		require.Less(t, now.Score, 100)
		var found api.List[api.Diagnosis]
		require.NoError(t, s.get("/v1/gpus/"+bad[i].ID+"/diagnoses", &found))
		outcome := []gpu.Outcome{gpu.Reset, gpu.Reset, gpu.Quarantine}[i]
		d := at(t, found.Items, func(d api.Diagnosis) bool { return d.Kind == fleet.DiagnosisTest && d.Outcome == string(outcome) })
		require.Equal(t, pet.ID, d.InstanceID)
		if i == 2 {
			var whole api.DiagnosisReport
			require.NoError(t, s.get("/v1/gpu-diagnoses/"+d.ID, &whole))
			require.Equal(t, uint64(0x1000), whole.Examination.Result.Records[0].Offset)
			require.Equal(t, []int{5}, whole.Examination.Result.Records[0].Bits)
			require.NotNil(t, whole.Signature)
		}
	}
	s.must("instance", "rm", "pet", "--yes", "--wait")
	s.must("sim", "heal", bad[2].HostID)
	s.must("gpu", "release", bad[2].ID, "--reason", "healed")
	s.becomes(bad[2].ID, fleet.GPUFree)
	s.requireClean()
}

// at is the first of some that is as wanted.
func at[T any](t *testing.T, all []T, is func(T) bool) *T {
	t.Helper()
	i := slices.IndexFunc(all, is)
	require.GreaterOrEqual(t, i, 0, "none of %d is so", len(all))
	return &all[i]
}

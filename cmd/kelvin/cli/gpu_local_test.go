package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// gpuWorld is a machine with simulated GPUs.
func gpuWorld(t *testing.T, count int) (*world, *sim.GPUs, []gpu.Device) {
	t.Helper()
	var declared []fleet.GPUReport
	for i := range count {
		declared = append(declared, fleet.GPUReport{Index: i, UUID: []string{"GPU-aaaaaaaa-1", "GPU-aaaaaabb-2", "GPU-cccccccc-3"}[i], Type: "a100-80gb", MemoryMB: 81920})
	}
	gpus, err := sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared), Seconds: 0.2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = gpus.Close() })
	w := newWorld(t)
	w.gpus = gpus
	devices, err := gpus.Devices(t.Context())
	require.NoError(t, err)
	return w, gpus, devices
}

func TestLocalTestJudgesGPUs(t *testing.T) {
	t.Parallel()
	w, gpus, devices := gpuWorld(t, 3)
	require.NoError(t, gpus.Inject(t.Context(), devices[1].UUID, "data-mismatch", nil))
	r := w.run("gpu", "test", "--local", "--all", "--level", "quick")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.err, "1 of 3 GPUs did not pass")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	require.Len(t, lines, 4)
	require.Contains(t, lines[0], "VERDICT")
	require.Contains(t, lines[1], "pass")
	require.Contains(t, lines[1], "simulated: ")
	require.Contains(t, lines[2], "quarantine")
	require.Contains(t, lines[3], "pass")

	r = w.run("gpu", "test", "--local", "0", "GPU-cccccccc", "0", "--level", "counters", "-o", "json")
	require.Zero(t, r.exit, r.err)
	var all []judgement
	require.NoError(t, json.Unmarshal([]byte(r.out), &all))
	require.Len(t, all, 2)
	require.Equal(t, gpu.LevelCounters, all[0].Examination.Level)
	require.Equal(t, gpu.ForHand, all[0].Examination.Purpose)
	require.Equal(t, gpu.Pass, all[1].Verdict.Outcome)
	require.Equal(t, devices[2].UUID, all[1].Device.UUID)

	r = w.run("gpu", "test", "--local", "1", "--level", "quick", "--seed", "77", "-o", "json")
	require.Equal(t, exitFailed, r.exit)
	require.NoError(t, json.Unmarshal([]byte(r.out), &all))
	require.EqualValues(t, 77, all[0].Examination.Result.Seed)
	require.NotZero(t, all[0].Examination.Result.Mismatches)
}

func TestLocalScrubProvesIt(t *testing.T) {
	t.Parallel()
	w, gpus, devices := gpuWorld(t, 2)
	require.Contains(t, w.mustRun("gpu", "scrub", "--local", "--all"), "scrubbed")
	require.Equal(t, devices[0].UUID+"\n", w.mustRun("gpu", "scrub", "--local", "0", "-o", "name"))

	require.NoError(t, gpus.Inject(t.Context(), devices[0].UUID, "scrub-fails", nil))
	r := w.run("gpu", "scrub", "--local", "0")
	require.Equal(t, exitFailed, r.exit, r.out)
	require.Contains(t, r.out, "scrub-mismatch")

	require.NoError(t, gpus.Inject(t.Context(), devices[1].UUID, "stray-holder", nil))
	r = w.run("gpu", "scrub", "--local", "1")
	require.Equal(t, exitConflict, r.exit)
	require.Contains(t, r.err, "process 4242 (python3) has GPU-aaaaaabb-2 open: nothing was scrubbed")
	require.Empty(t, r.out)
}

func TestLocalShowSaysWhatIsUnknown(t *testing.T) {
	t.Parallel()
	w, gpus, devices := gpuWorld(t, 2)
	require.NoError(t, gpus.Inject(t.Context(), devices[0].UUID, "counter-unreadable", map[string]string{"counter": "aggregate.corrected"}))
	require.NoError(t, gpus.Inject(t.Context(), devices[1].UUID, "remap-pending", nil))
	out := w.mustRun("gpu", "show", "--local")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[1], " ? ")
	require.Contains(t, lines[2], "a row is replaced at the next reset")
	one := w.mustRun("gpu", "show", "--local", "1")
	require.Contains(t, one, "pending: yes")
	require.Contains(t, one, "simulated")
	var all []seen
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("gpu", "show", "--local", "-o", "json")), &all))
	require.True(t, all[0].Health.Aggregate.Corrected.Failed())
}

func TestLocalCommandsRefuseWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w, _, _ := gpuWorld(t, 3)
	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"test", "--local"}, exitUsage, "this machine has 3 GPUs: name some, or give --all"},
		{[]string{"test", "--local", "7"}, exitNotFound, `no GPU of this machine is "7"`},
		{[]string{"test", "--local", "GPU-zz"}, exitNotFound, "no GPU of this machine"},
		{[]string{"test", "--local", "GPU-aaaa"}, exitConflict, "the beginning of the UUIDs of 2 GPUs"},
		{[]string{"test", "--local", "0", "--level", "thorough"}, exitUsage, "allowed: counters, quick, standard, rigorous"},
		{[]string{"test", "--local", "0", "--level", "none"}, exitUsage, "allowed:"},
		{[]string{"test", "--local", "0", "--seconds", "-1"}, exitUsage, "--seconds"},
		{[]string{"test", "--local", "0", "--gpu-policy", "/nonexistent"}, exitUsage, "read the GPU policy"},
		{[]string{"scrub"}, exitUsage, "several at once are for --local"},
		{[]string{"scrub", "GPU-1", "--seed", "7"}, exitUsage, "--seed goes with --local"},
		{[]string{"show"}, exitUsage, "name a GPU"},
	} {
		r := w.run(append([]string{"gpu"}, c.args...)...)
		require.Equal(t, c.exit, r.exit, "%v: %s", c.args, r.err)
		require.Contains(t, r.err, c.says)
	}
}

func TestLocalTestIsInterrupted(t *testing.T) {
	t.Parallel()
	w, gpus, devices := gpuWorld(t, 1)
	require.NoError(t, gpus.Inject(t.Context(), devices[0].UUID, "test-hangs", nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := w.runContext(ctx, "gpu", "test", "--local", "--level", "quick")
	require.Equal(t, exitInterrupted, r.exit)
	require.Empty(t, r.out)
}

func TestAMachineWithoutGPUsSaysSo(t *testing.T) {
	t.Parallel()
	w, _, _ := gpuWorld(t, 0)
	r := w.run("gpu", "test", "--local")
	require.Equal(t, exitNotFound, r.exit)
	require.Contains(t, r.err, "no GPU on this machine")

	w.gpus = nil
	r = w.run("gpu", "show", "--local", "--gpu-helper", "/nonexistent/kelvin-gpu")
	require.NotZero(t, r.exit)
	require.Contains(t, r.err, "/nonexistent/kelvin-gpu")
}

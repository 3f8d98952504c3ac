package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
	"github.com/kelvin-gpu/kelvin/machine/nvidia"
	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

// The whole way: command, processes of the real kelvin-gpu, NVML and CUDA without a GPU behind
// them, and the real kernels on the CPU.
func TestLocalCommandsReachTheDriver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := fakenvml.UUID(0), fakenvml.UUID(1)
	gpus, err := nvidia.Open(t.Context(), nvidia.Options{
		Program: fakenvml.Program(t), Locks: nvidia.Locks{Dir: t.TempDir()}, Kernel: "/dev/null",
		Env: []string{
			"LD_LIBRARY_PATH=" + fakecuda.Library(t) + ":" + fakenvml.Library(t), "CUDA_MPS_PIPE_DIRECTORY=" + t.TempDir(),
			"FAKENVML_MEMORY_MB=48", "FAKENVML_RESERVED_MB=0", "FAKECUDA_MB=48", "FAKECUDA_USED_MB=0",
			"FAKECUDA_DEVICES=" + first + "," + second, "FAKECUDA_STUCK=1#1048579:3:1",
		},
	})
	require.NoError(t, err)
	w.gpus = gpus

	out := w.mustRun("gpu", "show", "--local")
	require.Contains(t, out, first)
	require.Contains(t, out, second)

	r := w.run("gpu", "test", "--local", "--all", "--level", "quick", "-o", "json")
	require.Equal(t, exitFailed, r.exit, r.err)
	var all []judgement
	require.NoError(t, json.Unmarshal([]byte(r.out), &all))
	require.Len(t, all, 2)
	for i, j := range all {
		x := j.Examination
		require.NotNil(t, x.Before)
		require.NotNil(t, x.After)
		require.NotNil(t, x.Result, x.Error)
		require.True(t, x.Result.Whole(), x.Result.Error)
		require.Equal(t, i == 1, x.Result.Mismatches >= 2, "each of two patterns finds it once, and the zeros may")
	}
	require.Equal(t, gpu.Quarantine, all[1].Verdict.Outcome)
	require.EqualValues(t, 1048576, all[1].Examination.Result.Records[0].Offset)
	require.Equal(t, []int{27}, all[1].Examination.Result.Records[0].Bits)

	lines := strings.Split(strings.TrimSpace(w.mustRun("gpu", "scrub", "--local", "0")), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[1], "scrubbed")
	r = w.run("gpu", "scrub", "--local", "1")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.out, "scrub-mismatch")
}

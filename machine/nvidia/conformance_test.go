package nvidia_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
	"github.com/kelvin-gpu/kelvin/machine/nvidia"
	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

// The real programs and processes, the real kernels, and both of the driver's libraries
// without a GPU behind them.
func TestNVIDIAGPUsAreGPUs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds kelvin-gpu and runs whole memory tests on the CPU")
	}
	machinetest.GPUs(t, func(t *testing.T) machinetest.GPUFixture {
		dir := t.TempDir()
		file := filepath.Join(dir, "driver")
		// The fake reads its settings at every call.
		var mu sync.Mutex
		settings := []string{"MEMORY_MB=48", "RESERVED_MB=0"}
		set := func(setting string) {
			mu.Lock()
			defer mu.Unlock()
			settings = append(settings, setting)
			require.NoError(t, os.WriteFile(file+".new", []byte(strings.Join(settings, "\n")+"\n"), 0o600))
			require.NoError(t, os.Rename(file+".new", file))
		}
		set("GPUS=2")
		smi := filepath.Join(dir, "nvidia-smi")
		require.NoError(t, os.WriteFile(smi, []byte("#!/bin/sh\nexit 0\n"), 0o700))
		g, err := nvidia.Open(t.Context(), nvidia.Options{
			Program: fakenvml.Program(t), Locks: nvidia.Locks{Dir: dir}, Kernel: "/dev/null", SMI: smi, CDI: []string{},
			Env: []string{
				"LD_LIBRARY_PATH=" + fakecuda.Library(t) + ":" + fakenvml.Library(t), "FAKENVML_FILE=" + file, "CUDA_MPS_PIPE_DIRECTORY=" + dir,
				"FAKECUDA_MB=48", "FAKECUDA_USED_MB=0", "FAKECUDA_DEVICES=" + fakenvml.UUID(0) + "," + fakenvml.UUID(1),
			},
		})
		require.NoError(t, err)
		number := func(uuid string) int { return map[string]int{fakenvml.UUID(0): 0, fakenvml.UUID(1): 1}[uuid] }
		events := 0
		return machinetest.GPUFixture{
			GPUs: g,
			Hold: func(_ *testing.T, uuid string) { set(fmt.Sprintf("PROCS=%d:%d:1048576", number(uuid), os.Getpid())) },
			Hang: func(*testing.T, string) { set("HANG=nvmlDeviceGetEccMode") },
			Lose: func(_ *testing.T, uuid string) { set(fmt.Sprintf("LOST=%d", number(uuid))) },
			Stick: func(_ *testing.T, uuid string, address uint64, bit int) {
				g.Env = append(g.Env, fmt.Sprintf("FAKECUDA_STUCK=%d#%d:%d:1", number(uuid), address+uint64(bit/8), bit%8))
			},
			Event: func(_ *testing.T, uuid string) {
				if events++; events == 1 {
					set(fmt.Sprintf("EVENTS=%d:8:13", number(uuid)))
				}
			},
			Slow: func(*testing.T, string) (gpu.Level, string) {
				g.Env = append(g.Env, "FAKECUDA_SLOW=1000")
				return gpu.LevelRigorous, ""
			},
		}
	})
}

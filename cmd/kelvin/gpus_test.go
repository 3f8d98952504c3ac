package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestAHostsOwnGPUsAreFound(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", fakenvml.Library(t))
	defer fakenvml.Clean()
	a := agentPart{host: "hst_1", dataDir: t.TempDir(), gpuHelper: fakenvml.Program(t)}
	var log bytes.Buffer
	gpus, _, err := a.openGPUs(t.Context(), sim.NewHost(sim.Options{}).Open("hst_1"), slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	defer gpus.Close()
	require.False(t, gpus.Simulated())
	devices, err := gpus.Devices(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 2)
	require.Equal(t, "a100-80gb", devices[0].Type)
	require.Empty(t, log.String())
}

func TestAHostWithoutGPUsSaysSoInOneLine(t *testing.T) {
	t.Parallel()
	a := agentPart{host: "hst_1", dataDir: t.TempDir(), gpuHelper: filepath.Join(t.TempDir(), "kelvin-gpu")}
	for _, helper := range []string{"", "#!/bin/sh\necho 'kelvin-gpu: no NVIDIA driver: libnvidia-ml.so.1 is not there' >&2\nexit 78\n"} {
		why := "is not at"
		if helper != "" {
			require.NoError(t, os.WriteFile(a.gpuHelper, []byte(helper), 0o700))
			why = "no NVIDIA driver"
		}
		var log bytes.Buffer
		m := sim.NewHost(sim.Options{}).Open("hst_1")
		gpus, on, err := a.openGPUs(t.Context(), m, slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		require.True(t, gpus == nil, "not an interface that holds nil")
		require.Equal(t, m, on)
		require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
		require.Contains(t, log.String(), "level=INFO")
		require.Contains(t, log.String(), why)
	}
}

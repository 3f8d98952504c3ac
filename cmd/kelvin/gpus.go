package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/nvidia"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// openGPUs opens the GPUs that the settings name, and returns the machine as one whose containers
// have them. Nil: there are none.
func (a *agentPart) openGPUs(ctx context.Context, m machine.Machine, logger *slog.Logger) (machine.GPUs, machine.Machine, error) {
	declared, err := agent.SimulateGPUs(a.simGPUs, a.host)
	if err != nil {
		return nil, nil, err
	}
	if len(declared) == 0 {
		gpus, err := a.realGPUs(ctx, m, logger)
		return gpus, m, err
	}
	if a.simGPUSeconds <= 0 {
		return nil, nil, fmt.Errorf("--sim-gpu-seconds is above 0")
	}
	gpus, err := sim.NewGPUs(sim.GPUOptions{
		Devices: sim.DevicesOf(declared), File: filepath.Join(a.dataDir, "sim-gpus-"+a.host+".json"), Seconds: a.simGPUSeconds,
	})
	if err != nil {
		return nil, nil, err
	}
	bad, err := agent.BadGPUs(declared, a.simBadGPUs)
	if err != nil {
		return nil, nil, err
	}
	for uuid := range bad {
		if err := gpus.Inject(ctx, uuid, "data-mismatch", nil); err != nil {
			return nil, nil, err
		}
	}
	return gpus, gpus.On(m), nil
}

// realGPUs opens the host's own GPUs. A host without, or without their driver or kelvin-gpu,
// says so in one line, and serves what needs none.
func (a *agentPart) realGPUs(ctx context.Context, m machine.Machine, logger *slog.Logger) (machine.GPUs, error) {
	gpus, err := nvidia.Open(ctx, nvidia.Options{
		Program: a.gpuHelper, StateDir: a.dataDir, Clients: a.gpuClients, Logger: logger,
		Leases: func(ctx context.Context) (map[string]string, error) {
			containers, err := m.List(ctx)
			leases := map[string]string{}
			for _, c := range containers {
				leases[c.EngineID] = c.LeaseID
			}
			return leases, err
		},
	})
	switch {
	case err == nil:
		a.driver = gpus
		return gpus, nil
	case fleet.Is(err, fleet.Unsupported):
		logger.InfoContext(ctx, "this host takes work that needs no GPU", "host", a.host, "why", err.Error())
		return nil, nil //nolint:nilnil // none is what there is
	default:
		return nil, err
	}
}

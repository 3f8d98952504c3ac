package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/machine"
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
		logger.InfoContext(ctx, "no GPU: this host takes work that needs none", "host", a.host)
		return nil, m, nil
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
	if a.bad, err = agent.BadGPUs(declared, a.simBadGPUs); err != nil {
		return nil, nil, err
	}
	for uuid := range a.bad {
		if err := gpus.Inject(ctx, uuid, "data-mismatch", nil); err != nil {
			return nil, nil, err
		}
	}
	return gpus, gpus.On(m), nil
}

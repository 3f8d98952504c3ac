package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// echoImage is the demo workload: this binary, in an image of its own.
const echoImage = "kelvin/echo:latest"

// open opens the machine that the settings name, and sees that it answers.
func (a *agentPart) open(ctx context.Context, logger *slog.Logger) (machine.Machine, error) {
	switch a.machine {
	case "sim":
		return a.simulated(), nil
	case "docker", "auto":
	default:
		return nil, fmt.Errorf("--machine is docker, sim or auto")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	engine, err := docker.New(docker.Options{
		Host: a.docker, HostID: a.host, PublishAddress: a.publish, VolumesDir: a.volumes,
		Images: map[string]docker.ImageBuilder{echoImage: docker.FromBinary(self, "/kelvin", "echo")},
	})
	if err != nil {
		return nil, err
	}
	asked, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := engine.Info(asked); err != nil {
		if a.machine == "docker" {
			return nil, err
		}
		logger.WarnContext(ctx, "no Docker engine answers: the machine is simulated", "error", err)
		return a.simulated(), nil
	}
	return engine, nil
}

// simulated is a machine in this process. Its containers end with it, so it clears up what
// they left before.
func (a *agentPart) simulated() machine.Machine {
	return sim.NewHost(sim.Options{Dir: filepath.Join(a.dataDir, "sim-"+a.host)}).Open(a.host)
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
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
		Images:  map[string]docker.ImageBuilder{echoImage: docker.FromBinary(self, "/kelvin", "echo")},
		Devices: a.devices, Refresh: strings.Fields(a.cdiRefresh), Looker: []string{self, lookAtDevices},
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

// devices are the host's real GPUs, as their driver lists them.
func (a *agentPart) devices(ctx context.Context) ([]gpu.Device, error) {
	if a.driver == nil {
		return nil, fleet.Errorf(fleet.Unsupported, "this host has no GPU driver")
	}
	return a.driver.Devices(ctx)
}

// lookAtDevices is the command by which the agent sees whether containers have their GPUs.
const lookAtDevices = "look-at-devices"

func lookCommand() *cobra.Command {
	return &cobra.Command{
		Use: lookAtDevices, Short: "Say which devices the control group that this process is in can open", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return docker.LookAtDevices(cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

// simulated is a machine in this process. Its containers end with it, so it clears up what
// they left before.
func (a *agentPart) simulated() machine.Machine {
	return sim.NewHost(sim.Options{Dir: filepath.Join(a.dataDir, "sim-"+a.host)}).Open(a.host)
}

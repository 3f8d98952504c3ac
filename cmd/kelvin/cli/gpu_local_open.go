package cli

import (
	"context"

	machines "github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/nvidia"
)

// openGPUs opens the NVIDIA GPUs of this machine.
func openGPUs(ctx context.Context, helper string) (machines.GPUs, error) {
	gpus, err := nvidia.Open(ctx, nvidia.Options{Program: helper})
	if err != nil {
		return nil, err
	}
	return gpus, nil
}

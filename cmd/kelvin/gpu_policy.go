package main

import (
	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// gpuPolicy is how thoroughly GPUs are tested, and by which thresholds they are judged.
type gpuPolicy struct {
	path string
	gpu.Policy
}

func (p *gpuPolicy) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.path, "gpu-policy", "", "file with how thoroughly GPUs are tested and by which thresholds they are judged, in JSON: what it does not say is as by default; see docs/guides/gpus.md. The same for server and worker")
}

// load reads the file, if there is one.
func (p *gpuPolicy) load() (err error) {
	p.Policy, err = gpu.LoadPolicy(p.path)
	return err
}

package nvidia

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Test tests the memory of a GPU as machine.GPUs says.
func (w *Workers) Test(ctx context.Context, t gpu.Test, progress func(gpu.Progress)) (gpu.Result, error) {
	if err := CheckUUID(t.UUID); err != nil {
		return gpu.Result{}, err
	}
	return w.Run(ctx, Job{UUID: t.UUID, Level: t.Level, Seed: t.Seed, Seconds: t.Seconds, Usable: w.usable(ctx, t.UUID)}, progress)
}

// Scrub scrubs the memory of a GPU as machine.GPUs says.
func (w *Workers) Scrub(ctx context.Context, uuid string, seed uint64, progress func(gpu.Progress)) (gpu.Result, error) {
	if err := CheckUUID(uuid); err != nil {
		return gpu.Result{}, err
	}
	return w.Run(ctx, Job{UUID: uuid, Scrub: true, Seed: seed, Usable: w.usable(ctx, uuid)}, progress)
}

func (w *Workers) usable(ctx context.Context, uuid string) uint64 {
	if w.Usable == nil {
		return 0
	}
	return w.Usable(ctx, uuid)
}

package activities

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Copy is a snapshot at a host: taken from the container of a lease, or restored into it.
type Copy struct {
	Container
	SnapshotID string
	RateLimit  int64 // bytes a second; 0: none
}

// Saved is what a snapshot holds, and what saving it cost.
type Saved struct {
	ImageID string
	Bytes   int64 // of data and root filesystem
	Files   int64
	New     int64 // bytes that the archive did not have
}

// Restored is what restoring a snapshot cost.
type Restored struct {
	Written int64 // bytes that were not there
}

// A GPUTest is one GPU of a lease to be tested.
type GPUTest struct {
	Container
	GPU GPU
}

// A Diagnoser tests GPUs. What is no fault of the GPU, such as a test that could not run, is
// an error.
type Diagnoser interface {
	Diagnose(ctx context.Context, gpu GPU, progress func(fleet.Progress)) (fleet.Verdict, error)
}

func (h *Host) SaveSnapshot(ctx context.Context, in Copy) (Saved, error) { return Saved{}, nil }
func (h *Host) VerifySnapshot(ctx context.Context, in Copy) error       { return nil }
func (h *Host) RestoreSnapshot(ctx context.Context, in Copy) error      { return nil }
func (h *Host) CheckRestored(ctx context.Context, in Copy) error        { return nil }
func (h *Host) RemoveRestored(ctx context.Context, in Copy) error       { return nil }
func (h *Host) DiagnoseGPU(ctx context.Context, in GPUTest) (fleet.Verdict, error) {
	return fleet.Verdict{}, nil
}

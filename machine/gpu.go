package machine

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// GPUs are one host's GPUs and their driver. A driver can hang for ever or kill whoever calls
// it, so an implementation calls it from processes that can be killed, and every method
// returns soon after its ctx ends. Errors are *fleet.Error: NotFound for a GPU that is not
// listed, Unavailable when the driver does not answer, Conflict when the GPU is in use by
// somebody whom the call would disturb, Unsupported for what this driver cannot do.
//
// Findings are no errors: a GPU that is lost has a Health that says so, and a memory test that
// fails, or that was killed, has a Result.
type GPUs interface {
	// Devices lists the GPUs, by index. None is no error. UUIDs can come in another order
	// after a reset.
	Devices(ctx context.Context) ([]gpu.Device, error)

	// Health reads all that the driver tells of a GPU. What cannot be read says so in its
	// place.
	Health(ctx context.Context, uuid string) (gpu.Health, error)

	// Holders are the processes that have a GPU open, but for the driver's own and ours.
	Holders(ctx context.Context, uuid string) ([]gpu.Holder, error)

	// Test tests the memory of a GPU that nobody uses, and reports progress at most ten times
	// a second. Cancelling ctx ends it within a second, with the GPU's memory free again, and
	// ctx's error.
	Test(ctx context.Context, t gpu.Test, progress func(gpu.Progress)) (gpu.Result, error)

	// Scrub overwrites all memory of a GPU that nobody uses with noise and then with zeros,
	// and proves that. Seed is of the noise. Progress and cancelling as Test's.
	Scrub(ctx context.Context, uuid string, seed uint64, progress func(gpu.Progress)) (gpu.Result, error)

	// Reset resets a GPU that nobody uses; it is well enough to be tested again, or an error
	// says why not. Conflict with whoever holds it.
	Reset(ctx context.Context, uuid string) error

	// Watch calls event for what the driver reports by itself, until ctx ends. It returns
	// Unavailable when the watch breaks; call it again.
	Watch(ctx context.Context, event func(gpu.Event)) error

	// Simulated reports whether these GPUs are.
	Simulated() bool

	// Close ends what is still running.
	Close() error
}

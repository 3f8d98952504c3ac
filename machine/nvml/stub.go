//go:build !cgo || !linux

package nvml

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Built reports whether this build can ask the driver.
const Built = false

var errBuilt = fleet.Errorf(fleet.Unsupported, "kelvin-gpu was built without NVML: it needs cgo and Linux")

// A Library is NVML, loaded. There is none in this build.
type Library struct{}

// WatchOptions says where to begin.
type WatchOptions struct {
	Kernel string
	After  gpu.Mark
}

// Open says that this build has no NVML: Unsupported.
func Open() (*Library, error) { return nil, errBuilt }

// Close does nothing.
func (*Library) Close() {}

// Inventory is Unsupported.
func (*Library) Inventory() (gpu.Inventory, error) { return gpu.Inventory{}, errBuilt }

// Health is Unsupported.
func (*Library) Health(string) (gpu.Health, error) { return gpu.Health{}, errBuilt }

// Holders is Unsupported.
func (*Library) Holders(string) ([]gpu.Holder, error) { return nil, errBuilt }

// Watch is Unsupported.
func (*Library) Watch(context.Context, WatchOptions, func(gpu.Seen) error) error { return errBuilt }

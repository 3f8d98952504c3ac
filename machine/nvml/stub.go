//go:build !cgo || !linux

package nvml

import (
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Built reports whether this build can ask the driver.
const Built = false

var errBuilt = fleet.Errorf(fleet.Unsupported, "kelvin-gpu was built without NVML: it needs cgo and Linux")

// A Library is NVML, loaded. There is none in this build.
type Library struct{}

// Open says that this build has no NVML: Unsupported.
func Open() (*Library, error) { return nil, errBuilt }

// Close does nothing.
func (*Library) Close() {}

// Inventory is Unsupported.
func (*Library) Inventory() (gpu.Inventory, error) { return gpu.Inventory{}, errBuilt }

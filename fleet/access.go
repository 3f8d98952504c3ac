package fleet

// GPUAccess is how a host hands GPUs to containers.
type GPUAccess string

// The ways.
const (
	AccessCDI       GPUAccess = "cdi"       // the engine knows each by a name of its own
	AccessHook      GPUAccess = "nvidia"    // NVIDIA's hook adds them behind the engine's back: they can be lost again
	AccessNone      GPUAccess = "none"      // not at all: the host offers none
	AccessSimulated GPUAccess = "simulated" // there is nothing to hand over
)

// GPUAccesses are all of them.
var GPUAccesses = []GPUAccess{AccessCDI, AccessHook, AccessNone, AccessSimulated}

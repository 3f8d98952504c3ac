//go:build cgo && linux

package nvml

import (
	"errors"
	"strings"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Built reports whether this build can ask the driver.
const Built = true

// A Library is NVML, loaded and initialised. It keeps every GPU's driver state alive, and is
// in the way of a reset, until it is closed. It is not safe for concurrent use.
type Library struct {
	nvml   nvml.Interface
	driver string          // its version
	known  map[string]bool // which symbols it has
	proc   string          // /proc
	sys    string          // /sys
	now    func() time.Time
}

// Open loads NVML: Unsupported without a driver, Unavailable if it does not work.
func Open() (*Library, error) { return open(nvml.New()) }

func open(n nvml.Interface) (*Library, error) {
	l := &Library{nvml: n, known: map[string]bool{}, proc: "/proc", sys: "/sys", now: time.Now}
	// After a failed Init any further call of NVML ends the process.
	switch r := n.Init(); r {
	case nvml.SUCCESS:
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return nil, fleet.Errorf(fleet.Unsupported, "no NVIDIA driver: libnvidia-ml.so.1 is not there")
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return nil, fleet.Errorf(fleet.Unsupported, "no NVIDIA driver is loaded (or there is no GPU for it)")
	case nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return nil, fleet.Errorf(fleet.Unavailable, "the NVIDIA driver and its library are of different versions: load the driver again, or reboot")
	case nvml.ERROR_NO_PERMISSION:
		return nil, fleet.Errorf(fleet.Unavailable, "the NVIDIA driver refuses this user")
	default:
		return nil, fleet.Errorf(fleet.Unavailable, "the NVIDIA driver does not start: %s", explain(r))
	}
	if l.has("nvmlSystemGetDriverVersion") {
		if v, r := n.SystemGetDriverVersion(); r == nvml.SUCCESS {
			l.driver = v
		}
	}
	return l, nil
}

// Close lets go of the driver.
func (l *Library) Close() {
	if l.has("nvmlShutdown") {
		_ = l.nvml.Shutdown() // the process ends soon in any case
	}
}

// has reports whether the driver has any of the symbols. A call of one that is missing ends
// the process, and recover never runs.
func (l *Library) has(symbols ...string) bool {
	for _, s := range symbols {
		there, asked := l.known[s]
		if !asked {
			there = l.nvml.Extensions().LookupSymbol(s) == nil
			l.known[s] = there
		}
		if there {
			return true
		}
	}
	return false
}

// errNoSuch is that of a UUID that the driver does not list.
func errNoSuch(uuid string) error {
	return fleet.Errorf(fleet.NotFound, "the driver lists no GPU %q", uuid)
}

// find is the GPU or MIG slice of that UUID: NotFound. A GPU that is there and cannot be
// reached is its Return.
func (l *Library) find(uuid string) (nvml.Device, error) {
	if l.has("nvmlDeviceGetHandleByUUID") {
		switch d, r := l.nvml.DeviceGetHandleByUUID(uuid); r {
		case nvml.SUCCESS:
			return d, nil
		case nvml.ERROR_NOT_FOUND, nvml.ERROR_INVALID_ARGUMENT:
			return nil, errNoSuch(uuid)
		case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND:
		default:
			return nil, &refusal{r}
		}
	}
	if !l.has("nvmlDeviceGetUUID") {
		return nil, fleet.Errorf(fleet.Unsupported, "this NVIDIA driver (%s) knows no UUIDs", l.driver)
	}
	handles, err := l.handles()
	if err != nil {
		return nil, err
	}
	for _, h := range handles {
		if h.device == nil {
			continue
		}
		if u, r := h.device.GetUUID(); r == nvml.SUCCESS && strings.EqualFold(u, uuid) {
			return h.device, nil
		}
	}
	return nil, errNoSuch(uuid)
}

// A handle is one place in the driver's list. Device is nil if it cannot be reached.
type handle struct {
	index  int
	device nvml.Device
	why    nvml.Return
}

// handles are all places. One that cannot be reached does not hide the others.
func (l *Library) handles() ([]handle, error) {
	if !l.has("nvmlDeviceGetCount", "nvmlDeviceGetCount_v2") || !l.has("nvmlDeviceGetHandleByIndex", "nvmlDeviceGetHandleByIndex_v2") {
		return nil, fleet.Errorf(fleet.Unsupported, "this NVIDIA driver (%s) is too old: it lists no GPUs", l.driver)
	}
	n, r := l.nvml.DeviceGetCount()
	if r != nvml.SUCCESS {
		return nil, fleet.Errorf(fleet.Unavailable, "the NVIDIA driver lists no GPUs: %s", explain(r))
	}
	all := make([]handle, n)
	for i := range all {
		d, r := l.nvml.DeviceGetHandleByIndex(i)
		if all[i] = (handle{index: i, why: r}); r == nvml.SUCCESS {
			all[i].device = d
		}
	}
	return all, nil
}

// A refusal is what the driver said instead of giving a GPU's handle.
type refusal struct{ why nvml.Return }

func (r *refusal) Error() string { return "the driver does not reach the GPU: " + explain(r.why) }

// refused is the Return of an error of find's, if it is one.
func refused(err error) (nvml.Return, bool) {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return nvml.SUCCESS, false
	}
	return r.why, true
}

//go:build cgo && linux

package nvml

import (
	"encoding/binary"
	"math"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// fields reads what the driver has by number only, in one call. Old drivers do not know all
// numbers, and say so for each.
func (a *asking) fields(d nvml.Device, h *gpu.Health) {
	values := []nvml.FieldValue{
		{FieldId: nvml.FI_DEV_MEMORY_TEMP},
		{FieldId: nvml.FI_DEV_GET_GPU_RECOVERY_ACTION},
		{FieldId: nvml.FI_DEV_RESET_STATUS},
		{FieldId: nvml.FI_DEV_DRAIN_AND_RESET_STATUS},
	}
	all := ask(a, func() (bool, nvml.Return) { return true, d.GetFieldValues(values) }, "nvmlDeviceGetFieldValues")
	read := func(i int) gpu.Counter {
		if all.Value == nil {
			return gpu.Counter{Unsupported: all.Unsupported, Error: all.Error}
		}
		return a.field(values[i])
	}
	h.MemoryTemperature = number(read(0))
	h.Recovery = number(read(1))
	if h.Recovery.Unsupported {
		h.Recovery = recovery(read(2), read(3))
	}
}

// recovery is what drivers said before they had a recovery action: whether a reset is due, or
// one after a drain.
func recovery(reset, drain gpu.Counter) gpu.Reading[int] {
	switch {
	case gpu.Over(drain, 0):
		return gpu.Known(int(nvml.GPU_RECOVERY_ACTION_DRAIN_AND_RESET))
	case gpu.Over(reset, 0):
		return gpu.Known(int(nvml.GPU_RECOVERY_ACTION_GPU_RESET))
	default:
		return number(reset)
	}
}

// field is one value, whatever its form.
func (a *asking) field(f nvml.FieldValue) gpu.Counter {
	r := nvml.Return(f.NvmlReturn)
	if r == nvml.ERROR_INVALID_ARGUMENT {
		r = nvml.ERROR_NOT_SUPPORTED // of an older driver that has no such number
	}
	if r != nvml.SUCCESS {
		return answer(a, uint64(0), r)
	}
	v, ok := value(nvml.ValueType(f.ValueType), f.Value)
	if !ok {
		return gpu.Unreadable[uint64]("the driver answered with what is no count")
	}
	return gpu.Known(v)
}

// value reads a field's bytes by their type; false for what is no count.
func value(t nvml.ValueType, b [8]byte) (uint64, bool) {
	switch t {
	case nvml.VALUE_TYPE_UNSIGNED_INT:
		return uint64(binary.NativeEndian.Uint32(b[:])), true
	case nvml.VALUE_TYPE_UNSIGNED_LONG, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG:
		return binary.NativeEndian.Uint64(b[:]), true
	case nvml.VALUE_TYPE_UNSIGNED_SHORT:
		return uint64(binary.NativeEndian.Uint16(b[:])), true
	case nvml.VALUE_TYPE_SIGNED_INT:
		n := int32(binary.NativeEndian.Uint32(b[:])) //nolint:gosec // the driver says that it is signed
		return uint64(max(n, 0)), n >= 0
	case nvml.VALUE_TYPE_SIGNED_LONG_LONG:
		n := int64(binary.NativeEndian.Uint64(b[:])) //nolint:gosec // the driver says that it is signed
		return uint64(max(n, 0)), n >= 0
	case nvml.VALUE_TYPE_DOUBLE:
		f := math.Float64frombits(binary.NativeEndian.Uint64(b[:]))
		if !(f >= 0 && f < 1<<53) {
			return 0, false
		}
		return uint64(f), true
	default:
		return 0, false
	}
}

//go:build cgo && linux

package nvml

import (
	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// ecc reads what ECC has counted. A place that a GPU does not count for (before Turing the
// registers, since then all but DRAM and SRAM) never keeps the others from being read.
func (a *asking) ecc(d nvml.Device, h *gpu.Health) {
	type mode struct{ current, pending bool }
	m := ask(a, func() (mode, nvml.Return) {
		current, pending, r := d.GetEccMode()
		return mode{current == nvml.FEATURE_ENABLED, pending == nvml.FEATURE_ENABLED}, r
	}, "nvmlDeviceGetEccMode")
	h.ECCCurrent = convert(m, func(m mode) bool { return m.current })
	h.ECCPending = convert(m, func(m mode) bool { return m.pending })

	sram := ask(a, d.GetSramEccErrorStatus, "nvmlDeviceGetSramEccErrorStatus")
	h.SRAMThreshold = convert(sram, func(s nvml.EccSramErrorStatus) bool { return s.BThresholdExceeded != 0 })
	if on, ok := h.ECCCurrent.Get(); ok && !on {
		// A driver can answer 0 for what nobody counts.
		h.Volatile, h.Aggregate = uncounted, uncounted
		return
	}
	h.Volatile = a.errors(d, nvml.VOLATILE_ECC)
	h.Aggregate = a.errors(d, nvml.AGGREGATE_ECC)
	h.Volatile.CorrectedSRAM = or(h.Volatile.CorrectedSRAM, convert(sram, func(s nvml.EccSramErrorStatus) uint64 { return s.VolatileCor }))
	h.Aggregate.CorrectedSRAM = or(h.Aggregate.CorrectedSRAM, convert(sram, func(s nvml.EccSramErrorStatus) uint64 { return s.AggregateCor }))
	h.Volatile.UncorrectedSRAM = or(h.Volatile.UncorrectedSRAM, convert(sram, func(s nvml.EccSramErrorStatus) uint64 { return s.VolatileUncParity + s.VolatileUncSecDed }))
	h.Aggregate.UncorrectedSRAM = or(h.Aggregate.UncorrectedSRAM, convert(sram, func(s nvml.EccSramErrorStatus) uint64 { return s.AggregateUncParity + s.AggregateUncSecDed }))
}

// uncounted are errors that nothing counts.
var uncounted = gpu.Errors{
	Corrected: gpu.Unsupported[uint64](), Uncorrected: gpu.Unsupported[uint64](),
	CorrectedDRAM: gpu.Unsupported[uint64](), CorrectedSRAM: gpu.Unsupported[uint64](),
	UncorrectedDRAM: gpu.Unsupported[uint64](), UncorrectedSRAM: gpu.Unsupported[uint64](),
}

// or is the first reading that has a value, or the first.
func or(a, b gpu.Counter) gpu.Counter {
	if a.Value == nil && b.Value != nil {
		return b
	}
	return a
}

// errors reads one set of counters: those since the driver was loaded, or those of a life.
func (a *asking) errors(d nvml.Device, since nvml.EccCounterType) gpu.Errors {
	total := func(kind nvml.MemoryErrorType) gpu.Counter {
		return ask(a, func() (uint64, nvml.Return) { return d.GetTotalEccErrors(kind, since) }, "nvmlDeviceGetTotalEccErrors")
	}
	in := func(kind nvml.MemoryErrorType, place nvml.MemoryLocation) gpu.Counter {
		return ask(a, func() (uint64, nvml.Return) {
			n, r := d.GetMemoryErrorCounter(kind, since, place)
			if r == nvml.ERROR_INVALID_ARGUMENT {
				r = nvml.ERROR_NOT_SUPPORTED // of an older driver that has no such place
			}
			return n, r
		}, "nvmlDeviceGetMemoryErrorCounter")
	}
	const corrected, uncorrected = nvml.MEMORY_ERROR_TYPE_CORRECTED, nvml.MEMORY_ERROR_TYPE_UNCORRECTED
	return gpu.Errors{
		Corrected: total(corrected), Uncorrected: total(uncorrected),
		CorrectedDRAM: in(corrected, nvml.MEMORY_LOCATION_DRAM), CorrectedSRAM: in(corrected, nvml.MEMORY_LOCATION_SRAM),
		UncorrectedDRAM: in(uncorrected, nvml.MEMORY_LOCATION_DRAM), UncorrectedSRAM: in(uncorrected, nvml.MEMORY_LOCATION_SRAM),
	}
}

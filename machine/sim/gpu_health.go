package sim

import (
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// health is what the driver tells of the card.
func (c *card) health() gpu.Health {
	h := gpu.Health{
		At: now(), UUID: c.UUID, Serial: c.Serial, BusID: c.BusID, Product: c.Product, Driver: c.Driver, VBIOS: "92.00.45.00.05", InfoROM: "G506.0210.00.04",
		MIG:        gpu.Unsupported[bool](),
		Memory:     gpu.Memory{Total: gpu.Known(c.total()), Reserved: gpu.Known(c.reserved()), Used: gpu.Known[uint64](0)},
		ECCCurrent: gpu.Known(c.ECC), ECCPending: gpu.Known(c.ECC != (c.fault("ecc-pending") != nil)),
		Volatile: c.errors(c.Volatile), Aggregate: c.errors(c.Aggregate),
		Remap:         c.remap(),
		Retired:       gpu.Retired{SingleBit: gpu.Unsupported[uint64](), DoubleBit: gpu.Unsupported[uint64](), Pending: gpu.Unsupported[bool]()},
		SRAMThreshold: gpu.Unsupported[bool](), RepairPending: gpu.Unsupported[bool](),
		Recovery: gpu.Known(c.Recovery), InfoROMValid: gpu.Known(c.fault("inforom-corrupt") == nil),
		Temperature: gpu.Known(34), MemoryTemperature: gpu.Known(41), Power: gpu.Known(61.5), Clock: gpu.Known(210), MemoryClock: gpu.Known(1593),
		Throttle: gpu.Known[uint64](gpu.ThrottleIdle),
	}
	if c.fault("reset-required") != nil {
		h.Recovery = gpu.Known(1)
	}
	if c.fault("throttled") != nil {
		h.Throttle = gpu.Known[uint64](gpu.ThrottleHWSlowdown | gpu.ThrottleHWThermal)
	}
	if c.of.remaps {
		h.MIG = gpu.Known(c.fault("mig-on") != nil)
		h.SRAMThreshold, h.RepairPending = gpu.Known(c.fault("sram-threshold") != nil), gpu.Known(c.fault("repair-pending") != nil)
	}
	if c.hasECC() && !c.of.remaps { // before Ampere
		h.Retired = gpu.Retired{SingleBit: gpu.Known[uint64](0), DoubleBit: gpu.Known(c.Remapped.Uncorrected), Pending: gpu.Known(c.Remapped.Pending > 0)}
	}
	c.spoil(&h)
	return h
}

// spoil takes away what cannot be read.
func (c *card) spoil(h *gpu.Health) {
	if gpu.Is(h.MIG) { // counters are those of instances then, and few
		h.Remap = gpu.Remap{
			Corrected: gpu.Unsupported[uint64](), Uncorrected: gpu.Unsupported[uint64](), Pending: gpu.Unsupported[bool](),
			Failed: gpu.Unsupported[bool](), Banks: gpu.Unsupported[gpu.Banks](),
		}
		sram := h.Volatile.UncorrectedSRAM
		h.Volatile, h.Aggregate = noErrors(), noErrors()
		h.Volatile.UncorrectedSRAM = sram
	}
	if c.fault("inforom-corrupt") != nil {
		why := "the InfoROM is corrupt"
		h.Aggregate = gpu.Errors{
			Corrected: gpu.Unreadable[uint64](why), Uncorrected: gpu.Unreadable[uint64](why), CorrectedDRAM: gpu.Unreadable[uint64](why),
			CorrectedSRAM: gpu.Unreadable[uint64](why), UncorrectedDRAM: gpu.Unreadable[uint64](why), UncorrectedSRAM: gpu.Unreadable[uint64](why),
		}
	}
	if f := c.fault("counter-unreadable"); f != nil {
		for _, c := range counters[f.text("counter")](h) {
			*c = gpu.Unreadable[uint64]("the driver answers: unknown error (999)")
		}
	}
	if f := c.fault("reset-required"); f != nil {
		h.ResetRequired = true
	}
	if c.lost() {
		*h = gpu.Health{
			At: h.At, UUID: h.UUID, Serial: h.Serial, BusID: h.BusID, Product: h.Product, Driver: h.Driver, Lost: true,
		}
	}
}

// counters are those that counter-unreadable can name: in all, and by place.
var counters = map[string]func(*gpu.Health) []*gpu.Counter{
	"volatile.corrected":    func(h *gpu.Health) []*gpu.Counter { return corrected(&h.Volatile) },
	"volatile.uncorrected":  func(h *gpu.Health) []*gpu.Counter { return uncorrected(&h.Volatile) },
	"aggregate.corrected":   func(h *gpu.Health) []*gpu.Counter { return corrected(&h.Aggregate) },
	"aggregate.uncorrected": func(h *gpu.Health) []*gpu.Counter { return uncorrected(&h.Aggregate) },
	"remap.uncorrected":     func(h *gpu.Health) []*gpu.Counter { return []*gpu.Counter{&h.Remap.Uncorrected} },
}

func corrected(e *gpu.Errors) []*gpu.Counter {
	return []*gpu.Counter{&e.Corrected, &e.CorrectedDRAM, &e.CorrectedSRAM}
}

func uncorrected(e *gpu.Errors) []*gpu.Counter {
	return []*gpu.Counter{&e.Uncorrected, &e.UncorrectedDRAM, &e.UncorrectedSRAM}
}

// errors are the counters as the driver tells them: not at all without ECC.
func (c *card) errors(t tally) gpu.Errors {
	if !c.ECC {
		return noErrors()
	}
	return gpu.Errors{
		Corrected: gpu.Known(t.CorrectedDRAM + t.CorrectedSRAM), Uncorrected: gpu.Known(t.UncorrectedDRAM + t.UncorrectedSRAM),
		CorrectedDRAM: gpu.Known(t.CorrectedDRAM), CorrectedSRAM: gpu.Known(t.CorrectedSRAM),
		UncorrectedDRAM: gpu.Known(t.UncorrectedDRAM), UncorrectedSRAM: gpu.Known(t.UncorrectedSRAM),
	}
}

func noErrors() gpu.Errors {
	none := gpu.Unsupported[uint64]()
	return gpu.Errors{Corrected: none, Uncorrected: none, CorrectedDRAM: none, CorrectedSRAM: none, UncorrectedDRAM: none, UncorrectedSRAM: none}
}

// remap are the rows. A product that cannot remap says so, or, like a GeForce, that there are none.
func (c *card) remap() gpu.Remap {
	if !c.of.remaps && c.hasECC() {
		return gpu.Remap{
			Corrected: gpu.Unsupported[uint64](), Uncorrected: gpu.Unsupported[uint64](), Pending: gpu.Unsupported[bool](),
			Failed: gpu.Unsupported[bool](), Banks: gpu.Unsupported[gpu.Banks](),
		}
	}
	r := gpu.Remap{
		Corrected: gpu.Known(c.Remapped.Corrected), Uncorrected: gpu.Known(c.Remapped.Uncorrected),
		Pending: gpu.Known(c.Remapped.Pending > 0), Failed: gpu.Known(c.fault("remap-failed") != nil),
		Banks: gpu.Unsupported[gpu.Banks](),
	}
	if c.of.banks > 0 {
		used := min(int(c.Remapped.Uncorrected), c.of.banks) //nolint:gosec // rows are few
		banks := gpu.Banks{Max: c.of.banks - used, High: used}
		if f := c.fault("bank-exhausted"); f != nil {
			n := min(f.number("banks"), banks.Max)
			banks.Max, banks.None = banks.Max-n, n
		}
		if f := c.fault("bank-low"); f != nil {
			n := min(f.number("banks"), banks.Max)
			banks.Max, banks.Low = banks.Max-n, n
		}
		r.Banks = gpu.Known(banks)
	}
	return r
}

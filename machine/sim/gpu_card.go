package sim

import (
	"fmt"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A card is one simulated GPU. The lock of its GPUs is its own, too.
type card struct {
	gpu.Device
	cardState
	of    product
	taken bool // somebody tests, scrubs or resets it
}

// cardState is what has become of it.
type cardState struct {
	Volatile  tally       `json:"volatile"`
	Aggregate tally       `json:"aggregate"`
	Remapped  remapped    `json:"remapped"`
	Recovery  int         `json:"recovery,omitempty"`
	Lost      bool        `json:"lost,omitempty"`
	ECC       bool        `json:"ecc,omitempty"`
	Dirty     bool        `json:"dirty,omitempty"` // its memory holds what somebody left there
	Faults    []*GPUFault `json:"faults,omitempty"`
}

// tally counts memory errors.
type tally struct {
	CorrectedDRAM   uint64 `json:"corrected_dram,omitempty"`
	UncorrectedDRAM uint64 `json:"uncorrected_dram,omitempty"`
	CorrectedSRAM   uint64 `json:"corrected_sram,omitempty"`
	UncorrectedSRAM uint64 `json:"uncorrected_sram,omitempty"`
}

// remapped counts rows.
type remapped struct {
	Corrected   uint64 `json:"corrected,omitempty"`
	Uncorrected uint64 `json:"uncorrected,omitempty"`
	Pending     uint64 `json:"pending,omitempty"` // uncorrected ones, with the next reset
}

func newCard(d gpu.Device) *card {
	c := &card{Device: d, of: productOf(d.Type)}
	c.ECC = c.hasECC()
	return c
}

// hasECC reports whether ECC is on unless somebody turns it off.
func (c *card) hasECC() bool { return c.of.ECC != gpu.ECCNone && c.of.ECC != "" }

// describe is the card as the driver lists it at an index.
func (c *card) describe(index int) gpu.Device {
	d := c.Device
	d.Index, d.Minor = index, index
	f := c.fault("mig-on")
	d.MIG = f != nil
	if f != nil && f.flag("slices") {
		half := c.MemoryMB / 2
		for _, start := range []int{0, 4} {
			d.Slices = append(d.Slices, gpu.Slice{
				UUID: fmt.Sprintf("MIG-%s-%d", c.UUID, start), Profile: fmt.Sprintf("3g.%dgb", half>>10), Start: start, Size: 4, MemoryMB: half,
			})
		}
	}
	return d
}

// count counts errors, in this life of the driver and in the GPU's.
func (c *card) count(add func(*tally)) {
	add(&c.Volatile)
	add(&c.Aggregate)
}

// reset does what a reset cures.
func (c *card) reset() {
	c.Volatile = tally{}
	c.Remapped.Uncorrected += c.Remapped.Pending
	c.Remapped.Pending = 0
	if c.Recovery == 1 || c.Recovery == 4 {
		c.Recovery = 0
	}
	if c.fault("ecc-pending") != nil {
		c.ECC = !c.ECC
	}
	c.Faults = slices.DeleteFunc(c.Faults, func(f *GPUFault) bool {
		return f.kind().reset || f.Name == "recovery-action" && c.Recovery == 0
	})
}

func (c *card) lost() bool { return c.Lost || c.fault("lost") != nil }

// fault is the first one of that name; nil: there is none.
func (c *card) fault(name string) *GPUFault {
	for _, f := range c.Faults {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// reserved is what the driver keeps of the memory for itself.
func (c *card) reserved() uint64 { return c.total() / 128 }

func (c *card) total() uint64 { return uint64(c.MemoryMB) << 20 } //nolint:gosec // declared, and positive

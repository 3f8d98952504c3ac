package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A seen is a GPU and what its driver tells of it.
type seen struct {
	Device gpu.Device  `json:"device"`
	Health *gpu.Health `json:"health,omitempty"`
	Error  string      `json:"error,omitempty"` // why there is no health
}

func localShow(ctx context.Context, cmd *cobra.Command, l *localGPUs, args []string) error {
	gpus, devices, err := l.pick(ctx, cmd, args, true)
	if err != nil {
		return err
	}
	defer gpus.Close()
	all := make([]seen, 0, len(devices))
	for _, d := range devices {
		s := seen{Device: d}
		if h, err := gpus.Health(ctx, d.UUID); err == nil {
			s.Health = &h
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			s.Error = err.Error()
		}
		all = append(all, s)
	}
	out := cmd.OutOrStdout()
	switch {
	case l.output == formatJSON || l.output == formatYAML:
		return writeValue(out, l.output, all)
	case l.output == formatName:
		for _, s := range all {
			fmt.Fprintln(out, s.Device.UUID)
		}
		return nil
	case len(all) == 1:
		return all[0].facts(gpus.Simulated()).write(out)
	}
	t := table{titles: []string{"GPU", "UUID", "PRODUCT", "MEMORY", "DRIVER", "ECC", "CORRECTED", "UNCORRECTED", "ROWS REPLACED", "°C", "MEMORY °C", "NOTE"}}
	for _, s := range all {
		t.lines = append(t.lines, s.cells(gpus.Simulated()))
	}
	return t.write(out, !l.noHeaders)
}

// reading is a value for people: "-" where there is no such thing, "?" where it was not read.
func reading[T any](r gpu.Reading[T]) string {
	switch v, ok := r.Get(); {
	case ok:
		if yes, is := any(v).(bool); is {
			return map[bool]string{true: "yes", false: "no"}[yes]
		}
		return fmt.Sprint(v)
	case r.Unsupported:
		return "-"
	}
	return "?"
}

func (s *seen) cells(simulated bool) []string {
	d := s.Device
	cells := []string{strconv.Itoa(d.Index), d.UUID, d.Product, bytesOf(d.MemoryMB << 20), d.Driver}
	h := s.Health
	if h == nil {
		h = &gpu.Health{}
	}
	cells = append(cells, reading(h.ECCCurrent), reading(h.Aggregate.Corrected), reading(h.Aggregate.Uncorrected),
		reading(h.Remap.Corrected)+"+"+reading(h.Remap.Uncorrected), reading(h.Temperature), reading(h.MemoryTemperature))
	return append(cells, strings.Join(s.notes(simulated), ", "))
}

// notes are what somebody should look at.
func (s *seen) notes(simulated bool) (all []string) {
	if simulated {
		all = append(all, "simulated")
	}
	if s.Error != "" {
		all = append(all, s.Error)
	}
	h := s.Health
	if h == nil {
		return all
	}
	for _, n := range []struct {
		is   bool
		text string
	}{
		{h.Lost, "lost"},
		{h.ResetRequired, "needs a reset"},
		{gpu.Is(h.Remap.Failed), "a row could not be replaced"},
		{gpu.Is(h.Remap.Pending), "a row is replaced at the next reset"},
		{gpu.Is(h.SRAMThreshold), "too many SRAM errors"},
		{gpu.Is(h.MIG), "MIG"},
		{h.Throttled(), "clocks held down, or unknown"},
	} {
		if n.is {
			all = append(all, n.text)
		}
	}
	return all
}

func (s *seen) facts(simulated bool) facts {
	d, h := s.Device, s.Health
	var f facts
	f.add("GPU", strconv.Itoa(d.Index))
	f.add("UUID", d.UUID)
	f.add("Product", d.Product)
	f.add("Type", d.Type)
	f.add("Serial", d.Serial)
	f.add("Bus", d.BusID)
	f.add("Memory", bytesOf(d.MemoryMB<<20))
	f.add("Driver", d.Driver)
	for _, m := range d.Slices {
		f.add("Slice", fmt.Sprintf("%s at %d, %s, %s", m.Profile, m.Start, bytesOf(m.MemoryMB<<20), m.UUID))
	}
	if h != nil {
		f.add("VBIOS", h.VBIOS)
		f.add("InfoROM", strings.TrimSpace(h.InfoROM+" valid: "+reading(h.InfoROMValid)))
		f.add("ECC", fmt.Sprintf("%s, after the next reset %s", reading(h.ECCCurrent), reading(h.ECCPending)))
		f.add("Errors since the driver was loaded", errorsOf(h.Volatile))
		f.add("Errors in its life", errorsOf(h.Aggregate))
		f.add("Rows replaced", fmt.Sprintf("%s for corrected errors, %s for others; pending: %s, failed: %s",
			reading(h.Remap.Corrected), reading(h.Remap.Uncorrected), reading(h.Remap.Pending), reading(h.Remap.Failed)))
		f.add("Pages retired", fmt.Sprintf("%s for single bits, %s for double bits; pending: %s",
			reading(h.Retired.SingleBit), reading(h.Retired.DoubleBit), reading(h.Retired.Pending)))
		f.add("SRAM past its limit", reading(h.SRAMThreshold))
		f.add("Driver asks for", reading(h.Recovery))
		f.add("Temperature", fmt.Sprintf("%s °C, memory %s °C", reading(h.Temperature), reading(h.MemoryTemperature)))
		f.add("Power", reading(h.Power)+" W")
		f.add("Clocks", fmt.Sprintf("%s MHz, memory %s MHz", reading(h.Clock), reading(h.MemoryClock)))
	}
	f.add("Note", strings.Join(s.notes(simulated), ", "))
	return f
}

func errorsOf(e gpu.Errors) string {
	return fmt.Sprintf("%s corrected (DRAM %s, SRAM %s), %s uncorrected (DRAM %s, SRAM %s)", reading(e.Corrected), reading(e.CorrectedDRAM),
		reading(e.CorrectedSRAM), reading(e.Uncorrected), reading(e.UncorrectedDRAM), reading(e.UncorrectedSRAM))
}

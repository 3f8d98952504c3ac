//go:build cgo && linux

package nvml

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Inventory lists the GPUs. Those that cannot be reached are told apart; the others are
// complete without them.
func (l *Library) Inventory() (gpu.Inventory, error) {
	inv := gpu.Inventory{Driver: l.driver, Devices: []gpu.Device{}}
	if l.has("nvmlSystemGetCudaDriverVersion") {
		if v, r := l.nvml.SystemGetCudaDriverVersion(); r == nvml.SUCCESS {
			inv.CUDA = fmt.Sprintf("%d.%d", v/1000, v%1000/10)
		}
	}
	handles, err := l.handles()
	if err != nil {
		return inv, err
	}
	var reached []handle
	for _, h := range handles {
		a := &asking{Library: l}
		if h.device == nil {
			a.note(h.why)
			inv.Missing = append(inv.Missing, gpu.Absent{Index: h.index, Lost: a.lost, Why: explain(h.why)})
			continue
		}
		d := a.describe(h)
		if d.UUID == "" {
			inv.Missing = append(inv.Missing, gpu.Absent{Index: h.index, Lost: a.lost, Why: "the driver does not tell its UUID"})
			continue
		}
		inv.Devices, reached = append(inv.Devices, d), append(reached, h)
	}
	l.connect(inv.Devices, reached)
	return inv, nil
}

// describe is what a GPU is. What it does not tell is left out.
func (a *asking) describe(h handle) gpu.Device {
	d := gpu.Device{Index: h.index, Minor: -1, NUMA: -1, Driver: a.driver}
	d.UUID = told(ask(a, h.device.GetUUID, "nvmlDeviceGetUUID"))
	d.Serial = told(ask(a, h.device.GetSerial, "nvmlDeviceGetSerial"))
	d.Product = told(ask(a, h.device.GetName, "nvmlDeviceGetName"))
	if pci, ok := ask(a, h.device.GetPciInfo, pciSymbols...).Get(); ok {
		d.BusID = busID(pci)
		d.NUMA = a.numa(d.BusID)
	}
	if minor, ok := ask(a, h.device.GetMinorNumber, "nvmlDeviceGetMinorNumber").Get(); ok {
		d.Minor = minor
	}
	if m, ok := a.memory(h.device).Total.Get(); ok {
		d.MemoryMB = int64(m >> 20)
	}
	d.Type = gpu.ProductOf(d.Product, d.MemoryMB).Type
	d.MIG = gpu.Is(a.mig(h.device))
	if d.MIG {
		d.Slices = a.slices(h.device)
	}
	return d
}

// told is a value, or the zero value.
func told[T any](r gpu.Reading[T]) T {
	v, _ := r.Get()
	return v
}

var pciSymbols = []string{"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"}

// busID is a PCI address as the driver writes it: 00000000:07:00.0. Some fill in its parts
// only.
func busID(p nvml.PciInfo) string {
	if id := text(p.BusId[:]); id != "" {
		return strings.ToUpper(id)
	}
	if id := text(p.BusIdLegacy[:]); id != "" {
		return normalBus(id)
	}
	return fmt.Sprintf("%08X:%02X:%02X.0", p.Domain, p.Bus, p.Device)
}

// text is a string of C's.
func text(b []uint8) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// numa is the node of memory and processors that a PCI address is nearest to; -1: unknown.
func (l *Library) numa(bus string) int {
	if len(bus) < 12 {
		return -1
	}
	// The kernel writes domains with four digits.
	name := strings.ToLower(bus[len(bus)-12:])
	b, err := os.ReadFile(filepath.Join(l.sys, "bus/pci/devices", filepath.Base(name), "numa_node"))
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return -1
	}
	return n
}

// mig reports whether a GPU is cut into slices.
func (a *asking) mig(d nvml.Device) gpu.Flag {
	return ask(a, func() (bool, nvml.Return) {
		current, _, r := d.GetMigMode()
		return current == nvml.DEVICE_MIG_ENABLE, r
	}, "nvmlDeviceGetMigMode")
}

// memory is a GPU's memory. Old drivers do not tell what they reserve, and count it as used.
func (a *asking) memory(d nvml.Device) gpu.Memory {
	if a.has("nvmlDeviceGetMemoryInfo_v2") {
		if m, r := d.GetMemoryInfo_v2(); r == nvml.SUCCESS {
			used := m.Used
			// Whether it counts what is reserved is known by the sum.
			if m.Used+m.Free == m.Total {
				used = less(m.Used, m.Reserved)
			}
			return gpu.Memory{Total: gpu.Known(m.Total), Reserved: gpu.Known(m.Reserved), Used: gpu.Known(used)}
		}
	}
	m := ask(a, d.GetMemoryInfo, "nvmlDeviceGetMemoryInfo")
	v, ok := m.Get()
	if !ok {
		same := gpu.Counter{Unsupported: m.Unsupported, Error: m.Error}
		return gpu.Memory{Total: same, Reserved: same, Used: same}
	}
	return gpu.Memory{Total: gpu.Known(v.Total), Reserved: gpu.Unsupported[uint64](), Used: gpu.Known(v.Used)}
}

// less is a without b, and never wraps.
func less(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

package sim

import (
	"cmp"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A product is what a type of GPU can do.
type product struct {
	gpu.Product
	remaps bool // rows, and keeps SRAM thresholds
	links  int  // NVLinks to each other GPU of the host
	banks  int
}

func productOf(kind string) product {
	known, _ := gpu.ProductOfType(kind)
	p := product{Product: known, remaps: known.ECC == gpu.ECCFull || known.ECC == gpu.ECCRemap}
	switch known.ECC {
	case gpu.ECCFull:
		p.links, p.banks = 12, 640
	case gpu.ECCRemap:
		p.banks = 96
	default: // none that a driver tells of
	}
	return p
}

// simulatedDriver is what the driver calls itself.
const simulatedDriver = "580.95.05 (simulated)"

// DevicesOf are declared GPUs as a driver would list them.
func DevicesOf(declared []fleet.GPUReport) []gpu.Device {
	devices := make([]gpu.Device, len(declared))
	for i, r := range declared {
		p := productOf(r.Type)
		d := gpu.Device{
			Index: r.Index, UUID: r.UUID, Serial: r.Serial, Type: r.Type, MemoryMB: r.MemoryMB, Minor: r.Index,
			BusID:   fmt.Sprintf("00000000:%02X:00.0", 7+8*(r.Index%31)),
			Product: cmp.Or(p.Name, "Simulated "+r.Type), Driver: simulatedDriver, NUMA: 2 * i / len(declared),
		}
		for _, peer := range declared {
			if peer.UUID == r.UUID {
				continue
			}
			path := "system"
			if 2*peer.Index/len(declared) == d.NUMA {
				path = "node"
			}
			links := 0
			if peer.Type == r.Type {
				links = p.links
			}
			d.Links = append(d.Links, gpu.Link{Peer: peer.UUID, NVLinks: links, Path: path})
		}
		devices[i] = d
	}
	return devices
}

package sim

import (
	"cmp"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A product is what a type of GPU can do.
type product struct {
	name   string
	peak   float64 // of its memory, 10⁹ bytes a second
	ecc    bool
	remaps bool // rows, and keeps SRAM thresholds
	links  int  // NVLinks to each other GPU of the host
	banks  int
}

var products = map[string]product{
	"a100-40gb":    {"NVIDIA A100-SXM4-40GB", 1555, true, true, 12, 640},
	"a100-80gb":    {"NVIDIA A100-SXM4-80GB", 2039, true, true, 12, 640},
	"h100-80gb":    {"NVIDIA H100 80GB HBM3", 3350, true, true, 18, 640},
	"h200-141gb":   {"NVIDIA H200", 4800, true, true, 18, 768},
	"l4-24gb":      {"NVIDIA L4", 300, true, true, 0, 96},
	"l40s-48gb":    {"NVIDIA L40S", 864, true, true, 0, 192},
	"rtx4090-24gb": {"NVIDIA GeForce RTX 4090", 1008, false, false, 0, 0},
	"t4-16gb":      {"Tesla T4", 320, true, false, 0, 0},
}

// simulatedDriver is what the driver calls itself.
const simulatedDriver = "580.95.05 (simulated)"

// DevicesOf are declared GPUs as a driver would list them.
func DevicesOf(declared []fleet.GPUReport) []gpu.Device {
	devices := make([]gpu.Device, len(declared))
	for i, r := range declared {
		p := products[r.Type]
		d := gpu.Device{
			Index: r.Index, UUID: r.UUID, Serial: r.Serial, Type: r.Type, MemoryMB: r.MemoryMB, Minor: r.Index,
			BusID:   fmt.Sprintf("00000000:%02X:00.0", 7+8*(r.Index%31)),
			Product: cmp.Or(p.name, "Simulated "+r.Type), Driver: simulatedDriver, NUMA: 2 * i / len(declared),
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

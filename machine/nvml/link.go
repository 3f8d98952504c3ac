//go:build cgo && linux

package nvml

import (
	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// nvlinks are those of one GPU: how many go to each PCI address, and how many to a switch,
// through which every GPU on it is reached.
type nvlinks struct {
	direct   map[string]int
	toSwitch int
}

// paths are the names of the ways over PCI.
var paths = map[nvml.GpuTopologyLevel]string{
	nvml.TOPOLOGY_INTERNAL: "internal", nvml.TOPOLOGY_SINGLE: "single", nvml.TOPOLOGY_MULTIPLE: "multiple",
	nvml.TOPOLOGY_HOSTBRIDGE: "hostbridge", nvml.TOPOLOGY_NODE: "node", nvml.TOPOLOGY_SYSTEM: "system",
}

// connect says how the GPUs reach each other.
func (l *Library) connect(devices []gpu.Device, handles []handle) {
	if len(devices) < 2 {
		return
	}
	links := make([]nvlinks, len(devices))
	for i, h := range handles {
		links[i] = (&asking{Library: l}).nvlinks(h.device)
	}
	for i := range devices {
		for j := range devices {
			if i == j {
				continue
			}
			n := links[i].direct[devices[j].BusID] + min(links[i].toSwitch, links[j].toSwitch)
			link := gpu.Link{Peer: devices[j].UUID, NVLinks: n, Path: l.path(handles[i].device, handles[j].device)}
			if n > 0 || link.Path != "" {
				devices[i].Links = append(devices[i].Links, link)
			}
		}
	}
}

// path is the name of the way between two GPUs over PCI; empty: the driver does not tell.
func (l *Library) path(from, to nvml.Device) string {
	if !l.has("nvmlDeviceGetTopologyCommonAncestor") {
		return ""
	}
	level, r := from.GetTopologyCommonAncestor(to)
	if r != nvml.SUCCESS {
		return ""
	}
	return paths[level]
}

// nvlinks counts the links of a GPU that are up.
func (a *asking) nvlinks(d nvml.Device) nvlinks {
	found := nvlinks{direct: map[string]int{}}
	if !a.has("nvmlDeviceGetNvLinkState") || !a.has("nvmlDeviceGetNvLinkRemotePciInfo_v2", "nvmlDeviceGetNvLinkRemotePciInfo") {
		return found
	}
	for i := range nvml.NVLINK_MAX_LINKS {
		state, r := d.GetNvLinkState(i)
		if r == nvml.ERROR_NOT_SUPPORTED || r == nvml.ERROR_INVALID_ARGUMENT || r == nvml.ERROR_GPU_IS_LOST {
			break // it has no more
		}
		if r != nvml.SUCCESS || state != nvml.FEATURE_ENABLED {
			continue
		}
		kind := ask(a, func() (nvml.IntNvLinkDeviceType, nvml.Return) { return d.GetNvLinkRemoteDeviceType(i) }, "nvmlDeviceGetNvLinkRemoteDeviceType")
		if k, ok := kind.Get(); ok && k == nvml.NVLINK_DEVICE_TYPE_SWITCH {
			found.toSwitch++
			continue
		}
		if pci, r := d.GetNvLinkRemotePciInfo(i); r == nvml.SUCCESS {
			found.direct[busID(pci)]++
		}
	}
	return found
}

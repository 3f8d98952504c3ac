//go:build cgo && linux

package nvml

import (
	"fmt"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// slices are the MIG devices of a GPU.
func (a *asking) slices(d nvml.Device) []gpu.Slice {
	n, ok := ask(a, d.GetMaxMigDeviceCount, "nvmlDeviceGetMaxMigDeviceCount").Get()
	if !ok || !a.has("nvmlDeviceGetMigDeviceHandleByIndex") {
		return nil
	}
	var all []gpu.Slice
	for i := range n {
		m, r := d.GetMigDeviceHandleByIndex(i)
		if r != nvml.SUCCESS {
			continue // NOT_FOUND is a place without a slice
		}
		if s := a.slice(d, m); s.UUID != "" {
			all = append(all, s)
		}
	}
	return all
}

// slice is one MIG device of the GPU.
func (a *asking) slice(parent, m nvml.Device) gpu.Slice {
	s := gpu.Slice{UUID: told(ask(a, m.GetUUID, "nvmlDeviceGetUUID")), Start: -1}
	if total, ok := a.memory(m).Total.Get(); ok {
		s.MemoryMB = int64(total >> 20)
	}
	// The driver names it so: NVIDIA A100-SXM4-80GB MIG 3g.40gb
	if _, profile, ok := strings.Cut(told(ask(a, m.GetName, "nvmlDeviceGetName")), " MIG "); ok {
		s.Profile = strings.TrimSpace(profile)
	}
	if s.Profile == "" {
		if of, ok := ask(a, m.GetAttributes, "nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes").Get(); ok {
			s.Profile = profileOf(of)
		}
	}
	id, ok := ask(a, m.GetGpuInstanceId, "nvmlDeviceGetGpuInstanceId").Get()
	if !ok || !a.has("nvmlDeviceGetGpuInstanceById") || !a.has("nvmlGpuInstanceGetInfo") {
		return s
	}
	instance, r := parent.GetGpuInstanceById(id)
	if r != nvml.SUCCESS {
		return s
	}
	if info, r := instance.GetInfo(); r == nvml.SUCCESS {
		s.Start, s.Size = int(info.Placement.Start), int(info.Placement.Size)
	}
	return s
}

// profileOf is the name of a profile by its parts: 3g.40gb, or 1c.3g.40gb for a part of its
// processors.
func profileOf(of nvml.DeviceAttributes) string {
	name := fmt.Sprintf("%dg.%dgb", of.GpuInstanceSliceCount, (of.MemorySizeMB+1023)/1024)
	if of.ComputeInstanceSliceCount < of.GpuInstanceSliceCount {
		name = fmt.Sprintf("%dc.%s", of.ComputeInstanceSliceCount, name)
	}
	return name
}

//go:build cgo && linux

package nvml

import (
	"cmp"
	"slices"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// idle is how much memory of a GPU can be in use while nobody uses it: more if the driver counts
// what it reserves for itself.
const (
	idle         = 64 << 20
	idleReserved = 1 << 30
)

// Holders are the processes that have a GPU open: those that the driver tells, those that
// have its device file open, and, if memory is in use that none of them accounts for, one of
// PID 0. A process that is told and is not there (a zombie, or one of a PID namespace that
// cannot be seen) holds the GPU all the same.
func (l *Library) Holders(uuid string) ([]gpu.Holder, error) {
	a := &asking{Library: l}
	d, err := l.find(uuid)
	if r, is := refused(err); is {
		return nil, fleet.Errorf(fleet.Unavailable, "who holds GPU %s is not known: %s", uuid, explain(r))
	}
	if err != nil {
		return nil, err
	}
	whole, err := a.parent(d, uuid)
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "who holds GPU %s is not known: %s", uuid, err)
	}
	listed, err := a.processes(d, uuid)
	if err != nil {
		return nil, err
	}
	minor := -1
	if whole == d { // the device file is the whole GPU's
		if n, ok := ask(a, d.GetMinorNumber, "nvmlDeviceGetMinorNumber").Get(); ok {
			minor = n
		}
	}
	found, err := procfs(l.proc).holders(minor, listed)
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "who holds GPU %s is not known: %s", uuid, err)
	}
	memory, limit := a.memory(d), uint64(idle)
	if memory.Reserved.Value == nil {
		limit = idleReserved
	}
	if used, ok := memory.Used.Get(); ok && used > limit && !slices.ContainsFunc(found, uses) {
		found = append(found, gpu.Holder{Command: "nobody that can be seen", MemoryBytes: used})
	}
	slices.SortFunc(found, func(a, b gpu.Holder) int { return cmp.Compare(a.PID, b.PID) })
	return found, nil
}

func uses(h gpu.Holder) bool { return !h.Monitor }

// processes are what the driver tells: the memory that each uses, 0 if it does not say.
func (a *asking) processes(d nvml.Device, uuid string) (map[int]uint64, error) {
	listed := map[int]uint64{}
	asked := false
	for _, list := range []struct {
		of      func() ([]nvml.ProcessInfo, nvml.Return)
		symbols []string
	}{
		{d.GetComputeRunningProcesses, versions("nvmlDeviceGetComputeRunningProcesses")},
		{d.GetGraphicsRunningProcesses, versions("nvmlDeviceGetGraphicsRunningProcesses")},
		{d.GetMPSComputeRunningProcesses, versions("nvmlDeviceGetMPSComputeRunningProcesses")},
	} {
		r := ask(a, list.of, list.symbols...)
		if r.Failed() && a.reset {
			asked = true // nothing runs on it before a reset; who has it open is known without the driver
			continue
		}
		if r.Failed() {
			return nil, fleet.Errorf(fleet.Unavailable, "who holds GPU %s is not known: %s", uuid, r.Error)
		}
		asked = asked || !r.Unsupported
		for _, p := range told(r) {
			listed[int(p.Pid)] = max(listed[int(p.Pid)], memoryOf(p))
		}
	}
	if !asked {
		return nil, fleet.Errorf(fleet.Unsupported, "this driver does not tell who holds GPU %s", uuid)
	}
	return listed, nil
}

// versions are a symbol and its newer forms.
func versions(symbol string) []string { return []string{symbol + "_v3", symbol + "_v2", symbol} }

// memoryOf is what a process uses. All ones is not available.
func memoryOf(p nvml.ProcessInfo) uint64 {
	if p.UsedGpuMemory == ^uint64(0) {
		return 0
	}
	return p.UsedGpuMemory
}

//go:build cgo && linux

package nvml

import "github.com/NVIDIA/go-nvml/pkg/nvml"

// register has the driver report events of all GPUs, and says of how many it does. A GPU
// refuses all of them if it does not know one, even one that it says to support: then fewer
// are asked for, down to none. After a refusal the set is not to be used any more.
func (w *watch) register() (nvml.EventSet, int) {
	for _, s := range []string{"nvmlEventSetCreate", "nvmlEventSetFree", "nvmlDeviceGetSupportedEventTypes", "nvmlDeviceRegisterEvents"} {
		if !w.has(s) {
			return nil, 0
		}
	}
	if !w.has("nvmlEventSetWait", "nvmlEventSetWait_v2") {
		return nil, 0
	}
	handles, err := w.handles()
	if err != nil {
		return nil, 0
	}
	wanted := make([][]uint64, len(handles)) // sets of events, fewer and fewer
	for i, h := range handles {
		if h.device != nil {
			wanted[i] = masks(h.device)
		}
	}
	for {
		set, r := w.nvml.EventSetCreate()
		if r != nvml.SUCCESS {
			return nil, 0
		}
		n, refused := 0, false
		for i := range wanted {
			if len(wanted[i]) == 0 {
				continue
			}
			if r := handles[i].device.RegisterEvents(wanted[i][0], set); r != nvml.SUCCESS {
				wanted[i], refused = wanted[i][1:], true
				break
			}
			n++
		}
		if !refused && n > 0 {
			return set, n
		}
		_ = set.Free() // it is not used again
		if !refused {
			return nil, 0
		}
	}
}

// masks are the sets of events to ask a GPU for, the largest first.
func masks(d nvml.Device) []uint64 {
	supported, r := d.GetSupportedEventTypes()
	if r != nvml.SUCCESS {
		return nil
	}
	var all uint64
	for _, k := range kinds {
		all |= k.bit
	}
	const old = nvml.EventTypeXidCriticalError | nvml.EventTypeSingleBitEccError | nvml.EventTypeDoubleBitEccError
	var list []uint64
	for _, m := range []uint64{all, old, nvml.EventTypeXidCriticalError} {
		if m &= supported; m != 0 && (len(list) == 0 || m != list[len(list)-1]) {
			list = append(list, m)
		}
	}
	return list
}

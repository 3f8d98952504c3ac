//go:build cgo && linux

package nvml

import (
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Health reads all that the driver tells of a GPU; of a MIG slice, what it tells of the GPU
// that the slice is of, with the slice's memory.
func (l *Library) Health(uuid string) (gpu.Health, error) {
	a := &asking{Library: l}
	d, err := l.find(uuid)
	if r, is := refused(err); is {
		a.note(r)
		return gpu.Health{At: l.now().UTC(), UUID: uuid, Driver: l.driver, Lost: a.lost, ResetRequired: a.reset}, nil
	}
	if err != nil {
		return gpu.Health{}, err
	}
	whole, err := a.parent(d, uuid)
	if err != nil {
		return gpu.Health{}, err
	}
	h := gpu.Health{At: l.now().UTC(), UUID: uuid, Driver: l.driver}
	a.identify(whole, &h)
	h.MIG = a.mig(whole)
	h.Memory = a.memory(d)
	a.ecc(whole, &h)
	a.rows(whole, &h)
	a.fields(whole, &h)
	a.running(whole, &h)
	h.InfoROMValid = a.inforom(whole)
	h.Lost, h.ResetRequired = a.lost, a.reset
	return h, nil
}

// parent is the GPU that a MIG slice is of; a GPU is its own.
func (a *asking) parent(d nvml.Device, uuid string) (nvml.Device, error) {
	if !strings.HasPrefix(uuid, "MIG-") || !a.has("nvmlDeviceGetDeviceHandleFromMigDeviceHandle") {
		return d, nil
	}
	p, r := d.GetDeviceHandleFromMigDeviceHandle()
	if r != nvml.SUCCESS {
		return nil, &refusal{r}
	}
	return p, nil
}

func (a *asking) identify(d nvml.Device, h *gpu.Health) {
	h.Serial = told(ask(a, d.GetSerial, "nvmlDeviceGetSerial"))
	h.Product = told(ask(a, d.GetName, "nvmlDeviceGetName"))
	h.VBIOS = told(ask(a, d.GetVbiosVersion, "nvmlDeviceGetVbiosVersion"))
	h.InfoROM = told(ask(a, d.GetInforomImageVersion, "nvmlDeviceGetInforomImageVersion"))
	if pci, ok := ask(a, d.GetPciInfo, pciSymbols...).Get(); ok {
		h.BusID = busID(pci)
	}
}

// running is what its sensors say.
func (a *asking) running(d nvml.Device, h *gpu.Health) {
	h.Temperature = number(ask(a, func() (uint32, nvml.Return) { return d.GetTemperature(nvml.TEMPERATURE_GPU) }, "nvmlDeviceGetTemperature"))
	h.Power = convert(ask(a, d.GetPowerUsage, "nvmlDeviceGetPowerUsage"), func(mW uint32) float64 { return float64(mW) / 1000 })
	h.Clock = number(ask(a, func() (uint32, nvml.Return) { return d.GetClockInfo(nvml.CLOCK_SM) }, "nvmlDeviceGetClockInfo"))
	h.MemoryClock = number(ask(a, func() (uint32, nvml.Return) { return d.GetClockInfo(nvml.CLOCK_MEM) }, "nvmlDeviceGetClockInfo"))
	h.Throttle = ask(a, d.GetCurrentClocksEventReasons, "nvmlDeviceGetCurrentClocksEventReasons")
	if h.Throttle.Unsupported { // its older name
		h.Throttle = ask(a, d.GetCurrentClocksThrottleReasons, "nvmlDeviceGetCurrentClocksThrottleReasons")
	}
}

// inforom reports whether the GPU's own memory of itself is whole. Any answer can say that
// it is not.
func (a *asking) inforom(d nvml.Device) gpu.Flag {
	valid := ask(a, func() (bool, nvml.Return) { r := d.ValidateInforom(); return r == nvml.SUCCESS, r }, "nvmlDeviceValidateInforom")
	if a.corrupted {
		return gpu.Known(false)
	}
	return valid
}

// convert changes a reading's value, and keeps why there is none.
func convert[F, T any](r gpu.Reading[F], to func(F) T) gpu.Reading[T] {
	v, ok := r.Get()
	if !ok {
		return gpu.Reading[T]{Unsupported: r.Unsupported, Error: r.Error}
	}
	return gpu.Known(to(v))
}

func number[F ~uint32 | ~uint64 | ~int](r gpu.Reading[F]) gpu.Reading[int] {
	return convert(r, func(v F) int { return int(v) })
}

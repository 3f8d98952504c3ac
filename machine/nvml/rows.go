//go:build cgo && linux

package nvml

import (
	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// rows reads which rows or pages of memory have been replaced. Some products without a
// remapper answer its questions with success and zeros: whether there is one is known by the
// product.
func (a *asking) rows(d nvml.Device, h *gpu.Health) {
	type rows struct {
		corrected, uncorrected int
		pending, failed        bool
	}
	r, banks := gpu.Unsupported[rows](), gpu.Unsupported[gpu.Banks]()
	if remaps(h) {
		r = ask(a, func() (v rows, r nvml.Return) {
			v.corrected, v.uncorrected, v.pending, v.failed, r = d.GetRemappedRows()
			return v, r
		}, "nvmlDeviceGetRemappedRows")
		banks = convert(ask(a, d.GetRowRemapperHistogram, "nvmlDeviceGetRowRemapperHistogram"), func(v nvml.RowRemapperHistogramValues) gpu.Banks {
			return gpu.Banks{Max: int(v.Max), High: int(v.High), Partial: int(v.Partial), Low: int(v.Low), None: int(v.None)}
		})
	}
	h.Remap = gpu.Remap{
		Corrected:   convert(r, func(r rows) uint64 { return uint64(r.corrected) }),
		Uncorrected: convert(r, func(r rows) uint64 { return uint64(r.uncorrected) }),
		Pending:     convert(r, func(r rows) bool { return r.pending }),
		Failed:      convert(r, func(r rows) bool { return r.failed }),
		Banks:       banks,
	}
	h.RepairPending = convert(ask(a, d.GetRepairStatus, "nvmlDeviceGetRepairStatus"), func(s nvml.RepairStatus) bool {
		return s.BChannelRepairPending != 0 || s.BTpcRepairPending != 0
	})
	pages := func(cause nvml.PageRetirementCause) gpu.Counter {
		return ask(a, func() (uint64, nvml.Return) {
			all, r := d.GetRetiredPages(cause)
			return uint64(len(all)), r
		}, "nvmlDeviceGetRetiredPages")
	}
	h.Retired = gpu.Retired{
		SingleBit: pages(nvml.PAGE_RETIREMENT_CAUSE_MULTIPLE_SINGLE_BIT_ECC_ERRORS),
		DoubleBit: pages(nvml.PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR),
		Pending: ask(a, func() (bool, nvml.Return) {
			s, r := d.GetRetiredPagesPendingStatus()
			return s == nvml.FEATURE_ENABLED, r
		}, "nvmlDeviceGetRetiredPagesPendingStatus"),
	}
}

// remaps reports whether a GPU replaces rows, or its product is not known.
func remaps(h *gpu.Health) bool {
	total, _ := h.Memory.Total.Get()
	switch gpu.ProductOf(h.Product, int64(total>>20)).ECC {
	case gpu.ECCPages, gpu.ECCNone:
		return false
	default:
		return true
	}
}

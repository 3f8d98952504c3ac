//go:build cgo && linux

package nvml

import (
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// asking is a series of questions about one GPU, and what their answers tell beside.
type asking struct {
	*Library
	lost      bool
	reset     bool // it wants one before anything else
	corrupted bool // its InfoROM
}

// ask asks the driver for one value, unless it lacks all of the symbols of the call.
func ask[T any](a *asking, call func() (T, nvml.Return), symbols ...string) gpu.Reading[T] {
	if !a.has(symbols...) {
		return gpu.Unsupported[T]()
	}
	v, r := call()
	return answer(a, v, r)
}

// answer sorts an answer by what the driver returned with it.
func answer[T any](a *asking, v T, r nvml.Return) gpu.Reading[T] {
	a.note(r)
	switch r {
	case nvml.SUCCESS:
		return gpu.Known(v)
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_ARGUMENT_VERSION_MISMATCH:
		return gpu.Unsupported[T]()
	default:
		return gpu.Unreadable[T](explain(r))
	}
}

func (a *asking) note(r nvml.Return) {
	switch r {
	case nvml.ERROR_GPU_IS_LOST:
		a.lost = true
	case nvml.ERROR_RESET_REQUIRED:
		a.reset = true
	case nvml.ERROR_CORRUPTED_INFOROM:
		a.corrupted = true
	default:
	}
}

// explanations are the Returns that people meet, in their words. The library's own would be
// one more call that an old driver can lack.
var explanations = map[nvml.Return]string{
	nvml.ERROR_UNINITIALIZED:           "not initialised",
	nvml.ERROR_INVALID_ARGUMENT:        "invalid argument",
	nvml.ERROR_NOT_SUPPORTED:           "not supported",
	nvml.ERROR_NO_PERMISSION:           "no permission",
	nvml.ERROR_NOT_FOUND:               "not found",
	nvml.ERROR_INSUFFICIENT_SIZE:       "more than fits",
	nvml.ERROR_DRIVER_NOT_LOADED:       "the driver is not loaded",
	nvml.ERROR_TIMEOUT:                 "the driver timed out",
	nvml.ERROR_IRQ_ISSUE:               "an interrupt of the GPU does not arrive",
	nvml.ERROR_LIBRARY_NOT_FOUND:       "library not found",
	nvml.ERROR_FUNCTION_NOT_FOUND:      "the driver has no such function",
	nvml.ERROR_CORRUPTED_INFOROM:       "the InfoROM is corrupt",
	nvml.ERROR_GPU_IS_LOST:             "the GPU is lost",
	nvml.ERROR_RESET_REQUIRED:          "the GPU must be reset first",
	nvml.ERROR_OPERATING_SYSTEM:        "the operating system refuses the driver",
	nvml.ERROR_LIB_RM_VERSION_MISMATCH: "driver and library are of different versions",
	nvml.ERROR_IN_USE:                  "in use",
	nvml.ERROR_MEMORY:                  "out of memory",
	nvml.ERROR_NO_DATA:                 "no data",
	nvml.ERROR_UNKNOWN:                 "unknown error",
}

// explain says what a Return means, with NVML's number.
func explain(r nvml.Return) string {
	words, ok := explanations[r]
	if !ok {
		words = "error"
	}
	return fmt.Sprintf("%s (NVML %d)", words, int32(r))
}

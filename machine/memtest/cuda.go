package memtest

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// cuda are the calls of the CUDA driver, by their C names without cu. C to Go: CUdevice and
// CUresult are int32, handles uintptr, CUdeviceptr and size_t uint64; a string becomes a copy
// that ends in NUL.
type cuda struct {
	Init               func(flags uint32) int32
	DriverGetVersion   func(*int32) int32
	DeviceGetCount     func(*int32) int32
	DeviceGet          func(dev *int32, ordinal int32) int32
	DeviceGetUUID      func(*[16]byte, int32) int32
	DeviceGetAttribute func(v *int32, attribute, dev int32) int32
	CtxRetain          func(ctx *uintptr, dev int32) int32
	CtxRelease         func(dev int32) int32
	CtxSetCurrent      func(ctx uintptr) int32
	MemGetInfo         func(free, total *uint64) int32
	MemAlloc           func(p *uint64, size uint64) int32
	MemFree            func(p uint64) int32
	MemcpyDtoH         func(to unsafe.Pointer, from, size uint64) int32
	MemcpyDtoDAsync    func(to, from, size uint64, stream uintptr) int32
	MemsetD32Async     func(p uint64, v uint32, n uint64, stream uintptr) int32
	ModuleLoadData     func(module *uintptr, image unsafe.Pointer) int32
	ModuleGetFunction  func(f *uintptr, module uintptr, name string) int32
	FuncSetAttribute   func(f uintptr, attribute, value int32) int32
	MaxBlocks          func(n *int32, f uintptr, block int32, shared uint64) int32
	LaunchKernel       func(f uintptr, gx, gy, gz, bx, by, bz, shared uint32, stream uintptr, params *unsafe.Pointer, extra unsafe.Pointer) int32
	StreamCreate       func(stream *uintptr, flags uint32) int32
	StreamSynchronize  func(stream uintptr) int32
	EventCreate        func(event *uintptr, flags uint32) int32
	EventRecord        func(event, stream uintptr) int32
	EventSynchronize   func(event uintptr) int32
	GetErrorName       func(code int32, name **byte) int32
}

// library is the driver's, as it is installed with it.
const library = "libcuda.so.1"

// openCUDA loads the driver's library. Without a driver that is an ordinary error.
func openCUDA() (*cuda, error) {
	lib, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("no CUDA driver: %w", err)
	}
	var c cuda
	for _, call := range []struct {
		symbol string
		fn     any
	}{
		{"cuInit", &c.Init},
		{"cuDriverGetVersion", &c.DriverGetVersion},
		{"cuDeviceGetCount", &c.DeviceGetCount},
		{"cuDeviceGet", &c.DeviceGet},
		{"cuDeviceGetUuid_v2", &c.DeviceGetUUID},
		{"cuDeviceGetAttribute", &c.DeviceGetAttribute},
		{"cuDevicePrimaryCtxRetain", &c.CtxRetain},
		{"cuDevicePrimaryCtxRelease_v2", &c.CtxRelease},
		{"cuCtxSetCurrent", &c.CtxSetCurrent},
		{"cuMemGetInfo_v2", &c.MemGetInfo},
		{"cuMemAlloc_v2", &c.MemAlloc},
		{"cuMemFree_v2", &c.MemFree},
		{"cuMemcpyDtoH_v2", &c.MemcpyDtoH},
		{"cuMemcpyDtoDAsync_v2", &c.MemcpyDtoDAsync},
		{"cuMemsetD32Async", &c.MemsetD32Async},
		{"cuModuleLoadData", &c.ModuleLoadData},
		{"cuModuleGetFunction", &c.ModuleGetFunction},
		{"cuFuncSetAttribute", &c.FuncSetAttribute},
		{"cuOccupancyMaxActiveBlocksPerMultiprocessor", &c.MaxBlocks},
		{"cuLaunchKernel", &c.LaunchKernel},
		{"cuStreamCreate", &c.StreamCreate},
		{"cuStreamSynchronize", &c.StreamSynchronize},
		{"cuEventCreate", &c.EventCreate},
		{"cuEventRecord", &c.EventRecord},
		{"cuEventSynchronize", &c.EventSynchronize},
		{"cuGetErrorName", &c.GetErrorName},
	} {
		// RegisterFunc with an address: RegisterLibFunc would panic where a symbol is missing.
		address, err := purego.Dlsym(lib, call.symbol)
		if err != nil {
			return nil, fmt.Errorf("the CUDA driver is too old: it has no %s", call.symbol)
		}
		purego.RegisterFunc(call.fn, address)
	}
	return &c, nil
}

// A cudaError is what the driver answered to a call.
type cudaError struct {
	Call string
	Code int
	Name string
}

func (e *cudaError) Error() string { return fmt.Sprintf("%s: error %d %s", e.Call, e.Code, e.Name) }

// Answers that mean something here; what others mean is the verdict's to say.
const (
	outOfMemory   = 2
	noDevice      = 100
	invalidDevice = 101
)

// failed makes an error of what the call answered; nil if that was 0.
func (c *cuda) failed(call string, code int32) error {
	if code == 0 {
		return nil
	}
	e := &cudaError{Call: call, Code: int(code), Name: "unknown"}
	var name *byte
	if c.GetErrorName(code, &name) == 0 && name != nil {
		e.Name = cString(name)
	}
	return e
}

// cString copies what p points at up to its NUL, or 100 bytes.
func cString(p *byte) string {
	var b []byte
	for ; *p != 0 && len(b) < 100; p = (*byte)(unsafe.Add(unsafe.Pointer(p), 1)) {
		b = append(b, *p)
	}
	return string(b)
}

package memtest

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// A device is the one GPU that this process sees, with our kernels on it.
type device struct {
	*cuda

	number                  int32
	processors              int32
	stream                  uintptr
	fill, check, shared     uintptr   // kernels
	fillBlocks, checkBlocks uint32    // of a grid that fills the GPU
	records                 uint64    // where kernels write what they find
	marks                   []uintptr // events, one after each launch that is in flight
	launched                int
	args                    *arguments
	pin                     runtime.Pinner
	peak                    float64
	hello                   wire.Hello
}

// arguments are those of the kernel that is launched next, and pointers to each: in one
// piece of memory that stays where it is, since C reads it.
type arguments struct {
	base, n, first, seed, records uint64
	mode, inverse, down, rewrite  uint32
	words, noise                  uint32
	forFill, forCheck, forShared  [9]unsafe.Pointer
}

// Attributes of a device.
const (
	attrProcessors  = 16
	attrECC         = 32
	attrMemoryClock = 36 // kHz
	attrMemoryWidth = 37 // bits
	attrCache       = 38
	attrSharedOptIn = 97 // shared memory that a block can have if it asks for it

	funcAttributeShared = 8 // how it asks
)

// Flags of the driver.
const (
	streamNonBlocking = 1
	eventSleeps       = 1 | 2 // does not spin, keeps no time
)

// inFlight is how many launches wait at the GPU, so that it never waits for us, and that
// ending early means waiting for no more than those.
const inFlight = 4

// openDevice initialises the driver, the only GPU that it shows, and our kernels. It must be
// called, as all the methods, from one goroutine, which it ties to its thread.
func openDevice() (*device, error) {
	begun := time.Now()
	c, err := openCUDA()
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread() // the current context is the thread's
	d := &device{cuda: c, args: &arguments{}}
	if err := c.failed("cuInit", c.Init(0)); err != nil {
		return nil, err
	}
	var count, version int32
	if err := c.failed("cuDeviceGetCount", c.DeviceGetCount(&count)); err != nil {
		return nil, err
	}
	if count != 1 {
		return nil, fmt.Errorf("%d GPUs to be seen, not the one that CUDA_VISIBLE_DEVICES should name", count)
	}
	var uuid [16]byte
	var ctx uintptr
	for _, call := range []struct {
		name string
		do   func() int32
	}{
		{"cuDriverGetVersion", func() int32 { return c.DriverGetVersion(&version) }},
		{"cuDeviceGet", func() int32 { return c.DeviceGet(&d.number, 0) }},
		{"cuDeviceGetUuid_v2", func() int32 { return c.DeviceGetUUID(&uuid, d.number) }},
		{"cuDevicePrimaryCtxRetain", func() int32 { return c.CtxRetain(&ctx, d.number) }},
		{"cuCtxSetCurrent", func() int32 { return c.CtxSetCurrent(ctx) }},
		{"cuStreamCreate", func() int32 { return c.StreamCreate(&d.stream, streamNonBlocking) }},
		{"cuMemAlloc_v2", func() int32 { return c.MemAlloc(&d.records, max(recordsBytes, sharedBytes)) }},
	} {
		if err := c.failed(call.name, call.do()); err != nil {
			return nil, err
		}
	}
	for range inFlight {
		var mark uintptr
		if err := c.failed("cuEventCreate", c.EventCreate(&mark, eventSleeps)); err != nil {
			return nil, err
		}
		d.marks = append(d.marks, mark)
	}
	if err := d.loadKernels(); err != nil {
		return nil, err
	}
	d.peak = float64(d.attribute(attrMemoryClock)) * 1e3 * 2 * float64(d.attribute(attrMemoryWidth)) / 8 / 1e9
	d.hello = wire.Hello{
		Version: wire.Version, UUID: uuidText(uuid), Driver: int(version), Processors: int(d.processors),
		ECC: d.attribute(attrECC) == 1, Cache: uint64(max(0, d.attribute(attrCache))), Peak: d.peak,
		Seconds: time.Since(begun).Seconds(),
	}
	return d, nil
}

// attribute is 0 where the driver does not know it.
func (d *device) attribute(which int32) int32 {
	var v int32
	if d.DeviceGetAttribute(&v, which, d.number) != 0 {
		return 0
	}
	return v
}

func (d *device) loadKernels() error {
	var module uintptr
	image := append(ptx[:len(ptx):len(ptx)], 0) // ends in NUL
	if err := d.failed("cuModuleLoadData", d.ModuleLoadData(&module, unsafe.Pointer(&image[0]))); err != nil {
		return err
	}
	d.processors = d.attribute(attrProcessors)
	if d.processors < 1 {
		return fmt.Errorf("a GPU with %d processors", d.processors)
	}
	for _, kernel := range []struct {
		name   string
		f      *uintptr
		blocks *uint32
	}{{"mt_fill", &d.fill, &d.fillBlocks}, {"mt_check", &d.check, &d.checkBlocks}, {"mt_shared", &d.shared, nil}} {
		if err := d.failed("cuModuleGetFunction "+kernel.name, d.ModuleGetFunction(kernel.f, module, kernel.name)); err != nil {
			return err
		}
		if kernel.blocks == nil {
			continue
		}
		var blocks int32
		if err := d.failed("cuOccupancyMaxActiveBlocksPerMultiprocessor", d.MaxBlocks(&blocks, *kernel.f, threads, 0)); err != nil {
			return err
		}
		*kernel.blocks = uint32(max(1, blocks)) * uint32(d.processors)
	}
	a := d.args
	d.pin.Pin(a)
	p := func(v *uint64) unsafe.Pointer { return unsafe.Pointer(v) }
	q := func(v *uint32) unsafe.Pointer { return unsafe.Pointer(v) }
	a.forFill = [9]unsafe.Pointer{p(&a.base), p(&a.n), p(&a.first), p(&a.seed), q(&a.mode), q(&a.inverse), q(&a.down)}
	a.forCheck = a.forFill
	a.forCheck[7], a.forCheck[8] = q(&a.rewrite), p(&a.records)
	a.forShared = [9]unsafe.Pointer{q(&a.words), q(&a.noise), p(&a.records)}
	return nil
}

// launch starts a pass over n words at base, the first of which has the index first. It waits
// until fewer than inFlight launches are at the GPU.
func (d *device) launch(p Pass, base, n, first uint64) error {
	a := d.args
	a.base, a.n, a.first, a.seed, a.records = base, n, first, p.Pattern.Seed, d.records
	a.mode, a.inverse, a.down, a.rewrite = uint32(p.Pattern.Mode), 0, 0, 0
	if p.Inverse {
		a.inverse = ^uint32(0)
	}
	if p.Down {
		a.down = 1
	}
	f, blocks, params := d.check, d.checkBlocks, &a.forCheck[0]
	switch p.Op {
	case Fill:
		f, blocks, params = d.fill, d.fillBlocks, &a.forFill[0]
	case Invert:
		a.rewrite = 1
	case Check, Pause:
	}
	return d.inTurn(func() error {
		return d.failed("cuLaunchKernel", d.LaunchKernel(f, blocks, 1, 1, threads, 1, 1, 0, d.stream, params, nil))
	})
}

// copyWithin starts a plain copy on the device.
func (d *device) copyWithin(to, from, size uint64) error {
	return d.inTurn(func() error {
		return d.failed("cuMemcpyDtoDAsync_v2", d.MemcpyDtoDAsync(to, from, size, d.stream))
	})
}

func (d *device) inTurn(start func() error) error {
	mark := d.marks[d.launched%inFlight]
	if d.launched >= inFlight {
		if err := d.failed("cuEventSynchronize", d.EventSynchronize(mark)); err != nil {
			return err
		}
	}
	if err := start(); err != nil {
		return err
	}
	d.launched++
	return d.failed("cuEventRecord", d.EventRecord(mark, d.stream))
}

// settle waits until nothing is in flight.
func (d *device) settle() error {
	d.launched = 0
	return d.failed("cuStreamSynchronize", d.StreamSynchronize(d.stream))
}

// forget empties the records.
func (d *device) forget() error {
	return d.failed("cuMemsetD32Async", d.MemsetD32Async(d.records, 0, max(recordsBytes, sharedBytes)/4, d.stream))
}

// found copies the records; nothing may be in flight.
func (d *device) found(words int) ([]uint64, error) {
	records := make([]uint64, words)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&records[0])
	err := d.failed("cuMemcpyDtoH_v2", d.MemcpyDtoH(unsafe.Pointer(&records[0]), d.records, uint64(words)*8))
	return records, err
}

// close gives the memory back. The driver can report here what went wrong before: an error of
// memory that could not be corrected, above all.
func (d *device) close(chunks []chunk) error {
	var first error
	for _, c := range append(chunks, chunk{at: d.records}) {
		if err := d.failed("cuMemFree_v2", d.MemFree(c.at)); err != nil && first == nil {
			first = err
		}
	}
	if err := d.failed("cuDevicePrimaryCtxRelease_v2", d.CtxRelease(d.number)); err != nil && first == nil {
		first = err
	}
	d.pin.Unpin()
	return first
}

func uuidText(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

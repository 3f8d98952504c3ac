package memtest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
)

// The kernels, compiled for the CPU and run by one thread, beside what the C library does with
// the same memory. Each counts the bytes that it moves.
func BenchmarkKernelsOnCPU(b *testing.B) {
	const size = 256 << 20
	lib, err := purego.Dlopen(filepath.Join(fakecuda.Library(b), library), purego.RTLD_NOW|purego.RTLD_LOCAL)
	require.NoError(b, err)
	libc, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW)
	require.NoError(b, err)
	var (
		grid   func(block, thread, blocks, threads uint32)
		fill   func(base unsafe.Pointer, n, first, seed uint64, mode, inverse, down uint32)
		check  func(base unsafe.Pointer, n, first, seed uint64, mode, inverse, down, rewrite uint32, records unsafe.Pointer)
		memset func(p unsafe.Pointer, c int32, n uint64) uintptr
		memcmp func(p, q unsafe.Pointer, n uint64) int32
		memcpy func(to, from unsafe.Pointer, n uint64) uintptr
	)
	purego.RegisterLibFunc(&grid, lib, "grid")
	purego.RegisterLibFunc(&fill, lib, "mt_fill")
	purego.RegisterLibFunc(&check, lib, "mt_check")
	purego.RegisterLibFunc(&memset, libc, "memset")
	purego.RegisterLibFunc(&memcmp, libc, "memcmp")
	purego.RegisterLibFunc(&memcpy, libc, "memcpy")
	memory, other, records := make([]byte, size+word), make([]byte, size), make([]uint64, recordsBytes/8)
	at := unsafe.Pointer(&memory[(word-uintptr(unsafe.Pointer(&memory[0]))%word)%word])
	and, rec := unsafe.Pointer(&other[0]), unsafe.Pointer(&records[0])
	grid(0, 0, 1, 1)
	memset(at, 0, size)
	memset(and, 0, size)
	for _, c := range []struct {
		name  string
		moves uint64
		do    func()
	}{
		{"memset", size, func() { memset(at, 0, size) }},
		{"memcmp", 2 * size, func() { memcmp(at, and, size) }},
		{"memcpy", 2 * size, func() { memcpy(at, and, size) }},
		{"fill constant", size, func() { fill(at, size/word, 0, 0, 0, 0, 0) }},
		{"check constant", size, func() { check(at, size/word, 0, 0, 0, 0, 0, 0, rec) }},
		{"fill hash", size, func() { fill(at, size/word, 0, 7, 1, 0, 0) }},
		{"check hash", size, func() { check(at, size/word, 0, 7, 1, 0, 0, 0, rec) }},
		{"fill hash, down", size, func() { fill(at, size/word, 0, 7, 1, 0, 1) }},
		{"check hash, down", size, func() { check(at, size/word, 0, 7, 1, 0, 1, 0, rec) }},
		{"fill checkerboard", size, func() { fill(at, size/word, 0, 7, 2, 0, 0) }},
		{"invert checkerboard twice", 4 * size, func() {
			check(at, size/word, 0, 7, 2, 0, 0, 1, rec)
			check(at, size/word, 0, 7, 2, ^uint32(0), 0, 1, rec)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(c.moves))
			for b.Loop() {
				c.do()
			}
		})
		require.Zero(b, records[0], c.name)
	}
}

// A whole worker, from its start to its end, on a GPU with next to no memory: what there is
// besides the memory's own time.
func BenchmarkWorkerWithoutMemory(b *testing.B) {
	for b.Loop() {
		begun := time.Now()
		r := mustRun(b, []string{"FAKECUDA_MB=4", "FAKECUDA_USED_MB=0"}, "test").result
		require.NotNil(b, r)
		b.ReportMetric(float64(time.Since(begun).Milliseconds()), "ms/run")
	}
}

func ExampleRound() {
	for _, p := range Round("quick", 1, 0) {
		fmt.Println(p.Phase, p.Traffic())
	}
	// Output:
	// audit 1
	// hash 1
	// hash 2
	// hash 1
	// hash inverse 1
	// hash inverse 2
	// hash inverse 1
	// zero 1
	// zero 1
}

package memtest

import (
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
)

// One thread meets its words in the order that a pass says, whether or not four are left.
func TestAPassGoesUpOrDown(t *testing.T) {
	lib, err := purego.Dlopen(filepath.Join(fakecuda.Library(t), library), purego.RTLD_NOW|purego.RTLD_LOCAL)
	require.NoError(t, err)
	var (
		grid  func(block, thread, blocks, threads uint32)
		fill  func(base unsafe.Pointer, n, first, seed uint64, mode, inverse, down uint32)
		check func(base unsafe.Pointer, n, first, seed uint64, mode, inverse, down, rewrite uint32, records unsafe.Pointer)
	)
	purego.RegisterLibFunc(&grid, lib, "grid")
	purego.RegisterLibFunc(&fill, lib, "mt_fill")
	purego.RegisterLibFunc(&check, lib, "mt_check")
	const n, first, seed = 23, 1 << 40, 99 // words; an index that needs more than 32 bits
	memory := make([]uint64, 2*n+2)
	at := unsafe.Pointer(&memory[uintptr(unsafe.Pointer(&memory[0]))%word/8])
	words := unsafe.Slice((*uint64)(at), 2*n)
	for _, mode := range []Mode{Constant, Hash, Checkerboard} {
		for _, down := range []uint32{0, 1} {
			for _, threads := range []uint32{1, 3, 8, 64} {
				each := func(do func()) {
					for thread := range threads {
						grid(0, thread, 1, threads)
						do()
					}
				}
				each(func() { fill(at, n, first, seed, uint32(mode), 0, down) })
				if mode == Checkerboard {
					require.EqualValues(t, seed, words[0])
					require.Equal(t, ^uint64(seed), words[2])
				}
				for _, bad := range []int{1, 6, 21} {
					words[2*bad+1] ^= 1 << bad
				}
				records := make([]uint64, recordsBytes/8)
				each(func() { check(at, n, first, seed, uint32(mode), 0, down, 1, unsafe.Pointer(&records[0])) })
				require.EqualValues(t, 3, records[0])
				var met []uint64
				for i := range 3 {
					r := records[1+i*recordWords:]
					met = append(met, r[0]-first)
					require.Equal(t, []uint64{0, 1 << (r[0] - first), 0, 1 << (r[0] - first)}, r[1:5])
				}
				if threads == 1 {
					require.Equal(t, map[uint32][]uint64{0: {1, 6, 21}, 1: {21, 6, 1}}[down], met)
				} else {
					require.ElementsMatch(t, []uint64{1, 6, 21}, met)
				}
				// The complement was written everywhere, where it was wrong, too.
				records[0] = 0
				each(func() { check(at, n, first, seed, uint32(mode), ^uint32(0), down, 0, unsafe.Pointer(&records[0])) })
				require.Zero(t, records[0])
			}
		}
	}
}

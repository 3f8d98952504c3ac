package memtest

import (
	"fmt"
	"math/bits"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// findings are the words that failed, told one by one up to a limit. A word that fails again
// in a later pass, after other traffic than its own, is broken for good.
type findings struct {
	all   []gpu.Mismatch
	place map[uint64]int // by offset, in all
}

// add notes what a pass recorded, and returns what is new.
func (f *findings) add(pattern string, records []uint64) []gpu.Mismatch {
	if f.place == nil {
		f.place = map[uint64]int{}
	}
	begin := len(f.all)
	count := min(records[0], maxRecords)
	for i := range count {
		r := records[1+i*recordWords:][:recordWords]
		offset := r[0] * word
		if at, known := f.place[offset]; known {
			if at < begin {
				f.all[at].Hard = true
			}
			continue
		}
		if len(f.all) == maxRecords {
			continue
		}
		f.place[offset] = len(f.all)
		f.all = append(f.all, gpu.Mismatch{
			Pattern: pattern, Offset: offset, Bits: bitsOf(r[1], r[2]), Again: bitsOf(r[3], r[4]),
			XOR: []string{fmt.Sprintf("%016x", r[1]), fmt.Sprintf("%016x", r[2])},
		})
	}
	return f.all[begin:]
}

// bitsOf are the numbers of the bits that are set, those of the lower half first.
func bitsOf(low, high uint64) []int {
	var all []int
	for half, v := range []uint64{low, high} {
		for ; v != 0; v &= v - 1 {
			all = append(all, half*64+bits.TrailingZeros64(v))
		}
	}
	return all
}

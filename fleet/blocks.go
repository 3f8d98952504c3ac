package fleet

import (
	"cmp"
	"math/bits"
	"slices"
)

// A block is 2, 4 or 8 GPUs side by side, by index, beginning at a multiple of their number:
// what the links between GPUs are laid out in. Whole free blocks are worth keeping.

// takeBlocks takes n of the free GPUs of a host, and counts the whole blocks of 8, 4 and 2
// that are not whole any more. It takes n as the powers of two it is made of, each from the
// smallest free block that holds it, as a buddy allocator does.
func takeBlocks(free []GPU, n int) (taken []GPU, broken [3]int) {
	left := byIndex(free)
	before := wholeBlocks(left)
	for n > 0 && len(left) > 0 {
		size := min(1<<(bits.Len(uint(n))-1), 8)
		first, ok := smallestBlock(left, size)
		for !ok { // no whole block of that size: take it in halves
			size /= 2
			first, ok = smallestBlock(left, size)
		}
		for i := first; i < first+size; i++ {
			taken = append(taken, left[i])
			delete(left, i)
		}
		n -= size
	}
	after := wholeBlocks(left)
	for i := range broken {
		broken[i] = before[i] - after[i]
	}
	slices.SortFunc(taken, func(a, b GPU) int { return cmp.Compare(a.Index, b.Index) })
	return taken, broken
}

// byIndex is a map of the GPUs. Slices of one device share its index: all but one are put
// elsewhere, where they are in no block with whole devices.
func byIndex(free []GPU) map[int]GPU {
	all := map[int]GPU{}
	for _, g := range free {
		at := g.Index
		for _, there := all[at]; there; _, there = all[at] {
			at += 1 << 20
		}
		all[at] = g
	}
	return all
}

// smallestBlock finds a free block of size in the smallest free block that has one, the
// lowest index of those.
func smallestBlock(free map[int]GPU, size int) (first int, ok bool) {
	smallest := 0
	for index := range free {
		at := index - index%size
		if !whole(free, at, size) {
			continue
		}
		around := size
		for around < 8 && whole(free, at-at%(around*2), around*2) {
			around *= 2
		}
		if !ok || around < smallest || around == smallest && at < first {
			first, smallest, ok = at, around, true
		}
	}
	return first, ok
}

func whole(free map[int]GPU, first, size int) bool {
	for i := first; i < first+size; i++ {
		if _, ok := free[i]; !ok {
			return false
		}
	}
	return true
}

// wholeBlocks counts the free blocks of 8, 4 and 2.
func wholeBlocks(free map[int]GPU) (count [3]int) {
	for i, size := range []int{8, 4, 2} {
		for index := range free {
			if index%size == 0 && whole(free, index, size) {
				count[i]++
			}
		}
	}
	return count
}

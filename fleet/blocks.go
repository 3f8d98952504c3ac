package fleet

import (
	"cmp"
	"math/bits"
	"slices"
)

// A block is 2, 4 or 8 GPUs side by side, by index, beginning at a multiple of their number:
// what the links between GPUs are laid out in. Whole free blocks are worth keeping.

// blocks are the free GPUs of a host by their index, a bit for each. Past 64 there are no
// blocks.
type blocks uint64

// takeBlocks takes n of the free GPUs of a host, which has as many, and counts the whole
// blocks of 8, 4 and 2 that are not whole any more. It takes n as the powers of two it is
// made of, each from the smallest free block that holds it, as a buddy allocator does; of
// equal ones that with the better GPUs.
func takeBlocks(free []GPU, n int) (taken []GPU, broken [3]int) {
	var before blocks
	var at [64]int  // where free has the GPU of an index
	var loose []GPU // in no block: slices of one device share its index
	var score *[64]int
	if slices.ContainsFunc(free, func(g GPU) bool { return g.Score != free[0].Score }) {
		score = new([64]int) // else all are as good, as on most hosts
		free = slices.Clone(free)
		slices.SortStableFunc(free, func(a, b GPU) int { return a.Score - b.Score }) // of one index, the better ones are loose
	}
	for i, g := range free {
		if g.Index >= len(at) || before.whole(g.Index, 1) {
			loose = append(loose, g)
			continue
		}
		before |= 1 << g.Index
		at[g.Index] = i
		if score != nil {
			score[g.Index] = g.Score
		}
	}
	if score != nil {
		slices.SortStableFunc(loose, func(a, b GPU) int { return b.Score - a.Score })
	}
	left := before
	for n > 0 {
		size := min(1<<(bits.Len(uint(n))-1), 8)
		first, ok := left.smallest(size, score)
		for ; !ok && size > 1; first, ok = left.smallest(size, score) {
			size /= 2 // there is no whole block of that size: take it in halves
		}
		if len(loose) > 0 && size == 1 {
			taken, loose = append(taken, loose[0]), loose[1:]
			n--
			continue
		}
		for i := first; i < first+size; i++ {
			taken = append(taken, free[at[i]])
			left &^= 1 << i
		}
		n -= size
	}
	was, is := before.count(), left.count()
	for i := range broken {
		broken[i] = was[i] - is[i]
	}
	slices.SortFunc(taken, func(a, b GPU) int { return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.ID, b.ID)) })
	return taken, broken
}

// whole reports whether all GPUs of a block are free.
func (b blocks) whole(first, size int) bool {
	all := blocks(1)<<size - 1
	return b>>first&all == all
}

// smallest finds a free block of size in the smallest free block that has one: the best of
// those by score, if there is one, and then the lowest.
func (b blocks) smallest(size int, score *[64]int) (first int, ok bool) {
	smallest, best := 16, 0
	for at := 0; at < 64; at += size {
		if !b.whole(at, size) {
			continue
		}
		around := size
		for around < 8 && b.whole(at-at%(around*2), around*2) {
			around *= 2
		}
		if around > smallest {
			continue
		}
		good := 0
		if score != nil {
			for i := at; i < at+size; i++ {
				good += score[i]
			}
		}
		if around < smallest || good > best {
			first, smallest, best, ok = at, around, good, true
		}
	}
	return first, ok
}

// count counts the free blocks of 8, 4 and 2.
func (b blocks) count() (n [3]int) {
	for i, size := range []int{8, 4, 2} {
		for at := 0; at < 64; at += size {
			if b.whole(at, size) {
				n[i]++
			}
		}
	}
	return n
}

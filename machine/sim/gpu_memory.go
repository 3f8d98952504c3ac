package sim

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// words are how many 16-byte words of a GPU's memory are really written and read: 1 MiB,
// spread evenly over all of it, and those that have a fault.
const words = 1 << 16

// A word is 16 bytes of a simulated memory.
type word struct {
	lo, hi uint64
}

func (w word) xor(o word) word { return word{w.lo ^ o.lo, w.hi ^ o.hi} }

// bits are those that are set, lowest first.
func (w word) bits() []int {
	set := []int{}
	for lo := w.lo; lo != 0; lo &= lo - 1 {
		set = append(set, bits.TrailingZeros64(lo))
	}
	for hi := w.hi; hi != 0; hi &= hi - 1 {
		set = append(set, 64+bits.TrailingZeros64(hi))
	}
	return set
}

// bit is a word with one bit set.
func bit(n int) word {
	if n < 64 {
		return word{lo: 1 << n}
	}
	return word{hi: 1 << (n - 64)}
}

// A cell is a word in its place, and what is wrong there.
type cell struct {
	word
	address uint64
	wrong   *wrong
}

// wrong is what a fault does to a word.
type wrong struct {
	stuckAt0, stuckAt1 word // bits that are always that
	flips              word // bits that are wrong when they are read
	left               int  // how often they flip; below 0: always
	once               bool // they flip in the first of two reads only
	uncorrectable      bool // whoever reads it ends
	fault              *GPUFault
}

// read is what a read of the cell yields.
func (c *cell) read() word {
	w := c.wrong
	if w == nil {
		return c.word
	}
	v := word{c.lo&^w.stuckAt0.lo | w.stuckAt1.lo, c.hi&^w.stuckAt0.hi | w.stuckAt1.hi}
	if w.left != 0 {
		v = v.xor(w.flips)
	}
	return v
}

// again is what a second read yields, right after the first.
func (c *cell) again() word {
	if c.wrong != nil && c.wrong.once {
		return c.word
	}
	return c.read()
}

// A pattern is what is written to an address.
type pattern func(address uint64) word

func same(v uint64) pattern { return func(uint64) word { return word{v, v} } }

func inverse(p pattern) pattern {
	return func(a uint64) word { w := p(a); return word{^w.lo, ^w.hi} }
}

func hashed(seed uint64) pattern {
	return func(a uint64) word { return word{mix(seed ^ a), mix(seed ^ a ^ 0x5851f42d4c957f2d)} }
}

func checkerboard(a uint64) word {
	if a>>4&1 == 0 {
		return word{}
	}
	return word{^uint64(0), ^uint64(0)}
}

// mix is splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// memory makes the cells of the first bytes of a card's memory; the caller holds the lock of the GPUs.
func (c *card) memory(bytes uint64) []cell {
	at := map[uint64]*wrong{}
	for _, f := range c.Faults {
		w := &wrong{fault: f, left: -1}
		address := f.uint("address") &^ 15
		switch f.Name {
		case "data-mismatch":
			if w.stuckAt1 = bit(f.number("bit")); f.text("stuck") == "0" {
				w.stuckAt0, w.stuckAt1 = w.stuckAt1, word{}
			}
		case "data-mismatch-transient":
			w.flips, w.left, w.once = bit(f.number("bit")), f.Left, true
		case "uncorrected-contained", "uncorrected-uncontained":
			if w.uncorrectable = c.ECC; !c.ECC {
				w.flips = word{lo: 1 << 3, hi: 1 << 13}
			}
		case "corrected-burst":
			if c.ECC {
				continue
			}
			w.flips, w.once, address = bit(5), true, 0x40 // ECC would have corrected it
		default:
			continue
		}
		if address < bytes {
			at[address] = w
		}
	}
	cells := make([]cell, 0, words+len(at))
	for i := range uint64(words) {
		address := bytes / words * i &^ 15
		cells = append(cells, cell{address: address, wrong: at[address]})
		delete(at, address)
	}
	for address, w := range at {
		cells = append(cells, cell{address: address, wrong: w})
	}
	slices.SortFunc(cells[words:], func(a, b cell) int { return int(a.address>>4) - int(b.address>>4) }) //nolint:gosec // far below
	if c.Dirty {
		for i := range cells {
			cells[i].word = hashed(0xd1517)(cells[i].address)
		}
	}
	return cells
}

// differ describes a word that does not hold what was written.
func differ(pattern string, c *cell, want, got, again word) gpu.Mismatch {
	xor := got.xor(want)
	m := gpu.Mismatch{Pattern: pattern, Offset: c.address, Bits: xor.bits(), XOR: []string{fmt.Sprintf("%016x", xor.lo), fmt.Sprintf("%016x", xor.hi)}}
	if still := again.xor(want).bits(); len(still) > 0 {
		m.Again = still
	}
	return m
}

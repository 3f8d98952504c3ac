package memtest

import (
	"math/bits"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A Mode is how a pattern follows from its seed; see pattern in kernels/memtest.ll.
type Mode uint32

// The modes.
const (
	Constant     Mode = 0 // the seed in every word
	Hash         Mode = 1 // another value in each word
	Checkerboard Mode = 2 // the seed, complemented in every other word
)

// A Pattern is what memory is filled with.
type Pattern struct {
	Name string
	Mode Mode
	Seed uint64
}

// Op is what a pass does to each word.
type Op int

// The operations.
const (
	Fill   Op = iota // writes it
	Check            // reads and compares it
	Invert           // compares it, and writes its complement
	Pause            // leaves it alone for a while
)

// A Pass is one way through all of memory.
type Pass struct {
	Phase   string
	Op      Op
	Pattern Pattern
	Inverse bool // of the pattern's complement
	Down    bool // from the last word to the first
	Audit   bool // what differs was left by others, and is no error
	Wait    time.Duration
}

// Traffic is how often the pass moves each byte.
func (p Pass) Traffic() int {
	switch p.Op {
	case Fill, Check:
		return 1
	case Invert:
		return 2
	case Pause:
	}
	return 0
}

// Traffic is how often the passes move each byte.
func Traffic(passes []Pass) (n int) {
	for _, p := range passes {
		n += p.Traffic()
	}
	return n
}

// Round are the passes of a level's round n, counted from 0; only LevelRigorous has more than
// one. Each has other seeds, and every other one goes the other way.
func Round(level gpu.Level, seed uint64, n int) []Pass {
	down := n%2 == 1
	first := Pass{Phase: "audit", Op: Check, Pattern: zero, Audit: true}
	if n > 0 {
		first = Pass{Phase: "zeros held", Op: Check, Pattern: zero, Down: down}
	}
	passes := []Pass{first}
	switch level {
	case gpu.LevelQuick:
		s := mix(seed, 0)
		passes = append(passes, moving(Pattern{"hash", Hash, s}, down)...)
		passes = append(passes, moving(Pattern{"hash inverse", Hash, ^s}, down)...)
	case gpu.LevelStandard, gpu.LevelRigorous:
		for _, p := range patterns(seed, n) {
			passes = append(passes, moving(p, down)...)
		}
		passes = append(passes, march()...)
		passes = append(passes, hold("hold", mix(seed, n*8+4), 100*time.Millisecond, down)...)
	case gpu.LevelNone, gpu.LevelCounters:
		return nil
	}
	return append(passes, zeros()...)
}

// ScrubPasses are those of a scrub: what was left is counted, then overwritten with noise, then
// with zeros, which are read back.
func ScrubPasses(seed uint64) []Pass {
	passes := []Pass{
		{Phase: "audit", Op: Check, Pattern: zero, Audit: true},
		{Phase: "noise", Op: Fill, Pattern: Pattern{"noise", Hash, mix(seed, 0)}},
	}
	return append(passes, zeros()...)
}

// Retention are passes that leave memory alone for a while between writing and reading: once
// in a rigorous test, after its first round.
func Retention(seed uint64, wait time.Duration) []Pass {
	return hold("retention", mix(seed, -1), wait, false)
}

// RetentionPause is how long, for a test of that many seconds: 7.5 s of 60 s.
func RetentionPause(seconds float64) time.Duration {
	return min(time.Duration(seconds/8*float64(time.Second)), 10*time.Second)
}

var zero = Pattern{"zero", Constant, 0}

// patterns are the eight of a round.
func patterns(seed uint64, n int) []Pattern {
	return []Pattern{
		{"00/ff", Constant, 0},
		{"aa/55", Constant, every(0xaa)},
		{"cc/33", Constant, every(0xcc)},
		{"walking ones", Constant, every(1 << (n % 8))},
		{"hash 1", Hash, mix(seed, n*8)},
		{"hash 2", Hash, mix(seed, n*8+1)},
		{"hash 3", Hash, mix(seed, n*8+2)},
		{"checkerboard", Checkerboard, bits.RotateLeft64(every(0x0f), n)},
	}
}

// moving is moving inversion: write, compare and complement, compare. 4 ways through.
func moving(p Pattern, down bool) []Pass {
	return []Pass{
		{Phase: p.Name, Op: Fill, Pattern: p, Down: down},
		{Phase: p.Name, Op: Invert, Pattern: p, Down: down},
		{Phase: p.Name, Op: Check, Pattern: p, Inverse: true, Down: down},
	}
}

// march is March C-: up w0; up r0 w1; up r1 w0; down r0 w1; down r1 w0; r0. 10 ways through.
func march() []Pass {
	p := Pass{Phase: "march c-", Op: Invert, Pattern: zero}
	with := func(op Op, inverse, down bool) Pass {
		p.Op, p.Inverse, p.Down = op, inverse, down
		return p
	}
	return []Pass{
		with(Fill, false, false),
		with(Invert, false, false), with(Invert, true, false),
		with(Invert, false, true), with(Invert, true, true),
		with(Check, false, false),
	}
}

// hold writes, waits and compares. 2 ways through.
func hold(name string, seed uint64, wait time.Duration, down bool) []Pass {
	p := Pattern{name, Hash, seed}
	return []Pass{
		{Phase: name, Op: Fill, Pattern: p, Down: down},
		{Phase: name, Op: Pause, Wait: wait},
		{Phase: name, Op: Check, Pattern: p, Down: down},
	}
}

// zeros leaves nothing but zeros, and proves it. 2 ways through.
func zeros() []Pass {
	return []Pass{{Phase: "zero", Op: Fill, Pattern: zero}, {Phase: "zero", Op: Check, Pattern: zero}}
}

// every is a word with b in every byte.
func every(b uint64) uint64 { return b * 0x0101010101010101 }

// mix is the n-th seed that follows from one (splitmix64).
func mix(seed uint64, n int) uint64 {
	z := seed + (uint64(n)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

package simulate

import (
	"math/bits"
	"slices"
)

// An agenda gives the running request that ends first, in the order of a runningHeap, but
// mostly without comparing: a ring of slots, each a stretch of time whose requests are sorted
// when it comes. Those that end later than the ring reaches are in a heap.
type agenda struct {
	slots   [agendaSlots][]running
	used    [agendaSlots / 64]uint64 // slots that hold any
	slot    int64                    // the one that current was
	current []running                // sorted
	at      int                      // of the next in current
	far     runningHeap
	held    int // in slots
}

const (
	agendaSlots = 4096
	slotBits    = 26 // 67 ms: the ring reaches 275 s
)

// first is what ends first, nil if nothing runs. It is good until the next call.
func (a *agenda) first() *running {
	if a.at == len(a.current) && !a.turn() {
		return nil
	}
	return &a.current[a.at]
}

// pop takes out what first gave.
func (a *agenda) pop() running {
	r := a.current[a.at]
	a.at++
	return r
}

func (a *agenda) push(r running) {
	n := r.end >> slotBits
	switch {
	case n <= a.slot:
		i := len(a.current)
		a.current = append(a.current, r)
		for i > a.at && r.before(&a.current[i-1]) {
			a.current[i] = a.current[i-1]
			i--
		}
		a.current[i] = r
	case n-a.slot >= agendaSlots:
		a.far.push(r)
	default:
		a.put(n, r)
	}
}

func (a *agenda) put(n int64, r running) {
	i := n % agendaSlots
	a.slots[i] = append(a.slots[i], r)
	a.used[i/64] |= 1 << (i % 64)
	a.held++
}

// turn goes to the next slot that holds anything.
func (a *agenda) turn() bool {
	next := int64(0)
	switch {
	case a.held > 0:
		next = a.following()
	case len(a.far) > 0:
		next = a.far[0].end >> slotBits
	default:
		return false
	}
	a.slot = next
	for len(a.far) > 0 && a.far[0].end>>slotBits-next < agendaSlots {
		r := a.far.pop()
		a.put(r.end>>slotBits, r)
	}
	i := next % agendaSlots
	a.used[i/64] &^= 1 << (i % 64)
	a.current, a.slots[i], a.at = a.slots[i], a.current[:0], 0
	a.held -= len(a.current)
	if len(a.current) > 1 {
		slices.SortFunc(a.current, func(x, y running) int {
			switch {
			case x.before(&y):
				return -1
			case y.before(&x):
				return 1
			}
			return 0
		})
	}
	return true
}

// following is the next slot in use after the present one.
func (a *agenda) following() int64 {
	from := (a.slot + 1) % agendaSlots
	word := a.used[from/64] &^ (1<<(from%64) - 1)
	i := from / 64
	for range len(a.used) {
		if word != 0 {
			break
		}
		i = (i + 1) % int64(len(a.used))
		word = a.used[i]
	}
	at := i*64 + int64(bits.TrailingZeros64(word))
	return a.slot + 1 + (at-from+agendaSlots)%agendaSlots
}

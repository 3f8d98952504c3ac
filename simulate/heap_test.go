package simulate

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// An agenda gives the same order as a heap, whatever comes when.
func TestAnAgendaIsAHeap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, h := &agenda{}, runningHeap{}
		now := int64(0)
		for i := range rapid.IntRange(1, 400).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				far := rapid.SampledFrom([]int64{10, 1 << 20, 1 << slotBits, 1 << 33, 1 << 40}).Draw(t, "far")
				r := running{end: now + rapid.Int64Range(1, far).Draw(t, "end"), begin: now, worker: int32(i)}
				a.push(r)
				h.push(r)
				continue
			}
			first := a.first()
			if len(h) == 0 {
				require.Nil(t, first)
				continue
			}
			require.Equal(t, h[0], *first)
			if rapid.Bool().Draw(t, "pop") {
				require.Equal(t, h.pop(), a.pop())
				now = max(now, first.end)
			}
		}
		for len(h) > 0 {
			require.Equal(t, h[0], *a.first())
			require.Equal(t, h.pop(), a.pop())
		}
		require.Nil(t, a.first())
	})
}

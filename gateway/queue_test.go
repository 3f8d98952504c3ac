package gateway

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallersTakeTurnsAndEachKeepsItsOrder(t *testing.T) {
	t.Parallel()
	var q queue
	names := map[*waiter]string{}
	add := func(caller string, n int) {
		for range n {
			w := &waiter{}
			q.push(caller, w)
			names[w] = fmt.Sprint(caller, q.lines[caller].n)
		}
	}
	add("a", 5)
	add("b", 1)
	add("c", 2)
	require.Equal(t, 8, q.n)
	var order []string
	for q.n > 0 {
		order = append(order, names[q.pop()])
	}
	require.Equal(t, []string{"a1", "b1", "c1", "a2", "c2", "a3", "a4", "a5"}, order)
	require.Nil(t, q.turn)
	require.Empty(t, q.lines)
}

func TestAheadIsWhatPopDoes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var q queue
		var all []*waiter
		for range 1 + random.IntN(40) {
			w, caller := &waiter{}, fmt.Sprint(random.IntN(5))
			if random.IntN(5) == 0 {
				q.pushFirst(caller, w)
			} else {
				q.push(caller, w)
			}
			all = append(all, w)
			switch random.IntN(6) {
			case 0:
				popped := q.pop()
				all = slices.DeleteFunc(all, func(w *waiter) bool { return w == popped })
			case 1:
				gone := all[random.IntN(len(all))]
				q.remove(gone)
				q.remove(gone) // again
				all = slices.DeleteFunc(all, func(w *waiter) bool { return w == gone })
			}
		}
		require.Equal(t, len(all), q.n)
		ahead := map[*waiter]int{}
		for _, w := range all {
			ahead[w] = q.ahead(w)
		}
		for i := range len(all) {
			require.Equal(t, i, ahead[q.pop()])
		}
		require.Zero(t, q.n)
		require.Nil(t, q.turn)
	}
}

func TestWhoHasMoreThanItsShareMakesRoom(t *testing.T) {
	t.Parallel()
	var q queue
	require.Nil(t, q.spare("a"))
	for range 4 {
		q.push("a", &waiter{})
	}
	require.Nil(t, q.spare("a"), "not for itself")
	require.Same(t, q.lines["a"].last, q.spare("b"))
	for range 3 {
		q.push("b", &waiter{})
	}
	require.Nil(t, q.spare("b"))
	require.Same(t, q.lines["a"].last, q.spare("c"))
}

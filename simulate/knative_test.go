package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seconds feeds a policy the same load for a while and gives its answers.
func hold(k Policy, from, n, ready, starting, load int) (out []int) {
	for s := range n {
		at := time.Duration(from+s) * time.Second
		out = append(out, k.Decide(Observed{At: at, Ready: ready, Starting: starting, InFlight: load, Mean: float64(load), Whole: true}).Total)
	}
	return out
}

func last(totals []int) int { return totals[len(totals)-1] }

func knative(active int) *Knative { return NewKnative(Setting{Target: 100, Active: active, Max: 1000}) }

func TestKnative(t *testing.T) {
	t.Parallel()
	t.Run("wants the mean of a minute at 70", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 5, last(hold(knative(1), 1, 120, 5, 0, 350)))
		require.Equal(t, 6, last(hold(knative(1), 1, 120, 5, 0, 351)))
	})
	t.Run("panics at 200 % of what is ready", func(t *testing.T) {
		t.Parallel()
		k := knative(1)
		hold(k, 1, 60, 5, 0, 350)
		hold(k, 61, 5, 5, 0, 560) // 8 wanted: 160 %
		require.False(t, k.panics)
		require.Equal(t, 10, last(hold(k, 66, 7, 5, 0, 700)))
		require.True(t, k.panics)
	})
	t.Run("never goes down in panic, and leaves it after 60 s", func(t *testing.T) {
		t.Parallel()
		k := knative(1)
		hold(k, 1, 60, 5, 0, 350)
		hold(k, 61, 10, 5, 0, 1400)
		require.Equal(t, 20, k.floor)
		since := int(k.panicAt / time.Second)
		for i, total := range hold(k, 71, since+60-70, 20, 0, 0) {
			require.Equal(t, 20, total, "%d s in panic", i)
		}
		require.Less(t, last(hold(k, since+61, 2, 20, 0, 0)), 20)
		require.False(t, k.panics)
	})
	t.Run("at most halves what is ready", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 3, last(hold(knative(1), 1, 120, 7, 0, 0)))
	})
	t.Run("counts only what is ready", func(t *testing.T) {
		t.Parallel()
		k := knative(1)
		hold(k, 1, 60, 1, 9, 700)
		require.True(t, k.panics)
	})
	t.Run("restarts in panic", func(t *testing.T) {
		t.Parallel()
		k := knative(1)
		k.Restart(Observed{At: 100 * time.Second, Ready: 8})
		require.Equal(t, 8, last(hold(k, 101, 59, 8, 0, 0)))
		require.Equal(t, 4, last(hold(k, 160, 9, 8, 0, 0)))
	})
	t.Run("wakes for the first request", func(t *testing.T) {
		t.Parallel()
		k := knative(0)
		require.Equal(t, 0, last(hold(k, 1, 10, 0, 0, 0)))
		require.Equal(t, 1, k.Decide(Observed{At: 10500 * time.Millisecond, Queued: 1, Wake: true, Whole: true}).Total)
	})
	t.Run("goes to zero after a minute without any", func(t *testing.T) {
		t.Parallel()
		k := knative(0)
		hold(k, 1, 120, 1, 0, 1)
		totals := hold(k, 121, 70, 1, 0, 0)
		require.Equal(t, 1, totals[57])
		require.Equal(t, 0, last(totals))
	})
	t.Run("stays a minute after it woke", func(t *testing.T) {
		t.Parallel()
		k := knative(0)
		k.Decide(Observed{At: time.Second, Queued: 1, Wake: true, Whole: true})
		for i, total := range hold(k, 2, 58, 1, 0, 0) {
			require.Equal(t, 1, total, "after %d s", i)
		}
	})
}

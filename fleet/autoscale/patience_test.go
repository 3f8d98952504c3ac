package autoscale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// Workers that were missed soon after they left stay for longer the next time, and not for ever.
func TestWorkersThatWereMissedStayLonger(t *testing.T) {
	t.Parallel()
	e := spec(1, 50)
	e.Scaling.Policy = autoscale.Fast
	o := autoscale.OptionsOf(e)
	low, high := peaking(known(50, 0), 50), rated(known(1000, 0), 600, 10*time.Second)
	low.Longer = [2]int{1000, 1000} // of the two and four minutes before
	now := noon
	decide := func(s autoscale.State, l autoscale.Load, after time.Duration) autoscale.State {
		now = now.Add(after)
		l.At, l.Since, l.LastRequest = now, now.Add(-time.Hour), now
		_, next := autoscale.Total(o, s, l, autoscale.Count{Ready: s.Total}, now)
		return next
	}
	s := decide(after(12, time.Hour), low, 0)
	require.Equal(t, 1, s.Total, "all at once")
	s = decide(s, high, 2*time.Minute)
	require.Equal(t, []int{12, 1}, []int{s.Total, s.Missed})
	s = decide(s, low, 2*time.Minute)
	require.Equal(t, 12, s.Total, "the two minutes before count now")
	low.Longer[0] = 50
	s = decide(s, low, time.Second)
	require.Equal(t, 1, s.Total)
	s = decide(s, high, time.Minute)
	require.Equal(t, []int{12, 2}, []int{s.Total, s.Missed})
	s = decide(s, low, 2*time.Minute)
	require.Equal(t, 12, s.Total, "now the four minutes before do")
	low.Longer[1] = 50
	s = decide(s, low, 15*time.Minute)
	require.Equal(t, []int{1, 1}, []int{s.Total, s.Missed}, "a quarter of an hour without")
	s = decide(s, high, 6*time.Minute)
	require.Equal(t, 1, s.Missed, "six minutes later nobody is missed")
}

// A share of a small target is a whole number of requests.
func TestASmallTargetIsFilled(t *testing.T) {
	t.Parallel()
	e := spec(1, 50)
	e.Scaling.Policy = autoscale.Fast
	for target, want := range map[int][2]int{1: {100, 91}, 4: {100, 91}, 7: {86, 78}, 10: {90, 82}, 64: {86, 78}, 100: {85, 78}} {
		e.TargetConcurrency = target
		o := autoscale.OptionsOf(e)
		require.Equal(t, want, [2]int{o.Fill, o.LowPercent}, "%d", target)
	}
}

package simulate

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func mustFind(t *testing.T, name string) *Workload {
	t.Helper()
	w, err := Find(name)
	require.NoError(t, err)
	return w
}

func mustContend(t *testing.T, names string) []Contender {
	t.Helper()
	out, err := ParseContenders(names, nil)
	require.NoError(t, err)
	return out
}

func mustRun(t *testing.T, w *Workload, seed uint64, policies string, o Options) []*Result {
	t.Helper()
	out, err := Run(w, seed, mustContend(t, policies), o, Watch{})
	require.NoError(t, err)
	return out
}

// The ratios that a prototype of the Knative autoscaler had, with its model of the world:
// workers that leave cost nothing. Ours must come within a tenth, or one of the two is wrong.
func TestKnativeCostsWhatItDidElsewhere(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]float64{
		"azure": 1.42, "mooncake": 1.42, "m-small-18": 1.39, "m-small-11": 1.52, "m-small-29": 1.49, "m-small-13": 1.40, "m-small-1": 1.62,
		"m-small-16": 1.38, "m-small-9": 1.37, "m-small-30": 1.39, "constant": 1.34, "step-250": 1.59, "step-50": 1.41, "ramp": 1.41,
		"square-120": 2.62, "square-300": 2.41, "square-600": 1.92, "impulse": 1.69,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name == "m-small-18" {
				t.Skip("millions of requests, left out of the quick tests")
			}
			o := Usual()
			o.FreeDrain, o.Known = true, true
			got := mustRun(t, mustFind(t, name), 1, "knative", o)[0]
			require.InEpsilon(t, want, got.All.Ratio(), .10)
		})
	}
}

// Nobody pays less than the oracles, and who always has enough never lets anybody wait.
func TestTheOracles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mooncake", "m-small-9", "step-50", "square-300", "impulse", "m-small-9-gpu"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Usual()
			o.ColdStart = Fixed(45 * time.Second)
			w := mustFind(t, name)
			for _, r := range mustRun(t, w, 3, "default,fast,knative,rayserve,static-peak", o) {
				s := &r.All
				require.LessOrEqual(t, s.Need, s.Ahead, r.Policy)
				if s.Delayed(0) == 0 {
					require.LessOrEqual(t, s.Ahead, s.Billed, r.Policy)
				}
				if r.Policy == "static-peak" {
					require.Zero(t, s.Over[0])
					require.Zero(t, s.Wait(1))
					require.Zero(t, s.UnderFor)
					require.InDelta(t, float64(r.Most)*s.Seconds, s.Billed, 1e-3*s.Billed)
				}
			}
		})
	}
}

// Every request is served or dropped, and what is billed is what was there.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	w := mustFind(t, "step-50")
	w.Warm = 0
	o := Usual()
	o.Faults = Faults{LaunchFails: .05, CrashEvery: 20 * time.Minute, Restarts: []time.Duration{25 * time.Minute, 50 * time.Minute}, Lost: []Span{{45 * time.Minute, 47 * time.Minute}}}
	for _, r := range mustRun(t, w, 1, "default,fast,knative,skyserve,dstack,kubeai,rayserve", o) {
		s := &r.All
		require.Equal(t, r.Offered.Requests, s.Requests, r.Policy)
		require.InDelta(t, float64(2*time.Hour/time.Second), s.Seconds, 0, r.Policy)
		require.Positive(t, s.Lost, r.Policy)
		require.True(t, slices.IsSorted([]int{s.Over[4], s.Over[3], s.Over[2], s.Over[1], s.Over[0]}), r.Policy)
		require.LessOrEqual(t, s.Dropped, s.Over[4], r.Policy)
	}
}

// A restart in the middle of anything takes no worker away for a minute.
func TestARestartTakesNothingAway(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"step-50", "square-120", "impulse", "m-small-9"} {
		for _, policy := range []string{"default", "fast"} {
			for _, at := range []time.Duration{11 * time.Minute, 31 * time.Minute, 42*time.Minute + 7*time.Second, 55 * time.Minute} {
				o := Usual()
				o.Faults.Restarts = []time.Duration{at}
				downs := 0
				_, err := Run(mustFind(t, name), 1, mustContend(t, policy), o, Watch{Log: func(d Decision) {
					if since := d.At - at.Seconds(); d.To < d.From && since >= 0 && since < 60 {
						downs++
					}
				}})
				require.NoError(t, err)
				require.Zero(t, downs, "%s %s %s", name, policy, at)
			}
		}
	}
}

// Without reports nobody is sent away.
func TestLostMetricsTakeNothingAway(t *testing.T) {
	t.Parallel()
	o := Usual()
	lost := Span{41 * time.Minute, 46 * time.Minute}
	o.Faults.Lost = []Span{lost}
	for _, policy := range []string{"default", "fast", "knative", "kubeai"} {
		_, err := Run(mustFind(t, "step-50"), 1, mustContend(t, policy), o, Watch{Log: func(d Decision) {
			require.False(t, d.To < d.From && d.At >= lost.From.Seconds() && d.At < lost.To.Seconds(), "%+v", d)
		}})
		require.NoError(t, err)
	}
}

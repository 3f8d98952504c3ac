package autoscale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// A second of one endpoint's evaluation: what the evaluator does 10,000 times a second.
func BenchmarkSecond(b *testing.B) {
	for _, policy := range []string{autoscale.Default, autoscale.Fast} {
		b.Run(policy, func(b *testing.B) {
			e := spec(1, 100)
			e.Scaling.Policy = policy
			o := autoscale.OptionsOf(e)
			var m autoscale.Meter
			s := after(3, time.Hour)
			now := noon
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Second)
				m.Add(autoscale.Sample{At: now, InFlight: 190, Arrived: 19, Ended: 19, Busy: 190 * time.Second, Whole: true})
				_, s = autoscale.Total(o, s, m.Load(o), autoscale.Count{Ready: 3}, now)
			}
		})
	}
}

// A decision with its reasons, as it is stored.
func BenchmarkSize(b *testing.B) {
	o := autoscale.OptionsOf(spec(1, 100))
	s, l := after(3, time.Hour), rated(known(300, 120), 500, 10*time.Second)
	b.ReportAllocs()
	for b.Loop() {
		autoscale.Size(o, s, l, autoscale.Count{Ready: 3}, noon)
	}
}

// The evaluator's second allocates nothing while nothing changes.
func TestAQuietSecondAllocatesNothing(t *testing.T) {
	o := autoscale.OptionsOf(spec(3, 100))
	var m autoscale.Meter
	s, now := after(3, time.Hour), noon
	second := func() {
		now = now.Add(time.Second)
		m.Add(autoscale.Sample{At: now, InFlight: 190, Arrived: 19, Ended: 19, Busy: 190 * time.Second, Whole: true})
		_, s = autoscale.Total(o, s, m.Load(o), autoscale.Count{Ready: 3}, now)
	}
	second()
	require.Zero(t, testing.AllocsPerRun(1000, second))
}

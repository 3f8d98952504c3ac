package autoscale_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// heard is what a Meter makes of samples that come once a second, the last at noon.
func heard(o autoscale.Options, samples ...autoscale.Sample) autoscale.Load {
	var m autoscale.Meter
	for i, s := range samples {
		s.At, s.Whole = noon.Add(time.Duration(i+1-len(samples))*time.Second), !s.Whole // here Whole means broken
		m.Add(s)
	}
	return m.Load(o)
}

// rests are so many seconds in which the same happens.
func rests(n int, s autoscale.Sample) []autoscale.Sample {
	out := make([]autoscale.Sample, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func row(parts ...[]autoscale.Sample) (all []autoscale.Sample) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestARateHasTenSecondsOrMore(t *testing.T) {
	t.Parallel()
	ten := autoscale.OptionsOf(spec(1, 2))
	wide := ten
	wide.MinArrivals = 10
	one := autoscale.Sample{Arrived: 1}
	for _, c := range []struct {
		name          string
		options       autoscale.Options
		samples       []autoscale.Sample
		arrived, over int
	}{
		{"the last ten seconds", ten, row(rests(60, autoscale.Sample{Arrived: 5}), rests(10, one)), 10, 10},
		{"nothing in them", ten, row(rests(60, one), rests(10, autoscale.Sample{})), 0, 10},
		{"younger data", ten, rests(4, one), 4, 4},
		{"the first second", ten, rests(1, one), 1, 1},
		{"enough in ten seconds", wide, rests(100, autoscale.Sample{Arrived: 2}), 20, 10},
		{"enough in fifteen", wide, row(rests(100, one), rests(5, autoscale.Sample{})), 10, 15},
		{"a minute at the most", wide, row(rests(100, one), rests(57, autoscale.Sample{})), 3, 60},
		{"younger than a minute", wide, row(rests(3, one), rests(17, autoscale.Sample{})), 3, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := heard(c.options, c.samples...)
			require.Equal(t, []int{c.arrived, c.over}, []int{l.Arrived, int(time.Duration(l.Over) / time.Second)})
		})
	}
}

func TestServiceIsTheMeanOfTwenty(t *testing.T) {
	t.Parallel()
	o := autoscale.OptionsOf(spec(1, 2))
	ends := func(n int, each time.Duration) autoscale.Sample {
		return autoscale.Sample{Ended: n, Busy: time.Duration(n) * each}
	}
	for _, c := range []struct {
		name    string
		samples []autoscale.Sample
		service time.Duration
	}{
		{"none has ended", rests(100, autoscale.Sample{InFlight: 3}), 0},
		{"of a minute", row(rests(60, ends(1, time.Minute)), rests(60, ends(1, 3*time.Second))), 3 * time.Second},
		{"short and long ones", row(rests(30, ends(1, time.Second)), rests(30, ends(1, 3*time.Second))), 2 * time.Second},
		{"of more, when few have ended", row(rests(1, ends(10, time.Second)), rests(300, autoscale.Sample{}), rests(1, ends(10, 3*time.Second))), 2 * time.Second},
		{"of twenty, not of more", row(rests(1, ends(10, time.Minute)), rests(300, autoscale.Sample{}), rests(1, ends(20, 3*time.Second)), rests(100, autoscale.Sample{})), 3 * time.Second},
		{"of the few there are", row(rests(1, ends(1, time.Second)), rests(700, autoscale.Sample{})), time.Second},
		{"not after 15 minutes", row(rests(1, ends(50, time.Second)), rests(930, autoscale.Sample{})), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.service, time.Duration(heard(o, c.samples...).Service))
		})
	}
}

func TestThePeakIsOfTheWholeHold(t *testing.T) {
	t.Parallel()
	for _, hold := range []time.Duration{time.Minute, 2 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour} {
		o := autoscale.Options{Target: 1, LowPercent: 70, Hold: fleet.Duration(hold)}
		var m autoscale.Meter
		now := noon.Add(7 * time.Second) // of no bucket's beginning
		m.Add(autoscale.Sample{At: now, Peak: 9, Whole: true})
		for end := now.Add(hold); now.Before(end); {
			now = now.Add(time.Second)
			m.Add(autoscale.Sample{At: now, InFlight: 1, Queued: 1, Whole: true})
			require.Equal(t, 9, m.Load(o).Peak, "%s after %s", hold, now.Sub(noon))
		}
		now = now.Add(13 * time.Minute) // longer than any bucket
		for range int(hold / time.Second) {
			now = now.Add(time.Second)
			m.Add(autoscale.Sample{At: now, InFlight: 1, Queued: 1, Whole: true})
		}
		require.Equal(t, 2, m.Load(o).Peak, "%s", hold)
	}
}

func TestDataAreKnownSinceTheyAreUnbroken(t *testing.T) {
	t.Parallel()
	var m autoscale.Meter
	o := autoscale.OptionsOf(spec(1, 2))
	require.Zero(t, m.Load(o))
	at := func(second int, whole bool) autoscale.Load {
		m.Add(autoscale.Sample{At: noon.Add(time.Duration(second) * time.Second), InFlight: 1, Whole: whole})
		return m.Load(o)
	}
	since := func(l autoscale.Load) int { return int(l.Since.Sub(noon) / time.Second) }
	require.Zero(t, since(at(0, true)))
	require.Zero(t, since(at(1, true)))
	require.Zero(t, since(at(4, true)), "a sample that is late breaks nothing")
	require.Equal(t, 8, since(at(8, true)), "silence does")
	require.True(t, at(9, false).Since.IsZero(), "and a gateway that is silent")
	require.Equal(t, 10, since(at(10, true)))
	require.Equal(t, 10, since(at(11, true)))
	require.Equal(t, 5, since(at(5, true)), "a clock that is set back begins anew")
	require.Equal(t, 1, at(5, true).InFlight)
}

func TestTheNeedIsNeverLessThanWhatIsInFlight(t *testing.T) {
	t.Parallel()
	e := spec(1, 9)
	e.Scaling.Policy = autoscale.Fast
	o := autoscale.OptionsOf(e)
	busy := autoscale.Sample{InFlight: 500, Ended: 10, Busy: 100 * time.Second}
	require.Equal(t, 500_000, heard(o, rests(100, busy)...).Need)
	busy.Arrived = 100 // of 10 s each
	require.Equal(t, 1_000_000, heard(o, rests(100, busy)...).Need)
	// Those that wait, of 10 s each, in 23 s; fewer may take longer, to 69 s.
	for queued, more := range map[int]int{9000: 3_913_044, 900: 375_000, 90: 23_685, 30: 4_348, 10: 1_450} {
		busy.Queued = queued
		require.Equal(t, 1_000_000+more, heard(o, rests(100, busy)...).Need, "%d wait", queued)
	}
	busy.Queued = 90
	unknown := autoscale.Sample{InFlight: 500, Queued: 90}
	require.Equal(t, 590_000, heard(o, rests(100, unknown)...).Need, "nobody knows how long they take")
	calm := row(rests(100, busy), rests(7, autoscale.Sample{InFlight: 1}))
	require.Equal(t, 1_023_685, heard(o, calm...).Need, "seven seconds ago")
	require.Less(t, heard(o, append(calm, rests(11, autoscale.Sample{})...)...).Need, 600_000)
}

func TestStreamsOfHoursAreBounded(t *testing.T) {
	t.Parallel()
	o := autoscale.OptionsOf(spec(1, 999))
	l := rated(known(101, 0), 10, 6*time.Hour) // 21,600 by Little's law
	z, _ := autoscale.Size(o, after(1, time.Hour), l, autoscale.Count{Ready: 1}, noon)
	require.Equal(t, 2, z.Want, "101 and those of the next minute")
	l = rated(known(1_000_000_000, 1_000_000_000), 1_000_000_000, 1000*time.Hour)
	z, _ = autoscale.Size(o, after(1, time.Hour), l, autoscale.Count{Ready: 1}, noon)
	require.Equal(t, 3, z.Total, "whatever the numbers")
}

func TestWhatIsKeptIsSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(spec(0, 200), 3, lively(3, 200))
	w.chaos = true
	most := 0
	for second := range 3000 {
		w.tick(second)
		data, err := json.Marshal(w.state)
		require.NoError(t, err)
		most = max(most, len(data))
	}
	require.Less(t, most, 1024)
	data, err := json.Marshal(w.meter.Load(autoscale.OptionsOf(w.spec)))
	require.NoError(t, err)
	require.Less(t, len(data), 512)
}

package autoscale_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// The nine properties of the reference, by its numbers. Worlds are drawn: load, losses,
// restarts, silence, changed specs.

// lived is the trail of a world that had a hard life under these options.
func lived(t *rapid.T, scaling fleet.ScalingSpec) []step {
	e := spec(rapid.IntRange(0, 3).Draw(t, "active"), rapid.IntRange(3, 60).Draw(t, "max"))
	e.Scaling = scaling
	e.TargetConcurrency = rapid.SampledFrom([]int{1, 3, 10}).Draw(t, "target")
	seed := rapid.Uint64().Draw(t, "seed")
	w := newWorld(e, seed, lively(seed, rapid.IntRange(1, 20).Draw(t, "rate")))
	w.limit = e.TargetConcurrency * rapid.IntRange(1, 2).Draw(t, "limit")
	w.service = rapid.IntRange(1, 30).Draw(t, "service")
	w.chaos = true
	for second := range 1200 {
		w.tick(second)
	}
	return w.trail
}

func lowUse(s autoscale.Sizing) bool { return s.Rule == autoscale.LowUse || s.Rule == autoscale.Step }

// base is the lowest total in force in the 60 s before a step, by the trail alone.
func base(trail []step, i int) int {
	low := trail[i].sizing.Was
	for j := i - 1; j >= 0 && trail[i].at.Sub(trail[j].at) < time.Minute; j-- {
		low = min(low, trail[j].sizing.Total, trail[j].sizing.Was)
	}
	return low
}

// The properties of what was lived through, under the default rules and any others.
func TestALifeByTheRules(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(*rapid.T) fleet.ScalingSpec{
		"default": func(*rapid.T) fleet.ScalingSpec { return fleet.ScalingSpec{} },
		"fast":    func(*rapid.T) fleet.ScalingSpec { return fleet.ScalingSpec{Policy: autoscale.Fast} },
		"any":     anyScaling,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				scaling := options(t)
				o := autoscale.OptionsOf(fleet.EndpointSpec{Scaling: scaling})
				if name == autoscale.Default {
					require.Equal(t, []int{200, 1, 100, 70}, []int{o.UpPercent, o.DownCount, o.DownPercent, o.LowPercent})
					require.Equal(t, time.Minute, time.Duration(o.Hold))
				}
				trail := lived(t, scaling)
				growthIsLimited(t, o, trail)
				removalsAreLimited(t, o, trail)
				itStaysBetweenFloorAndCeiling(t, trail)
				nobodyLeavesWhileSomebodyStarts(t, trail)
				zeroNeedsTimeWithoutARequest(t, o, trail)
				nobodyLeavesUnseen(t, trail)
			})
		})
	}
}

func growthIsLimited(t *rapid.T, o autoscale.Options, trail []step) { // 1
	for i, s := range trail {
		if i == 0 || o.UpPercent == autoscale.None || s.sizing.Rule == autoscale.Active {
			continue // D11: the first, and raised active workers
		}
		if b := base(trail, i); s.sizing.Total > s.sizing.Was {
			require.LessOrEqual(t, s.sizing.Total, max(b+1, b*(100+o.UpPercent)/100), "at %d: %s", i, s.sizing.Reason)
		}
	}
}

func removalsAreLimited(t *rapid.T, o autoscale.Options, trail []step) { // 2
	last := noon.Add(-time.Hour)
	for i, s := range trail {
		if n := s.sizing.Was - s.sizing.Total; lowUse(s.sizing) {
			require.LessOrEqual(t, n, max(1, s.sizing.Was*o.DownPercent/100), "at %d", i)
			require.True(t, o.DownCount == autoscale.None || n <= o.DownCount, "at %d", i)
			require.GreaterOrEqual(t, s.at.Sub(last), time.Duration(o.Hold), "at %d", i)
		}
		if s.sizing.Total != s.sizing.Was { // D4: any change
			last = s.at
		}
	}
}

func itStaysBetweenFloorAndCeiling(t *rapid.T, trail []step) { // 3
	for i, s := range trail {
		require.GreaterOrEqual(t, s.sizing.Total, s.spec.ActiveWorkers, "at %d", i)
		require.LessOrEqual(t, s.sizing.Total, s.spec.MaxWorkers, "at %d", i)
	}
}

func nobodyLeavesWhileSomebodyStarts(t *rapid.T, trail []step) { // 4
	for i, s := range trail {
		require.False(t, lowUse(s.sizing) && s.count.Starting > 0, "at %d: %s", i, s.sizing.Reason)
		if s.sizing.Rule == autoscale.Cancel {
			require.GreaterOrEqual(t, s.sizing.Total, s.count.Ready, "a ready worker was cancelled at %d", i)
		}
	}
}

func zeroNeedsTimeWithoutARequest(t *rapid.T, o autoscale.Options, trail []step) { // 5
	for i, s := range trail {
		if s.sizing.Total == 0 && s.sizing.Was > 0 {
			require.Zero(t, s.spec.ActiveWorkers, "at %d", i)
			require.GreaterOrEqual(t, s.quiet, max(60, int(time.Duration(o.ZeroHold)/time.Second)), "at %d", i)
		}
	}
}

// That growth is limited across restarts, too, 1 shows.
func nobodyLeavesUnseen(t *rapid.T, trail []step) { // 6
	for i, s := range trail {
		if s.sizing.Total < s.sizing.Was && s.sizing.Rule != autoscale.Max {
			require.GreaterOrEqual(t, s.known, 60, "at %d: %s", i, s.sizing.Reason)
		}
	}
}

func TestMoreLoadNeverMeansFewer(t *testing.T) { // 7
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := spec(rapid.IntRange(0, 3).Draw(t, "active"), rapid.IntRange(3, 60).Draw(t, "max"))
		e.Scaling = anyScaling(t)
		e.TargetConcurrency = rapid.IntRange(1, 200).Draw(t, "target")
		o := autoscale.OptionsOf(e)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		for range 1000 {
			moreLoad(t, r, o)
		}
	})
}

// moreLoad compares one situation with one in which there is more of something.
func moreLoad(t *rapid.T, r *rand.Rand, o autoscale.Options) {
	upTo := func(most int) int { return r.IntN(most + 1) }
	ago := func(most int) time.Duration { return time.Duration(upTo(most)) * time.Second }
	up := func(of int) int {
		if r.IntN(2) == 0 {
			return of
		}
		return of + upTo(1+of/2)
	}
	s := after(upTo(60), ago(400))
	if low := upTo(90); low < s.Total {
		s.Lows = []autoscale.Low{{Total: low, Until: noon.Add(-ago(90))}}
	}
	c := autoscale.Count{Ready: upTo(s.Total)}
	c.Starting = upTo(s.Total - c.Ready)

	l := known(upTo((s.Total+20)*o.Target), []int{0, 0, 1, 100, 2000}[r.IntN(5)])
	l.Peak, l.Need = l.Now()+upTo(2000), upTo(9_000_000)
	l = rated(l, upTo(2000), ago(60))
	l.Over = fleet.Duration(time.Second + ago(59))
	quiet := upTo(400)
	l.LastRequest, l.Since = noon.Add(-time.Duration(quiet)*time.Second), noon.Add(-ago(800))

	m := l
	m.InFlight, m.Queued, m.Arrived, m.Need = up(l.InFlight), up(l.Queued), up(l.Arrived), up(l.Need)
	m.Peak, m.LastRequest = max(up(l.Peak), m.Now()), noon.Add(-ago(quiet))

	less, _ := autoscale.Total(o, s, l, c, noon)
	more, _ := autoscale.Total(o, s, m, c, noon)
	if more < less {
		a, _ := autoscale.Size(o, s, l, c, noon)
		b, _ := autoscale.Size(o, s, m, c, noon)
		require.GreaterOrEqual(t, more, less, "%s; %s", a.Reason, b.Reason)
	}
}

// decisions are all that a world decided, as they would be stored.
func decisions(t require.TestingT, seed uint64, policy string) []byte {
	e := spec(0, 50)
	e.TargetConcurrency, e.Scaling.Policy = 5, policy
	w := newWorld(e, seed, lively(seed, 20))
	w.limit, w.chaos = 5, true
	for second := range 1200 {
		w.tick(second)
	}
	var log []byte
	for _, s := range w.trail {
		line, err := json.Marshal(s.sizing)
		require.NoError(t, err)
		log = append(append(log, line...), '\n')
	}
	return log
}

func TestTheSameTraceIsTheSameLog(t *testing.T) { // 8
	t.Parallel()
	for _, policy := range []string{autoscale.Default, autoscale.Fast} {
		for seed := range uint64(5) {
			require.Equal(t, string(decisions(t, seed, policy)), string(decisions(t, seed, policy)))
		}
	}
	require.NotEqual(t, string(decisions(t, 1, autoscale.Default)), string(decisions(t, 2, autoscale.Default)))
}

// Load is given here as it is, and arrivals with it: noise of a queue would be noise of another kind.
func TestNoiseReversesNothing(t *testing.T) { // 9
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		e := spec(rapid.IntRange(0, 2).Draw(t, "active"), 200)
		e.TargetConcurrency = rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "target")
		e.Scaling.Policy = rapid.SampledFrom([]string{autoscale.Default, autoscale.Fast}).Draw(t, "policy")
		mean := rapid.IntRange(1, 30*e.TargetConcurrency).Draw(t, "load")
		service := rapid.IntRange(1, 60).Draw(t, "service")
		start := rapid.IntRange(0, 60).Draw(t, "start")
		o := autoscale.OptionsOf(e)
		var m autoscale.Meter
		// Just enough at the target, or too many: there is a way, and none back. (Fewer have a
		// queue, which is not noise.)
		enough := (6*mean + 5*e.TargetConcurrency - 1) / (5 * e.TargetConcurrency)
		s := after(enough*rapid.SampledFrom([]int{1, 2, 5}).Draw(t, "times"), time.Hour)
		ready, due := s.Total, noon
		noisy := func(of int) int { return (of*(800+r.IntN(401)) + 500) / 1000 }
		way, owed := 0, 0
		for second := range 1800 {
			now := noon.Add(time.Duration(second) * time.Second)
			load := noisy(mean)
			inflight := min(load, ready*e.TargetConcurrency)
			owed += noisy(1000 * mean / service)
			arrived := owed / 1000
			owed -= 1000 * arrived
			m.Add(autoscale.Sample{At: now, InFlight: inflight, Queued: load - inflight, Arrived: arrived, Ended: arrived, Busy: time.Duration(arrived*service) * time.Second, Whole: true})
			was := s.Total
			var z autoscale.Sizing
			z, s = autoscale.Size(o, s, m.Load(o), autoscale.Count{Ready: ready, Starting: max(0, s.Total-ready)}, now)
			switch {
			case s.Total > was:
				require.GreaterOrEqual(t, way, 0, "up after down at %d: %s", second, z.Reason)
				way = 1
				due = now.Add(time.Duration(start) * time.Second)
			case s.Total < was && z.Rule == autoscale.Cancel:
				// What was started for a crest of the noise may be taken back before it is ready: no
				// more than the noise.
				require.LessOrEqual(t, was-s.Total, max(1, was/5), "%s", z.Reason)
			case s.Total < was:
				require.LessOrEqual(t, way, 0, "down after up at %d: %s", second, z.Reason)
				way = -1
				ready = min(ready, s.Total)
			}
			if !now.Before(due) {
				ready = s.Total
			}
		}
	})
}

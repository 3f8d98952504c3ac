package spot_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

var zones = []spot.Pool{a, b, c, aws}

// situation draws all that a decision may rest on.
func situation(t *rapid.T) spot.In {
	in := spot.In{Now: noon, Providers: spot.DefaultProviders(), Spec: fleet.SpotSpec{Market: fleet.Spot}}
	in.Want = rapid.IntRange(0, 12).Draw(t, "want")
	in.Spec.BaseOnDemand = rapid.IntRange(0, 3).Draw(t, "base")
	if rapid.Bool().Draw(t, "spare given") {
		in.Spec.Spare = new(rapid.IntRange(0, 3).Draw(t, "spare"))
	}
	if rapid.Bool().Draw(t, "fallback given") {
		in.Spec.DynamicFallback = new(rapid.Bool().Draw(t, "fallback"))
	}
	seconds := func(most int, label string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Second
	}
	for _, pool := range zones[:rapid.IntRange(1, len(zones)).Draw(t, "pools")] {
		in.Places = append(in.Places,
			spot.Place{Pool: pool, Market: fleet.Spot, Free: rapid.IntRange(-1, 4).Draw(t, "free"), Price: int64(rapid.IntRange(0, 3).Draw(t, "price")) * 100_000, StartP95: seconds(200, "start")},
			spot.Place{Pool: pool, Market: fleet.OnDemand, Free: spot.Unlimited, Price: 900_000, StartP95: seconds(200, "start")})
	}
	kinds := []spot.EventKind{spot.Noticed, spot.Preempted, spot.LaunchFailed, spot.Launched}
	for i := range rapid.IntRange(0, 4).Draw(t, "events") {
		in.Events = append(in.Events, spot.Event{
			At: noon.Add(-seconds(400, "ago")), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Market: fleet.Spot,
			Pool: rapid.SampledFrom(zones).Draw(t, "pool"), Worker: fmt.Sprintf("x%d", i),
		})
	}
	for i := range rapid.IntRange(0, 14).Draw(t, "workers") {
		w := spot.Worker{
			ID: fmt.Sprintf("w%02d", i), Pool: rapid.SampledFrom(zones).Draw(t, "pool"),
			Market: rapid.SampledFrom([]fleet.Market{fleet.Spot, fleet.OnDemand}).Draw(t, "market"),
			Since:  noon.Add(-time.Minute - seconds(600, "age")), Ready: rapid.Bool().Draw(t, "ready"),
			Old: rapid.IntRange(0, 3).Draw(t, "old") == 0, InFlight: rapid.IntRange(0, 3).Draw(t, "in flight"),
		}
		if w.Ready {
			w.ReadyAt = w.Since.Add(seconds(60, "took"))
		}
		if w.Market == fleet.Spot && rapid.IntRange(0, 5).Draw(t, "doomed") == 0 {
			w.Doomed, w.Deadline = true, noon.Add(seconds(120, "in"))
		}
		in.Workers = append(in.Workers, w)
	}
	return in
}

func TestWhateverIsThereThePlanKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := situation(t)
		before, err := json.Marshal(in)
		require.NoError(t, err)
		p, memory := spot.Decide(in)
		after, err := json.Marshal(in)
		require.NoError(t, err)
		require.JSONEq(t, string(before), string(after), "it changes nothing")

		leaves := map[string]bool{}
		for _, l := range p.Leave {
			require.False(t, leaves[l.ID], "%s leaves twice", l.ID)
			leaves[l.ID] = true
		}
		var ready, stay, onDemand int
		for _, w := range in.Workers {
			if w.Ready && !w.Doomed {
				ready++
				stay += one(!leaves[w.ID])
			}
			onDemand += one(w.Market == fleet.OnDemand && !w.Old && !leaves[w.ID])
			require.False(t, w.Doomed && !leaves[w.ID] && !w.Leaving, "a doomed worker stays")
		}
		// Some that served are of no use any more when less is wanted; never those that are.
		require.GreaterOrEqual(t, stay, min(ready, p.Want)-olds(in, leaves), "too few that serve are left")
		if p.Want == 0 {
			require.Empty(t, p.Make)
			return
		}

		// On-demand places have room for all here, so the base is there.
		require.GreaterOrEqual(t, onDemand+p.Making(fleet.OnDemand), in.Spec.BaseOnDemand, "fewer than the base")
		require.GreaterOrEqual(t, onDemand+p.Making(fleet.OnDemand), p.OnDemand)
		if in.Spec.DynamicFallback == nil || *in.Spec.DynamicFallback {
			require.GreaterOrEqual(t, p.SafeSpot+p.Covered+p.OnDemand, p.Want, "something is not stood in for")
		}

		// No launch into a pool in its risk window when another is there, and never more than fit.
		made := map[spot.Pool]int{}
		for _, m := range p.Make {
			require.NotEmpty(t, m.Pools)
			if m.Market == fleet.Spot {
				made[m.Pools[0]]++
			}
		}
		calm := slices.ContainsFunc(p.Pools, func(s spot.Scored) bool { return s.Market == fleet.Spot && s.Avoid == "" })
		for _, s := range p.Pools {
			if s.Market != fleet.Spot {
				continue
			}
			if s.Free >= 0 && made[s.Pool] > 0 {
				require.LessOrEqual(t, made[s.Pool], freeOf(in, s.Pool))
			}
			if calm && s.Avoid != "" && s.Avoid != "no room" {
				require.Zero(t, made[s.Pool], "a launch where %s", s.Avoid)
			}
		}

		// The same again, told in another order.
		slices.Reverse(in.Workers)
		slices.Reverse(in.Events)
		slices.Reverse(in.Places)
		p2, memory2 := spot.Decide(in)
		require.Equal(t, encoded(t, p), encoded(t, p2))
		require.Equal(t, encoded(t, memory), encoded(t, memory2))
	})
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// olds are workers of older revisions that serve: the plan counts on them, and takes none.
func olds(in spot.In, leaves map[string]bool) (n int) {
	for _, w := range in.Workers {
		n += one(w.Old && leaves[w.ID] && !w.Doomed)
	}
	return n
}

func freeOf(in spot.In, pool spot.Pool) int {
	for _, p := range in.Places {
		if p.Pool == pool && p.Market == fleet.Spot {
			return p.Free
		}
	}
	return 0
}

func encoded(t *rapid.T, v any) string {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func TestTheMemoryFadesAndIsNeverReset(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := situation(t)
		in.Events = nil
		_, m := spot.Decide(in)
		now := noon
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			step := time.Duration(rapid.IntRange(0, 1200).Draw(t, "step")) * time.Second
			before := m
			now = now.Add(step)
			in.Now, in.Memory, in.Events = now, m, nil
			hit := rapid.SampledFrom(zones).Draw(t, "pool")
			if rapid.Bool().Draw(t, "hit") {
				in.Events = []spot.Event{{At: now, Kind: spot.Preempted, Pool: hit, Market: fleet.Spot, Worker: fmt.Sprintf("y%d", i)}}
			}
			_, m = spot.Decide(in)
			for _, pool := range zones {
				was := before.Score(pool, now)
				if len(in.Events) > 0 && pool == hit {
					was += 1_000_000
				}
				require.InDelta(t, float64(was), float64(m.Score(pool, now)), 2, "%s", pool)
			}
			halves := float64(step) / float64(spot.HalfLife)
			for _, pool := range zones {
				was, is := float64(before.Score(pool, now.Add(-step))), float64(before.Score(pool, now))
				require.InDelta(t, 1, atLeastOne(is/max(1, was)*exp2(halves), was), 0.02)
			}
		}
	})
}

// atLeastOne leaves alone scores too small to be counted in whole parts.
func atLeastOne(ratio, was float64) float64 {
	if was < 1000 {
		return 1
	}
	return ratio
}

func exp2(x float64) float64 {
	out := 1.0
	for ; x >= 1; x-- {
		out *= 2
	}
	return out * (1 + x*(0.6931+x*(0.2402+x*(0.0558+x*0.0099))))
}

// Whatever has happened: when nothing more does, it settles at what is wanted, all of it
// spot but the base, and asks for nothing more.
func TestItSettlesOnSpot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := situation(t)
		for i := range in.Places {
			in.Places[i].Free = spot.Unlimited
		}
		in.Workers = slices.DeleteFunc(in.Workers, func(w spot.Worker) bool { return w.Old || w.Doomed })
		next := 0
		for range 400 {
			p, m := spot.Decide(in)
			in.Memory, in.Events = m, nil
			for _, l := range p.Leave {
				in.Workers = slices.DeleteFunc(in.Workers, func(w spot.Worker) bool { return w.ID == l.ID })
			}
			for _, one := range p.Make {
				next++
				in.Workers = append(in.Workers, spot.Worker{ID: fmt.Sprintf("z%04d", next), Pool: one.Pools[0], Market: one.Market, Since: in.Now})
			}
			if !p.Acts() && p.Again == 0 && !slices.ContainsFunc(in.Workers, func(w spot.Worker) bool { return !w.Ready }) {
				break
			}
			in.Now = in.Now.Add(20 * time.Second)
			for i, w := range in.Workers {
				if !w.Ready && !in.Now.Before(w.Since.Add(40*time.Second)) {
					in.Workers[i].Ready, in.Workers[i].ReadyAt = true, in.Now
				}
			}
		}
		p, _ := spot.Decide(in)
		require.False(t, p.Acts(), "%s", p.Reason)
		require.Zero(t, p.Again)
		var onSpot, onDemand int
		for _, w := range in.Workers {
			onSpot += one(w.Market == fleet.Spot)
			onDemand += one(w.Market == fleet.OnDemand)
		}
		base, need := in.Spec.BaseOnDemand, max(0, in.Want-in.Spec.BaseOnDemand)
		if in.Want == 0 {
			base = 0
		}
		require.Equal(t, base, onDemand)
		require.Equal(t, p.Spot, onSpot)
		require.GreaterOrEqual(t, onSpot, need)
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{3, 10, 100} {
		b.Run(fmt.Sprintf("workers=%d", n), func(b *testing.B) {
			in := on(n, places(zones...))
			for i := range n {
				in.Workers = append(in.Workers, ready(fleet.Spot, zones[i%4], fmt.Sprintf("w%03d", i))...)
			}
			in.Events = []spot.Event{lost(a, "x1", time.Hour)}
			_, in.Memory = spot.Decide(in)
			in.Events = nil
			b.ReportAllocs()
			for b.Loop() {
				spot.Decide(in)
			}
		})
	}
}

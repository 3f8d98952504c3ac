package spot_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// The rules, one after the other.

func doom(w []spot.Worker, in time.Duration) []spot.Worker {
	for i := range w {
		w[i].Doomed, w[i].Deadline = true, noon.Add(in)
	}
	return w
}

func noticed(pool spot.Pool, worker string, ago time.Duration) spot.Event {
	return spot.Event{At: noon.Add(-ago), Kind: spot.Noticed, Pool: pool, Market: fleet.Spot, Worker: worker}
}

// starts sets how long workers take to start in a market.
func starts(all []spot.Place, market fleet.Market, p95 time.Duration) []spot.Place {
	for i := range all {
		if all[i].Market == market {
			all[i].StartP95 = p95
		}
	}
	return all
}

func TestRule1ANoticeDoomsAWorkerAndReplacesItAtOnce(t *testing.T) {
	t.Parallel()
	other := spot.Pool{Provider: "aws", GPUType: "a10g", Zone: "us-east-1b"}
	in := on(2, places(aws, other), doom(ready(fleet.Spot, aws, "w1"), 2*time.Minute), ready(fleet.Spot, other, "w2"))
	in.Events = []spot.Event{noticed(aws, "w1", 0)}
	p := decide(in)
	require.Equal(t, []spot.Leave{{ID: "w1", Rule: spot.RuleNotice, Reason: "aws takes its machine back", By: noon.Add(115 * time.Second)}}, p.Leave)
	require.Equal(t, []spot.Pool{other}, firsts(p, fleet.Spot), "a start fits into the notice: spot it is")
	require.Zero(t, p.Making(fleet.OnDemand))
}

func TestRule1ANoticeTooShortForSpotMakesAnOnDemandWorkerThatFits(t *testing.T) {
	t.Parallel()
	other := spot.Pool{Provider: "aws", GPUType: "a10g", Zone: "us-east-1b"}
	slow := starts(places(aws, other), fleet.Spot, 5*time.Minute)
	in := on(2, slow, doom(ready(fleet.Spot, aws, "w1"), 2*time.Minute), ready(fleet.Spot, other, "w2"))
	in.Spec.Spare = new(int)
	in.Events = []spot.Event{noticed(aws, "w1", 0)}
	p := decide(in)
	require.Equal(t, 1, p.Making(fleet.OnDemand))
	require.Equal(t, 1, p.Making(fleet.Spot), "spot is to come back")
}

func TestRule1ALossWithoutNoticeIsTheSameAtTheLoss(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b), ready(fleet.Spot, b, "w2"))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p := decide(in)
	require.Equal(t, []spot.Pool{b}, firsts(p, fleet.Spot))
}

func TestRule1ANoticeAndTheLossThatFollowsAreOneEvent(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b))
	in.Events = []spot.Event{noticed(a, "w1", 0)}
	_, m := spot.Decide(in)
	once := m.Score(a, noon)
	in.Memory, in.Events = m, []spot.Event{noticed(a, "w1", 0), lost(a, "w1", 0)}
	_, m = spot.Decide(in)
	require.Equal(t, once, m.Score(a, noon))
	require.Equal(t, spot.Score(1_000_000), once)
}

func TestRule2ScoresFadeByHalfIn30Minutes(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b))
	in.Events = []spot.Event{lost(a, "w1", 0), {At: noon, Kind: spot.LaunchFailed, Pool: b, Market: fleet.Spot, Worker: "w2"}}
	_, m := spot.Decide(in)
	for _, c := range []struct {
		after time.Duration
		a, b  float64
	}{
		{0, 1, 0.5},
		{15 * time.Minute, 0.7071, 0.3536},
		{30 * time.Minute, 0.5, 0.25},
		{time.Hour, 0.25, 0.125},
		{5 * time.Hour, 1. / 1024, 1. / 2048},
	} {
		require.InDelta(t, c.a, float64(m.Score(a, noon.Add(c.after)))/1e6, 0.001)
		require.InDelta(t, c.b, float64(m.Score(b, noon.Add(c.after)))/1e6, 0.001)
	}
}

func TestRule2TheMemoryIsDurable(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b))
	in.Events = []spot.Event{lost(a, "w1", 10*time.Minute)}
	_, m := spot.Decide(in)
	data, err := json.Marshal(m)
	require.NoError(t, err)
	var back spot.Memory
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, m, back)
}

func TestRule2TheMemoryStaysSmall(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b))
	for i := range 5000 {
		in.Events = append(in.Events, lost(a, fmt.Sprintf("x%d", i), time.Duration(5000-i)*time.Second))
	}
	_, m := spot.Decide(in)
	data, err := json.Marshal(m)
	require.NoError(t, err)
	require.Less(t, len(data), 32<<10)
	in.Memory, in.Events, in.Now = m, nil, noon.Add(24*time.Hour)
	_, m = spot.Decide(in)
	require.Empty(t, m.Pools, "a pool that was quiet for a day is as good as new")
}

func TestRule2PlacesByPriceAndScore(t *testing.T) {
	t.Parallel()
	all := places(a, b)
	all[2].Price = 500_000 // b's spot price, a's is 300,000
	in := on(1, all)
	require.Equal(t, []spot.Pool{a}, firsts(decide(in), fleet.Spot))
	in.Events = []spot.Event{lost(a, "w1", 4*time.Minute)}
	p := decide(in)
	require.Equal(t, []spot.Pool{b}, firsts(p, fleet.Spot), "300,000 * (1 + 0.91) is above 500,000")
	require.Equal(t, []spot.Pool{b, a}, p.Make[len(p.Make)-1].Pools, "in order, with the alternative")
}

func TestRule2NoPoolGetsMoreThanItsShareAndOne(t *testing.T) {
	t.Parallel()
	all := places(a, b, c)
	all[2].Price, all[4].Price = 310_000, 320_000
	in := on(6, all)
	in.Spec.Spare = new(int)
	held := map[spot.Pool]int{}
	for _, pool := range firsts(decide(in), fleet.Spot) {
		held[pool]++
	}
	require.Equal(t, map[spot.Pool]int{a: 3, b: 3}, held, "ceil(6/3)+1 in the cheapest, the rest in the next")
}

func TestRule2OfEqualPoolsTheEmptiestIsTaken(t *testing.T) {
	t.Parallel()
	in := on(4, places(a, b, c), ready(fleet.Spot, a, "w1"))
	in.Spec.Spare = new(int)
	require.Equal(t, []spot.Pool{b, c, a}, firsts(decide(in), fleet.Spot))
}

func TestRule2APoolWithoutRoomGetsNone(t *testing.T) {
	t.Parallel()
	all := places(a, b)
	all[0].Free, all[2].Free = 1, 0
	p := decide(on(3, all))
	require.Equal(t, []spot.Pool{a}, firsts(p, fleet.Spot))
	require.Equal(t, 2, p.Making(fleet.OnDemand), "where no spot is free on-demand stands in")
	require.Equal(t, "no room", avoided(p, b))
}

func TestRule2AfterAFailedLaunchAPoolIsHeldOffForLongerEachTime(t *testing.T) {
	t.Parallel()
	in := on(1, places(a, b))
	fails := func(id string, ago time.Duration) spot.Event {
		return spot.Event{At: noon.Add(-ago), Kind: spot.LaunchFailed, Pool: a, Market: fleet.Spot, Worker: id}
	}
	in.Events = []spot.Event{fails("t1", 20*time.Second)}
	require.Equal(t, "a launch failed there", avoided(decide(in), a))
	in.Events = []spot.Event{fails("t1", 40*time.Second)}
	require.Empty(t, avoided(decide(in), a))
	in.Events = []spot.Event{fails("t0", 60*time.Second), fails("t1", 40*time.Second)}
	require.Equal(t, "a launch failed there", avoided(decide(in), a), "twice in a row")
	in.Events = append(in.Events, spot.Event{At: noon.Add(-39 * time.Second), Kind: spot.Launched, Pool: a, Market: fleet.Spot, Worker: "t2"})
	require.Empty(t, avoided(decide(in), a), "a launch that succeeds ends the row")
}

func TestRule3AfterALossThePoolTakesNoLaunchFor3Minutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ago   time.Duration
		avoid string
	}{{0, "a loss in the last 3 minutes"}, {179 * time.Second, "a loss in the last 3 minutes"}, {180 * time.Second, ""}} {
		in := on(1, places(a, b))
		in.Events = []spot.Event{lost(a, "w1", c.ago)}
		require.Equal(t, c.avoid, avoided(decide(in), a))
	}
}

func TestRule3TheOthersOfThePoolCountAsLost(t *testing.T) {
	t.Parallel()
	in := on(3, places(a), ready(fleet.Spot, a, "w2", "w3"))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p := decide(in)
	require.Equal(t, 2, p.Making(fleet.OnDemand), "there is no other pool: on-demand, for the one that is lost and the spare one that pays now")
	require.Zero(t, p.Making(fleet.Spot))
	require.Empty(t, p.Leave, "those at risk serve on")
	require.Equal(t, 3*time.Minute, p.Again)

	in.Events = append(in.Events, lost(a, "w4", time.Second), lost(a, "w5", 2*time.Second))
	require.Equal(t, 3, decide(in).Making(fleet.OnDemand), "so many are lost that one stands by for those at risk")

	in = on(3, places(a, b), ready(fleet.Spot, a, "w2"), ready(fleet.Spot, b, "w3"))
	in.Spec.Spare = new(int)
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p = decide(in)
	require.Equal(t, []spot.Pool{b, b}, firsts(p, fleet.Spot), "one for the one that is lost, one beside the one at risk: spot of another pool is as quick as on-demand, and cheaper")
	require.Zero(t, p.Making(fleet.OnDemand))
}

func TestRule3OnQuietDaysTheHedgeCostsNothing(t *testing.T) {
	t.Parallel()
	in := on(3, places(a, b), ready(fleet.Spot, a, "w1", "w2"), ready(fleet.Spot, b, "w3"))
	in.Spec.Spare = new(int)
	in.Events = []spot.Event{lost(a, "w0", 3*time.Minute)}
	p := decide(in)
	require.False(t, p.Acts())
	require.Equal(t, 3, p.SafeSpot)
}

func TestRule4OnDemandStandsInForSpotThatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		base     int
		room     int
		onDemand int
	}{
		{"none is missing", 0, 3, 0},
		{"one has no place", 0, 2, 1},
		{"none has", 0, 0, 3},
		{"beside a base", 1, 1, 2},
		{"never more than are wanted", 3, 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := places(a)
			all[0].Free = c.room
			in := on(3, all)
			in.Spec.BaseOnDemand = c.base
			require.Equal(t, c.onDemand, decide(in).Making(fleet.OnDemand))
		})
	}
}

func TestRule4WithoutFallbackNothingStandsIn(t *testing.T) {
	t.Parallel()
	all := places(a)
	all[0].Free = 0
	in := on(3, all)
	in.Spec.DynamicFallback = new(bool)
	p := decide(in)
	require.False(t, p.Acts())

	in = on(1, places(a))
	in.Spec.DynamicFallback = new(bool)
	in.Events = []spot.Event{lost(a, "w1", 0)}
	require.Equal(t, []spot.Pool{a}, firsts(decide(in), fleet.Spot), "a worker that may be lost is better than none")
}

func TestRule5OnDemandLeavesWhenSpotHasServedFor2Minutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		ready   time.Duration
		since   time.Duration // age of the on-demand worker
		trouble time.Duration // ago, in the pool
		leave   []string
	}{
		{"not yet ready for long", 119 * time.Second, time.Hour, 0, nil},
		{"for long enough", 2 * time.Minute, time.Hour, 0, []string{"d1"}},
		{"a notice in the pool since", 10 * time.Minute, time.Hour, 4 * time.Minute, []string{"d1"}},
		{"a notice just now", 10 * time.Minute, time.Hour, time.Minute, nil},
		{"billed for a minute anyway", 10 * time.Minute, 30 * time.Second, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := spot.Pool{Provider: "none", GPUType: "a40", Zone: "x"}
			s := ready(fleet.Spot, pool, "s1")
			s[0].ReadyAt = noon.Add(-c.ready)
			d := ready(fleet.OnDemand, pool, "d1")
			d[0].Since = noon.Add(-c.since)
			in := on(1, places(pool), s, d)
			if c.trouble > 0 {
				in.Events = []spot.Event{noticed(pool, "w0", c.trouble)}
			}
			require.Equal(t, c.leave, left(decide(in)))
		})
	}
}

func TestRule6TheBaseIsAlwaysThere(t *testing.T) {
	t.Parallel()
	for want, onDemand := range map[int]int{0: 0, 1: 2, 2: 2, 5: 2} {
		in := on(want, places(a, b))
		in.Spec.BaseOnDemand = 2
		in.Spec.Spare = new(int)
		p := decide(in)
		require.Equal(t, onDemand, p.Making(fleet.OnDemand), "want %d", want)
		require.Equal(t, max(0, want-2), p.Making(fleet.Spot), "want %d", want)
	}
}

func TestRule7ASpareWorkerIsThereWhereItPays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		want   int
		pool   spot.Pool
		start  time.Duration
		price  int64 // of spot; on-demand is 900,000
		spare  int
		spares *int
	}{
		{"dear for few", 3, a, time.Minute, 300_000, 0, nil},
		{"cheap for five", 5, a, time.Minute, 300_000, 1, nil},
		{"not where spot costs nearly as much", 5, a, time.Minute, 562_500, 0, nil},
		{"even then for ten", 10, a, time.Minute, 562_500, 1, nil},
		{"for few where a start takes long", 3, a, 3 * time.Minute, 300_000, 1, nil},
		{"not where a notice is long enough", 10, aws, time.Minute, 300_000, 0, nil},
		{"but where a start takes longer than it", 10, aws, 5 * time.Minute, 300_000, 1, nil},
		{"as asked", 2, aws, time.Minute, 300_000, 2, new(2)},
		{"none, as asked", 10, a, time.Minute, 300_000, 0, new(int)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := starts(places(c.pool), fleet.Spot, c.start)
			all[0].Price = c.price
			in := on(c.want, all)
			in.Spec.Spare = c.spares
			p := decide(in)
			require.Equal(t, c.spare, p.Spare)
			require.Equal(t, c.want+c.spare, p.Making(fleet.Spot))
			require.Zero(t, p.Making(fleet.OnDemand), "on-demand never stands in for a spare one")
		})
	}
}

func TestRule7StormyPoolsMakeASparePay(t *testing.T) {
	t.Parallel()
	in := on(3, places(a, b), ready(fleet.Spot, a, "w1", "w2", "w3"))
	in.Events = []spot.Event{lost(a, "x1", 10*time.Minute), lost(a, "x2", 8*time.Minute), lost(a, "x3", 6*time.Minute)}
	require.Equal(t, 1, decide(in).Spare)
	in.Now = noon.Add(2 * time.Hour)
	require.Zero(t, decide(in).Spare, "the storm is over")
}

func TestRule7ASpareThatCannotBeSpotIsOnDemand(t *testing.T) {
	t.Parallel()
	all := places(a)
	all[0].Free = 2
	in := on(5, all, ready(fleet.Spot, a, "w1", "w2", "w3"))
	p := decide(in)
	require.Equal(t, 2, p.Making(fleet.Spot))
	require.Equal(t, 1, p.Making(fleet.OnDemand))
}

func TestRule8ADecisionSaysWhatFiredAndWhatItCosts(t *testing.T) {
	t.Parallel()
	in := on(3, places(a, b, c), ready(fleet.Spot, b, "w2"), ready(fleet.Spot, c, "w3"))
	in.Spec.BaseOnDemand = 1
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p := decide(in)
	require.Equal(t, spot.RuleBase, p.Rule)
	require.NotEmpty(t, p.Reason)
	require.Equal(t, int64(900_000+2*300_000), p.Cost)
	require.Equal(t, int64(2_700_000), p.AllOnDemand)
	rules := map[string]spot.Vote{}
	for _, v := range p.Votes {
		rules[v.Rule] = v
	}
	require.Equal(t, int64(900_000), rules[spot.RuleBase].Cost)
	require.Contains(t, rules, spot.RuleHedge)
	require.Contains(t, rules, spot.RuleFallback)
	for _, s := range p.Pools {
		if s.Pool == a && s.Market == fleet.Spot {
			require.Equal(t, spot.Score(1_000_000), s.Score)
			require.Equal(t, int64(600_000), s.Cost)
			require.Equal(t, noon.Add(3*time.Minute), s.Until)
		}
	}
}

func TestADescriptorChangesThePlanAndNoCode(t *testing.T) {
	t.Parallel()
	in := on(10, places(spot.Pool{Provider: "corner-shop", GPUType: "a40", Zone: "x"}))
	require.Equal(t, 1, decide(in).Spare, "nothing is known: no notice")
	var err error
	in.Providers, err = spot.ParseProviders([]byte(`{"corner-shop": {"notice": "2m", "channel": "http"}}`))
	require.NoError(t, err)
	require.Zero(t, decide(in).Spare)
}

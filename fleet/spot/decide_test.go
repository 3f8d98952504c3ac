package spot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Two zones of a provider without notice, and one of each with a short and a long one.
var (
	a   = spot.Pool{Provider: "runpod", GPUType: "a40", Zone: "a"}
	b   = spot.Pool{Provider: "runpod", GPUType: "a40", Zone: "b"}
	c   = spot.Pool{Provider: "runpod", GPUType: "a40", Zone: "c"}
	aws = spot.Pool{Provider: "aws", GPUType: "a10g", Zone: "us-east-1a"}
)

// places are pools with room, on both markets.
func places(pools ...spot.Pool) (all []spot.Place) {
	for _, p := range pools {
		all = append(all,
			spot.Place{Pool: p, Market: fleet.Spot, Free: spot.Unlimited, Price: 300_000, StartP95: time.Minute},
			spot.Place{Pool: p, Market: fleet.OnDemand, Free: spot.Unlimited, Price: 900_000, StartP95: time.Minute})
	}
	return all
}

// ready are workers that have served for an hour.
func ready(market fleet.Market, pool spot.Pool, ids ...string) (all []spot.Worker) {
	for _, id := range ids {
		all = append(all, spot.Worker{ID: id, Pool: pool, Market: market, Since: noon.Add(-time.Hour), Ready: true, ReadyAt: noon.Add(-time.Hour)})
	}
	return all
}

func starting(market fleet.Market, pool spot.Pool, age time.Duration, ids ...string) (all []spot.Worker) {
	for _, id := range ids {
		all = append(all, spot.Worker{ID: id, Pool: pool, Market: market, Since: noon.Add(-age)})
	}
	return all
}

// on is a decision for an endpoint on spot.
func on(want int, places []spot.Place, workers ...[]spot.Worker) spot.In {
	in := spot.In{Now: noon, Want: want, Spec: fleet.SpotSpec{Market: fleet.Spot}, Providers: spot.DefaultProviders(), Places: places}
	for _, w := range workers {
		in.Workers = append(in.Workers, w...)
	}
	return in
}

func lost(pool spot.Pool, worker string, ago time.Duration) spot.Event {
	return spot.Event{At: noon.Add(-ago), Kind: spot.Preempted, Pool: pool, Market: fleet.Spot, Worker: worker}
}

func decide(in spot.In) spot.Plan {
	p, _ := spot.Decide(in)
	return p
}

func left(p spot.Plan) (ids []string) {
	for _, l := range p.Leave {
		ids = append(ids, l.ID)
	}
	return ids
}

func firsts(p spot.Plan, market fleet.Market) (pools []spot.Pool) {
	for _, m := range p.Make {
		if m.Market == market {
			pools = append(pools, m.Pools[0])
		}
	}
	return pools
}

func TestOnDemandOnlyUsesNoSpot(t *testing.T) {
	t.Parallel()
	in := on(3, places(a, b))
	in.Spec = fleet.SpotSpec{}
	p := decide(in)
	require.Equal(t, 3, p.Making(fleet.OnDemand))
	require.Zero(t, p.Making(fleet.Spot))
	require.Equal(t, spot.RuleMarket, p.Rule)
}

func TestWithoutSpotPlacesAllIsOnDemand(t *testing.T) {
	t.Parallel()
	var only []spot.Place
	for _, p := range places(a) {
		if p.Market == fleet.OnDemand {
			only = append(only, p)
		}
	}
	p := decide(on(3, only))
	require.Equal(t, 3, p.Making(fleet.OnDemand))
	require.Zero(t, p.Spot)
}

func TestNothingIsDoneWhenAllIsWell(t *testing.T) {
	t.Parallel()
	p := decide(on(2, places(a, b), ready(fleet.Spot, a, "w1"), ready(fleet.Spot, b, "w2")))
	require.False(t, p.Acts())
	require.Equal(t, spot.RuleNone, p.Rule)
	require.Zero(t, p.Again)
	require.Equal(t, int64(2*300_000), p.Cost)
	require.Equal(t, int64(2*900_000), p.AllOnDemand)
}

func TestAllLeaveAtZero(t *testing.T) {
	t.Parallel()
	in := on(0, places(a), ready(fleet.Spot, a, "w1"), ready(fleet.OnDemand, a, "w2"))
	in.Spec.BaseOnDemand = 1
	p := decide(in)
	require.Equal(t, []string{"w1", "w2"}, left(p))
	require.Empty(t, p.Make)
}

func TestALossIsReplacedInAnotherPool(t *testing.T) {
	t.Parallel()
	in := on(3, places(a, b, c), ready(fleet.Spot, b, "w2"), ready(fleet.Spot, c, "w3"))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p := decide(in)
	require.Equal(t, []spot.Pool{b}, firsts(p, fleet.Spot))
	require.Zero(t, p.Making(fleet.OnDemand), "on-demand would not be there sooner")
	require.Equal(t, "a loss in the last 3 minutes", avoided(p, a))
}

func TestALossIsBridgedByOnDemandWhereThatIsQuicker(t *testing.T) {
	t.Parallel()
	in := on(3, starts(places(a, b, c), fleet.OnDemand, 20*time.Second), ready(fleet.Spot, b, "w2"), ready(fleet.Spot, c, "w3"))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	p := decide(in)
	require.Equal(t, 1, p.Making(fleet.Spot))
	require.Equal(t, 1, p.Making(fleet.OnDemand))

	in = on(3, starts(places(a, b, c), fleet.OnDemand, 20*time.Second))
	require.Zero(t, decide(in).Making(fleet.OnDemand), "at a start, which nobody has disturbed, one of them is enough")
}

func TestWhatCannotBeOnDemandIsSpot(t *testing.T) {
	t.Parallel()
	all := places(a, b)
	all[1].Free, all[3].Free = 0, 0
	in := on(2, all)
	in.Spec.BaseOnDemand = 1
	p := decide(in)
	require.Equal(t, 2, p.Making(fleet.Spot))
	require.Contains(t, p.Reason, "no on-demand place for 1 workers")
}

func TestTheMarketOfAnEndpointChangesWithoutAGap(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b), ready(fleet.Spot, a, "s1", "s2"))
	in.Spec.Market = fleet.OnDemand
	p := decide(in)
	require.Equal(t, 2, p.Making(fleet.OnDemand))
	require.Empty(t, p.Leave)
	in.Workers = append(in.Workers, ready(fleet.OnDemand, a, "d1", "d2")...)
	require.ElementsMatch(t, []string{"s1", "s2"}, left(decide(in)))
}

func avoided(p spot.Plan, pool spot.Pool) string {
	for _, s := range p.Pools {
		if s.Pool == pool && s.Market == fleet.Spot {
			return s.Avoid
		}
	}
	return fmt.Sprintf("%s is not there", pool)
}

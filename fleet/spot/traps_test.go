package spot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// What others' code has done, and ours must not.

func TestTrap1DoNotGoBackIntoThePoolThatTookAWorker(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b, c), ready(fleet.Spot, b, "w2"))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	for _, m := range decide(in).Make {
		if m.Market == fleet.Spot {
			require.NotContains(t, m.Pools, a)
		}
	}
}

func TestTrap2MemoryCountsHowOftenAndFades(t *testing.T) {
	t.Parallel()
	in := on(1, places(a, b))
	in.Events = []spot.Event{lost(a, "w1", 20*time.Minute), lost(a, "w2", 15*time.Minute), lost(b, "w3", 10*time.Minute)}
	p := decide(in)
	require.Equal(t, []spot.Pool{b}, firsts(p, fleet.Spot), "b has lost one, later, and a two")
	require.Positive(t, p.Pools[len(p.Pools)-1].Score, "a loss in each of two pools resets nothing")
	require.Positive(t, p.Pools[len(p.Pools)-2].Score)
}

func TestTrap3AfterARestartTheMemoryIsThere(t *testing.T) {
	t.Parallel()
	in := on(2, places(a, b))
	in.Events = []spot.Event{lost(a, "w1", 0)}
	_, m := spot.Decide(in)
	again := on(2, places(a, b))
	again.Memory = m
	require.Equal(t, "a loss in the last 3 minutes", avoided(decide(again), a))
}

func TestTrap4MoreWorkersThanPoolsAreSpread(t *testing.T) {
	t.Parallel()
	in := on(7, places(a, b, c))
	in.Spec.Spare = new(int)
	held := map[spot.Pool]int{}
	for _, pool := range firsts(decide(in), fleet.Spot) {
		held[pool]++
	}
	require.Equal(t, map[spot.Pool]int{a: 3, b: 2, c: 2}, held)
}

func TestTrap4PricesAreThoseOfNow(t *testing.T) {
	t.Parallel()
	all := places(a, b)
	in := on(1, all)
	_, in.Memory = spot.Decide(in)
	all[0].Price = 800_000
	require.Equal(t, []spot.Pool{b}, firsts(decide(in), fleet.Spot))
}

func TestTrap5AColdStartIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	in := on(4, places(a, b))
	in.Spec.Spare = new(int)
	p := decide(in)
	require.Equal(t, 4, p.Making(fleet.Spot))
	require.Zero(t, p.Making(fleet.OnDemand))

	in.Workers = starting(fleet.Spot, a, 59*time.Second, "w1", "w2", "w3", "w4")
	p = decide(in)
	require.False(t, p.Acts(), "they are covered until their p95")
	require.Equal(t, time.Second, p.Again)

	in.Workers = starting(fleet.Spot, a, time.Minute, "w1", "w2", "w3", "w4")
	require.Equal(t, 4, decide(in).Making(fleet.OnDemand), "they should have been ready")

	in.Workers = starting(fleet.Spot, b, 10*time.Second, "w1", "w2", "w3")
	in.Events = []spot.Event{{At: noon, Kind: spot.LaunchFailed, Pool: a, Market: fleet.Spot, Worker: "w4"}}
	p = decide(in)
	require.Equal(t, 1, p.Making(fleet.OnDemand), "a launch failed: its worker is not waited for")
	require.Equal(t, 1, p.Making(fleet.Spot))
}

func TestTrap6OlderRevisionsThatServeCount(t *testing.T) {
	t.Parallel()
	old := ready(fleet.Spot, a, "w1", "w2", "w3")
	for i := range old {
		old[i].Old = true
	}
	in := on(3, places(a, b), old)
	p := decide(in)
	require.Zero(t, p.Making(fleet.OnDemand))
	require.Equal(t, 3, p.Making(fleet.Spot), "of the newest revision; the roll-out says how many at a time")
	require.Empty(t, p.Leave, "the roll-out removes them")
}

func TestTrap7OnDemandLeavesLaterAndTheIdleOnesFirst(t *testing.T) {
	t.Parallel()
	just := ready(fleet.Spot, a, "s1", "s2")
	just[0].ReadyAt, just[1].ReadyAt = noon, noon
	in := on(2, places(a, b), just, ready(fleet.OnDemand, a, "d1", "d2"))
	require.Empty(t, decide(in).Leave, "spot has only just become ready")

	in = on(2, places(a, b), ready(fleet.Spot, a, "s1"), ready(fleet.OnDemand, a, "d1", "d2"))
	in.Workers[1].InFlight = 7
	require.Equal(t, []string{"d2"}, left(decide(in)), "the idle one")
}

func TestTrap7NoneLeavesBeforeEnoughServeWithoutIt(t *testing.T) {
	t.Parallel()
	in := on(2, places(a), starting(fleet.Spot, a, 10*time.Second, "s1", "s2"), ready(fleet.OnDemand, a, "d1", "d2"))
	require.Empty(t, left(decide(in)))
}

func TestTrap8TheBaseStaysWhenFewAreWanted(t *testing.T) {
	t.Parallel()
	in := on(1, places(a), ready(fleet.OnDemand, a, "d1", "d2"))
	in.Spec.BaseOnDemand = 2
	p := decide(in)
	require.False(t, p.Acts())
	require.Equal(t, 2, p.OnDemand)
}

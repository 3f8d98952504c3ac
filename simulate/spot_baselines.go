package simulate

import (
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// namedSpotPolicy makes a policy for a run.
type namedSpotPolicy struct {
	Name string
	New  func(*spotSim) spotPolicy
}

// spotPolicies are ours, and others' from their published rules.
var spotPolicies = []namedSpotPolicy{
	{"kelvin", newOurSpot(fleet.SpotSpec{})},
	{"kelvin+1", newOurSpot(fleet.SpotSpec{Spare: new(1)})},
	{"kelvin-base-1", newOurSpot(fleet.SpotSpec{BaseOnDemand: 1})},
	{"skyserve", counted(0, 1, true, false, newSkyServePlacer)},
	{"spothedge", counted(0, 0, true, false, newHedgePlacer)},
	{"spothedge+1", counted(0, 1, true, false, newHedgePlacer)},
	{"spothedge+2", counted(0, 2, true, false, newHedgePlacer)},
	{"spothedge-base-1", counted(1, 0, true, false, newHedgePlacer)},
	{"base-1", counted(1, 0, false, false, newHedgePlacer)},
	{"spot-only", counted(0, 0, false, false, newHedgePlacer)},
	{"round-robin", counted(0, 0, false, false, newRoundRobin)},
	{"even-spread", counted(0, 0, false, false, newEvenSpread)},
	{"on-demand", counted(0, 0, false, true, newEvenSpread)},
}

// heedingPolicies are baselines that, unlike what their authors wrote, heed notices: the
// reference's figures are of such.
var heedingPolicies = []namedSpotPolicy{
	{"spot-only/heeding", heeding(0, 0, false)},
	{"spothedge/heeding", heeding(0, 0, true)},
	{"spothedge+1/heeding", heeding(0, 1, true)},
	{"spothedge+2/heeding", heeding(0, 2, true)},
	{"spothedge-base-2/heeding", heeding(2, 0, true)},
}

func heeding(base, extra int, dynamic bool) func(*spotSim) spotPolicy {
	return func(s *spotSim) spotPolicy {
		return &countedPolicy{base: base, extra: extra, dynamic: dynamic, heeds: true, placer: newHedgePlacer(s)}
	}
}

// countedPolicy is SkyServe's rule for how many, with a placer that says where.
type countedPolicy struct {
	base, extra int
	dynamic     bool
	none        bool // no spot at all
	heeds       bool // a worker with a notice counts as gone
	placer      spotPlacer
}

// spotPlacer chooses pools for new spot workers.
type spotPlacer interface {
	heard(s *spotSim)
	next(s *spotSim, taken []int) int // -1: nowhere
}

func counted(base, extra int, dynamic, none bool, placer func(*spotSim) spotPlacer) func(*spotSim) spotPolicy {
	return func(s *spotSim) spotPolicy {
		return &countedPolicy{base: base, extra: extra, dynamic: dynamic, none: none, placer: placer(s)}
	}
}

func (p *countedPolicy) step(s *spotSim) (launch, leave []int) {
	p.placer.heard(s)
	s.events = nil
	var spots, onDemand []*spotWorker
	held := make([]int, len(s.cap))
	ready := 0
	for _, w := range s.workers {
		switch {
		case w.leaving || p.heeds && w.doomed:
		case w.spot():
			spots = append(spots, w)
			held[w.pool]++
			if s.now >= w.readyAt && w.failsAt == 0 {
				ready++
			}
		default:
			onDemand = append(onDemand, w)
		}
	}
	want := s.Want + p.extra - p.base
	fallback := p.base
	if p.dynamic {
		fallback += max(0, want-ready)
	}
	if p.none {
		want, fallback = 0, s.Want
	}
	fallback = min(fallback, s.Want)
	for range want - len(spots) {
		pool := p.placer.next(s, held)
		if pool < 0 {
			break
		}
		held[pool]++
		launch = append(launch, pool)
	}
	for range fallback - len(onDemand) {
		launch = append(launch, -1)
	}
	newestFirst := func(a, b *spotWorker) int { return b.id - a.id }
	slices.SortFunc(spots, newestFirst)
	slices.SortFunc(onDemand, newestFirst)
	for i := range len(spots) - want {
		leave = append(leave, spots[i].id)
	}
	for i := range len(onDemand) - fallback {
		leave = append(leave, onDemand[i].id)
	}
	return launch, leave
}

// activePools are the pools that a placer believes in: one bit each.
type activePools struct{ active []bool }

func newActive(s *spotSim) activePools {
	a := activePools{make([]bool, len(s.cap))}
	a.all()
	return a
}

func (a activePools) all() {
	for i := range a.active {
		a.active[i] = true
	}
}

func (a activePools) heard(s *spotSim) {
	for _, e := range s.events {
		i := slices.IndexFunc(s.trace.Pools, func(p SpotPool) bool { return p.Name == e.Pool.Zone })
		if i < 0 {
			continue
		}
		switch e.Kind {
		case spot.Preempted, spot.LaunchFailed:
			a.active[i] = false
		case spot.Launched:
			a.active[i] = true
		case spot.Noticed: // SkyServe does not use it
		}
	}
}

func (a activePools) pools() (those []int) {
	for i, is := range a.active {
		if is {
			those = append(those, i)
		}
	}
	return those
}

// hedgePlacer is SpotHedge's, as its paper's artifact has it: a random active pool without a
// worker, else a random active one; all are active again when too few are left.
type hedgePlacer struct {
	activePools
	random *Random
}

func newHedgePlacer(s *spotSim) spotPlacer {
	return hedgePlacer{newActive(s), NewRandom(s.Seed, "spothedge")}
}

func (p hedgePlacer) next(s *spotSim, held []int) int {
	if len(p.pools()) <= max(0, min(1, len(s.cap)-3)) {
		p.all()
	}
	those := p.pools()
	unused := slices.DeleteFunc(slices.Clone(those), func(i int) bool { return held[i] > 0 })
	if len(unused) > 0 {
		those = unused
	}
	return those[p.random.Below(len(those))]
}

// skyServePlacer is that of SkyServe's product: the cheapest active pool without a worker,
// else the cheapest active one; with fewer than two left all are active again. Where prices
// are alike the first is the cheapest.
type skyServePlacer struct{ activePools }

func newSkyServePlacer(s *spotSim) spotPlacer { return skyServePlacer{newActive(s)} }

func (p skyServePlacer) next(_ *spotSim, held []int) int {
	if len(p.pools()) < 2 {
		p.all()
	}
	those := p.pools()
	for _, i := range those {
		if held[i] == 0 {
			return i
		}
	}
	return those[0]
}

// evenSpread fills level by level, and tries the same pool for ever.
type evenSpread struct{}

func newEvenSpread(*spotSim) spotPlacer { return evenSpread{} }

func (evenSpread) heard(*spotSim) {}

func (evenSpread) next(_ *spotSim, held []int) int {
	best := 0
	for i, n := range held {
		if n < held[best] {
			best = i
		}
	}
	return best
}

// roundRobin tries the next pool in order.
type roundRobin struct{ at int }

func newRoundRobin(*spotSim) spotPlacer { return &roundRobin{} }

func (*roundRobin) heard(*spotSim) {}

func (p *roundRobin) next(s *spotSim, _ []int) int {
	p.at++
	return (p.at - 1) % len(s.cap)
}

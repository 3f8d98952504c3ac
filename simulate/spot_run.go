package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// A SpotSetup is what a spot simulation is run with, beside its trace and its policy.
type SpotSetup struct {
	Want      int     // workers that should serve
	Cold      int     // seconds until a worker of either market answers
	Notice    int     // seconds between the warning and the end
	Ratio     float64 // on-demand price / spot price
	Seed      uint64
	Tick      int // seconds; 0: 5
	Service   int // seconds that a request takes; 0: 20
	SpotDelay int // seconds until a spot launch that fails is known to
	Detect    int // seconds until a loss without notice is seen
	// Of 1,000: on-demand launches that fail; notices that do not arrive; notices an hour and
	// worker that no end follows.
	OnDemandFails, NoticeLost, FalseNotices int
}

func (s SpotSetup) withDefaults() SpotSetup {
	if s.Tick == 0 {
		s.Tick = 5
	}
	if s.Service == 0 {
		s.Service = 20
	}
	return s
}

// A SpotResult is what came of a run. Shares are in percent.
type SpotResult struct {
	Policy       string  `json:"policy"`
	Trace        string  `json:"trace"`
	Seed         uint64  `json:"seed"`
	Availability float64 `json:"availability"` // of the time with as many workers as wanted
	Strict       float64 `json:"strict"`       // the same, without those that have a notice
	AnyReady     float64 `json:"any_ready"`    // of the time with any worker
	Missing      float64 `json:"missing"`      // workers missing, on average
	Cost         float64 `json:"cost"`         // of what as many on-demand workers cost
	Bound        float64 `json:"bound"`        // the cost that no policy can go below
	OnDemand     float64 `json:"on_demand"`    // on-demand time, of all worker time
	Launches     float64 `json:"launches"`     // per day
	Preemptions  float64 `json:"preemptions"`  // per day
	Abrupt       float64 `json:"abrupt"`       // per day: losses in the midst of requests
	Lost         float64 `json:"lost"`         // of all requests, cut off
	// Timeline is one value a minute: workers that answer, spot and on-demand.
	Timeline [][2]int `json:"-"`
}

// spotWorker is one worker of a run.
type spotWorker struct {
	id       int
	pool     int // of the trace; on-demand: -1
	since    int
	readyAt  int
	failsAt  int // a launch that fails: when it is seen; 0: none
	doomed   bool
	deadline int
	goneAt   int // a loss that nobody has seen yet; 0: none
	leaving  bool
	ends     int // of the drain
	bound    int // seconds that are billed already
}

func (w *spotWorker) spot() bool { return w.pool >= 0 }

// spotSim is a run.
type spotSim struct {
	SpotSetup
	trace   SpotTrace
	cap     [][]int32 // by pool and second
	least   [][]int32 // the least capacity until the end of a notice
	now     int
	end     int
	next    int
	workers []*spotWorker
	events  []spot.Event // since the policy was asked
	random  *Random
	out     SpotResult
	changed bool

	launches, preemptions, abrupt int
	spotBilled, onDemandBilled    int // seconds
	lost                          float64
}

// spotPolicy decides what there should be. It sees the run's workers as they are known.
type spotPolicy interface {
	// step says where to launch, and which workers to let go. Pool -1 is on-demand.
	step(s *spotSim) (launch []int, leave []int)
}

// SpotPolicies are all policies by name, ours first.
func SpotPolicies() []string {
	all := make([]string, len(spotPolicies))
	for i, p := range spotPolicies {
		all[i] = p.Name
	}
	return all
}

// RunSpot runs a policy over a trace.
func RunSpot(trace SpotTrace, setup SpotSetup, policy string) (SpotResult, error) {
	if len(trace.Pools) == 0 || trace.Length() < 60 {
		return SpotResult{}, fleet.Errorf(fleet.Invalid, "the trace %s has less than a minute", trace.Name)
	}
	for _, p := range slices.Concat(spotPolicies, heedingPolicies) {
		if p.Name == policy {
			s := newSpotSim(trace, setup)
			return s.run(policy, p.New(s)), nil
		}
	}
	return SpotResult{}, fleet.Errorf(fleet.Invalid, "there is no spot policy %q: those are %s", policy, strings.Join(SpotPolicies(), ", "))
}

func newSpotSim(trace SpotTrace, setup SpotSetup) *spotSim {
	s := &spotSim{SpotSetup: setup.withDefaults(), trace: trace, end: trace.Length(), random: NewRandom(setup.Seed, "spot")}
	for _, p := range trace.Pools {
		series := p.series(s.end)
		s.cap = append(s.cap, series)
		s.least = append(s.least, leastAhead(series, s.Notice))
	}
	return s
}

// leastAhead is the least of every value and those of the next so many seconds.
func leastAhead(series []int32, ahead int) []int32 {
	out := make([]int32, len(series))
	var window []int // of indexes whose values rise
	for i := len(series) - 1; i >= 0; i-- {
		for len(window) > 0 && series[window[len(window)-1]] >= series[i] {
			window = window[:len(window)-1]
		}
		window = append(window, i)
		if window[0] > i+ahead {
			window = window[1:]
		}
		out[i] = series[window[0]]
	}
	return out
}

func (s *spotSim) run(name string, p spotPolicy) SpotResult {
	s.out = SpotResult{Policy: name, Trace: s.trace.Name, Seed: s.Seed}
	var ticks, full, strict, some, missing int
	var bound float64
	for s.now = 0; s.now < s.end; s.now += s.Tick {
		s.changed = s.now == 0
		s.provider()
		s.progress()
		launch, leave := p.step(s)
		s.carryOut(launch, leave)
		s.bill()

		all, stay, onDemand, free := 0, 0, 0, 0
		for _, w := range s.workers {
			if !s.serves(w) {
				continue
			}
			all++
			if !w.doomed {
				stay++
			}
			if !w.spot() {
				onDemand++
			}
		}
		for i := range s.cap {
			free += int(s.cap[i][s.now])
		}
		if s.now%60 < s.Tick {
			s.out.Timeline = append(s.out.Timeline, [2]int{all - onDemand, onDemand})
		}
		spotShare := min(s.Want, free)
		bound += float64(spotShare)/s.Ratio + float64(s.Want-spotShare)
		if s.now < s.Cold+s.Tick {
			continue // nobody could be ready
		}
		ticks++
		full += truth(all >= s.Want)
		strict += truth(stay >= s.Want)
		some += truth(all > 0)
		missing += max(0, s.Want-all)
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(max(1, ticks)) }
	days := float64(s.end) / 86400
	s.out.Availability, s.out.Strict, s.out.AnyReady = percent(full), percent(strict), percent(some)
	s.out.Missing = float64(missing) / float64(max(1, ticks))
	wanted := float64(s.Want) * float64(s.end)
	s.out.Cost = 100 * (float64(s.spotBilled)/s.Ratio + float64(s.onDemandBilled)) / wanted
	s.out.Bound = 100 * bound * float64(s.Tick) / wanted
	s.out.OnDemand = 100 * float64(s.onDemandBilled) / float64(max(1, s.spotBilled+s.onDemandBilled))
	s.out.Launches, s.out.Preemptions, s.out.Abrupt = float64(s.launches)/days, float64(s.preemptions)/days, float64(s.abrupt)/days
	s.out.Lost = 100 * s.lost * float64(s.Service) / wanted
	return s.out
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// serves reports whether a worker answers.
func (s *spotSim) serves(w *spotWorker) bool {
	return w.failsAt == 0 && w.goneAt == 0 && !w.leaving && s.now >= w.readyAt
}

// alive reports whether a worker has a machine.
func (s *spotSim) alive(w *spotWorker) bool { return w.failsAt == 0 && w.goneAt == 0 }

// held is how many machines of a pool the endpoint has.
func (s *spotSim) held(pool int) (n int) {
	for _, w := range s.workers {
		if w.pool == pool && s.alive(w) {
			n++
		}
	}
	return n
}

// provider takes machines back, and says so before, as far as it does.
func (s *spotSim) provider() {
	for pool := range s.cap {
		// Machines that are over now.
		for over := s.held(pool) - int(s.cap[pool][s.now]); over > 0; over-- {
			s.kill(s.victim(pool, true))
		}
		if s.Notice == 0 {
			continue
		}
		staying := 0
		for _, w := range s.workers {
			if w.pool == pool && s.alive(w) && (!w.doomed || w.deadline > s.now+s.Notice) {
				staying++
			}
		}
		for over := staying - int(s.least[pool][s.now]); over > 0; over-- {
			w := s.victim(pool, false)
			if w == nil {
				break
			}
			s.doom(w, s.random.Below(1000) < s.NoticeLost)
		}
		if s.FalseNotices > 0 {
			for _, w := range s.workers {
				if w.pool == pool && s.alive(w) && !w.doomed && s.random.Below(1000*3600) < s.FalseNotices*s.Tick {
					s.doom(w, false)
				}
			}
		}
	}
}

// doom gives a worker its notice. One that is lost marks it as the next to be taken, and says
// nothing.
func (s *spotSim) doom(w *spotWorker, silently bool) {
	w.deadline = s.now + s.Notice
	if silently {
		return
	}
	w.doomed = true
	s.tell(spot.Noticed, w)
}

// victim is a machine of a pool that the provider takes: one with a notice first, else any.
func (s *spotSim) victim(pool int, noticed bool) *spotWorker {
	var those []*spotWorker
	for _, w := range s.workers {
		if w.pool == pool && s.alive(w) && (w.deadline > 0) == noticed {
			those = append(those, w)
		}
	}
	if len(those) == 0 && noticed {
		return s.victim(pool, false)
	}
	if len(those) == 0 {
		return nil
	}
	return those[s.random.Below(len(those))]
}

// kill takes a machine back.
func (s *spotSim) kill(w *spotWorker) {
	s.preemptions++
	if s.now >= w.readyAt {
		// What is in flight has had the time since the notice to end.
		given := 0
		if w.doomed {
			given = s.Notice
		}
		if w.leaving {
			given = max(given, s.Service-(w.ends-s.now))
		}
		if cut := float64(s.Service-given) / float64(s.Service); cut > 0 {
			s.abrupt++
			s.lost += cut
		}
	}
	w.goneAt = s.now
	if w.leaving {
		w.ends = s.now
	}
}

// progress tells of what has happened to workers.
func (s *spotSim) progress() {
	s.workers = slices.DeleteFunc(s.workers, func(w *spotWorker) bool {
		switch {
		case w.failsAt > 0 && s.now >= w.failsAt:
			s.tell(spot.LaunchFailed, w)
			return true
		case w.goneAt > 0 && (w.doomed || s.now >= w.goneAt+s.Detect):
			s.tell(spot.Preempted, w)
			return true
		case w.leaving && s.now >= w.ends:
			return true
		}
		if w.readyAt <= s.now && s.now < w.readyAt+s.Tick {
			s.changed = true
		}
		return false
	})
}

func (s *spotSim) tell(kind spot.EventKind, w *spotWorker) {
	s.changed = true
	s.events = append(s.events, spot.Event{At: spotTime(s.now), Kind: kind, Pool: s.pool(w.pool), Market: s.market(w.pool), Worker: spotID(w.id)})
}

// carryOut launches workers and lets others go.
func (s *spotSim) carryOut(launch, leave []int) {
	for _, pool := range launch {
		s.next++
		s.launches++
		w := &spotWorker{id: s.next, pool: pool, since: s.now, readyAt: s.now + s.Cold}
		s.workers = append(s.workers, w)
		fails := pool < 0 && s.random.Below(1000) < s.OnDemandFails ||
			pool >= 0 && s.held(pool) > int(s.least[pool][s.now])
		if fails {
			w.failsAt = s.now + max(s.SpotDelay, s.Tick)
			continue
		}
		s.tell(spot.Launched, w)
	}
	for _, id := range leave {
		for _, w := range s.workers {
			if w.id == id && !w.leaving {
				w.leaving, w.ends = true, s.now
				if w.readyAt <= s.now {
					w.ends += s.Service
				}
			}
		}
	}
}

// bill adds up what this tick costs. A machine costs 60 s at the least.
func (s *spotSim) bill() {
	for _, w := range s.workers {
		if !s.alive(w) {
			continue
		}
		paid := s.Tick
		if w.bound == 0 {
			paid = max(60, s.Tick)
		} else if s.now-w.since < 60 {
			paid = 0
		}
		w.bound += paid
		if w.spot() {
			s.spotBilled += paid
		} else {
			s.onDemandBilled += paid
		}
	}
}

func spotTime(second int) time.Time { return time.Unix(int64(second), 0).UTC() }
func spotID(id int) string          { return fmt.Sprintf("w%08d", id) }

// pool is what a pool is called to the policy.
func (s *spotSim) pool(i int) spot.Pool {
	if i < 0 {
		return spot.Pool{Provider: "traced", GPUType: "any", Zone: "on-demand"}
	}
	return spot.Pool{Provider: "traced", GPUType: "any", Zone: s.trace.Pools[i].Name}
}

func (s *spotSim) market(pool int) fleet.Market {
	if pool < 0 {
		return fleet.OnDemand
	}
	return fleet.Spot
}

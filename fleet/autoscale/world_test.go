package autoscale_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// A world is a coarse endpoint in steps of a second: requests, workers that take a while to
// start and are lost at times, gateways that fall silent, an evaluator that restarts.
type world struct {
	spec    fleet.EndpointSpec
	rand    *rand.Rand
	load    func(second int) int // arrivals
	service int                  // seconds, on average
	limit   int                  // requests in flight on one worker
	chaos   bool                 // losses, restarts, silence

	at               time.Time
	ready            int
	starting         []int // seconds that each still needs
	inflight, queued int
	meter            autoscale.Meter
	state            autoscale.State
	quiet, known     int // seconds: without a request, since the evaluator began anew or a gateway was silent
	silent, mute     int // seconds to come: in which a gateway is silent, in which all are
	heard            time.Time
	trail            []step
}

// A step is what happened in a second.
type step struct {
	at     time.Time
	spec   fleet.EndpointSpec
	count  autoscale.Count
	quiet  int // seconds without a request
	known  int // seconds since the evaluator last began anew, or a gateway was silent
	sizing autoscale.Sizing
}

func newWorld(spec fleet.EndpointSpec, seed uint64, load func(int) int) *world {
	return &world{spec: spec, rand: rand.New(rand.NewPCG(seed, 1)), load: load, service: 10, limit: 100, at: noon, quiet: 1000}
}

// tick is a second.
func (w *world) tick(second int) step {
	w.at = w.at.Add(time.Second)
	w.known++
	if w.chaos {
		w.disturb()
	}

	for i := range w.starting {
		w.starting[i]--
	}
	w.starting = slices.DeleteFunc(w.starting, func(left int) bool {
		if left <= 0 {
			w.ready++
		}
		return left <= 0
	})
	ended := 0
	for range w.inflight {
		if w.rand.IntN(w.service) == 0 {
			ended++
		}
	}
	w.inflight -= ended
	arrived := w.load(second)
	w.queued += arrived
	served := min(w.queued, max(0, w.ready*w.limit-w.inflight))
	w.queued, w.inflight = w.queued-served, w.inflight+served
	w.quiet++
	if w.queued+w.inflight+arrived+ended > 0 {
		w.quiet = 0
	}

	switch {
	case w.mute > 0:
		if w.mute--; w.at.Sub(w.heard) > 3*time.Second { // one that is late is not yet silent
			w.known = 0
		}
	default:
		if w.silent > 0 {
			w.silent--
			w.known = 0
		}
		w.heard = w.at
		w.meter.Add(autoscale.Sample{
			At: w.at, InFlight: w.inflight, Queued: w.queued, Arrived: arrived, Ended: ended,
			Busy: time.Duration(ended*w.service) * time.Second, Whole: w.silent == 0,
		})
	}
	o := autoscale.OptionsOf(w.spec)
	count := autoscale.Count{Ready: w.ready, Starting: len(w.starting)}
	var s autoscale.Sizing
	s, w.state = autoscale.Size(o, w.state, w.meter.Load(o), count, w.at)
	w.carryOut(s.Total)
	st := step{w.at, w.spec, count, w.quiet, w.known, s}
	w.trail = append(w.trail, st)
	return st
}

// disturb does something bad, at times.
func (w *world) disturb() {
	once := func(in int) bool { return w.rand.IntN(in) == 0 }
	if w.ready > 0 && once(80) {
		w.ready--
		w.inflight -= min(w.inflight, w.limit)
	}
	if len(w.starting) > 0 && once(80) {
		w.starting = w.starting[1:]
	}
	if once(200) { // the evaluator begins anew, the state comes out of the record
		w.meter, w.known = autoscale.Meter{}, 0
		data, _ := json.Marshal(w.state)
		w.state = autoscale.State{}
		if err := json.Unmarshal(data, &w.state); err != nil {
			panic(err)
		}
	}
	if once(400) {
		w.silent = 2 + w.rand.IntN(20)
	}
	if once(400) {
		w.mute = 6 + w.rand.IntN(20)
	}
	if once(200) {
		w.spec.ActiveWorkers = w.rand.IntN(6)
		w.spec.MaxWorkers = max(w.spec.ActiveWorkers, 1+w.rand.IntN(40))
	}
}

// carryOut makes and removes workers; lost ones are replaced by that.
func (w *world) carryOut(total int) {
	for w.ready+len(w.starting) < total {
		w.starting = append(w.starting, 1+w.rand.IntN(60))
	}
	for w.ready+len(w.starting) > total {
		if n := len(w.starting); n > 0 {
			w.starting = w.starting[:n-1]
			continue
		}
		w.ready--
		w.inflight -= w.inflight / (w.ready + 1)
	}
}

// lively is a load that jumps, rests and comes back, up to so many arrivals a second.
func lively(seed uint64, most int) func(int) int {
	r := rand.New(rand.NewPCG(seed, 2))
	rate, until := 0, 0
	return func(second int) int {
		if second >= until {
			until = second + 20 + r.IntN(200)
			rate = r.IntN(most + 1)
			if r.IntN(3) == 0 {
				rate = 0
			}
		}
		if rate == 0 {
			return 0
		}
		return r.IntN(2*rate + 1)
	}
}

// anyScaling is any that an endpoint may have.
func anyScaling(t *rapid.T) fleet.ScalingSpec {
	return fleet.ScalingSpec{
		Policy:      rapid.SampledFrom([]string{"", autoscale.Default, autoscale.Fast}).Draw(t, "policy"),
		UpPercent:   rapid.SampledFrom([]int{0, autoscale.None, 1, 50, 200, 900}).Draw(t, "up"),
		DownCount:   rapid.SampledFrom([]int{0, autoscale.None, 1, 4}).Draw(t, "count"),
		DownPercent: rapid.IntRange(0, 100).Draw(t, "percent"),
		LowPercent:  rapid.IntRange(0, 100).Draw(t, "low"),
		Hold:        seconds(t, "hold", 60, 300),
		ZeroHold:    seconds(t, "zero", 60, 300),
		Drain:       seconds(t, "drain", 1, 300),
		MinArrivals: rapid.IntRange(-1, 50).Draw(t, "arrivals"),
		CancelAfter: seconds(t, "cancel", 0, 50),
	}
}

func seconds(t *rapid.T, what string, least, most int) fleet.Duration {
	return fleet.Duration(rapid.IntRange(least, most).Draw(t, what)) * fleet.Duration(time.Second)
}

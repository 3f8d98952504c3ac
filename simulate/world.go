package simulate

import (
	"slices"
	"time"
)

// Options are how the world behaves that policies live in.
type Options struct {
	ColdStart ColdStart
	Timeout   time.Duration // of requests that wait; those dropped count as delayed
	Drain     time.Duration // what a worker that leaves gets to end its requests
	FreeDrain bool          // workers that leave are not billed until they are gone
	Known     bool          // policies are told the mean service time
	Faults    Faults
}

// Usual are the options of the evaluation.
func Usual() Options {
	return Options{
		ColdStart: Uniform(30*time.Second, 60*time.Second), Timeout: 300 * time.Second, Drain: 300 * time.Second,
	}
}

// Faults are what goes wrong.
type Faults struct {
	LaunchFails float64         // share of launches that fail, half at once, half after 30 s
	CrashEvery  time.Duration   // mean life of a worker until it crashes; 0: none does
	Restarts    []time.Duration // when the autoscaler restarts
	Lost        []Span          // when no report of load arrives
}

// A Span is a stretch of a run.
type Span struct{ From, To time.Duration }

func (f *Faults) whole(at int64) bool {
	return !slices.ContainsFunc(f.Lost, func(s Span) bool { return at >= int64(s.From) && at < int64(s.To) })
}

type workerState uint8

const (
	starting workerState = iota
	serving
	draining
	gone
)

// A unit is one worker.
type unit struct {
	launched int64
	state    workerState
	at       int32 // in world.ready
	inflight int32 // while draining; while serving it is in world.load
}

// A world is the gateway and the workers of one policy.
type world struct {
	o       Options
	limit   int32
	slow    float64
	policy  Policy
	habits  Habits
	max     int
	offered *Offered
	cold    *Random
	chance  *Random

	now      int64
	second   int64 // when the next one ends
	restarts []time.Duration
	target   int // workers ordered and not given back
	units    []unit
	ready    []int32 // workers that serve
	load     []int32 // requests of each of ready
	free     int32   // places on them
	starts   []int32 // in order of launch
	drains   []int32 // in order of removal
	billed   int
	billedAt int64
	inflight int
	running  agenda
	turns    turns
	queue    fifo

	// Since the last call of the policy.
	peak, arrived, ended int
	busy, area, areaAt   int64

	tally
}

// newWorld opens a world with as many workers as are there from the start, ready.
func newWorld(w *Workload, o Options, offered *Offered, seconds int, seed uint64, policy Policy, habits Habits, initial int) *world {
	out := &world{
		o: o, limit: int32(w.Limit), slow: w.Service.Slowdown, policy: policy, habits: habits, max: w.Max, offered: offered,
		cold: NewRandom(seed, "cold start "+w.Name), chance: NewRandom(seed, "fault "+w.Name),
		second: int64(time.Second), restarts: slices.Clone(o.Faults.Restarts),
		tally: newTally(w, seconds),
	}
	for range initial {
		out.units = append(out.units, unit{state: starting})
		out.billed++
		out.starts = append(out.starts, int32(len(out.units)-1))
		out.serve(int32(len(out.units) - 1))
	}
	out.target = initial
	return out
}

// run takes the requests before until.
func (w *world) run(requests []Request, until int64) {
	for i := range requests {
		q := &requests[i]
		w.advance(q.At)
		w.arrive(q)
	}
	w.advance(until)
}

// finish lets those that wait find out how long they do, with nothing new. Nothing is billed.
func (w *world) finish() {
	w.bill()
	w.over = true
	for w.queue.len() > 0 {
		w.advance(w.now + int64(time.Second))
	}
}

// advance lets all happen that happens until then. Of what happens at one moment, ends
// come first, then workers, then those that gave up waiting, then the policy.
func (w *world) advance(at int64) {
	for {
		next, kind := w.second, everySecond
		if w.queue.len() > 0 {
			if end := w.queue.first().at + int64(w.o.Timeout); end <= next {
				next, kind = end, givesUp
			}
		}
		if n := len(w.turns); n > 0 && w.turns[n-1].at <= next {
			next, kind = w.turns[n-1].at, turning
		}
		if r := w.running.first(); r != nil && r.end <= next {
			next, kind = r.end, ends
		}
		if next > at {
			w.now = at
			return
		}
		w.now = next
		switch kind {
		case ends:
			w.end(w.running.pop())
		case turning:
			w.turn(w.turns.pop())
		case givesUp:
			w.settle()
			w.drop(w.queue.pop())
		case everySecond:
			w.everySecond()
		}
	}
}

// What can happen next.
type happening uint8

const (
	ends happening = iota
	turning
	givesUp
	everySecond
)

// settle adds up the load until now, before it changes.
func (w *world) settle() {
	w.area += int64(w.inflight+w.queue.len()) * (w.now - w.areaAt)
	w.areaAt = w.now
}

func (w *world) bill() {
	w.sums.Billed += float64(w.billed) * float64(w.now-w.billedAt) / float64(time.Second)
	w.billedAt = w.now
}

func (w *world) arrive(q *Request) {
	w.settle()
	w.arrived++
	w.sums.Requests++
	if w.free > 0 {
		w.dispatch(w.idlest(), q.Service)
	} else {
		w.queue.push(waiting{at: q.At, service: q.Service, zero: w.target == 0})
	}
	w.peak = max(w.peak, w.inflight+w.queue.len())
	if w.target == 0 {
		o := w.observe()
		o.Wake = true
		w.obey(w.policy.Decide(o), o)
	}
}

// idlest is the place of the worker that serves the fewest requests: the first of equals.
func (w *world) idlest() int32 {
	best, least := int32(0), w.load[0]
	for i, n := range w.load {
		if n < least {
			best, least = int32(i), n
		}
	}
	return best
}

// dispatch gives a request to the worker at a place of ready.
func (w *world) dispatch(at int32, service int64) {
	if w.slow > 0 {
		service = int64(float64(service) * (1 + float64(w.slow*float64(w.load[at]))))
	}
	w.load[at]++
	w.free--
	w.inflight++
	w.running.push(running{end: w.now + service, begin: w.now, worker: w.ready[at]})
}

// next gives the request that waits longest to the worker at a place of ready.
func (w *world) next(at int32) {
	q := w.queue.pop()
	w.dispatch(at, q.service)
	w.waited(q, w.now-q.at, w.units[w.ready[at]].launched > q.at)
}

func (w *world) end(r running) {
	u := &w.units[r.worker]
	if u.state == gone { // it took the request with it
		return
	}
	w.settle()
	w.inflight--
	w.ended++
	w.busy += r.end - r.begin
	if u.state == draining {
		u.inflight--
		if u.inflight == 0 {
			w.leave(r.worker)
		}
		return
	}
	w.load[u.at]--
	w.free++
	if w.queue.len() > 0 {
		w.next(u.at)
	}
}

func (w *world) turn(t turn) {
	u := &w.units[t.worker]
	switch {
	case t.kind == turnReady && u.state == starting:
		w.settle()
		w.serve(t.worker)
		if w.o.Faults.CrashEvery > 0 {
			w.turns.push(turn{w.now + int64(w.chance.Exponential(float64(w.o.Faults.CrashEvery))), t.worker, turnCrashed})
		}
	case t.kind == turnFailed && u.state == starting:
		w.starts = without(w.starts, t.worker)
		w.leave(t.worker)
		w.launch()
	case t.kind == turnCrashed && u.state == serving:
		w.settle()
		lost := w.load[u.at]
		w.unserve(t.worker)
		w.inflight -= int(lost)
		w.lose(int(lost))
		w.leave(t.worker)
		w.launch()
	case t.kind == turnDrained && u.state == draining:
		w.settle()
		w.inflight -= int(u.inflight)
		w.lose(int(u.inflight))
		w.leave(t.worker)
	}
}

// serve makes a worker ready, and gives it what waits.
func (w *world) serve(id int32) {
	w.starts = without(w.starts, id)
	w.enlist(id, 0)
	at := w.units[id].at
	for w.queue.len() > 0 && w.load[at] < w.limit {
		w.next(at)
	}
}

func (w *world) enlist(id, load int32) {
	u := &w.units[id]
	u.state, u.at = serving, int32(len(w.ready))
	w.ready = append(w.ready, id)
	w.load = append(w.load, load)
	w.free += w.limit - load
}

func (w *world) unserve(id int32) {
	u := &w.units[id]
	w.free -= w.limit - w.load[u.at]
	u.inflight = w.load[u.at]
	last := int32(len(w.ready) - 1)
	w.ready[u.at], w.load[u.at] = w.ready[last], w.load[last]
	w.units[w.ready[u.at]].at = u.at
	w.ready, w.load = w.ready[:last], w.load[:last]
}

// leave is the end of a worker.
func (w *world) leave(id int32) {
	u := &w.units[id]
	if u.state != draining || !w.o.FreeDrain {
		w.bill()
		w.billed--
	}
	if u.state == draining {
		w.drains = without(w.drains, id)
	}
	u.state = gone
}

func (w *world) launch() {
	w.bill()
	w.billed++
	id := int32(len(w.units))
	w.units = append(w.units, unit{launched: w.now, state: starting})
	w.starts = append(w.starts, id)
	after, kind := w.o.ColdStart.draw(w.cold), turnReady
	if p := w.o.Faults.LaunchFails; p > 0 && w.chance.Float() < p {
		after, kind = 0, turnFailed
		if w.chance.Float() < .5 {
			after = int64(30 * time.Second)
		}
	}
	w.turns.push(turn{w.now + after, id, kind})
}

// observe is what the policy gets to see now.
func (w *world) observe() Observed {
	return Observed{
		At: time.Duration(w.now), Ready: len(w.ready), Starting: max(0, w.target-len(w.ready)), InFlight: w.inflight, Queued: w.queue.len(),
		Peak: w.peak, Arrived: w.arrived, Ended: w.ended, Busy: time.Duration(w.busy), Whole: w.o.Faults.whole(w.now),
	}
}

// everySecond closes a second and asks the policy.
func (w *world) everySecond() {
	w.second += int64(time.Second)
	w.bill()
	w.settle()
	o := w.observe()
	o.Mean = float64(w.area) / float64(time.Second)
	w.closeSecond(w)
	w.peak, w.arrived, w.ended, w.busy, w.area = o.Load(), 0, 0, 0, 0
	if w.over {
		return
	}
	for len(w.restarts) > 0 && w.restarts[0] <= o.At {
		w.restarts = w.restarts[1:]
		w.policy.Restart(o)
	}
	w.obey(w.policy.Decide(o), o)
}

// obey makes the number of workers what the policy said.
func (w *world) obey(c Choice, o Observed) {
	c.Total = clip(c.Total, 0, w.max)
	if c.Total == w.target {
		return
	}
	w.decided(c, o, w.target)
	for w.target < c.Total {
		w.target++
		if n := len(w.drains); w.habits.TakesBack && n > 0 && !w.o.FreeDrain {
			w.takeBack(w.drains[n-1])
			continue
		}
		w.launch()
	}
	for w.target > c.Total {
		w.target--
		if n := len(w.starts); n > 0 {
			id := w.starts[n-1]
			w.starts = w.starts[:n-1]
			w.leave(id)
			continue
		}
		w.drain(w.victim())
	}
}

// victim is the worker that leaves: the one with the fewest requests, of equals the newest.
func (w *world) victim() int32 {
	best := w.ready[0]
	for _, id := range w.ready[1:] {
		if w.habits.Blind || w.load[w.units[id].at] == w.load[w.units[best].at] {
			best = max(best, id)
		} else if w.load[w.units[id].at] < w.load[w.units[best].at] {
			best = id
		}
	}
	return best
}

func (w *world) drain(id int32) {
	w.unserve(id)
	u := &w.units[id]
	if w.o.FreeDrain {
		w.bill()
		w.billed--
	}
	u.state = draining
	w.drains = append(w.drains, id)
	if u.inflight == 0 {
		w.leave(id)
		return
	}
	w.turns.push(turn{w.now + int64(w.o.Drain), id, turnDrained})
}

func (w *world) takeBack(id int32) {
	w.settle()
	w.drains = without(w.drains, id)
	w.enlist(id, w.units[id].inflight)
	at := w.units[id].at
	for w.queue.len() > 0 && w.load[at] < w.limit {
		w.next(at)
	}
}

func without(ids []int32, id int32) []int32 {
	if i := slices.Index(ids, id); i >= 0 {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}

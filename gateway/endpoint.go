package gateway

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An endpoint is what the gateway knows of one endpoint: whether it is open, its workers,
// who waits, and what was counted. New routes change it in place, so that requests which
// found it under older routes see the newer ones. A server is an endpoint with one worker,
// itself, and with addresses.
type endpoint struct {
	id     string
	server bool
	says   *answers
	rules  atomic.Pointer[rules] // of the newest route
	ramp   time.Duration         // how long a new worker is spared

	mu      sync.Mutex
	open    bool               // it accepts requests
	gone    bool               // it is not in the routes any more
	workers map[string]*worker // by instance: those in the routes, and those that left with requests in flight
	ready   []*worker          // those of workers that get new requests
	young   int                // those of ready that may be spared still
	turn    int                // where the next search for the least busy one begins
	queue   queue              // requests that wait for a seat
	held    int                // streams that wait
	reading int                // requests about to wait whose body is read
	changed chan struct{}      // closed when a waiting stream may find its server; nil: none waits
	again   *time.Timer        // until an ejected worker may be tried, while requests wait
	flights flights
	count   counts
	peak    peak

	service time.Duration // that requests take, a moving mean
	wakes   time.Duration // that it took from a first request to a first worker, a moving mean
	dry     time.Time     // since when requests wait and no worker is there

	addresses map[int]*address // of a server, by port
	streams   map[*stream]struct{}
}

// A worker is one worker of an endpoint. Its endpoint's lock guards it.
type worker struct {
	instanceID string
	address    string
	draining   bool // in the routes, but gets no new requests
	absent     bool // not in the routes any more
	inflight   int
	since      time.Time // when it became ready, while it is young; else zero
	ejection
}

func newEndpoint(id string, ramp time.Duration) *endpoint {
	e := &endpoint{id: id, says: &endpointAnswers, workers: map[string]*worker{}, ramp: ramp}
	e.rules.Store(noRules)
	if strings.HasPrefix(id, fleet.InstancePrefix) {
		e.server, e.says, e.streams = true, &serverAnswers, map[*stream]struct{}{}
	}
	return e
}

// follow makes route the truth. After it returns, no request is sent to a worker that
// route calls draining or leaves out, and no stream to a port of it. It reports whether a
// server that gets no more streams has some.
func (e *endpoint) follow(route fleet.EndpointRoute, ports []fleet.PortRoute) (leaving bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.open, e.gone = route.Open, false
	e.rules.Store(rulesOf(route))
	for _, w := range e.workers {
		w.absent = true
	}
	e.ready = nil // a new slice: the old one may be long
	for _, r := range route.Workers {
		w := e.workers[r.InstanceID]
		if w == nil {
			w = &worker{instanceID: r.InstanceID, since: now}
			e.workers[r.InstanceID] = w
		} else if !w.absent {
			continue // named twice
		}
		if w.address != r.Address {
			w.address, w.ejection, w.since = r.Address, ejection{}, now
		}
		w.draining, w.absent = r.Draining, false
		if !w.draining {
			e.ready = append(e.ready, w)
		}
	}
	e.forget()
	e.lead(ports)
	e.age(now)
	e.wake(now)
	return len(e.streams) > 0 && len(e.ready) == 0
}

// leave says that the endpoint is not in the routes any more. It reports whether anything
// is in flight.
func (e *endpoint) leave() (busy bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open, e.gone, e.ready = false, true, nil
	for _, w := range e.workers {
		w.absent = true
	}
	e.forget()
	e.lead(nil)
	e.wake(time.Now())
	return len(e.workers) > 0 || len(e.streams) > 0
}

// forget drops workers that left and are empty.
func (e *endpoint) forget() {
	for id, w := range e.workers {
		if w.absent && w.inflight == 0 {
			delete(e.workers, id)
		}
	}
}

// wake looks after all that wait.
func (e *endpoint) wake(now time.Time) {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
	if len(e.ready) > 0 && !e.dry.IsZero() {
		learn(&e.wakes, now.Sub(e.dry))
		e.dry = time.Time{}
	}
	e.dispatch(now)
}

// waiting counts requests and streams that wait.
func (e *endpoint) waiting() int { return e.queue.n + e.held + e.reading }

// dispatch gives seats that are free to those who wait, one to each in their order, or
// refuses all if the endpoint takes no requests any more.
func (e *endpoint) dispatch(now time.Time) {
	shut := e.shut()
	for e.queue.n > 0 {
		if shut != nil {
			e.queue.pop().call(seat{}, shut)
			continue
		}
		s, again := e.pick(now)
		if s.worker == nil {
			e.lookAgain(again.Sub(now), !again.IsZero())
			return
		}
		e.queue.pop().call(s, nil)
	}
	e.dry = time.Time{}
}

// lookAgain dispatches after a while, if at all: when an ejected worker may be tried.
func (e *endpoint) lookAgain(after time.Duration, wanted bool) {
	switch {
	case !wanted:
	case e.again == nil:
		e.again = time.AfterFunc(after, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.dispatch(time.Now())
		})
	default:
		e.again.Reset(after)
	}
}

// A seat is one request's place at a worker: it is in flight there until it leaves.
type seat struct {
	worker  *worker
	address string // of the worker when it was picked
	trial   bool   // the first request after an ejection
}

// pick takes a seat at the ready worker with the fewest requests in flight that has one
// free, in turn among equals. Without one, again is when an ejected worker may be tried;
// zero: none is ejected.
func (e *endpoint) pick(now time.Time) (s seat, again time.Time) {
	var best *worker
	most := 0
	n, limit := len(e.ready), e.rules.Load().limit
	if e.young > 0 {
		e.age(now)
	}
	at := e.turn
	for range n {
		if at >= n {
			at = 0
		}
		w := e.ready[at]
		at++
		if until, out := w.out(now); out {
			if again.IsZero() || until.Before(again) {
				again = until
			}
			continue
		}
		if limit > 0 && w.inflight >= limit {
			continue
		}
		load := w.inflight
		if e.young > 0 {
			load = w.burden(now, e.ramp)
		}
		if best == nil || load < most {
			best, most, e.turn = w, load, at
			if load == 0 {
				break
			}
		}
	}
	if best == nil {
		return seat{}, again
	}
	best.inflight++
	s = seat{worker: best, address: best.address}
	if best.failures > 0 {
		best.trying, s.trial = true, true
	}
	return s, time.Time{}
}

// stand gives a seat back, to who waits if there is one. It reports whether that emptied a
// worker that is leaving.
func (e *endpoint) stand(s seat, now time.Time) (drained bool) {
	w := s.worker
	w.inflight--
	if s.trial && w.trying {
		w.trying = false
	}
	if w.inflight == 0 && w.absent {
		delete(e.workers, w.instanceID)
	}
	drained = w.inflight == 0 && (w.absent || w.draining)
	if e.queue.n > 0 {
		e.dispatch(now)
	}
	return drained
}

package gateway

import (
	"strings"
	"sync"
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

	mu      sync.Mutex
	open    bool               // it accepts requests
	gone    bool               // it is not in the routes any more
	workers map[string]*worker // by instance: those in the routes, and those that left with requests in flight
	ready   []*worker          // those of workers that get new requests
	turn    int                // where the next search for the least busy one begins
	waiting chan struct{}      // closed when a waiting request may find a worker; nil: none waits
	queued  int                // requests and streams that wait
	count   counts
	peak    peak

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
	ejection
}

func newEndpoint(id string) *endpoint {
	e := &endpoint{id: id, says: &endpointAnswers, workers: map[string]*worker{}}
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
	e.open, e.gone = route.Open, false
	for _, w := range e.workers {
		w.absent = true
	}
	e.ready = nil // a new slice: the old one may be long
	for _, r := range route.Workers {
		w := e.workers[r.InstanceID]
		if w == nil {
			w = &worker{instanceID: r.InstanceID}
			e.workers[r.InstanceID] = w
		} else if !w.absent {
			continue // named twice
		}
		if w.address != r.Address {
			w.address, w.ejection = r.Address, ejection{}
		}
		w.draining, w.absent = r.Draining, false
		if !w.draining {
			e.ready = append(e.ready, w)
		}
	}
	e.forget()
	e.lead(ports)
	e.wake()
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
	e.wake()
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

// wake makes all waiting requests look again.
func (e *endpoint) wake() {
	if e.waiting != nil {
		close(e.waiting)
		e.waiting = nil
	}
}

// A seat is one request's place at a worker: it is in flight there until it leaves.
type seat struct {
	worker  *worker
	address string // of the worker when it was picked
	trial   bool   // the first request after an ejection
}

// pick takes a seat at the ready worker with the fewest requests in flight, in turn among
// equals. Without one, again is when an ejected worker may be tried; zero: none is ejected.
func (e *endpoint) pick(now time.Time) (s seat, again time.Time) {
	var best *worker
	n := len(e.ready)
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
		if best == nil || w.inflight < best.inflight {
			best, e.turn = w, at
			if w.inflight == 0 {
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

// stand gives a seat back. It reports whether that emptied a worker that is leaving.
func (e *endpoint) stand(s seat) (drained bool) {
	w := s.worker
	w.inflight--
	if s.trial && w.trying {
		w.trying = false
		e.wake()
	}
	if w.inflight > 0 {
		return false
	}
	if w.absent {
		delete(e.workers, w.instanceID)
	}
	return w.absent || w.draining
}

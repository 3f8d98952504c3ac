package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// keptBody is how much of a body is read before its request waits. A server notices that
// a client has gone only once it has read the body: else a request that nobody waits for
// any more would still be sent to a worker.
const keptBody = 64 << 10

// board takes a seat for f, and waits for one if no worker has one free. It returns a
// *problem if there is none in time, or the request's context's error if the client has gone.
func (f *flight) board(r *http.Request, now time.Time) error {
	e := f.endpoint
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.dials == 0 {
		e.count.arrive(now)
	}
	if p := e.shut(); p != nil {
		return p
	}
	if e.queue.n == 0 { // else who waits goes first
		if s, _ := e.pick(now); s.worker != nil {
			f.sit(s, now)
			return nil
		}
	}
	return f.hold(r, now)
}

// shut says why the endpoint takes no requests; nil: it does.
func (e *endpoint) shut() *problem {
	switch {
	case e.gone:
		return e.says.unknown
	case !e.open:
		return e.says.stopped
	}
	return nil
}

// sit takes the seat.
func (f *flight) sit(s seat, now time.Time) {
	f.seat, f.boarded = s, now
	f.enter(now)
	f.endpoint.flights.add(f)
}

// enter counts f among the requests in flight or waiting, until it lands.
func (f *flight) enter(now time.Time) {
	if !f.entered {
		f.entered = true
		f.endpoint.peak.move(now, 1)
	}
}

// hold waits in the queue, with the endpoint's lock given up meanwhile.
func (f *flight) hold(r *http.Request, now time.Time) error {
	e, o := f.endpoint, &f.gateway.options
	rules := e.rules.Load()
	deadline := f.start.Add(rules.holdFor(e, o))
	if !now.Before(deadline) {
		return e.overdue(place{})
	}
	caller, most := f.callerOf(r), rules.holdMax(o)
	displaced, full := e.room(caller, most, now)
	if full != nil {
		return full
	}
	f.enter(now)
	e.flights.remove(f) // its time at a worker begins anew
	w := &waiter{since: now, called: make(chan struct{})}
	if e.waiting() == 0 && len(e.ready) == 0 {
		e.dry = now
		f.gateway.reportSoon() // the endpoint may have to wake up
	}
	if e.reading < most && f.keeps(r) {
		// Not in the queue yet: a seat would wait for a slow client, and others for its place.
		e.reading++
		e.mu.Unlock()
		err := f.keepBody(r, deadline)
		e.mu.Lock()
		e.reading--
		if err != nil {
			return err
		}
		if p := e.shut(); p != nil {
			return p
		}
		if displaced, full = e.room(caller, most, time.Now()); full != nil {
			return full
		}
	}
	if displaced != nil {
		at := e.place(e.queue.ahead(displaced), now)
		e.queue.remove(displaced)
		displaced.call(seat{}, e.says.full.at(at))
	}
	if f.dials > 0 {
		e.queue.pushFirst(caller, w)
	} else {
		e.queue.push(caller, w)
	}
	e.dispatch(time.Now())
	e.mu.Unlock()
	err := f.await(r, w, deadline)
	e.mu.Lock()
	now = time.Now()
	f.held, f.waited = true, f.waited+now.Sub(w.since)
	if w.refused != nil {
		err = w.refused
	}
	if err == nil && w.seat.worker == nil {
		err = e.overdue(e.place(e.queue.ahead(w), now))
	}
	e.queue.remove(w)
	switch {
	case err == nil:
		f.sit(w.seat, now)
	case w.seat.worker != nil: // nobody is there to use it
		e.stand(w.seat, now)
	}
	return err
}

// room looks for a place in the queue for one more request of a caller: a full queue has one
// if another caller has a request to displace.
func (e *endpoint) room(caller string, most int, now time.Time) (displaced *waiter, full *problem) {
	n := e.queue.n + e.held
	if n < most {
		return nil, nil
	}
	if displaced = e.queue.spare(caller); displaced == nil {
		return nil, e.says.full.at(e.place(n, now))
	}
	return displaced, nil
}

// overdue is the answer to who waited in vain.
func (e *endpoint) overdue(at place) *problem {
	p, limit := e.says.notReady, e.rules.Load().limit
	for _, w := range e.ready {
		if limit > 0 && w.inflight >= limit {
			p = e.says.busy
		}
	}
	if at.position == 0 {
		return p
	}
	return p.at(at)
}

// await waits until w is called, its deadline has come or the client has gone.
func (f *flight) await(r *http.Request, w *waiter, deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	var tell <-chan time.Time
	if r.ProtoAtLeast(1, 1) && r.Header.Get(queueHeader) == "progress" {
		ticker := time.NewTicker(f.gateway.options.ProgressEvery)
		defer ticker.Stop()
		tell = ticker.C
		f.tell(w)
	}
	for {
		select {
		case <-w.called:
			return nil
		case <-timer.C:
			return nil
		case <-r.Context().Done():
			return context.Cause(r.Context())
		case <-tell:
			f.tell(w)
		}
	}
}

// Headers about the queue. A client that sends queueHeader: progress is told its place by
// informational responses (102) while it waits. Others are not: some take them for the answer.
const (
	queueHeader    = "Kelvin-Queue"
	positionHeader = "Kelvin-Queue-Position"
	etaHeader      = "Kelvin-Queue-Eta-Seconds"
	waitedHeader   = "Kelvin-Queue-Seconds"
)

// tell sends the place in the queue.
func (f *flight) tell(w *waiter) {
	e := f.endpoint
	e.mu.Lock()
	if w.line == nil { // it has been called
		e.mu.Unlock()
		return
	}
	at := e.place(e.queue.ahead(w), time.Now())
	e.mu.Unlock()
	h := f.writer.Header()
	h.Set(positionHeader, strconv.Itoa(at.position))
	if at.eta > 0 {
		h.Set(etaHeader, strconv.Itoa(seconds(at.eta)))
	}
	f.writer.WriteHeader(http.StatusProcessing)
	h.Del(positionHeader)
	h.Del(etaHeader)
}

// keeps reports whether a request's body is read before it waits.
func (f *flight) keeps(r *http.Request) bool {
	return !f.kept && r.ContentLength > 0 && r.ContentLength <= keptBody
}

// keepBody reads a small body into memory. It is still sent once at the most.
func (f *flight) keepBody(r *http.Request, deadline time.Time) error {
	f.kept = true
	if slow := time.Now().Add(f.gateway.options.bodyGrace + time.Duration(r.ContentLength/bodyRate)*time.Second); slow.Before(deadline) {
		deadline = slow
	}
	rc := http.NewResponseController(f.writer)
	limited := rc.SetReadDeadline(deadline) == nil
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		if !time.Now().Before(deadline) {
			f.upload.slow.Store(true)
			return slowBody
		}
		return badRequest
	}
	// Reading on to the end is what makes the server watch the connection.
	if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return badRequest
	}
	if limited {
		_ = rc.SetReadDeadline(time.Time{}) // as it was; if it fails, so will the answer
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

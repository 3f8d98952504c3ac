package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// keptBody is how much of a body is read before its request waits. A server notices that
// a client has gone only once it has read the body: else a request that nobody waits for
// any more would still be sent to a worker.
const keptBody = 64 << 10

// board takes a seat for f, and waits for one if no worker is ready. It returns a *problem
// if there is none, or the request's context's error if the client has gone.
func (f *flight) board(r *http.Request, now time.Time) error {
	e := f.endpoint
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.dials == 0 {
		e.count.arrive(now)
	}
	for {
		if e.gone {
			return e.says.unknown
		}
		if !e.open {
			return e.says.stopped
		}
		s, again := e.pick(now)
		if s.worker != nil {
			f.seat, f.boarded = s, now
			f.enter(now)
			return nil
		}
		if err := f.hold(r, again); err != nil {
			return err
		}
		now = time.Now()
	}
}

// enter counts f among the requests in flight or waiting, until it lands.
func (f *flight) enter(now time.Time) {
	if !f.entered {
		f.entered = true
		f.endpoint.peak.move(now, 1)
	}
}

// hold waits, with the endpoint's lock given up meanwhile, until there may be a worker:
// something changed, or an ejected one may be tried at again.
func (f *flight) hold(r *http.Request, again time.Time) error {
	e, o := f.endpoint, &f.gateway.options
	now := time.Now()
	deadline := f.start.Add(o.holdOf(e))
	if !now.Before(deadline) {
		return e.says.notReady
	}
	if e.queued >= o.HoldMax {
		return e.says.full
	}
	if again.IsZero() || again.After(deadline) {
		again = deadline
	}
	if e.waiting == nil {
		e.waiting = make(chan struct{})
	}
	changed := e.waiting
	e.queued++
	f.enter(now)
	if e.queued == 1 {
		f.gateway.reportSoon() // the endpoint may have to wake up
	}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.queued--
	}()

	if err := f.keepBody(r, deadline); err != nil {
		return err
	}
	timer := time.NewTimer(time.Until(again))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-r.Context().Done():
		return context.Cause(r.Context())
	}
	return nil
}

// keepBody reads a small body into memory. It is still sent once at the most.
func (f *flight) keepBody(r *http.Request, deadline time.Time) error {
	if f.kept || r.ContentLength <= 0 || r.ContentLength > keptBody {
		return nil
	}
	f.kept = true
	rc := http.NewResponseController(f.writer)
	limited := rc.SetReadDeadline(deadline) == nil
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
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

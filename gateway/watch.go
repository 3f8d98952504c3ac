package gateway

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"
)

// A client must send a body at bodyRate bytes a second or faster, but for the first
// bodyGrace, until the worker begins its answer.
const (
	bodyGrace = 30 * time.Second
	bodyRate  = 1 << 10
)

// watchEvery is how often requests in flight are looked at.
const watchEvery = time.Second

// flights are an endpoint's requests that have or had a seat, and have not landed. Its lock
// guards them.
type flights struct{ first *flight }

func (l *flights) add(f *flight) {
	if f.listed {
		return
	}
	f.listed, f.next = true, l.first
	if l.first != nil {
		l.first.prev = f
	}
	l.first = f
}

func (l *flights) remove(f *flight) {
	if !f.listed {
		return
	}
	if f.prev != nil {
		f.prev.next = f.next
	} else {
		l.first = f.next
	}
	if f.next != nil {
		f.next.prev = f.prev
	}
	f.listed, f.prev, f.next = false, nil, nil
}

// watch ends requests that take too long, or stand still, until ctx ends. It is also the
// clock by which requests note when they moved: asking the system's for every write would
// cost more than the write.
func (g *Gateway) watch(ctx context.Context) {
	tick := time.NewTicker(g.options.watchEvery)
	defer tick.Stop()
	for {
		now := time.Now()
		g.clock.Store(now.UnixNano())
		g.mu.Lock()
		for _, e := range g.known {
			e.watch(now, &g.options)
		}
		g.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (e *endpoint) watch(now time.Time, o *Options) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rules := e.rules.Load()
	timeout, idle := time.Duration(rules.Timeout), time.Duration(rules.IdleTimeout)
	for f := e.flights.first; f != nil; f = f.next {
		if since := f.writing.Load(); since > 0 && now.UnixNano()-since > int64(o.SlowReader) {
			f.breakWrite()
		}
		if f.cancel == nil {
			continue
		}
		switch moved := f.moved.Load(); {
		case timeout > 0 && now.Sub(f.boarded) > timeout:
			f.breakOff(tooLong)
		case idle > 0 && moved > 0 && now.UnixNano()-moved > int64(idle):
			f.breakOff(stoodStill)
		}
	}
}

// breakOff ends the request with p, or, if its answer has begun, cuts that off.
func (f *flight) breakOff(p *problem) {
	if f.cut.CompareAndSwap(nil, p) {
		f.cancel(p)
	}
}

// breakWrite ends a write that its client does not read.
func (f *flight) breakWrite() {
	f.cut.CompareAndSwap(nil, slowReader)
	past := time.Unix(1, 0)
	if f.hijacked != nil {
		_ = f.hijacked.SetWriteDeadline(past)
		return
	}
	_ = http.NewResponseController(f.writer).SetWriteDeadline(past)
}

// stir notes that something moved.
func (f *flight) stir() { f.moved.Store(f.gateway.clock.Load()) }

// Header implements http.ResponseWriter.
func (f *flight) Header() http.Header { return f.writer.Header() }

// WriteHeader implements http.ResponseWriter.
func (f *flight) WriteHeader(status int) {
	f.writer.WriteHeader(status)
	if f.proxy.BufferPool == smallBuffers {
		// Who waits for events sees that they will come. And written with the first event, from
		// deeper down, headers double the stack of each stream, for as long as it is open.
		_ = f.FlushError()
	}
}

// Write implements http.ResponseWriter.
func (f *flight) Write(p []byte) (int, error) {
	f.writing.Store(f.gateway.clock.Load())
	n, err := f.writer.Write(p)
	f.writing.Store(0)
	f.sent.Add(int64(n))
	f.stir()
	return n, err
}

// FlushError is what http.ResponseController looks for.
func (f *flight) FlushError() error {
	f.writing.Store(f.gateway.clock.Load())
	defer f.writing.Store(0)
	return http.NewResponseController(f.writer).Flush()
}

// Unwrap is what http.ResponseController looks for.
func (f *flight) Unwrap() http.ResponseWriter { return f.writer }

// Hijack implements http.Hijacker, for connections that become WebSockets.
func (f *flight) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(f.writer).Hijack()
	if err != nil {
		return nil, nil, err
	}
	f.endpoint.mu.Lock()
	f.hijacked = conn
	f.endpoint.mu.Unlock()
	return &watched{Conn: conn, flight: f}, rw, nil
}

// watched is a client's connection that became something else than HTTP.
type watched struct {
	net.Conn
	flight *flight
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.flight.received.Add(int64(n))
	w.flight.stir()
	return n, err
}

func (w *watched) Write(p []byte) (int, error) {
	f := w.flight
	f.writing.Store(f.gateway.clock.Load())
	n, err := w.Conn.Write(p)
	f.writing.Store(0)
	f.sent.Add(int64(n))
	f.stir()
	return n, err
}

// CloseWrite passes the end of one direction on.
func (w *watched) CloseWrite() error {
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

package gateway

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// statusClientGone stands, in counters and logs, for a client that left before it was
// answered. Nobody receives it.
const statusClientGone = 499

// A flight is one request on its way through the gateway. It is also what the answer is
// written to, so that it can be watched.
type flight struct {
	gateway    *Gateway
	writer     http.ResponseWriter
	endpoint   *endpoint
	id         string // X-Request-Id
	start      time.Time
	boarded    time.Time         // when it took its seat
	waited     time.Duration     // in the queue
	seat       seat              // its worker is nil while it has none
	risen      bool              // it has left its seat, and goes on
	dials      int               // that failed
	entered    bool              // it is in flight, or waits
	held       bool              // it was in the queue
	kept       bool              // its body was read before it waited
	grpc       bool              // it is answered in gRPC's words
	duplex     bool              // its answer may begin before its body, over HTTP/1.1, has ended
	keyHeaders []string          // that bear keys of the endpoint; none: it wants none
	key        [sha256.Size]byte // hash of the first
	status     int               // that it was answered with
	problem    *problem          // the answer, if it was our own
	proxy      httputil.ReverseProxy
	upload     upload
	values     [4]string      // of the headers that we set: no allocation for each
	empty      strings.Reader // the body of a request without one

	// The endpoint's lock guards these.
	listed     bool
	prev, next *flight
	hijacked   net.Conn // what became a WebSocket

	cancel         context.CancelCauseFunc // nil: the endpoint has no limits of time
	cut            atomic.Pointer[problem] // why it was broken off
	moved, writing atomic.Int64            // by the gateway's clock: when it last moved; since when it waits for the client to read
	sent, received atomic.Int64            // bytes to the client, and from it
}

// ServeHTTP sends a request on its way.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := &flight{gateway: g, writer: w, endpoint: g.unknown, id: requestID(r.Header), start: time.Now(), grpc: isGRPC(r)}
	defer f.land(r)
	e, p := g.find(r)
	if p != nil {
		f.refuse(p)
		return
	}
	f.endpoint = e
	rules := e.rules.Load()
	if p := f.unfit(r, rules); p != nil {
		f.refuse(p)
		return
	}
	if err := f.board(r, f.start); err != nil {
		f.fail(r, err)
		return
	}
	if r.ContentLength != 0 {
		f.duplex = r.ProtoMajor == 1
		// Or an answer that begins before the body has ended would wait for it. A writer that
		// cannot do this is not net/http's, and has no such wait.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	if rules.Timeout > 0 || rules.IdleTimeout > 0 {
		r = f.limited(r)
		defer f.cancel(nil)
	}
	f.proxy = httputil.ReverseProxy{
		Rewrite:        f.rewrite,
		Transport:      f,
		ModifyResponse: f.answer,
		ErrorHandler:   func(_ http.ResponseWriter, out *http.Request, err error) { f.fail(out, err) },
		BufferPool:     largeBuffers,
		ErrorLog:       g.errorLog,
		// Of a response without a length, httputil flushes every write. One with a length
		// is flushed when it pauses; a small one has ended by then, and is one write.
		FlushInterval: 10 * time.Millisecond,
	}
	f.proxy.ServeHTTP(f, r)
}

// limited is r, so that it can be broken off.
func (f *flight) limited(r *http.Request) *http.Request {
	ctx, cancel := context.WithCancelCause(r.Context())
	f.endpoint.mu.Lock()
	f.cancel = cancel
	f.endpoint.mu.Unlock()
	return r.WithContext(ctx)
}

// find returns the endpoint or server that a request is for.
func (g *Gateway) find(r *http.Request) (*endpoint, *problem) {
	t := g.table.Load()
	if t == nil {
		if t = g.await(r.Context()); t == nil {
			return nil, starting
		}
	}
	id, ok := endpointOf(r.Host, g.dataCenter)
	if e := t.endpoints[id]; ok && e != nil {
		return e, nil
	}
	if strings.HasPrefix(id, fleet.InstancePrefix) {
		return nil, unknownServer
	}
	return nil, unknownEndpoint
}

// routesWithin is how long a request waits for the first routes, at the most.
const routesWithin = 3 * time.Second

// await waits for the first routes.
func (g *Gateway) await(ctx context.Context) *table {
	ctx, cancel := context.WithTimeout(ctx, min(g.options.HoldFor, routesWithin))
	defer cancel()
	select {
	case <-g.routed:
	case <-ctx.Done():
	}
	return g.table.Load()
}

// malformed says what is wrong with a request that cannot be passed on, wherever it goes.
func malformed(r *http.Request) *problem {
	if r.Method == http.MethodConnect || r.URL.Opaque != "" || r.URL.Path == "*" {
		return badRequest
	}
	if r.Method == http.MethodTrace {
		return noTrace
	}
	for _, protocol := range r.Header["Upgrade"] {
		if !isPrintable(protocol) {
			return badRequest
		}
	}
	return nil
}

// unfit says why a request is not passed on, and limits the body of one that is.
func (f *flight) unfit(r *http.Request, rules *rules) *problem {
	if p := malformed(r); p != nil {
		if r.ProtoMajor == 1 {
			f.part() // what follows may be meant for whom it wanted to be connected to
		}
		return p
	}
	if rules.Keys {
		if f.key, f.keyHeaders = rules.open(r.Header); len(f.keyHeaders) == 0 {
			return unauthenticated
		}
	}
	if limit := rules.maxBody(&f.gateway.options); limit > 0 {
		if r.ContentLength > limit {
			f.writer.Header().Set("Connection", "close") // rather than read what is too large
			return bodyTooLarge
		}
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(f.writer, r.Body, limit)
		}
	}
	return nil
}

// refuse answers with p.
func (f *flight) refuse(p *problem) {
	f.status, f.problem = p.status, p
	f.partIfUnread()
	if f.gateway.leaving.Load() {
		f.writer.Header().Set("Connection", "close")
	}
	if f.held {
		f.writer.Header().Set(waitedHeader, queueSeconds(f.waited))
	}
	if f.grpc {
		p.writeGRPC(f, f.id)
		return
	}
	p.write(f, f.id)
}

// queueSeconds is how the time in the queue is told.
func queueSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// land gives the seat back, counts and logs. It runs even if the proxy panics, which is
// how it breaks off an answer that the worker broke off.
func (f *flight) land(r *http.Request) {
	f.upload.land()
	now := time.Now()
	if f.status == 0 {
		f.status = statusClientGone
	}
	drained := false
	e := f.endpoint
	e.mu.Lock()
	e.flights.remove(f)
	if f.seat.worker != nil {
		e.count.serve(now.Sub(f.boarded))
		if !f.risen {
			learn(&e.service, now.Sub(f.boarded))
			drained = e.stand(f.seat, now)
		}
	}
	if f.entered {
		e.peak.move(now, -1)
		e.count.wait(f.waited)
	}
	e.count.end(f.status, now.Sub(f.start), now)
	level := slog.LevelDebug
	if cut := f.cut.Load(); cut != nil && f.problem == nil {
		f.problem = cut
	} else if f.problem != nil && f.problem.status >= 500 {
		e.count.errors++
		if now.Sub(e.count.logged) >= time.Second { // a stopped endpoint may be asked a lot
			e.count.logged, level = now, slog.LevelInfo
		}
	}
	if f.problem != nil {
		e.count.reject(f.problem.reason)
	}
	e.mu.Unlock()
	if drained {
		f.gateway.reportSoon()
	}
	f.log(r, level, now)
	f.access(r, now)
}

// log tells operators: one line, without the query, which may hold secrets.
func (f *flight) log(r *http.Request, level slog.Level, now time.Time) {
	ctx := r.Context()
	if !f.gateway.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("endpoint", f.endpoint.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", f.status), slog.Duration("took", now.Sub(f.start)), slog.String("request", f.id),
	}
	if f.seat.worker != nil {
		attrs = append(attrs, slog.String("instance", f.seat.worker.instanceID))
	}
	if f.problem != nil {
		attrs = append(attrs, slog.String("problem", f.problem.title))
	}
	f.gateway.logger.LogAttrs(ctx, level, "request", attrs...)
}

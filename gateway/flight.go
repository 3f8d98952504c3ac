package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// statusClientGone stands, in counters and logs, for a client that left before it was
// answered. Nobody receives it.
const statusClientGone = 499

// A flight is one request on its way through the gateway.
type flight struct {
	gateway  *Gateway
	writer   http.ResponseWriter
	endpoint *endpoint
	id       string // X-Request-Id
	start    time.Time
	boarded  time.Time // when it took its seat
	seat     seat      // its worker is nil while it has none
	risen    bool      // it has left its seat, and goes on
	dials    int       // that failed
	entered  bool      // it is in flight, or waits
	kept     bool      // its body was read before it waited
	grpc     bool      // it is answered in gRPC's words
	status   int       // that it was answered with
	problem  *problem  // the answer, if it was our own
	proxy    httputil.ReverseProxy
	upload   upload
	values   [4]string      // of the headers that we set: no allocation for each
	empty    strings.Reader // the body of a request without one
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
	if p := g.unfit(w, r); p != nil {
		f.refuse(p)
		return
	}
	if err := f.board(r, f.start); err != nil {
		f.fail(r, err)
		return
	}
	if r.ContentLength != 0 {
		// Or an answer that begins before the body has ended would wait for it. A writer that
		// cannot do this is not net/http's, and has no such wait.
		_ = http.NewResponseController(w).EnableFullDuplex()
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
	f.proxy.ServeHTTP(w, r)
}

// find returns the endpoint or server that a request is for.
func (g *Gateway) find(r *http.Request) (*endpoint, *problem) {
	t := g.table.Load()
	if t == nil {
		return nil, starting
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

// unfit says what is wrong with a request that cannot be passed on, and limits the body of
// one that can.
func (g *Gateway) unfit(w http.ResponseWriter, r *http.Request) *problem {
	if r.Method == http.MethodConnect || r.URL.Opaque != "" {
		return badRequest
	}
	for _, protocol := range r.Header["Upgrade"] {
		if !isPrintable(protocol) {
			return badRequest
		}
	}
	if limit := g.options.MaxBody; limit > 0 {
		if r.ContentLength > limit {
			w.Header().Set("Connection", "close") // rather than read what is too large
			return bodyTooLarge
		}
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
	}
	return nil
}

// refuse answers with p.
func (f *flight) refuse(p *problem) {
	f.status, f.problem = p.status, p
	if f.grpc {
		p.writeGRPC(f.writer, f.id)
		return
	}
	p.write(f.writer, f.id)
}

// land gives the seat back, counts and logs. It runs even if the proxy panics, which is
// how it breaks off an answer that the worker broke off.
func (f *flight) land(r *http.Request) {
	now := time.Now()
	if f.status == 0 {
		f.status = statusClientGone
	}
	drained := false
	e := f.endpoint
	e.mu.Lock()
	if f.seat.worker != nil {
		e.count.serve(now.Sub(f.boarded))
		if !f.risen {
			drained = e.stand(f.seat)
		}
	}
	if f.entered {
		e.peak.move(now, -1)
	}
	e.count.end(f.status, now.Sub(f.start), now)
	level := slog.LevelDebug
	if f.problem != nil && f.problem.status >= 500 {
		e.count.errors++
		if now.Sub(e.count.logged) >= time.Second { // a stopped endpoint may be asked a lot
			e.count.logged, level = now, slog.LevelInfo
		}
	}
	e.mu.Unlock()
	if drained {
		f.gateway.reportSoon()
	}
	f.log(r, level, now)
}

// log writes the access log: one line, without the query, which may hold secrets.
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

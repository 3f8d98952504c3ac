package gateway

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A stream is one TCP connection to an address of a server, passed on byte by byte.
type stream struct {
	gateway  *Gateway
	endpoint *endpoint
	address  *address
	client   *net.TCPConn
	start    time.Time
	in, out  atomic.Int64 // bytes to the server, and from it

	// The endpoint's lock guards these once it has boarded.
	target  string
	boarded time.Time
	server  *net.TCPConn // nil while it is dialled
	broken  bool         // its server is not there any more
}

// An outcome is how a stream ended, for metrics and logs.
type outcome string

const (
	streamEnded       outcome = "ended"       // by one of its ends
	streamBroken      outcome = "broken"      // its server stopped, moved or was lost
	streamRefused     outcome = "refused"     // the server does not run
	streamOverdue     outcome = "overdue"     // the server did not get ready in time
	streamFull        outcome = "full"        // too many streams, or too many that wait
	streamUnreachable outcome = "unreachable" // the server accepts no connections on that port
)

// run passes a new connection on until it ends.
func (s *stream) run(ctx context.Context) {
	how := s.pass(ctx)
	s.land(ctx, how) // before the client knows, who might come again
	if how != streamEnded && how != streamBroken {
		_ = s.client.SetLinger(0) // a reset: the client learns at once that nobody is there
	}
	_ = s.client.Close()
}

func (s *stream) pass(ctx context.Context) outcome {
	for {
		if how := s.board(ctx); how != "" {
			return how
		}
		dialer := net.Dialer{Timeout: s.gateway.options.DialTimeout}
		conn, err := dialer.DialContext(ctx, "tcp", s.target)
		if err != nil {
			switch {
			case ctx.Err() != nil:
				return streamBroken
			case s.moved():
				continue
			}
			return streamUnreachable
		}
		server := conn.(*net.TCPConn) // of a dial to tcp it is one
		if !s.reached(server) {
			_ = server.Close()
			return streamBroken
		}
		return s.pump(server)
	}
}

// board finds where the stream goes, and waits while its server is on its way to running.
// From then on it is one of its server's streams.
func (s *stream) board(ctx context.Context) outcome {
	e, o := s.endpoint, &s.gateway.options
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		switch a := e.addresses[s.address.port]; {
		case e.gone || !e.open || a == nil || ctx.Err() != nil:
			return streamRefused
		case len(e.ready) > 0 && a.target != "":
			s.target, s.boarded = a.target, time.Now()
			e.streams[s] = struct{}{}
			return ""
		}
		left := time.Until(s.start.Add(o.HoldServers))
		if left <= 0 {
			return streamOverdue
		}
		if e.waiting() >= o.HoldMax {
			return streamFull
		}
		if e.changed == nil {
			e.changed = make(chan struct{})
		}
		changed := e.changed
		e.held++
		e.mu.Unlock()
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		e.mu.Lock()
		e.held--
	}
}

// moved reports whether the server that could not be dialled is not where it was, so that
// the stream may find it elsewhere, or wait for it.
func (s *stream) moved() bool {
	e := s.endpoint
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, s)
	broken, a := s.broken, e.addresses[s.address.port]
	s.broken = false
	return broken || len(e.ready) == 0 || a == nil || a.target != s.target
}

// reached notes the connection to the server, unless it was broken off meanwhile.
func (s *stream) reached(server *net.TCPConn) bool {
	s.endpoint.mu.Lock()
	defer s.endpoint.mu.Unlock()
	s.server = server
	return !s.broken
}

// breakOff ends the stream, with its server's lock held.
func (s *stream) breakOff() {
	s.broken = true
	if s.server != nil {
		_ = s.server.Close()
		_ = s.client.Close()
	}
}

// pump copies in both directions. An end that sends no more may still receive.
func (s *stream) pump(server *net.TCPConn) outcome {
	var wg sync.WaitGroup
	wg.Go(func() { s.copy(server, s.client, &s.in) })
	s.copy(s.client, server, &s.out)
	wg.Wait()
	_ = server.Close()
	s.endpoint.mu.Lock()
	defer s.endpoint.mu.Unlock()
	if s.broken {
		return streamBroken
	}
	return streamEnded
}

// copy copies until src ends, and passes that on: an end is an end for reading only, an
// error is one for both directions.
func (s *stream) copy(dst, src *net.TCPConn, count *atomic.Int64) {
	if err := pump(dst, src, count); err != nil {
		_ = src.SetLinger(0)
		_ = dst.SetLinger(0)
		_ = src.Close()
		_ = dst.Close()
		return
	}
	_ = dst.CloseWrite() // if it fails, dst is gone, and so is the other direction
}

// land counts and logs.
func (s *stream) land(ctx context.Context, how outcome) {
	now := time.Now()
	e := s.endpoint
	e.mu.Lock()
	delete(e.streams, s)
	s.address.open--
	e.count.streams.end(how, s.in.Load(), s.out.Load())
	leaving := len(e.ready) == 0
	level := slog.LevelDebug
	if how == streamOverdue || how == streamFull || how == streamUnreachable {
		if now.Sub(e.count.logged) >= time.Second {
			e.count.logged, level = now, slog.LevelInfo
		}
	}
	e.mu.Unlock()
	if leaving {
		s.gateway.reportSoon()
	}
	s.gateway.logger.LogAttrs(ctx, level, "stream",
		slog.String("instance", e.id), slog.Int("port", s.address.port), slog.String("client", s.client.RemoteAddr().String()),
		slog.String("outcome", string(how)), slog.Duration("took", now.Sub(s.start)),
		slog.Int64("in", s.in.Load()), slog.Int64("out", s.out.Load()))
}

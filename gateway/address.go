package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// rebindEvery is how often a port is tried again that could not be bound: another gateway
// on this machine may be on its way out.
const rebindEvery = time.Second

// bound counts the addresses for the metrics.
type bound struct{ listening, failed atomic.Int64 }

// ServeStreams listens on the addresses of servers, the ports in the routes, and passes on
// what connects there, until ctx ends; then it ends the streams that are open, and returns
// nil. A port that cannot be bound is tried again every second, and the others go on.
//
// host is the IP address to listen on; ":" are all addresses of this machine, and with ""
// or "off" nothing is listened on. Invalid for anything else.
func (g *Gateway) ServeStreams(ctx context.Context, host string) error {
	if host == "" || host == "off" {
		<-ctx.Done()
		return nil
	}
	host, err := listenHost(host)
	if err != nil {
		return err
	}
	l := listeners{gateway: g, host: host, open: map[int]*net.TCPListener{}, failed: map[int]bool{}}
	again := time.NewTicker(rebindEvery)
	defer again.Stop()
	streams, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		l.follow(ctx, streams)
		select {
		case <-g.moved:
		case <-again.C:
		case <-ctx.Done():
		}
	}
	for port := range l.open {
		l.close(port)
	}
	breakOff()
	g.breakOffStreams()
	l.running.Wait()
	return nil
}

// listenHost reads an IP address, which may have brackets, and a colon at its end.
func listenHost(s string) (string, error) {
	if s == ":" {
		return "", nil
	}
	for _, s := range []string{s, strings.TrimSuffix(s, ":")} {
		if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
			return a.String(), nil
		}
	}
	return "", fleet.Errorf(fleet.Invalid, "streams are listened for on an IP address, such as 0.0.0.0, or not at all: off")
}

// breakOffStreams ends all streams.
func (g *Gateway) breakOffStreams() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.known {
		e.mu.Lock()
		for s := range e.streams {
			s.breakOff()
		}
		e.mu.Unlock()
	}
}

// listeners are the ports that are listened on. One goroutine owns them.
type listeners struct {
	gateway *Gateway
	host    string
	open    map[int]*net.TCPListener
	failed  map[int]bool
	version int64          // of the routes that were last followed
	running sync.WaitGroup // streams, and those who accept them
}

// follow opens and closes listeners as the routes want it.
func (l *listeners) follow(ctx, streams context.Context) {
	t := l.gateway.table.Load()
	if t == nil || t.version == l.version && len(l.failed) == 0 {
		return
	}
	l.version = t.version
	for port := range l.open {
		if t.ports[port] == nil {
			l.close(port)
		}
	}
	for port := range l.failed {
		if t.ports[port] == nil {
			delete(l.failed, port)
		}
	}
	for port, e := range t.ports {
		if l.open[port] == nil {
			l.bind(ctx, streams, port, e.id)
		}
	}
	l.gateway.bound.listening.Store(int64(len(l.open)))
	l.gateway.bound.failed.Store(int64(len(l.failed)))
}

// bind opens one, and says so once if it cannot, and once when it can again.
func (l *listeners) bind(ctx, streams context.Context, port int, instanceID string) {
	logger := l.gateway.logger
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(l.host, strconv.Itoa(port)))
	if err != nil {
		if !l.failed[port] {
			logger.WarnContext(ctx, "address of a server cannot be listened on", "port", port, "instance", instanceID, "error", err)
			l.failed[port] = true
		}
		return
	}
	if l.failed[port] {
		logger.InfoContext(ctx, "address of a server is listened on now", "port", port, "instance", instanceID)
		delete(l.failed, port)
	}
	l.open[port] = ln.(*net.TCPListener) // of a listen on tcp it is one
	l.running.Go(func() { l.accept(streams, l.gateway, port, ln.(*net.TCPListener)) })
}

func (l *listeners) close(port int) {
	_ = l.open[port].Close()
	delete(l.open, port)
}

// accept passes on what connects to a port, until ln is closed.
func (l *listeners) accept(ctx context.Context, g *Gateway, port int, ln *net.TCPListener) {
	for {
		client, err := ln.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // no descriptors left, say: some may come free
			g.logger.WarnContext(ctx, "accept a stream", "port", port, "error", err)
			sleep(ctx, 100*time.Millisecond)
		default:
			if s := g.welcome(client, port); s != nil {
				l.running.Go(func() { s.run(ctx) })
			}
		}
	}
}

// welcome makes a stream of a new connection; nil if it is turned away.
func (g *Gateway) welcome(client *net.TCPConn, port int) *stream {
	e := g.table.Load().ports[port] // the port may be another server's by now
	if e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		a := e.addresses[port]
		if a != nil && a.open < g.options.MaxStreams {
			a.open++
			return &stream{gateway: g, endpoint: e, address: a, client: client, start: time.Now()}
		}
		e.count.streams.end(streamFull, 0, 0)
	}
	_ = client.SetLinger(0)
	_ = client.Close()
	return nil
}

package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// dismissed is how long requests that are sent away may take to go.
const dismissed = 200 * time.Millisecond

// lastCallFor is how long connections may take that were being made when a gateway was told
// to stop.
const lastCallFor = 250 * time.Millisecond

// Serve answers requests on ln, over HTTP/1.1 and over HTTP/2 without TLS, until ctx ends.
// Then it accepts no more, waits for those in flight up to ShutdownGrace (WebSockets are in
// flight until they close), breaks off the rest, and returns nil, or Timeout if there was
// a rest. It closes ln.
func (g *Gateway) Serve(ctx context.Context, ln net.Listener) error {
	return g.serve(ctx, ln, g, nil)
}

// serve is Serve with another handler, and over TLS if there is a configuration of it.
func (g *Gateway) serve(ctx context.Context, ln net.Listener, handler http.Handler, secure *tls.Config) error {
	requests, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	go g.watch(requests)
	var inflight atomic.Int64
	var open connections
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inflight.Add(1)
			defer inflight.Add(-1)
			handler.ServeHTTP(w, r)
		}),
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: g.options.ReadHeaderTimeout,
		IdleTimeout:       g.options.IdleTimeout,
		MaxHeaderBytes:    g.options.MaxHeaderBytes,
		ErrorLog:          g.errorLog,
		ConnState:         open.note,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	server.Protocols.SetHTTP1(true)
	listen := server.Serve
	if secure != nil {
		server.TLSConfig = secure
		server.Protocols.SetHTTP2(true)
		listen = func(ln net.Listener) error { return server.ServeTLS(ln, "", "") }
	} else {
		server.Protocols.SetUnencryptedHTTP2(true)
	}

	ended := make(chan error, 1)
	go func() { ended <- listen(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve requests: %w", err)
	case <-ctx.Done():
	}
	if g.options.Linger <= 0 && lastCall(ln) {
		// Connections that the kernel has accepted, and we have not yet, would be broken by
		// closing the listener, with the requests in them. New ones try again in a second, and
		// then are refused.
		sleep(requests, lastCallFor)
	}

	grace, cancel := context.WithTimeout(requests, g.options.ShutdownGrace)
	defer cancel()
	if g.options.Linger > 0 {
		g.linger(grace, ln, &open)
	}
	_ = server.Shutdown(grace) // its error says what inflight says
	// The server does not wait for connections that became WebSockets.
	for inflight.Load() > 0 && grace.Err() == nil {
		sleep(grace, 5*time.Millisecond)
	}
	if left := inflight.Load(); left > 0 {
		g.dismiss() // who still waits gets an answer
		soon, cancel := context.WithTimeout(requests, dismissed)
		for inflight.Load() > 0 && soon.Err() == nil {
			sleep(soon, 5*time.Millisecond)
		}
		cancel()
	}
	left := inflight.Load()
	breakOff()
	_ = server.Close()
	if left > 0 {
		return fleet.Errorf(fleet.Timeout, "%d requests were still in flight after %s", left, g.options.ShutdownGrace)
	}
	return nil
}

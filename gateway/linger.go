package gateway

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connections counts a server's open connections, but for those that became WebSockets.
type connections struct{ open atomic.Int64 }

func (c *connections) note(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.open.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// linger accepts no more, and lets clients know with the next answer on each connection that
// it is the last: a request that is sent in the moment in which its connection is closed
// would be lost.
func (g *Gateway) linger(ctx context.Context, ln net.Listener, c *connections) {
	g.leaving.Store(true)
	stopListening(ctx, ln, g.options.SharePort)
	ctx, cancel := context.WithTimeout(ctx, g.options.Linger)
	defer cancel()
	for c.open.Load() > 0 && ctx.Err() == nil {
		sleep(ctx, 5*time.Millisecond)
	}
}

// dismiss refuses all requests that still wait.
func (g *Gateway) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.known {
		e.mu.Lock()
		for e.queue.n > 0 {
			e.queue.pop().call(seat{}, e.overdue(place{}))
		}
		e.mu.Unlock()
	}
}

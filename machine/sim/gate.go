package sim

import (
	"net"
	"sync"
)

// A gate holds what is paused: what a simulated container reads and writes on its ports, and
// the ends of its waits.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // closed when it opens; nil: it is open
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut != nil
}

// pass waits until the gate is open, or for killed.
func (g *gate) pass(killed <-chan struct{}) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		select {
		case <-shut:
		case <-killed:
		}
	}
}

// listen is net.Listen inside the container. Its connections stand still while it is paused.
func (r *run) listen(port int) (net.Listener, error) {
	l, err := r.ports.listen(port)
	if err != nil {
		return nil, err
	}
	return &gated{Listener: l, run: r}, nil
}

type gated struct {
	net.Listener
	run *run
}

// Accept implements net.Listener.
func (g *gated) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &held{Conn: conn, run: g.run}, nil
}

type held struct {
	net.Conn
	run *run
}

// Read implements net.Conn.
func (h *held) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.run.gate.pass(h.run.ctx.Done())
	return n, err
}

// Write implements net.Conn.
func (h *held) Write(p []byte) (int, error) {
	h.run.gate.pass(h.run.ctx.Done())
	return h.Conn.Write(p)
}

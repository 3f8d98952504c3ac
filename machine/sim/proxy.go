package sim

import (
	"errors"
	"net"
	"strconv"
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// ports are the published ports of one run. As with an engine's proxy, a caller is accepted
// from the start, and its connection closed while nothing listens inside.
type ports struct {
	proxies []net.Listener
	loops   sync.WaitGroup

	mu     sync.Mutex
	inside map[int]*inside // by container port
}

func newPorts() *ports { return &ports{inside: map[int]*inside{}} }

// publish takes the host's ports. Exhausted if one is taken.
func publish(published []fleet.Published) (*ports, error) {
	p := newPorts()
	for _, port := range published {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Host)))
		if err != nil {
			p.close()
			return nil, fleet.Errorf(fleet.Exhausted, "port %d of the host is taken", port.Host)
		}
		p.proxies = append(p.proxies, l)
		p.loops.Go(func() { p.accept(l, port.Container) })
	}
	return p, nil
}

func (p *ports) accept(l net.Listener, port int) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		in := p.inside[port]
		p.mu.Unlock()
		if in == nil || !in.take(conn) {
			_ = conn.Close()
		}
	}
}

// listen is net.Listen inside the container.
func (p *ports) listen(port int) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside[port] != nil {
		return nil, errors.New("address already in use")
	}
	in := &inside{conns: make(chan net.Conn), closed: make(chan struct{}), port: port}
	p.inside[port] = in
	return in, nil
}

func (p *ports) close() {
	for _, l := range p.proxies {
		_ = l.Close()
	}
	p.loops.Wait()
}

// inside is a listener in a container.
type inside struct {
	port   int
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (in *inside) take(conn net.Conn) bool {
	select {
	case in.conns <- conn:
		return true
	case <-in.closed:
		return false
	}
}

// Accept implements net.Listener.
func (in *inside) Accept() (net.Conn, error) {
	select {
	case conn := <-in.conns:
		return conn, nil
	case <-in.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (in *inside) Close() error {
	in.once.Do(func() { close(in.closed) })
	return nil
}

// Addr implements net.Listener.
func (in *inside) Addr() net.Addr { return &net.TCPAddr{Port: in.port} }

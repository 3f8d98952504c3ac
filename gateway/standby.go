package gateway

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// A door says whether the data center's controller is up.
type door struct {
	mu     sync.Mutex
	closed bool
	moved  chan struct{} // closed when closed changes; nil until somebody waits
}

// set opens or closes the door.
func (d *door) set(closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed == closed {
		return
	}
	d.closed = closed
	if d.moved != nil {
		close(d.moved)
		d.moved = nil
	}
}

// look says whether the door is closed, and gives a channel that is closed when that changes.
func (d *door) look() (closed bool, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.moved == nil {
		d.moved = make(chan struct{})
	}
	return d.closed, d.moved
}

// Standby is ln while the controller of the data center is up. While it is down, the address
// is given back: nothing listens there. Connections that are open go on.
func (g *Gateway) Standby(ln net.Listener) net.Listener {
	return &standby{door: &g.door, address: ln.Addr(), shared: g.options.SharePort, inner: ln, over: make(chan struct{})}
}

type standby struct {
	door    *door
	address net.Addr
	shared  bool

	mu    sync.Mutex
	inner net.Listener // nil while the door is closed
	ended bool
	over  chan struct{}
}

// reopenEvery is how long to wait before another try to have the address again.
const reopenEvery = 200 * time.Millisecond

// Accept implements net.Listener.
func (s *standby) Accept() (net.Conn, error) {
	for {
		closed, moved := s.door.look()
		ln, err := s.listener(closed)
		if err != nil {
			return nil, err
		}
		if ln == nil { // the door is closed, or somebody else has the address
			select {
			case <-moved:
			case <-s.over:
			case <-s.again(closed):
			}
			continue
		}
		quit := make(chan struct{})
		go func() {
			select {
			case <-moved:
				_ = ln.Close() // its Accept returns, and the loop looks again
			case <-quit:
			}
		}()
		conn, err := ln.Accept()
		close(quit)
		if err == nil || !errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		s.forget(ln)
	}
}

func (s *standby) again(closed bool) <-chan time.Time {
	if closed {
		return nil
	}
	return time.After(reopenEvery)
}

// listener is what to accept from now; nil for nothing. net.ErrClosed after Close.
func (s *standby) listener(closed bool) (net.Listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return nil, net.ErrClosed
	case closed && s.inner != nil:
		_ = s.inner.Close()
		s.inner = nil
	case !closed && s.inner == nil:
		if ln, err := Listen(context.Background(), s.address.String(), s.shared); err == nil {
			s.inner = ln
		}
	}
	return s.inner, nil
}

func (s *standby) forget(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inner == ln {
		s.inner = nil
	}
}

// Close implements net.Listener.
func (s *standby) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return net.ErrClosed
	}
	s.ended = true
	close(s.over)
	if s.inner == nil {
		return nil
	}
	return s.inner.Close()
}

// Addr implements net.Listener.
func (s *standby) Addr() net.Addr { return s.address }

// SyscallConn implements syscall.Conn.
func (s *standby) SyscallConn() (syscall.RawConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if socket, ok := s.inner.(syscall.Conn); ok {
		return socket.SyscallConn()
	}
	return nil, net.ErrClosed
}

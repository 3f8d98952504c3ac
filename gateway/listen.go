package gateway

import (
	"context"
	"net"
	"syscall"
	"time"
)

// Listen listens on a TCP address. With shared, other processes of the same user may listen
// there, too, if they say so: the next gateway before this one ends.
func Listen(ctx context.Context, address string, shared bool) (net.Listener, error) {
	var c net.ListenConfig
	c.SetMultipathTCP(false) // or the kernel cannot be told who gets new connections, or that nobody does
	if shared {
		c.Control = func(_, _ string, raw syscall.RawConn) error { return onSocket(raw, share) }
	}
	return c.Listen(ctx, "tcp", address)
}

// onSocket does something to a socket.
func onSocket(raw syscall.RawConn, do func(fd int) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// settle is how long the handshake of a connection may take that has begun.
const settle = 300 * time.Millisecond

// stopListening closes ln. If another process listens on its address, the kernel is told to
// give it all new connections, and what is on its way to this one is accepted first: a
// listener that is closed resets those it has not accepted.
func stopListening(ctx context.Context, ln net.Listener, shared bool) {
	inner := ln
	if s, ok := ln.(*standby); ok {
		s.mu.Lock()
		inner = s.inner
		s.mu.Unlock()
	}
	if tcp, ok := inner.(*net.TCPListener); ok && shared {
		if raw, err := tcp.SyscallConn(); err == nil && onSocket(raw, steer) == nil {
			sleep(ctx, settle)
			for ctx.Err() == nil && onSocket(raw, empty) != nil {
				sleep(ctx, 10*time.Millisecond)
			}
		}
	}
	if !shared && lastCall(ln) {
		sleep(ctx, lastCallFor)
	}
	_ = ln.Close() // if it fails, it is closed
}

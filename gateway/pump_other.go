//go:build !linux

package gateway

import (
	"io"
	"net"
	"sync/atomic"
)

// pump copies from src to dst until src ends.
func pump(dst, src *net.TCPConn, count *atomic.Int64) error {
	n, err := io.Copy(dst, src)
	count.Add(n)
	return err
}

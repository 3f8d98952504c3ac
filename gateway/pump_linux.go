package gateway

import (
	"errors"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pump copies from src to dst until src ends. The kernel moves the bytes, through a pipe
// that the stream has only while there are some: io.Copy would keep one, and its two
// descriptors, for as long as the stream is open, and most are idle.
func pump(dst, src *net.TCPConn, count *atomic.Int64) error {
	raw, err := src.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	var failed error
	look := func(fd uintptr) (done bool) {
		n, failed = waiting(int(fd))
		return !errors.Is(failed, unix.EAGAIN)
	}
	some := io.LimitedReader{R: src}
	for {
		if err := raw.Read(look); err != nil {
			return err
		}
		if failed != nil || n == 0 {
			return failed
		}
		some.N = int64(n)
		moved, err := dst.ReadFrom(&some)
		count.Add(moved)
		if err != nil {
			return err
		}
	}
}

// waiting is how many bytes can be read now: none at the end of what the other side sends,
// EAGAIN while there may be more.
func waiting(fd int) (int, error) {
	n, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	if err != nil || n > 0 {
		return n, err
	}
	var one [1]byte
	for {
		n, _, err := unix.Recvfrom(fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}

package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// upload is a request's body on its way to a worker. A transport closes the body when a
// dial fails; then the next worker still needs it, and httputil closes it in the end.
type upload struct {
	flight *flight
	body   io.Reader
	paced  atomic.Bool // the client must be fast enough
	ended  atomic.Bool // it was read to its end
	failed atomic.Bool // the client's side, not the worker's
	slow   atomic.Bool // because of its pace

	began, deadline time.Time // of reading; the one that is set
	read            int64

	mu   sync.Mutex
	over bool // its request has landed
}

func (u *upload) Read(p []byte) (int, error) {
	if u.paced.Load() {
		u.pace()
	}
	n, err := u.body.Read(p)
	u.read += int64(n)
	u.flight.received.Add(int64(n))
	if u.flight.moved.Load() > 0 { // before the answer begins there is nothing to stand still
		u.flight.stir()
	}
	if err == nil {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		u.ended.Store(true)
	}
	if !u.deadline.IsZero() {
		u.unlimit() // the server watches the connection from here on
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			u.slow.Store(true)
		}
		u.failed.Store(true)
	}
	return n, err
}

func (u *upload) Close() error { return nil }

// pace gives the client until bodyGrace and the time that so many bytes may take have passed.
func (u *upload) pace() {
	if u.began.IsZero() {
		u.began = time.Now()
	}
	due := u.began.Add(u.flight.gateway.options.bodyGrace + time.Duration(u.read/bodyRate)*time.Second)
	if due.Sub(u.deadline) < time.Second {
		return // it is not worth it
	}
	if u.limit(due) {
		u.deadline = due
	}
	if !u.paced.Load() { // the answer began meanwhile
		u.unlimit()
	}
}

// unpace ends the pace: the answer has begun, and who talks both ways may pause.
func (u *upload) unpace() {
	if u.paced.Swap(false) {
		u.unlimit()
	}
}

// unlimit takes the deadline back. If it fails, there was none.
func (u *upload) unlimit() { u.limit(time.Time{}) }

// limit sets the deadline of reading, if it can. A transport may still read when the request
// has landed; then its writer is nobody's, and that of HTTP/2 is nil inside.
func (u *upload) limit(due time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.over && http.NewResponseController(u.flight.writer).SetReadDeadline(due) == nil
}

// land says that the request is over.
func (u *upload) land() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
}

package cli

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	mutationTries  = 6 // with backoff, 8 s in all
	firstBackoff   = 250 * time.Millisecond
	maxBackoff     = 5 * time.Second
	longestPatient = 30 * time.Second // a Retry-After beyond it is for the user to wait
)

// backoff is how long to wait after the try-th failure in a row.
func backoff(try int) time.Duration {
	return min(firstBackoff<<min(try-1, 10), maxBackoff)
}

// again says whether a call that ended in err is sent once more, and when. A repeated
// change has the same Idempotency-Key, so it happens once.
func (c *client) again(err error, in call, try int) (wait time.Duration, again bool) {
	tries := c.tries
	if in.key != "" && tries > 1 {
		tries = mutationTries
	}
	if err == nil || try >= tries || !transient(err) {
		return 0, false
	}
	if in.method != http.MethodGet && in.key == "" {
		return 0, false
	}
	wait = backoff(try)
	if r, ok := errors.AsType[*refusal](err); ok {
		wait = max(wait, r.retryAfter)
	}
	return wait, wait <= longestPatient
}

// transient reports whether the same request may be answered if it is sent once more.
func transient(err error) bool {
	if r, ok := errors.AsType[*refusal](err); ok {
		switch r.Status {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return r.Code == "" || r.Code.Retryable()
		}
		return false
	}
	u, ok := errors.AsType[*unreachable](err)
	if !ok {
		return false
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](u.cause)
	return !untrusted
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// newKey makes an Idempotency-Key: 128 bits of chance.
func newKey() string { return "cli-" + rand.Text() }

// unreachable is a request that got no answer. It may have been heard all the same.
type unreachable struct {
	server string
	cause  error
}

func (c *client) unreachable(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the URL, which the message has
	}
	return &failure{
		exit: exitUnavailable, err: &unreachable{server: c.server.Redacted(), cause: err},
		next: []string{"Is the server running? `kelvin dev` starts one on this machine; `kelvin context ls` shows those you know."},
	}
}

func (u *unreachable) Error() string { return "cannot reach " + u.server + ": " + u.cause.Error() }

// Unwrap gives the error Kelvin's code, and keeps its cause.
func (u *unreachable) Unwrap() []error {
	return []error{&fleet.Error{Code: fleet.Unavailable, Message: u.Error()}, u.cause}
}

// lastWord adds to the error of a change that nobody knows whether it was taken.
func lastWord(err error, in call) error {
	f, ok := errors.AsType[*failure](err)
	if !ok || in.key == "" || !transient(err) {
		return err
	}
	f.next = append(f.next, "It may have been accepted all the same. To repeat it without a second effect, add --idempotency-key "+in.key)
	return f
}

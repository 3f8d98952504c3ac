package gateway

import "time"

// A worker that cannot be dialled gets no requests for ejectFirst, then one on trial; for
// each trial that fails the time doubles, up to ejectMost.
const (
	ejectFirst = time.Second
	ejectMost  = 30 * time.Second
)

// ejection is passive: it learns from requests, it does not probe.
type ejection struct {
	failures int       // dials that failed since one succeeded, each at most once an ejection
	until    time.Time // no request before then
	trying   bool      // a request is on trial
}

// out reports whether the worker gets no request now, and until when. During a trial that
// is a guess: the end of the trial wakes those who wait.
func (j *ejection) out(now time.Time) (until time.Time, out bool) {
	switch {
	case j.failures == 0:
		return time.Time{}, false
	case now.Before(j.until):
		return j.until, true
	case j.trying:
		return now.Add(ejectFirst), true
	}
	return time.Time{}, false
}

// failed notes a dial that failed. Dials that began before an ejection and fail during it
// do not lengthen it.
func (j *ejection) failed(now time.Time) {
	if now.Before(j.until) {
		return
	}
	j.until = now.Add(min(ejectFirst<<min(j.failures, 10), ejectMost))
	j.failures++
}

// unreachable notes that the worker of s could not be dialled, and gives the seat back.
func (e *endpoint) unreachable(s seat) (drained bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Else it has moved since. A server has no other worker to spare: the next request finds
	// out whether it is back.
	now := time.Now()
	if s.address == s.worker.address && !e.server {
		s.worker.failed(now)
	}
	e.count.retries++
	return e.stand(s, now)
}

// reached notes that the worker of s, which was on trial, accepts connections.
func (e *endpoint) reached(s seat) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.worker.ejection = ejection{}
	e.dispatch(time.Now())
}

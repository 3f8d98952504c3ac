package agent

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A quota holds back events of one kind of one GPU: one that is about to die can report
// thousands a second.
type quota struct {
	limit *rate.Limiter
	held  int // since the last that passed
}

const (
	quotaBurst = 5
	quotaEvery = 10 * time.Second
)

func newQuota() *quota { return &quota{limit: rate.NewLimiter(rate.Every(quotaEvery), quotaBurst)} }

// pass reports whether an event passes. One that does, tells of those that did not.
func (q *quota) pass(e gpu.Event, now time.Time) (gpu.Event, bool) {
	if !q.limit.AllowN(now, 1) {
		q.held++
		return e, false
	}
	if q.held > 0 {
		more := fmt.Sprintf("%d more like it before", q.held)
		if e.Message != "" {
			more = e.Message + "; " + more
		}
		e.Message, q.held = more, 0
	}
	return e, true
}

package sim

import (
	"context"
	"path"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// When says on which side of a call's work a fault strikes.
type When string

// The sides.
const (
	Before When = "before" // nothing has happened yet; the default
	After  When = "after"  // it has happened, and the answer is lost or late
)

// A Fault makes calls go wrong. Empty fields match every call. What it does comes in this
// order: wait for Delay, then hang, then fail with Code.
type Fault struct {
	Verb  string `json:"verb,omitempty"`  // a method of machine.Machine: Start
	Host  string `json:"host,omitempty"`  // whose agent calls
	Lease string `json:"lease,omitempty"` // of the container that is called for
	Image string `json:"image,omitempty"` // of that container, or pulled; a pattern as in path.Match
	Nth   int    `json:"nth,omitempty"`   // only the nth call that matches, from 1; 0: all of them

	When    When           `json:"when,omitempty"`
	Delay   fleet.Duration `json:"delay,omitempty"`
	Hang    bool           `json:"hang,omitempty"` // until the caller gives up
	Code    fleet.Code     `json:"code,omitempty"` // "": it does not fail
	Message string         `json:"message,omitempty"`
}

// A Behaviour is how some containers behave once they run. Empty fields match every one.
type Behaviour struct {
	Lease string `json:"lease,omitempty"`
	Image string `json:"image,omitempty"` // a pattern as in path.Match

	StartDelay  fleet.Duration `json:"start_delay,omitempty"` // until its port answers
	NeverReady  bool           `json:"never_ready,omitempty"` // its port never answers
	IgnoreStop  bool           `json:"ignore_stop,omitempty"` // it has to be killed
	ExitAfter   fleet.Duration `json:"exit_after,omitempty"`  // it ends by itself, with ExitCode; 0: it does not
	ExitCode    int            `json:"exit_code,omitempty"`
	OutOfMemory bool           `json:"out_of_memory,omitempty"` // with ExitAfter: it is killed for its memory, with 137
}

// A Call is one call that reached the machine, for tests that ask what happened.
type Call struct {
	Verb, Host, Lease, Image string
	Code                     fleet.Code // how it ended; "": well
}

// fault is a Fault and how many calls matched it.
type fault struct {
	Fault
	calls int
}

// Inject adds faults. They strike from the next call on.
func (h *Host) Inject(faults ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range faults {
		h.faults = append(h.faults, &fault{Fault: f})
	}
}

// Behave adds behaviours, for containers that start from now on. Where several match,
// the longest delay, any refusal and the last exit hold.
func (h *Host) Behave(behaviours ...Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behaviours = append(h.behaviours, behaviours...)
}

// Heal takes all faults and behaviours away. Calls that hang stay so.
func (h *Host) Heal() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults, h.behaviours = nil, nil
}

// remembered is how many calls a machine keeps, for it may run for weeks.
const remembered = 10_000

// Calls are the last 10,000 calls at least, in the order in which they ended.
func (h *Host) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// call does work under the faults that match. Calls are counted as they arrive.
func (h *Host) call(ctx context.Context, c Call, work func() error) error {
	before, after := h.strike(c)
	err := h.suffer(ctx, before)
	if err == nil {
		err = work()
	}
	if err == nil {
		err = h.suffer(ctx, after)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		c.Code = fleet.CodeOf(err)
	}
	h.calls = append(h.calls, c)
	if len(h.calls) > 2*remembered {
		h.calls = slices.Clone(h.calls[remembered:])
	}
	return err
}

func (h *Host) strike(c Call) (before, after []Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Image == "" && h.containers[c.Lease] != nil {
		c.Image = h.containers[c.Lease].spec.Spec.Image
	}
	for _, f := range h.faults {
		if !matches(f.Verb, c.Verb) || !matches(f.Host, c.Host) || !matches(f.Lease, c.Lease) || !globs(f.Image, c.Image) {
			continue
		}
		f.calls++
		switch {
		case f.Nth != 0 && f.calls != f.Nth:
		case f.When == After:
			after = append(after, f.Fault)
		default:
			before = append(before, f.Fault)
		}
	}
	return before, after
}

func (h *Host) suffer(ctx context.Context, faults []Fault) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, f := range faults {
		if err := sleep(ctx, time.Duration(f.Delay)); err != nil {
			return err
		}
		if f.Hang {
			<-ctx.Done()
			return ctx.Err()
		}
		if f.Code != "" {
			message := f.Message
			if message == "" {
				message = "simulated fault"
			}
			return fleet.Errorf(f.Code, "%s", message)
		}
	}
	return h.answers()
}

// answers is Unavailable while the machine is off.
func (h *Host) answers() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off {
		return fleet.Errorf(fleet.Unavailable, "the simulated machine is off")
	}
	return nil
}

// behaviour is how a container behaves; the caller holds the lock.
func (h *Host) behaviour(lease, image string) Behaviour {
	var all Behaviour
	for _, b := range h.behaviours {
		if !matches(b.Lease, lease) || !globs(b.Image, image) {
			continue
		}
		all.StartDelay = max(all.StartDelay, b.StartDelay)
		all.NeverReady = all.NeverReady || b.NeverReady
		all.IgnoreStop = all.IgnoreStop || b.IgnoreStop
		if b.ExitAfter > 0 {
			all.ExitAfter, all.ExitCode, all.OutOfMemory = b.ExitAfter, b.ExitCode, b.OutOfMemory
		}
	}
	return all
}

func matches(want, is string) bool { return want == "" || want == is }

func globs(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

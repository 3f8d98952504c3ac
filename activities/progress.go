package activities

import (
	"context"
	"sync/atomic"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Pulse holds how far a step is. The step reports, and the worker's heartbeat carries
// it: a heartbeat can block while Temporal is away, and work should not.
type Pulse struct {
	last atomic.Pointer[fleet.Progress]
}

type pulseKey struct{}

// WithPulse gives a step a pulse to report to.
func WithPulse(ctx context.Context) (context.Context, *Pulse) {
	p := &Pulse{}
	return context.WithValue(ctx, pulseKey{}, p), p
}

// Report says how far the step is. Without a pulse nobody listens.
func Report(ctx context.Context, p fleet.Progress) {
	if pulse, ok := ctx.Value(pulseKey{}).(*Pulse); ok {
		pulse.last.Store(&p)
	}
}

// Progress is what was reported last.
func (p *Pulse) Progress() fleet.Progress {
	if last := p.last.Load(); last != nil {
		return *last
	}
	return fleet.Progress{}
}

package autoscale

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The policies.
const (
	Default = "default" // the documented limits
	Fast    = "fast"    // no limit on growth, gives back sooner
)

// None is no limit, or an option that is off.
const None = -1

// Options are the rules of one endpoint, resolved: nothing is left to a default.
type Options struct {
	Policy      string         `json:"policy"`
	Active      int            `json:"active"`                 // workers at the least (R6)
	Max         int            `json:"max"`                    // and at the most
	Target      int            `json:"target"`                 // requests that one worker is meant to serve (R1)
	UpPercent   int            `json:"up_percent"`             // growth in 60 s, of the lowest total in them; None: unlimited (R3, D1)
	DownCount   int            `json:"down_count"`             // workers that leave at a time; None: unlimited (R5)
	DownPercent int            `json:"down_percent"`           // and their share of all; one may always leave
	LowPercent  int            `json:"low_percent"`            // use is low when the load fits at this share of the target on fewer workers (D3)
	Hold        fleet.Duration `json:"hold"`                   // how long use must be low (R4)
	ZeroHold    fleet.Duration `json:"zero_hold"`              // how long without any request before the last worker leaves (R7)
	Drain       fleet.Duration `json:"drain"`                  // in which a queue should be gone (D8)
	MinArrivals int            `json:"min_arrivals"`           // that a rate rests on; 0: whatever 10 s hold
	CancelAfter fleet.Duration `json:"cancel_after,omitempty"` // starting workers that nothing has wanted for so long are cancelled; 0: never

	// What no spec sets, and the policies differ in.
	Fill     int            `json:"fill"`     // workers are added above this share of the target, and so many that it is not passed, in percent
	Rate     fleet.Duration `json:"rate"`     // in which arrivals are counted at the least
	Recall   bool           `json:"recall"`   // requests are taken to last as long as they did some minutes ago, if that was longer
	Patience int            `json:"patience"` // how often Hold doubles when workers that left are missed soon after
}

// OptionsOf are the rules of an endpoint: what its spec says, and its policy where the spec
// says nothing.
func OptionsOf(s fleet.EndpointSpec) Options {
	o := Options{
		Policy: Default, UpPercent: 200, DownCount: 1, DownPercent: 100, LowPercent: 70,
		Hold: minutes(1), ZeroHold: minutes(1), Drain: minutes(1), Fill: 100, Rate: seconds(10),
	}
	if s.Scaling.Policy == Fast {
		o = fast
	}
	o.Max = max(s.MaxWorkers, 1)
	o.Active = min(max(s.ActiveWorkers, 0), o.Max)
	o.Target = s.TargetConcurrency
	if o.Target < 1 {
		o.Target = fleet.DefaultConcurrency
	}
	if o.Policy == Fast {
		low, full := o.LowPercent, o.Fill
		o.Fill = wholly(full, o.Target)
		o.LowPercent = low * o.Fill / full // as far below as ever: noise must fit between
	}
	override(&o.UpPercent, s.Scaling.UpPercent)
	override(&o.DownCount, s.Scaling.DownCount)
	override(&o.DownPercent, s.Scaling.DownPercent)
	override(&o.LowPercent, s.Scaling.LowPercent)
	override(&o.Hold, s.Scaling.Hold)
	override(&o.ZeroHold, s.Scaling.ZeroHold)
	override(&o.Drain, s.Scaling.Drain)
	override(&o.MinArrivals, s.Scaling.MinArrivals)
	override(&o.CancelAfter, s.Scaling.CancelAfter)
	o.MinArrivals = max(o.MinArrivals, 0)
	o.CancelAfter = max(o.CancelAfter, 0)
	return o
}

// drained is the time in which a queue should be gone. Few requests say little of those to
// come, and a worker for each of them is soon idle: they may take longer.
func (o *Options) drained(queued int) time.Duration {
	d := whole(o.Drain)
	if o.MinArrivals == 0 || queued <= 0 {
		return d
	}
	return min(d+d*time.Duration(o.MinArrivals)/time.Duration(queued), mostDrain*d)
}

// mostDrain is how many times Options.Drain the queue of few requests may take.
const mostDrain = 3

// wholly is the least share of a target that is that many percent and a whole number of
// requests: a worker for one at a time is full with it, or idle.
func wholly(percent, target int) int {
	return min(100, ceil(100*ceil(percent*target, 100), target))
}

// override replaces what a policy says by what a spec does, if that is anything.
func override[T comparable](v *T, by T) {
	var nothing T
	if by != nothing {
		*v = by
	}
}

func minutes(n int) fleet.Duration { return fleet.Duration(n) * fleet.Duration(time.Minute) }

func seconds(n int) fleet.Duration { return fleet.Duration(n) * fleet.Duration(time.Second) }

package autoscale

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// State is what a decision leaves to the next one, and must survive a restart: limits on
// change hold across it (D10). It is never changed, only replaced. The zero State has
// decided nothing.
type State struct {
	Total   int            `json:"total"`             // workers there should be, as last decided: the total that the rules mean
	Changed time.Time      `json:"changed"`           // when that was last another number; zero: nothing decided yet
	Lows    []Low          `json:"lows,omitempty"`    // smaller totals that were in force in the last 60 s, the smallest first
	Service fleet.Duration `json:"service,omitempty"` // mean time of a request, as last known
	Missed  int            `json:"missed,omitempty"`  // how often workers that had left were missed soon after, lately
	Learnt  time.Time      `json:"learnt,omitzero"`   // when Missed last changed
	Left    time.Time      `json:"left,omitzero"`     // when workers last left because use was low, if they were not missed since
}

// A Low is a total that was in force until it grew.
type Low struct {
	Total int       `json:"total"`
	Until time.Time `json:"until"`
}

// window is the time in which growth is limited.
const window = time.Minute

// Begun reports whether anything has been decided.
func (s State) Begun() bool { return !s.Changed.IsZero() }

// base is the lowest total in force at any moment of the 60 s before now (D1).
func (s State) base(now time.Time) int {
	for _, l := range s.Lows {
		if now.Sub(l.Until) < window {
			return min(l.Total, s.Total)
		}
	}
	return s.Total
}

// rises is when the base of growth rises next.
func (s State) rises(now time.Time) (time.Time, bool) {
	for _, l := range s.Lows {
		if now.Sub(l.Until) < window && l.Total < s.Total {
			return l.Until.Add(window), true
		}
	}
	return time.Time{}, false
}

// to is the state after a decision for a total.
func (s State) to(total int, now time.Time) State {
	if total == s.Total {
		return s
	}
	// A low is over when a lower total lasted longer, or its minute is.
	lows := make([]Low, 0, len(s.Lows)+1)
	for _, l := range s.Lows {
		if l.Total < min(s.Total, total) && now.Sub(l.Until) < window {
			lows = append(lows, l)
		}
	}
	if total > s.Total {
		lows = append(lows, Low{s.Total, now})
	}
	s.Lows = lows
	s.Total, s.Changed = total, now
	return s
}

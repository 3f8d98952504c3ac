package autoscale

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Sample is one second of an endpoint's load, summed over the live gateways of its data
// center. Arrived, Ended and Busy are of that second alone, not totals.
type Sample struct {
	At       time.Time
	InFlight int           // requests that workers serve
	Queued   int           // requests that wait for one
	Peak     int           // of the two together, since the sample before
	Arrived  int           // requests, each counted once
	Ended    int           // requests that were served to the end
	Busy     time.Duration // their summed time, from dispatch to the last byte
	Whole    bool          // every live gateway has reported
}

// Load is what a Meter has made of an endpoint's samples: all that a decision needs of
// them, small enough for a signal.
type Load struct {
	At          time.Time      `json:"at"`          // of the last sample
	Since       time.Time      `json:"since"`       // there is every sample since then; zero: not even the last was whole
	InFlight    int            `json:"inflight"`    // requests that workers serve
	Queued      int            `json:"queued"`      // requests that wait for one
	Peak        int            `json:"peak"`        // of the two together, over Options.Hold
	Longer      [patience]int  `json:"longer"`      // the same over twice and over four times as long, with Options.Patience
	Arrived     int            `json:"arrived"`     // requests in the last Over
	Over        fleet.Duration `json:"over"`        // 10 s, more if that holds few, less if data are younger
	Service     fleet.Duration `json:"service"`     // mean time of a request; 0: none has ended in 15 minutes
	LastRequest time.Time      `json:"lastrequest"` // when there was one; zero: not since the data began
	Need        int            `json:"need"`        // the largest of Options.CancelAfter: requests in service if nobody waited, in thousandths
}

// Now is how many requests there are.
func (l Load) Now() int { return l.InFlight + l.Queued }

// staleAfter is how old the last sample may be before it says nothing about now.
const staleAfter = 3 * time.Second

// covers reports whether there are samples of the whole of the last d.
func (l Load) covers(d time.Duration, now time.Time) bool {
	return !l.Since.IsZero() && now.Sub(l.At) <= staleAfter && now.Sub(l.Since) >= d
}

// mean is the time of a request: as measured, or else as last known.
func (l Load) mean(s State) fleet.Duration {
	if l.Service > 0 {
		return l.Service
	}
	return s.Service
}

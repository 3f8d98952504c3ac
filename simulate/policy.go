package simulate

import "time"

// Observed is what a policy gets to see: one second of load, as gateways report it, and the
// workers.
type Observed struct {
	At       time.Duration // since the run began
	Ready    int
	Starting int // ordered, not ready yet; lost workers under replacement are among them
	InFlight int
	Queued   int
	Peak     int           // most of in flight and queued at any moment since the last call
	Mean     float64       // of both over the time since the last call
	Arrived  int           // since the last call
	Ended    int           // since the last call
	Busy     time.Duration // service times of what ended
	Whole    bool          // no report is missing
	Wake     bool          // a request arrived while there was no worker: not a full second
}

// Load is what is served and what waits.
func (o Observed) Load() int { return o.InFlight + o.Queued }

// Total is the number of workers in force.
func (o Observed) Total() int { return o.Ready + o.Starting }

// A Policy decides how many workers there should be. It is called every second, and when a
// request arrives and there is none.
type Policy interface {
	Decide(o Observed) Choice
	// Restart forgets what does not survive a restart of the autoscaler.
	Restart(o Observed)
}

// A Choice is a policy's answer.
type Choice struct {
	Total int
	Rule  string // the rule that bound it
	Why   any    // more of it for the log of decisions
}

// Habits are how a policy's platform treats workers, beside their number.
type Habits struct {
	TakesBack bool // draining workers serve again before new ones start
	Blind     bool // which worker leaves does not depend on its requests: the newest
}

// A Setting is what policies are made from.
type Setting struct {
	Target  int // concurrent requests per worker
	Active  int // workers that are always there
	Max     int
	Service time.Duration // mean service time, for policies that scale on rates
	Known   bool          // policies that estimate the service time are told it
	Peak    int           // highest need, for the static ones
	Need    float64       // mean need
}

// usual is the share of the target that every baseline aims at: the headroom of 70 % that
// Knative has by default.
const usual = 0.7

func clip(n, low, high int) int { return min(max(n, low), high) }

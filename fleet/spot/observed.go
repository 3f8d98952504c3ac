package spot

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// In is all that a decision rests on.
type In struct {
	Now       time.Time
	Want      int // workers that should serve, as package autoscale says
	Spec      fleet.SpotSpec
	Providers Providers
	Places    []Place  // where workers may be made
	Workers   []Worker // that are there or coming, of every revision
	Events    []Event  // since the last decision; one that is told twice counts once
	Memory    Memory
}

// A Worker is one worker of the endpoint that is not gone.
type Worker struct {
	ID       string
	Pool     Pool
	Market   fleet.Market
	Since    time.Time // when it was made
	Ready    bool      // it answers
	ReadyAt  time.Time // since when, if it does
	Doomed   bool      // its provider has said that it takes the machine back
	Deadline time.Time // when, if it said that; zero: at once
	Leaving  bool      // it is on its way out
	Old      bool      // of an older revision: it serves until the roll-out removes it
	InFlight int
}

// An EventKind is what happened to a worker.
type EventKind string

// The kinds of events.
const (
	Noticed      EventKind = "noticed"       // the provider said that it takes its machine back
	Preempted    EventKind = "preempted"     // the machine is gone
	LaunchFailed EventKind = "launch-failed" // there was no machine for it
	Launched     EventKind = "launched"      // there was one
)

// An Event is something that happened in a pool.
type Event struct {
	At     time.Time
	Kind   EventKind
	Pool   Pool
	Market fleet.Market
	Worker string // its ID; for launches that failed, any name of the try
}

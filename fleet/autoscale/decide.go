package autoscale

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Observed is all that a decision rests on.
type Observed struct {
	Now      time.Time
	Active   int // workers that are always there
	Max      int // workers at the most
	Revision int // of the spec that workers should run
	Workers  []Worker
	Failures Failures
}

// A Worker is one worker of the endpoint that is not gone.
type Worker struct {
	ID       string
	State    fleet.State
	Revision int
	Ready    bool // it answers, and gets requests
	Leaving  bool // its host is emptied: it goes like one of an older revision
	InFlight int
}

// Failures are the workers that could not be made, one after the other. A worker that
// becomes ready ends the row.
type Failures struct {
	Count int
	Last  time.Time
}

// Decision is what to do now, and why.
type Decision struct {
	Desired int      // workers of the newest revision
	Create  int      // to be made now
	Remove  []string // IDs of workers to terminate, the first first
	Rule    string   // the rule that bound it: active, surge, back-off, …
	Reason  string   // for people
	// Again is how long the decision stands if nothing happens: 0, for ever.
	Again time.Duration
}

// Acts reports whether there is anything to do.
func (d Decision) Acts() bool { return d.Create > 0 || len(d.Remove) > 0 }

// Decide keeps exactly the active workers, all of the newest revision. Dead ones are
// replaced. A new revision comes up one worker at a time beside the old ones (a surge of
// one), and an old one goes only when as many are ready without it. So do those whose host
// is emptied.
func Decide(o Observed) Decision {
	d := Decision{Desired: min(o.Active, o.Max), Rule: "active"}
	d.Reason = fmt.Sprintf("%d active workers", d.Desired)

	var current, old []Worker
	ready := 0
	for _, w := range o.Workers {
		switch {
		case dead(w):
			d.Remove = append(d.Remove, w.ID)
		case !alive(w): // on its way out
		case w.Revision == o.Revision && !w.Leaving:
			current = append(current, w)
		default:
			old = append(old, w)
		}
		if alive(w) && w.Ready {
			ready++
		}
	}

	// Too many of the new: those that serve the least go first.
	slices.SortStableFunc(current, leastUseful)
	for len(current) > d.Desired {
		if current[0].Ready {
			ready--
		}
		d.Remove = append(d.Remove, current[0].ID)
		current = current[1:]
	}

	// The old go as the new become ready; those that serve nobody go at once.
	slices.SortStableFunc(old, leastUseful)
	kept := 0
	for _, w := range old {
		if w.Ready && ready <= d.Desired {
			kept++
			continue
		}
		if w.Ready {
			ready--
		}
		d.Remove = append(d.Remove, w.ID)
	}

	d.Create = d.Desired - len(current)
	if kept > 0 {
		d.Create = min(d.Create, max(0, d.Desired+1-len(current)-kept))
		d.Rule = "surge"
		d.Reason = fmt.Sprintf("revision %d replaces %d older workers, one at a time", o.Revision, kept)
		if !slices.ContainsFunc(old, func(w Worker) bool { return w.Revision != o.Revision }) {
			d.Reason = fmt.Sprintf("%d workers leave hosts that are emptied, replaced one at a time", kept)
		}
	}
	if wait := o.Failures.wait(o.Now); d.Create > 0 && wait > 0 {
		d.Create, d.Again = 0, wait
		d.Rule = "back-off"
		d.Reason = fmt.Sprintf("%d workers failed to start, the next try is in %s", o.Failures.Count, wait.Round(time.Second))
	}
	return d
}

// alive reports whether a worker is there or coming.
func alive(w Worker) bool { return w.State == fleet.Running || w.State == fleet.Provisioning }

// dead reports whether a worker is settled in a state from which it will not serve again.
func dead(w Worker) bool {
	return w.State == fleet.Stopped || w.State == fleet.Lost || w.State == fleet.Failed
}

// leastUseful orders workers for removal: not ready before ready, idle before busy, newer
// before older (IDs sort by age).
func leastUseful(a, b Worker) int {
	return cmp.Or(boolean(a.Ready)-boolean(b.Ready), cmp.Compare(a.InFlight, b.InFlight), cmp.Compare(b.ID, a.ID))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wait is how long to hold off after failures: 1 s, doubling, at most a minute.
func (f Failures) wait(now time.Time) time.Duration {
	if f.Count == 0 {
		return 0
	}
	pause := min(time.Second<<min(f.Count-1, 10), time.Minute)
	return max(0, f.Last.Add(pause).Sub(now))
}

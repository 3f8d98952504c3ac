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
	Holdoff  Holdoff
	// Paused: a roll-out is, and workers of the older revision are as good as those of the new.
	Paused bool
	// Shaky: workers of this revision fail. One has to serve for a while before it takes the
	// place of an older one.
	Shaky bool
	// Unproved: a roll-out goes on, no worker of this revision has been ready, and one of the
	// older has. Those are kept up until one is.
	Unproved bool
	Older    Holdoff // of those, while it is unproved
	// Sizing is what Size says. Without it the active workers are kept.
	Sizing *Sizing
}

// A Worker is one worker of the endpoint that is not gone.
type Worker struct {
	ID       string
	State    fleet.State
	Revision int
	Ready    bool      // it answers, and gets requests
	Since    time.Time // it has been in its state
	Leaving  bool      // its host is emptied: it goes like one of an older revision
	// Doomed workers are on hosts that their providers take away: another is made for each
	// at once. They go as soon as somebody else is ready, and at Cut in any case.
	Doomed bool
	Cut    time.Time
	// What decides which go first when the number must fall (D6).
	Unhealthy bool // it answers badly
	InFlight  int
	Price     int64 // of an hour, in one unit for all
}

// Decision is what to do now, and why.
type Decision struct {
	Desired int      // workers of the newest revision
	Create  int      // to be made now
	Older   int      // of those, of the revision before the newest
	Remove  []string // IDs of workers to terminate, the first first
	Rule    Rule     // the one that bound it
	Reason  string   // for people
	// Again is how long the decision stands if nothing happens: 0, for ever.
	Again time.Duration
}

// Acts reports whether there is anything to do.
func (d Decision) Acts() bool { return d.Create > 0 || len(d.Remove) > 0 }

// Decide says which workers to make and to remove, so that there are as many as Size wants,
// all of the newest revision. Dead ones are replaced. A new revision comes up one worker at a time beside the old ones (a surge of
// one), and an old one goes only when as many are ready without it. So do those whose host
// is emptied. Those whose host is taken away are replaced all at once. While a roll-out is
// paused none is replaced by a newer one. As long as no worker of a new revision has been ready, the
// number is made up of older ones, and those that are lost replaced by such, beside one of the new.
func Decide(o Observed) Decision {
	if o.Unproved {
		return tryOut(o)
	}
	d := Decision{Desired: min(o.Active, o.Max), Rule: Active}
	d.Reason = many(d.Desired, "active worker")
	if o.Sizing != nil {
		d.Desired, d.Rule, d.Reason, d.Again = o.Sizing.Total, o.Sizing.Rule, o.Sizing.Reason, whole(o.Sizing.Again)
	}

	var current, old, doomed []Worker
	ready := 0
	for _, w := range o.Workers {
		switch {
		case dead(w):
			d.Remove = append(d.Remove, w.ID)
		case !alive(w): // on its way out
		case w.Doomed:
			doomed = append(doomed, w)
			continue
		case (w.Revision == o.Revision || o.Paused) && !w.Leaving:
			current = append(current, w)
		default:
			old = append(old, w)
		}
		if alive(w) && w.Ready {
			if wait := o.probation(w); wait > 0 {
				d.Again = soonest(d.Again, wait)
				continue
			}
			ready++
		}
	}

	d.leave(o.Now, doomed, ready)

	// Too many of the new: those that serve the least go first.
	slices.SortStableFunc(current, leastUseful)
	for len(current) > d.Desired {
		if current[0].Ready && o.probation(current[0]) == 0 {
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
		d.Rule = Surge
		d.Reason = fmt.Sprintf("revision %d replaces %s, one at a time", o.Revision, many(kept, "older worker"))
		if !slices.ContainsFunc(old, func(w Worker) bool { return !w.Leaving }) {
			d.Reason = fmt.Sprintf("%d workers leave hosts that are emptied, replaced one at a time", kept)
		}
	}
	if wait, why := o.holdoff(); d.Create > 0 && wait > 0 {
		d.Create, d.Again = 0, soonest(d.Again, wait)
		d.Rule = BackOff
		d.Reason = fmt.Sprintf("%s, the next try is in %s", why, wait.Round(time.Second))
	}
	return d
}

// leave lets those go whose hosts are taken away: requests in flight have until then. While
// nobody else is ready they go on serving, as long as they can.
func (d *Decision) leave(now time.Time, doomed []Worker, ready int) {
	if len(doomed) == 0 {
		return
	}
	d.Rule, d.Reason = Notice, many(len(doomed), "worker")+" on hosts that are taken away"
	for _, w := range doomed {
		if w.Ready && ready == 0 && d.Desired > 0 && now.Before(w.Cut) {
			d.Again = soonest(d.Again, w.Cut.Sub(now))
			d.Reason = many(len(doomed), "worker") + " on hosts that are taken away, serving until another is ready"
			continue
		}
		d.Remove = append(d.Remove, w.ID)
	}
}

// alive reports whether a worker is there or coming.
func alive(w Worker) bool { return w.State == fleet.Running || w.State == fleet.Provisioning }

// dead reports whether a worker is settled in a state from which it will not serve again.
func dead(w Worker) bool {
	return w.State == fleet.Stopped || w.State == fleet.Lost || w.State == fleet.Failed
}

// leastUseful orders workers for removal (D6): those that start, the newest first (IDs sort
// by age); then unhealthy before healthy, idle before busy, dear before cheap, new before old.
func leastUseful(a, b Worker) int {
	if a.starting() && b.starting() {
		return cmp.Compare(b.ID, a.ID)
	}
	return cmp.Or(
		boolean(b.starting())-boolean(a.starting()),
		boolean(a.serves())-boolean(b.serves()),
		cmp.Compare(a.InFlight, b.InFlight),
		cmp.Compare(b.Price, a.Price),
		cmp.Compare(b.ID, a.ID),
	)
}

func (w Worker) starting() bool { return !w.Ready && w.State == fleet.Provisioning }

func (w Worker) serves() bool { return w.Ready && !w.Unhealthy }

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// soonest is the shorter of two pauses, of which 0 is for ever.
func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

package autoscale

import (
	"fmt"
	"slices"
	"time"
)

// tryOut is Decide for a revision of which nobody knows whether it can be ready: one worker of it
// comes up, and the older ones are looked after as if it were not there.
func tryOut(o Observed) Decision {
	rest := o
	rest.Unproved, rest.Paused, rest.Holdoff, rest.Workers = false, true, o.Older, nil
	var fresh []Worker
	var gone []string
	for _, w := range o.Workers {
		switch {
		case w.Revision != o.Revision:
			rest.Workers = append(rest.Workers, w)
		case !alive(w) && !dead(w): // on its way out
		case dead(w) || w.Doomed || w.Leaving:
			gone = append(gone, w.ID)
		default:
			fresh = append(fresh, w)
		}
	}
	d := Decide(rest)
	d.Older = d.Create

	slices.SortStableFunc(fresh, leastUseful)
	for len(fresh) > min(1, d.Desired) {
		gone = append(gone, fresh[0].ID)
		fresh = fresh[1:]
	}
	d.Remove = append(gone, d.Remove...)
	if d.Desired == 0 || d.Rule == Surge { // others leave hosts that are emptied: one surge at a time
		return d
	}
	if wait, why := o.holdoff(); len(fresh) == 0 && wait > 0 {
		d.Again = soonest(d.Again, wait)
		if d.Older == 0 {
			d.Rule, d.Reason = BackOff, fmt.Sprintf("%s, the next try is in %s", why, wait.Round(time.Second))
		}
		return d
	}
	d.Create += 1 - len(fresh)
	if d.Rule != Notice && d.Rule != BackOff {
		d.Rule, d.Reason = Surge, fmt.Sprintf("one worker of revision %d is tried beside %s", o.Revision, many(d.Desired, "older worker"))
	}
	return d
}

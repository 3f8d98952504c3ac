package autoscale

import "time"

// Patience: workers that leave and are missed soon after should have stayed. Each time
// that happens, use must be low for twice as long before the next ones leave; when it has not
// happened for a while, for half as long again.
const (
	patience = 2                // times that Hold doubles, at the most
	soon     = 5 * time.Minute  // after workers have left, more are wanted: they are missed
	calm     = 15 * time.Minute // without that, one doubling is taken back
)

// patient is how long use must be low, and the most requests at once in that time.
func (t *tally) patient() (hold time.Duration, peak int) {
	hold, peak = whole(t.o.Hold), max(t.l.Peak, t.l.Now())
	if n := min(t.s.Missed, t.o.Patience, patience); n > 0 {
		return hold << n, max(peak, t.l.Longer[n-1])
	}
	return hold, peak
}

// learn is the state after a decision that made workers leave, or missed them.
func (s State) learn(t *tally) State {
	switch {
	case t.total < t.was && (t.rule == LowUse || t.rule == Step):
		if s.Missed > 0 && t.now.Sub(s.Learnt) >= calm {
			s.Missed, s.Learnt = s.Missed-1, t.now
		}
		s.Left = t.now
	case t.total > t.was && t.over && t.now.Sub(s.Left) < soon:
		s.Missed, s.Learnt, s.Left = min(s.Missed+1, t.o.Patience, patience), t.now, time.Time{}
	}
	return s
}

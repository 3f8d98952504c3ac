package autoscale

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Count is how many workers an endpoint has. One that drains is neither.
type Count struct {
	Ready    int `json:"ready"`    // they answer, and get requests
	Starting int `json:"starting"` // on their way, in place of a lost one too; not those past their deadline (D5)
}

// Sizing is how many workers there should be, and why.
type Sizing struct {
	Total   int            `json:"total"`           // from now on
	Was     int            `json:"was"`             // before
	Want    int            `json:"want"`            // what the load asks for, before any limit
	Cap     int            `json:"cap"`             // what growth allows
	Rule    Rule           `json:"rule"`            // the one that bound it
	Votes   []Vote         `json:"votes"`           // of each rule
	Reason  string         `json:"reason"`          // for people
	Again   fleet.Duration `json:"again,omitempty"` // how long it stands with the same load; 0: for ever
	Options Options        `json:"options"`         // what it rests on, from here on
	Load    Load           `json:"load"`
	Count   Count          `json:"count"`
}

// Size decides how many workers there should be. It is a pure function, called every
// second, and at once when a request arrives and there is no worker.
func Size(o Options, s State, l Load, c Count, now time.Time) (Sizing, State) {
	t := weigh(o, s, l, c, now)
	return t.explain(), t.after()
}

// Total is Size without its reasons: it allocates nothing as long as nothing changes.
func Total(o Options, s State, l Load, c Count, now time.Time) (int, State) {
	t := weigh(o, s, l, c, now)
	return t.total, t.after()
}

// A tally is a decision in numbers.
type tally struct {
	o   Options
	s   State
	l   Load
	c   Count
	now time.Time

	total, was int
	want       int           // what the load asks for
	base, cap  int           // of growth
	keep       int           // the fewest on which use would not be low
	step       int           // that may leave at a time
	hold       time.Duration // how long use must have been low
	rule       Rule
	over       bool // the load is more than the ready workers are meant for
	queue      bool // a queue that nothing on its way will serve asks for one more
	blind      bool // not the whole of Hold has been seen
	young      bool // the last change was less than Hold ago
	quiet      bool // no request for ZeroHold
}

func weigh(o Options, s State, l Load, c Count, now time.Time) tally {
	if !s.Begun() {
		s.Total, s.Changed = c.Ready+c.Starting, now
	}
	if l.Service > 0 {
		s.Service = l.Service
	}
	t := tally{o: o, s: s, l: l, c: c, now: now, was: s.Total}
	t.look()
	t.total, t.rule = t.decide()
	return t
}

// look finds what each rule goes by.
func (t *tally) look() {
	o, s, l, c := &t.o, &t.s, &t.l, &t.c
	t.hold, l.Peak = t.patient()
	t.base = s.base(t.now)
	t.cap = o.Max
	if o.UpPercent != None {
		t.cap = max(t.base+1, t.base*(100+o.UpPercent)/100)
	}
	t.over = 100*l.Now() > o.Fill*o.Target*c.Ready
	t.keep = max(o.Active, ceil(100*l.Peak, o.LowPercent*o.Target))
	t.quiet = t.keep == 0 && t.seen(whole(o.ZeroHold))
	if t.keep == 0 && !t.quiet {
		t.keep = 1
	}
	t.want = min(t.was, t.keep)
	if t.was == 0 {
		t.want = min(l.Now(), 1)
	} else if t.over {
		t.want, t.queue = t.needed(), l.Queued > 0 && c.Starting == 0
		if t.queue {
			t.want = max(t.want, c.Ready+1)
		}
	}
	t.step = max(1, t.was*o.DownPercent/100)
	if o.DownCount != None {
		t.step = max(1, min(t.step, o.DownCount))
	}
	t.blind = !l.covers(max(t.hold, window), t.now)
	t.young = t.now.Sub(s.Changed) < whole(o.Hold)
}

// seen reports whether there has been no request for so long, for sure.
func (t *tally) seen(d time.Duration) bool {
	return t.l.covers(d, t.now) && t.now.Sub(t.l.LastRequest) >= d
}

// needed are the workers for the load at its target. What is in flight beyond what all
// workers are meant for is needed even while others wait: else one request more, which has
// to wait, could make it fewer.
func (t *tally) needed() int {
	o, l := &t.o, &t.l
	service := l.mean(t.s)
	if service == 0 {
		return ceil(100*l.Now(), o.Fill*o.Target)
	}
	f := flow{
		l.InFlight, l.Queued, l.Arrived, whole(l.Over), whole(service), o.drained(l.Queued),
		l.Queued == 0 || 100*l.InFlight > o.Fill*o.Target*t.was,
	}
	return f.need().per(o.Fill * o.Target)
}

// decide is the whole policy.
func (t *tally) decide() (int, Rule) {
	o, c := &t.o, &t.c
	switch {
	case t.was < o.Active:
		return o.Active, Active
	case t.was > o.Max:
		return o.Max, Max
	case t.was == 0 && t.want > 0:
		return 1, Wake
	case t.was == 0:
		return 0, Zero
	}
	if t.over && min(t.want, t.cap, o.Max) > t.was {
		switch {
		case t.want <= min(t.cap, o.Max):
			return t.want, Concurrency
		case t.cap < o.Max:
			return t.cap, Growth
		default:
			return o.Max, Max
		}
	}
	if c.Starting > 0 && o.CancelAfter > 0 && !t.blind {
		stay := max(o.Active, c.Ready, ceil(t.l.Need, 10*o.LowPercent*o.Target), 1)
		if stay < t.was {
			return stay, Cancel
		}
	}
	switch {
	case t.over && t.want > t.was: // it cannot grow
		if t.cap < o.Max {
			return t.was, Growth
		}
		return t.was, Max
	case t.over:
		return t.was, Concurrency
	case t.was <= t.keep && t.keep == o.Active:
		return t.was, Active
	case t.was <= t.keep && t.l.Peak == 0:
		return t.was, ZeroHold
	case t.was <= t.keep:
		return t.was, Steady
	case t.blind:
		return t.was, Data
	case c.Starting > 0:
		return t.was, Starting
	case t.young:
		return t.was, Hold
	case t.was-t.keep > t.step:
		return t.was - t.step, Step
	default:
		return t.keep, LowUse
	}
}

// after is the state that the decision leaves.
func (t *tally) after() State {
	s := t.s.to(t.total, t.now)
	if t.o.Patience > 0 {
		s = s.learn(t)
	}
	return s
}

// again is when the same load would lead to another number.
func (t *tally) again() fleet.Duration {
	var at time.Time
	switch {
	case t.total < t.want && t.total < t.o.Max && t.rule == Growth:
		at, _ = t.after().rises(t.now)
	case t.total > t.keep && t.o.Max > 0 && (t.rule == Hold || t.rule == Step):
		at = t.after().Changed.Add(whole(t.o.Hold))
	}
	if !at.After(t.now) {
		return 0
	}
	return fleet.Duration(at.Sub(t.now))
}

package autoscale

import (
	"fmt"
	"strconv"
	"time"
)

// A Vote is the number that one rule would have, and why, for people.
type Vote struct {
	Rule  Rule   `json:"rule"`
	Total int    `json:"total"`
	Note  string `json:"note"`
}

// explain puts a decision into words.
func (t *tally) explain() Sizing {
	return Sizing{
		Total: t.total, Was: t.was, Want: t.want, Cap: t.cap, Rule: t.rule, Votes: t.votes(), Reason: t.reason(), Again: t.again(),
		Options: t.o, Load: t.l, Count: t.c,
	}
}

// votes are those of the rules that had something to say, in the order in which they count.
func (t *tally) votes() []Vote {
	o := &t.o
	v := make([]Vote, 0, 8)
	say := func(r Rule, total int, note string) { v = append(v, Vote{r, total, note}) }
	say(Active, o.Active, "never fewer than "+many(o.Active, "active worker"))
	say(Max, o.Max, "never more than "+many(o.Max, "worker"))
	switch {
	case t.was == 0 && t.want > 0:
		say(Wake, 1, "no worker, and "+many(t.l.Now(), "request"))
	case t.was == 0:
		say(Zero, 0, "no worker, and no request")
	case t.over:
		say(Concurrency, t.want, t.demand())
	default:
		say(Concurrency, t.was, t.content())
	}
	say(Growth, t.cap, t.growth())
	if t.was == 0 {
		return v
	}
	say(LowUse, t.keep, t.low())
	if t.total < t.was && t.rule == Cancel {
		say(Cancel, t.total, fmt.Sprintf("in the last %s at the most %s needed at %d %% of %d requests each, and what starts beyond that is cancelled",
			short(whole(o.CancelAfter)), many(t.total, "worker"), o.LowPercent, o.Target))
	}
	if t.was <= t.keep {
		return v
	}
	say(Step, max(t.keep, t.was-t.step), "at the most "+many(t.step, "worker")+" may leave at a time")
	if t.blind {
		say(Data, t.was, fmt.Sprintf("the load of the last %s is not known in full: nobody leaves", short(max(t.hold, window))))
	}
	if t.c.Starting > 0 {
		say(Starting, t.was, many(t.c.Starting, "worker")+" starting: nobody leaves")
	}
	if t.young {
		say(Hold, t.was, fmt.Sprintf("the last change was %s ago: nobody leaves before %s", short(t.now.Sub(t.s.Changed)), short(whole(o.Hold))))
	}
	return v
}

// reason is the decision in a sentence.
func (t *tally) reason() string {
	o := &t.o
	switch t.rule {
	case Active:
		return many(o.Active, "active worker")
	case Max:
		if t.total < t.was {
			return fmt.Sprintf("%s at the most", many(o.Max, "worker"))
		}
		return fmt.Sprintf("%s: %d wanted, %s at the most", t.load(), t.want, many(o.Max, "worker"))
	case Wake:
		return "the first worker, for " + many(t.l.Now(), "request")
	case Zero:
		return "no worker, and no request"
	case Concurrency:
		if t.total == t.was && t.want <= t.was {
			return fmt.Sprintf("%s: enough for it are %s, of which %d ready", t.load(), many(t.was, "worker"), t.c.Ready)
		}
		return t.demand()
	case Growth:
		return fmt.Sprintf("%s: %d wanted, %s for now (%s)", t.load(), t.want, many(t.cap, "worker"), t.growth())
	case LowUse, Step:
		if t.total == 0 {
			return "no request in the last " + short(whole(o.ZeroHold))
		}
		return "low use: " + t.low()
	case Cancel:
		return "some of the starting workers are not wanted any more: " + many(t.total, "worker") + " in all"
	case ZeroHold:
		return fmt.Sprintf("the last worker stays until %s have passed without a request", short(whole(o.ZeroHold)))
	case Starting:
		return "nobody leaves while " + many(t.c.Starting, "worker") + " start"
	case Hold:
		return fmt.Sprintf("low use, but nobody leaves until %s after the last change, which was %s ago", short(whole(o.Hold)), short(t.now.Sub(t.s.Changed)))
	case Data:
		return fmt.Sprintf("low use, but nobody leaves as the load of the last %s is not known in full", short(max(t.hold, window)))
	default:
		return t.content() + ": neither too few workers nor too many"
	}
}

// content says that the ready workers are enough for what there is.
func (t *tally) content() string {
	return fmt.Sprintf("%s for %s, no more than %s each", t.load(), many(t.c.Ready, "ready worker"), t.each())
}

// load is what there is, in words.
func (t *tally) load() string {
	if t.l.Queued == 0 {
		return many(t.l.InFlight, "request")
	}
	return fmt.Sprintf("%s, and %d waiting", many(t.l.InFlight, "request"), t.l.Queued)
}

// each is how many requests a worker gets before more workers are added.
func (t *tally) each() string {
	if t.o.Fill == 100 {
		return strconv.Itoa(t.o.Target)
	}
	return fmt.Sprintf("%d %% of %d", t.o.Fill, t.o.Target)
}

// demand says how the size was computed.
func (t *tally) demand() string {
	service := t.l.mean(t.s)
	switch {
	case service == 0:
		return fmt.Sprintf("%s, and none has ended yet: %s at %s each", t.load(), many(t.want, "worker"), t.each())
	case t.queue && t.want == t.c.Ready+1:
		return fmt.Sprintf("%s, and nobody starting: one worker more than the %d that are ready", t.load(), t.c.Ready)
	default:
		tenths := t.l.Arrived * 10 / max(int(whole(t.l.Over)/time.Second), 1)
		return fmt.Sprintf("%s for %s; %d.%d arrive per second and take %s: %s at %s each",
			t.load(), many(t.c.Ready, "ready worker"), tenths/10, tenths%10, short(whole(service)), many(t.want, "worker"), t.each())
	}
}

// growth says what bounds it.
func (t *tally) growth() string {
	if t.o.UpPercent == None {
		return "growth has no limit of its own"
	}
	return fmt.Sprintf("growth: %+d %% of %d, the lowest number of the last 60 s, or one more", t.o.UpPercent, t.base)
}

// low says on how few use would not be low.
func (t *tally) low() string {
	return fmt.Sprintf("the most in the last %s was %s at once: %s at %d %% of %d each",
		short(t.hold), many(t.l.Peak, "request"), many(t.keep, "worker"), t.o.LowPercent, t.o.Target)
}

func many(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// short is a time for people: 60s, 12.3s, 1h30m0s.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 2*time.Minute:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

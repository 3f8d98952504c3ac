package spot

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Settle is how long a spot worker must have answered, without a notice in its pool, before
// an on-demand worker leaves because of it.
const Settle = 2 * time.Minute

// DrainMargin is how long before the end of a notice requests are handed back.
const DrainMargin = 5 * time.Second

// Decide says which workers there should be. It never takes a worker that answers before as
// many answer without it, and never fewer than the base on on-demand hosts.
func Decide(in In) (Plan, Memory) {
	m := in.Memory.with(in.Events, in.Now)
	in.Workers = slices.Clone(in.Workers)
	slices.SortFunc(in.Workers, func(a, b Worker) int { return cmp.Compare(a.ID, b.ID) })
	d := &decision{In: in, memory: m, plan: Plan{Want: max(0, in.Want), Rule: RuleNone}}
	d.look()
	d.doomed()
	if d.plan.Want == 0 {
		d.zero()
	} else {
		d.count()
		d.grow()
		d.shrink()
	}
	d.finish()
	return d.plan, m
}

// decision is a plan that is being made.
type decision struct {
	In
	memory Memory
	plan   Plan

	places   []Scored // by cost
	spot     []Worker // not doomed, not leaving, of the newest revision
	onDemand []Worker
	ready    int // workers that answer and may stay, of all revisions
	safe     int // spot workers that can be relied upon now
	settled  int // and for so long that others may go because of them
	standIns int // on-demand workers wanted for spot workers that are missing
	atRisk   int // that answer still, and are likely to go soon
	again    time.Time
}

// wake asks for another decision at a time.
func (d *decision) wake(at time.Time) {
	if at.After(d.Now) && (d.again.IsZero() || at.Before(d.again)) {
		d.again = at
	}
}

func (d *decision) vote(rule string, onDemand, spot int, format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	d.plan.Votes = append(d.plan.Votes, Vote{
		Rule: rule, OnDemand: onDemand, Spot: spot, Note: note,
		Cost: int64(onDemand)*d.price(fleet.OnDemand) + int64(spot)*d.price(fleet.Spot),
	})
}

// acted names the rule that has changed the plan.
func (d *decision) acted(rule, format string, args ...any) {
	d.plan.Rule = rule
	if d.plan.Reason != "" {
		d.plan.Reason += "; "
	}
	d.plan.Reason += fmt.Sprintf(format, args...)
}

// look sorts workers and places.
func (d *decision) look() {
	d.placesNow()
	for _, w := range d.Workers {
		if w.Leaving || w.Doomed {
			continue
		}
		if w.Ready {
			d.ready++
		}
		if w.Market == fleet.Spot && w.Ready {
			d.rely(w)
		}
		switch {
		case w.Old: // the roll-out removes it
		case w.Market == fleet.Spot:
			d.spot = append(d.spot, w)
		default:
			d.onDemand = append(d.onDemand, w)
		}
	}
}

// rely counts a spot worker that answers, unless it is likely to go soon.
func (d *decision) rely(w Worker) {
	p := d.memory.Pools[key(w.Pool, fleet.Spot)]
	if p.risky(d.Now) {
		d.wake(p.LossAt.Add(RiskWindow))
		if !d.enough(w.Pool) {
			d.atRisk++
			return
		}
	}
	d.safe++
	since := later(w.ReadyAt, p.LossAt)
	if d.Now.Before(since.Add(Settle)) {
		d.wake(since.Add(Settle))
		return
	}
	d.settled++
}

// enough reports whether a pool's notice is long enough for another worker to start in: then
// its workers can be relied upon until they have one.
func (d *decision) enough(p Pool) bool {
	notice := time.Duration(d.Providers.Of(p.Provider).Notice)
	return notice > 0 && notice >= d.startP95(p, fleet.OnDemand)
}

// startP95 is how long a worker takes to start in a pool.
func (d *decision) startP95(p Pool, market fleet.Market) time.Duration {
	for _, s := range d.Places {
		if s.Pool == p && s.Market == market && s.StartP95 > 0 {
			return s.StartP95
		}
	}
	if market == fleet.OnDemand {
		// On-demand workers need not be in the pool: what the quickest place says.
		var best time.Duration
		for _, s := range d.Places {
			if s.Market == market && s.StartP95 > 0 && (best == 0 || s.StartP95 < best) {
				best = s.StartP95
			}
		}
		if best > 0 {
			return best
		}
	}
	return time.Duration(d.Providers.Of(p.Provider).LaunchDelay)
}

// doomed lets those go whose providers take their machines back.
func (d *decision) doomed() {
	n := 0
	for _, w := range d.Workers {
		if !w.Doomed || w.Leaving {
			continue
		}
		n++
		by := later(w.Deadline.Add(-DrainMargin), d.Now)
		d.plan.Leave = append(d.plan.Leave, Leave{ID: w.ID, Rule: RuleNotice, Reason: w.Pool.Provider + " takes its machine back", By: by})
	}
	if n > 0 {
		d.vote(RuleNotice, 0, n, "%d workers have a notice: they get no more requests", n)
		d.acted(RuleNotice, "%d workers have a notice", n)
	}
}

// zero lets all go.
func (d *decision) zero() {
	d.vote(RuleZero, 0, 0, "no worker is wanted")
	for _, w := range slices.Concat(d.spot, d.onDemand) {
		d.leave(w, RuleZero, "no worker is wanted")
	}
}

func (d *decision) leave(w Worker, rule, reason string) {
	d.plan.Leave = append(d.plan.Leave, Leave{ID: w.ID, Rule: rule, Reason: reason})
}

// count says how many of each market there should be.
func (d *decision) count() {
	want, base := d.plan.Want, d.Spec.BaseOnDemand
	if d.Spec.Market != fleet.Spot || !d.hasSpot() {
		d.plan.OnDemand = max(want, base)
		note := "the endpoint is on-demand only"
		if d.Spec.Market == fleet.Spot {
			note = "there are no spot places"
		}
		d.vote(RuleMarket, d.plan.OnDemand, 0, "%s", note)
		return
	}
	d.plan.OnDemand = base
	if base > 0 {
		d.vote(RuleBase, base, 0, "%d workers are always on-demand", base)
	}
	need := max(0, want-base)
	if need == 0 {
		return
	}
	spare, why := d.spare(need)
	standBys := d.standBys(need)
	d.plan.Spare = max(spare, standBys)
	d.plan.Spot = need + d.plan.Spare
	d.vote(RuleSpot, 0, need, "%d of %d wanted workers may be spot", need, want)
	d.vote(RuleHedge, 0, spare, "%s", why)
	d.plan.SafeSpot = d.safe
	if d.Spec.DynamicFallback != nil && !*d.Spec.DynamicFallback {
		d.vote(RuleFallback, 0, 0, "switched off")
		return
	}
	covered := d.covered()
	d.plan.Covered = covered
	d.standIns = min(need, max(0, need+spare-d.safe-covered))
	d.vote(RuleFallback, d.standIns, 0, "%d spot workers are wanted, %d can be relied upon, %d are about to start", need+spare, d.safe, covered)
	d.plan.OnDemand += d.standIns
}

// standBys are spot workers for those that answer still and are likely to go soon: these count
// as lost, as far as another pool has room for others. On-demand workers cost several times
// as much: one stands by where no pool has room, if so many are lost that it pays.
func (d *decision) standBys(need int) int {
	if d.atRisk == 0 {
		return 0
	}
	extra := min(d.atRisk, max(0, need-d.safe), d.room())
	hedge := 0
	if gap, _ := d.gap(); extra < d.atRisk && d.losses()*gap.Hours()*hourMissing > 1 {
		hedge = 1
	}
	d.safe += d.atRisk - hedge
	d.vote(RuleRisk, hedge, extra, "%d workers are of pools with a loss in the last %s: others stand by", d.atRisk, RiskWindow)
	return extra
}

// hasSpot reports whether there is any spot place, or a worker of one.
func (d *decision) hasSpot() bool {
	return len(d.spot) > 0 || slices.ContainsFunc(d.Places, func(p Place) bool { return p.Market == fleet.Spot })
}

// covered is how many starting spot workers count as if they were ready. An on-demand worker
// that would not be there sooner is not made for them.
func (d *decision) covered() int {
	n := 0
	var late []time.Time // when those are ready that do not count
	quickest := d.Now.Add(d.startP95(Pool{}, fleet.OnDemand))
	for _, w := range d.spot {
		due := w.Since.Add(d.startP95(w.Pool, fleet.Spot))
		switch {
		case w.Ready || !d.Now.Before(due) || d.memory.Pools[key(w.Pool, fleet.Spot)].risky(d.Now):
		case d.triedAgain(w.Since):
		case !due.After(quickest) || d.undisturbed(w.Since):
			n++
			d.wake(due)
		default:
			late = append(late, due)
		}
	}
	missing := min(max(0, d.plan.Spot-len(d.spot)), d.room())
	if missing == 0 || d.triedAgain(d.Now) {
		return n + d.relieved(late)
	}
	due := d.Now.Add(d.startP95(d.candidates(fleet.Spot)[0].Pool, fleet.Spot))
	if !due.After(quickest) || d.undisturbed(d.Now) {
		return n + missing + d.relieved(late)
	}
	return n + d.relieved(append(late, slices.Repeat([]time.Time{due}, missing)...))
}

// triedAgain reports whether a worker is made soon after a launch that failed.
func (d *decision) triedAgain(since time.Time) bool {
	failed := d.memory.FailedAt
	return !failed.IsZero() && !since.Before(failed) && since.Before(failed.Add(RiskWindow))
}

// undisturbed reports whether a worker is made for a start or a growth, and not because
// others have gone.
func (d *decision) undisturbed(since time.Time) bool {
	return d.memory.TroubleAt.IsZero() || since.After(d.memory.TroubleAt.Add(RiskWindow))
}

// relieved is how many workers with a notice have a spot worker in their place before they go.
func (d *decision) relieved(dues []time.Time) int {
	var ends []time.Time
	for _, w := range d.Workers {
		if w.Doomed && w.Market == fleet.Spot && w.Deadline.After(d.Now) {
			ends = append(ends, w.Deadline)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	slices.SortFunc(dues, time.Time.Compare)
	n := 0
	for _, end := range ends {
		if n < len(dues) && !dues[n].After(end) {
			d.wake(dues[n])
			n++
		}
	}
	return n
}

// grow makes what is missing.
func (d *decision) grow() {
	for n := range d.plan.OnDemand - len(d.onDemand) {
		rule := RuleFallback
		switch {
		case d.plan.Spot == 0:
			rule = RuleMarket
		case len(d.onDemand)+n < d.Spec.BaseOnDemand:
			rule = RuleBase
		}
		d.make(fleet.OnDemand, rule)
	}
	short := d.plan.OnDemand - len(d.onDemand) - d.plan.Making(fleet.OnDemand)
	if short > 0 {
		d.vote(RuleNoPlace, short, 0, "no on-demand place for %d workers", short)
		d.acted(RuleNoPlace, "no on-demand place for %d workers", short)
	}
	if short > 0 && d.Spec.Market == fleet.Spot {
		// What cannot be on-demand is better spot than not there.
		d.plan.Spot += max(0, min(short, d.plan.Want-(d.plan.OnDemand-short)-(d.plan.Spot-d.plan.Spare)))
	}
	missing := d.plan.Spot - len(d.spot)
	for n := range max(0, missing) {
		rule := RuleSpot
		if len(d.spot)+n >= d.plan.Spot-d.plan.Spare {
			rule = RuleHedge
		}
		if !d.make(fleet.Spot, rule) {
			d.vote(RuleNoPlace, 0, missing-n, "no spot place for %d workers", missing-n)
			break
		}
	}
	if n := d.plan.Making(fleet.OnDemand); n > 0 {
		d.acted(d.plan.Make[0].Rule, "%d on-demand workers are missing", n)
	}
	if n := d.plan.Making(fleet.Spot); n > 0 {
		d.acted(d.plan.Make[len(d.plan.Make)-1].Rule, "%d spot workers are missing", n)
	}
}

// shrink lets those go that are not needed any more: starting ones first, and of those that
// answer only as many as more than enough do.
func (d *decision) shrink() {
	spare := d.ready - d.plan.Want // of those that answer
	take := func(w Worker, rule, reason string) bool {
		if w.Ready {
			if spare <= 0 {
				return false
			}
			spare--
		}
		d.leave(w, rule, reason)
		d.acted(rule, "%s", reason)
		return true
	}

	// Those that stand in go when spot is back for good.
	keep := d.plan.OnDemand
	if need := d.plan.Want - d.Spec.BaseOnDemand; d.plan.Spot > 0 && d.standInsOn() {
		keep = max(keep, d.Spec.BaseOnDemand+need-min(need, d.settled))
	}
	surplus := len(d.onDemand) - keep
	if surplus > 0 {
		slices.SortFunc(d.onDemand, d.leastUseful)
	}
	for _, w := range d.onDemand {
		if surplus <= 0 {
			break
		}
		if paid := w.Since.Add(time.Duration(d.Providers.Of(w.Pool.Provider).MinBilling)); d.Now.Before(paid) {
			d.wake(paid) // it is billed in any case
			continue
		}
		if take(w, RuleReturn, "spot workers serve without it") {
			surplus--
		}
	}

	// Spot workers that are too many.
	surplus = len(d.spot) - d.plan.Spot
	if surplus > 0 {
		slices.SortFunc(d.spot, d.leastUseful)
	}
	for _, w := range d.spot {
		if surplus <= 0 {
			break
		}
		if take(w, RuleSurplus, "more spot workers than are wanted") {
			surplus--
		}
	}
}

func (d *decision) standInsOn() bool { return d.Spec.DynamicFallback == nil || *d.Spec.DynamicFallback }

// leastUseful orders workers for removal: starting before ready, then those of dear and bad
// pools, idle before busy, newer before older.
func (d *decision) leastUseful(a, b Worker) int {
	ready := func(w Worker) int {
		if w.Ready {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(ready(a), ready(b)),
		cmp.Compare(d.costOf(b), d.costOf(a)),
		cmp.Compare(a.InFlight, b.InFlight),
		b.Since.Compare(a.Since),
		cmp.Compare(b.ID, a.ID))
}

// finish sums up.
func (d *decision) finish() {
	d.plan.Pools = d.places
	if d.plan.Reason == "" {
		d.plan.Reason = fmt.Sprintf("%d on-demand and %d spot workers", d.plan.OnDemand, d.plan.Spot)
	}
	onDemand, spot := d.price(fleet.OnDemand), d.price(fleet.Spot)
	if onDemand > 0 {
		d.plan.AllOnDemand = int64(d.plan.Want) * onDemand
	}
	if onDemand > 0 && (spot > 0 || d.plan.Spot == 0) {
		d.plan.Cost = int64(d.plan.OnDemand)*onDemand + int64(d.plan.Spot)*spot
	}
	if !d.again.IsZero() {
		d.plan.Again = d.again.Sub(d.Now)
	}
}

package gpu

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// findings are an examination as the rules look at it.
type findings struct {
	x       *Examination
	history *History
	policy  *Policy
	product Product

	states []*Health // before and after, those that are there
	ecc    bool      // it has ECC, or nobody can tell
	eccOff bool      // its driver says that ECC is off
	mig    bool

	events []Event // while it was examined
	since  []Event // unjudged ones from before; none in a retest
	known  []Event // both

	uncorrected Counter     // by how much its uncorrectable errors rose since it was found well
	during      Counter     // by how much while it was examined
	corrected   Counter     // by how much its corrected ones did then
	incidents   []time.Time // of uncorrectable errors, within the window
	links       []time.Time // of NVLink errors
	throttled   bool
	bandwidth   float64 // of the baseline; 0: unknown
	mismatches  uint64
}

func gather(x *Examination, h *History, p *Policy) *findings {
	f := &findings{x: x, history: h, policy: p, events: x.Events}
	for _, s := range []*Health{x.Before, x.After} {
		if s != nil {
			f.states = append(f.states, s)
		}
	}
	f.product = f.productOf()
	f.mig = strings.HasPrefix(x.UUID, "MIG-") || f.product.Slice != "" || f.any(func(h *Health) bool { return Is(h.MIG) })
	f.lookAtECC()
	if !x.Retest { // the first examination has judged what was before
		f.since = h.Since
	}
	f.known = append(slices.Clip(f.since), f.events...)
	f.during = Unsupported[uint64]()
	if len(f.states) == 2 {
		f.during = risen(x.Before, x.After)
		f.corrected = most(Rise(x.Before.Volatile.corrected(), x.After.Volatile.corrected()), Rise(x.Before.Aggregate.corrected(), x.After.Aggregate.corrected()))
	}
	f.uncorrected = f.uncorrectedRise()
	f.incidents, f.links = f.incidentsOf(), f.linksOf()
	f.lookAtResult()
	return f
}

// any reports whether something is so before the test, or after it.
func (f *findings) any(is func(*Health) bool) bool { return slices.ContainsFunc(f.states, is) }

func (f *findings) productOf() Product {
	for _, s := range f.states {
		if s.Product != "" {
			total, _ := s.Memory.Total.Get()
			if p := ProductOf(s.Product, int64(total>>20)); p.ECC != "" {
				return p
			}
		}
	}
	p, _ := ProductOfType(f.x.Type)
	return p
}

func (f *findings) lookAtECC() {
	if len(f.states) == 0 {
		f.ecc = f.product.ECC != ECCNone
		return
	}
	for _, s := range f.states {
		has, off := f.product.HasECC(s.ECCCurrent)
		f.ecc, f.eccOff = f.ecc || has, f.eccOff || off
	}
}

// uncorrectedRise is by how much uncorrectable errors rose since the GPU was last found well;
// only while it was examined, if it was reset before because of what had been.
//
// Volatile counters that went back were started anew, and count from zero: so they never show
// more than there was. A GPU that was never found well has all of its volatile ones to answer
// for. Those of its life are bad news even when they are not to be trusted; that makes them no
// good news: see inforom-corrupt.
func (f *findings) uncorrectedRise() Counter {
	rise := f.during
	if f.x.Retest {
		return rise
	}
	for _, s := range f.states {
		if f.history.Certified != nil {
			rise = most(rise, risen(f.history.Certified, s))
		} else {
			rise = most(rise, s.Volatile.uncorrected())
		}
	}
	return rise
}

// risen is by how much the uncorrectable errors rose between two readings, by the counter that
// rose most.
func risen(before, after *Health) Counter {
	return most(
		Rise(before.Volatile.uncorrected(), after.Volatile.uncorrected()),
		Rise(before.Aggregate.uncorrected(), after.Aggregate.uncorrected()))
}

// most is the greater of two counters, and the one that was read if the other was not.
func most(a, b Counter) Counter {
	x, okA := a.Get()
	y, okB := b.Get()
	switch {
	case okA && okB:
		return Known(max(x, y))
	case okA:
		return a
	case okB || a.Unsupported:
		return b
	default:
		return a
	}
}

// uncorrected is the total of the errors that were not corrected: as the driver has it, or of
// both places where that is more, or where there is no total.
func (e Errors) uncorrected() Counter {
	return total(e.Uncorrected, e.UncorrectedDRAM, e.UncorrectedSRAM)
}

func (e Errors) corrected() Counter { return total(e.Corrected, e.CorrectedDRAM, e.CorrectedSRAM) }

func total(all, dram, sram Counter) Counter {
	sum := Counter{}
	d, okD := dram.Get()
	s, okS := sram.Get()
	switch {
	case okD && okS:
		sum = Known(d + min(s, math.MaxUint64-d))
	case okD && sram.Unsupported:
		sum = dram
	case okS && dram.Unsupported:
		sum = sram
	case all.Failed(), all.Unsupported:
		return all
	}
	return most(all, sum)
}

// incidentsOf are when the GPU had uncorrectable errors. What the counters tell about the time
// since it was last found well is one more, unless one of that time is known.
func (f *findings) incidentsOf() []time.Time {
	times := slices.Clone(f.history.Uncorrected)
	for _, e := range f.known {
		if e.Kind == EventUncorrected || e.Kind == EventXid && slices.Contains(uncorrectableXids, e.Xid) {
			times = append(times, e.At)
		}
	}
	counted := func(rise Counter, since time.Time) {
		if Over(rise, 0) && !slices.ContainsFunc(times, func(t time.Time) bool { return !t.Before(since) }) {
			times = append(times, f.now())
		}
	}
	counted(f.during, f.x.StartedAt)
	certified := time.Time{} // never: nobody knows when it was, or that it was another one
	if c := f.history.Certified; c != nil {
		certified = c.At
	}
	counted(f.uncorrected, certified)
	return f.incidentsWithin(times)
}

func (f *findings) linksOf() []time.Time {
	times := slices.Clone(f.history.LinkErrors)
	for _, e := range f.known {
		if e.Kind == EventXid && e.Xid == linkXid {
			times = append(times, e.At)
		}
	}
	return f.incidentsWithin(times)
}

// incidentsWithin are the times within the window, those that are close to each other as one.
func (f *findings) incidentsWithin(times []time.Time) []time.Time {
	first := f.now().Add(-time.Duration(f.policy.Window))
	times = slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(first) })
	return Incidents(times, time.Duration(f.policy.Incident))
}

// Incidents are times in order, without those that follow an earlier one within a gap.
func Incidents(times []time.Time, gap time.Duration) []time.Time {
	times = slices.SortedFunc(slices.Values(times), time.Time.Compare)
	var all []time.Time
	for _, t := range times {
		if len(all) == 0 || t.Sub(all[len(all)-1]) > gap {
			all = append(all, t)
		}
	}
	return all
}

// now is when the examination ended.
func (f *findings) now() time.Time {
	if f.x.EndedAt.IsZero() {
		return f.x.StartedAt
	}
	return f.x.EndedAt
}

func (f *findings) lookAtResult() {
	r := f.x.Result
	if r == nil {
		return
	}
	f.mismatches = r.found()
	f.throttled = f.any((*Health).Throttled)
	peak := r.Peak
	if peak <= 0 && !f.mig {
		peak = f.product.Peak
	}
	if peak > 0 && f.x.Level.Covers(LevelQuick) {
		f.bandwidth = r.GBps / (peak * f.policy.BaselineShare)
		if f.bandwidth <= 0 || math.IsNaN(f.bandwidth) {
			f.bandwidth = math.SmallestNonzeroFloat64 // it was measured, and there was none
		}
	}
}

// found is how many words a test found wrong, by whoever counted most.
func (r *Result) found() uint64 {
	n := max(r.Mismatches, uint64(len(r.Records)))
	for _, p := range r.Phases {
		if p.Name != auditPhase {
			n = max(n, p.Found)
		}
	}
	return n
}

// auditPhase is the phase that reads before anything is written: what it finds is no error.
const auditPhase = "audit"

// covered is the share of usable memory that was tested, by the bytes or by what was told,
// whichever is less.
func (r *Result) covered() float64 {
	share := r.Coverage
	if r.Usable == 0 {
		return 0
	}
	share = min(share, float64(r.Covered)/float64(r.Usable))
	if math.IsNaN(share) || share < 0 {
		return 0
	}
	return share
}

// unread are the values that a verdict on a GPU with ECC needs and that nobody could read.
func (f *findings) unread() []string {
	var names []string
	miss := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, h := range f.states {
		// Must be there, on what has them at all.
		for _, c := range []struct {
			name  string
			c     Counter
			spare bool // a slice, or this class of product, need not have it
		}{
			{"volatile.uncorrected", h.Volatile.uncorrected(), false},
			{"volatile.uncorrected", h.Volatile.Uncorrected, true},
			{"volatile.uncorrected_dram", h.Volatile.UncorrectedDRAM, true},
			{"volatile.uncorrected_sram", h.Volatile.UncorrectedSRAM, true},
			{"aggregate.uncorrected", h.Aggregate.uncorrected(), f.mig},
			{"aggregate.uncorrected", h.Aggregate.Uncorrected, true},
			{"aggregate.uncorrected_dram", h.Aggregate.UncorrectedDRAM, true},
			{"aggregate.uncorrected_sram", h.Aggregate.UncorrectedSRAM, true},
			{"volatile.corrected", h.Volatile.corrected(), f.mig},
			{"volatile.corrected", h.Volatile.Corrected, true},
			{"aggregate.corrected", h.Aggregate.Corrected, true},
			{"remap.uncorrected", h.Remap.Uncorrected, f.mig || !f.remaps()},
		} {
			if c.c.Failed() || c.c.Unsupported && !c.spare {
				miss(c.name)
			}
		}
		for _, c := range []struct {
			name   string
			failed bool
			absent bool
			spare  bool
		}{
			{"ecc_current", h.ECCCurrent.Failed(), h.ECCCurrent.Unsupported, f.mig || f.product.ECC != ECCFull},
			{"remap.pending", h.Remap.Pending.Failed(), h.Remap.Pending.Unsupported, f.mig || !f.remaps()},
			{"remap.failed", h.Remap.Failed.Failed(), h.Remap.Failed.Unsupported, f.mig || !f.remaps()},
			{"remap.banks", h.Remap.Banks.Failed(), false, true},
			{"ecc_pending", h.ECCPending.Failed(), false, true},
			{"retired.pending", h.Retired.Pending.Failed(), false, true},
			{"sram_threshold", h.SRAMThreshold.Failed(), false, true},
			{"repair_pending", h.RepairPending.Failed(), false, true},
			{"recovery", h.Recovery.Failed(), false, true},
		} {
			if c.failed || c.absent && !c.spare {
				miss(c.name)
			}
		}
	}
	return names
}

// remaps reports whether the product is known to replace rows.
func (f *findings) remaps() bool { return f.product.ECC == ECCFull || f.product.ECC == ECCRemap }

// recovery reports whether the driver asks for one of these actions.
func (f *findings) recovery(actions ...int) (string, bool) {
	for _, s := range f.states {
		if a, ok := s.Recovery.Get(); ok && slices.Contains(actions, a) {
			return fmt.Sprintf("its driver asks for recovery action %d: %s", a, recoveries[a]), true
		}
	}
	return "", false
}

var recoveries = map[int]string{
	recoveryNone: "nothing", recoveryReset: "reset the GPU", recoveryReboot: "reboot the node",
	recoveryDrain: "drain peer traffic", recoveryDrainAndReset: "drain and reset",
}

// event finds the first event that is so.
func event(events []Event, is func(Event) bool) (Event, bool) {
	i := slices.IndexFunc(events, is)
	if i < 0 {
		return Event{}, false
	}
	return events[i], true
}

// told is an event for a message.
func (e Event) told() string {
	s := string(e.Kind)
	if e.Kind == EventXid {
		s = fmt.Sprintf("Xid %d (%s)", e.Xid, XidOf(e.Xid).Name)
	}
	if !e.At.IsZero() {
		s += " at " + e.At.UTC().Format(time.RFC3339)
	}
	return s
}

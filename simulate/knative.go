package simulate

import (
	"math"
	"time"
)

// Knative is the Knative pod autoscaler with its defaults (knative/serving 98e5ef9): a stable
// window of 60 s, a panic window of 6 s, panic at 200 %, 30 s of grace to zero, a burst
// capacity of 211, evaluated every 2 s.
type Knative struct {
	Setting
	conc     series
	panicAt  time.Duration
	panics   bool
	floor    int
	activeAt time.Duration // when it left zero
	pathAt   time.Duration // since when the activator has been in the path
	inPath   bool
}

const (
	kpaStable   = 60 * time.Second
	kpaPanic    = 6 * time.Second
	kpaGrace    = 30 * time.Second
	kpaPeriod   = 2 * time.Second
	kpaBurst    = 211
	kpaMaxUp    = 1000.0
	kpaMaxDown  = 2.0
	kpaPanicsAt = 2.0
)

// NewKnative makes one.
func NewKnative(s Setting) *Knative {
	return &Knative{Setting: s, conc: newSeries(int(kpaStable / time.Second))}
}

// Restart begins in panic, so that nothing leaves on a short window.
func (k *Knative) Restart(o Observed) {
	k.conc.reset()
	k.panics, k.floor, k.inPath = false, 0, false
	if o.Ready > 1 {
		k.panics, k.panicAt, k.floor = true, o.At, o.Ready
	}
}

// Decide evaluates every 2 s; from zero the first request that waits starts one.
func (k *Knative) Decide(o Observed) Choice {
	total := o.Total()
	if total == 0 && o.Load() > 0 {
		k.activeAt, k.inPath, k.pathAt = o.At, true, o.At
		if !o.Wake && o.Whole {
			k.conc.add(o.Mean)
		}
		return Choice{Total: clip(1, k.Active, k.Max), Rule: "from zero"}
	}
	if o.Wake || !o.Whole {
		return Choice{Total: total, Rule: "no data"}
	}
	k.conc.add(o.Mean)
	if o.At%kpaPeriod != 0 || total == 0 {
		return Choice{Total: total, Rule: "between"}
	}
	target := usual * float64(k.Target)
	ready := math.Max(1, float64(o.Ready))
	stable := math.Ceil(k.conc.mean(int(kpaStable/time.Second)) / target)
	burst := math.Ceil(k.conc.mean(int(kpaPanic/time.Second)) / target)
	over := burst/ready >= kpaPanicsAt
	low, high := math.Floor(ready/kpaMaxDown), math.Ceil(kpaMaxUp*ready)
	s, p := int(min(max(stable, low), high)), int(min(max(burst, low), high))

	switch {
	case over:
		k.panics, k.panicAt = true, o.At
	case k.panics && o.At-k.panicAt > kpaStable:
		k.panics, k.floor = false, 0
	}
	want, rule := s, "stable"
	if k.panics {
		k.floor = max(k.floor, s, p)
		want, rule = k.floor, "panic"
	}
	if path := float64(o.Ready*k.Target)-k.conc.mean(int(kpaPanic/time.Second))-kpaBurst < 0; path != k.inPath {
		k.inPath, k.pathAt = path, o.At
	}
	if want == 0 && k.Active == 0 {
		switch {
		case o.At-k.activeAt < kpaStable:
			want, rule = 1, "just woken"
		case !k.inPath || o.At-k.pathAt < kpaGrace:
			want, rule = 1, "grace"
		default:
			rule = "to zero"
		}
	}
	return Choice{Total: clip(want, k.Active, k.Max), Rule: rule}
}

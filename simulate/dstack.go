package simulate

import (
	"math"
	"time"
)

// Dstack is dstack's RPSAutoscaler (dstack 511c318): the rate of 60 s, and straight to what it
// wants, up no sooner than 300 s and down no sooner than 600 s after the last scaling.
type Dstack struct {
	Setting
	arrived series
	last    time.Duration
	scaled  bool
}

// NewDstack makes one.
func NewDstack(s Setting) *Dstack { return &Dstack{Setting: s, arrived: newSeries(60)} }

// Restart forgets nothing but the requests: the time of the last scaling is in its database.
func (d *Dstack) Restart(Observed) { d.arrived.reset() }

// Decide compares.
func (d *Dstack) Decide(o Observed) Choice {
	total := o.Total()
	if !o.Whole {
		return Choice{Total: total, Rule: "no data"}
	}
	if o.Wake {
		d.last, d.scaled = o.At, true
		return Choice{Total: clip(1, d.Active, d.Max), Rule: "from zero"}
	}
	d.arrived.add(float64(o.Arrived))
	want := clip(int(math.Ceil(d.arrived.sum(60)/60/(usual*float64(d.Target)/d.Service.Seconds()))), d.Active, d.Max)
	since := o.At - d.last
	switch {
	case want > total && (total == 0 || !d.scaled || since >= 300*time.Second):
	case want < total && (!d.scaled || since >= 600*time.Second):
	default:
		return Choice{Total: total, Rule: "delay"}
	}
	d.last, d.scaled = o.At, true
	return Choice{Total: want, Rule: "rate"}
}

package simulate

import (
	"math"
	"time"
)

// RayServe is Ray Serve's policy on ongoing requests (replica_queue_length_autoscaling_policy)
// with its defaults: the mean of 30 s, reported every 10 s, up after 30 s and down after 600 s
// of the same sign in a loop of 0.1 s.
type RayServe struct {
	Setting
	conc    series
	mean    float64
	counter int
	target  int
	begun   bool
}

const rayLoops = 10 // in a second

// NewRayServe makes one.
func NewRayServe(s Setting) *RayServe { return &RayServe{Setting: s, conc: newSeries(30)} }

// Restart forgets all but the number of replicas.
func (r *RayServe) Restart(o Observed) {
	r.conc.reset()
	r.mean, r.counter, r.target, r.begun = 0, 0, o.Total(), true
}

// Decide runs the loops of a second.
func (r *RayServe) Decide(o Observed) Choice {
	total := o.Total()
	if !r.begun {
		r.begun, r.target = true, total
	}
	if o.Wake || !o.Whole {
		if total == 0 && o.Load() > 0 {
			r.target = clip(max(1, r.target), r.Active, r.Max)
			return Choice{Total: r.target, Rule: "from zero"}
		}
		return Choice{Total: total, Rule: "no data"}
	}
	r.conc.add(o.Mean)
	if o.At%(10*time.Second) == 0 {
		r.mean = r.conc.mean(30)
	}
	if total == 0 {
		if o.Load() > 0 {
			r.target, r.counter = clip(1, r.Active, r.Max), 0
		}
		return Choice{Total: r.target, Rule: "from zero"}
	}
	for range rayLoops {
		r.loop(o.Ready)
	}
	return Choice{Total: r.target, Rule: "counter"}
}

func (r *RayServe) loop(running int) {
	if running == 0 {
		return
	}
	ratio := r.mean / (usual * float64(r.Target) * float64(running))
	want := clip(int(math.Ceil(float64(running)*ratio)), r.Active, r.Max)
	switch {
	case want > r.target:
		r.counter = max(r.counter, 0) + 1
		if r.counter > 30*rayLoops {
			r.target, r.counter = want, 0
		}
	case want < r.target:
		r.counter = min(r.counter, 0) - 1
		if r.counter < -600*rayLoops {
			if r.target > 1 {
				want = max(1, want)
			}
			r.target, r.counter = want, 0
		}
	default:
		r.counter = 0
	}
}

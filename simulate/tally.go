package simulate

import "time"

// A tally measures one world.
type tally struct {
	warm, block int64
	blocks      []Sums
	scratch     Sums  // of what is not measured
	sums        *Sums // of now
	over        bool  // nothing arrives any more
	steps       []time.Duration

	peaks [60]int32 // of the load, one for each second
	last  action

	most    int             // workers ordered at most, after the warm-up
	settles []time.Duration // after each step
	log     func(Decision)
	line    *Timeline
}

// An action is a decision that changed the number of workers.
type action struct {
	at   time.Duration
	sign int  // 0: there was none yet
	zero bool // it left zero or reached it
	peak int32
}

// A Timeline is what a plot shows, once a second.
type Timeline struct {
	Load, Queued, Ready, Total []float64
}

// A Decision is a line of the log of decisions.
type Decision struct {
	Workload string  `json:"workload"`
	Policy   string  `json:"policy"`
	Seed     uint64  `json:"seed"`
	At       float64 `json:"at_s"`
	From     int     `json:"from"`
	To       int     `json:"to"`
	Ready    int     `json:"ready"`
	Starting int     `json:"starting"`
	InFlight int     `json:"in_flight"`
	Queued   int     `json:"queued"`
	Rule     string  `json:"rule"`
	Why      any     `json:"why,omitempty"`
}

func newTally(w *Workload, seconds int) tally {
	t := tally{warm: int64(w.Warm), block: int64(w.Block), steps: w.Steps, settles: make([]time.Duration, len(w.Steps))}
	if t.block == 0 {
		t.block = int64(seconds) * int64(time.Second)
	}
	t.blocks = make([]Sums, max(1, (int64(seconds)*int64(time.Second)+t.block-1)/t.block))
	for i := range t.settles {
		t.settles[i] = -1
	}
	t.sums = t.at(0)
	return t
}

// at gives the sums that a moment counts for.
func (t *tally) at(at int64) *Sums {
	if at < t.warm || t.over && at/t.block >= int64(len(t.blocks)) {
		return &t.scratch
	}
	return &t.blocks[min(int64(len(t.blocks))-1, at/t.block)]
}

// waited counts a request that had to.
func (t *tally) waited(q waiting, wait int64, hit bool) {
	s := t.at(q.at)
	for i, limit := range Thresholds {
		if wait > int64(limit) {
			s.Over[i]++
		}
	}
	s.Waits[bucketOf(wait)]++
	if hit {
		s.ColdHits++
	}
	if q.zero {
		s.FromZero++
	}
}

// drop counts a request that nobody served in time.
func (w *world) drop(q waiting) {
	w.waited(q, int64(w.o.Timeout)+1, true)
	w.at(q.at).Dropped++
}

// lose counts requests that went with their worker.
func (t *tally) lose(n int) { t.sums.Lost += n }

// closeSecond is called at the end of each second, which has been billed.
func (t *tally) closeSecond(w *world) {
	s := int(w.now/int64(time.Second)) - 1
	t.peaks[s%len(t.peaks)] = int32(w.peak)
	if !t.over {
		need := w.offered.need(s)
		t.sums.Seconds++
		t.sums.Need += float64(need)
		if int(w.offered.PerSecond[s]) > int(w.limit)*len(w.ready) {
			t.sums.UnderFor++
			t.sums.Under += float64(need - len(w.ready))
		}
		if w.now > t.warm {
			t.most = max(t.most, w.target)
		}
		for i, step := range t.steps {
			since := time.Duration(w.now) - step
			if t.settles[i] < 0 && since > 0 && 10*w.target <= 11*need+10 {
				t.settles[i] = since
			}
		}
		if t.line != nil {
			t.line.Load = append(t.line.Load, float64(w.inflight+w.queue.len()))
			t.line.Queued = append(t.line.Queued, float64(w.queue.len()))
			t.line.Ready = append(t.line.Ready, float64(len(w.ready)))
			t.line.Total = append(t.line.Total, float64(w.target))
		}
	}
	t.sums = t.at(w.now)
	if t.over {
		t.sums = &t.scratch
	}
}

// A reversal soon after is one within this time.
const soon = 300 * time.Second

// decided counts a change of the number of workers.
func (t *tally) decided(c Choice, o Observed, from int) {
	peak := int32(0)
	for _, p := range t.peaks {
		peak = max(peak, p)
	}
	now := action{at: o.At, sign: 1, zero: from == 0 || c.Total == 0, peak: max(peak, int32(o.Peak))}
	if c.Total < from {
		now.sign = -1
	}
	t.sums.Actions++
	if t.last.sign == -now.sign && o.At-t.last.at <= soon {
		t.sums.Reversals++
		if !now.zero && !t.last.zero && 4*now.peak >= 3*t.last.peak && 3*now.peak <= 4*t.last.peak {
			t.sums.Flaps++
		}
	}
	t.last = now
	if t.log != nil {
		t.log(Decision{
			At: o.At.Seconds(), From: from, To: c.Total, Ready: o.Ready, Starting: o.Starting,
			InFlight: o.InFlight, Queued: o.Queued, Rule: c.Rule, Why: c.Why,
		})
	}
}

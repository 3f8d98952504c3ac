package simulate

import "time"

// Offered is the load if workers were without number: what every policy is measured against.
type Offered struct {
	PerSecond []int32 // requests in service at each whole second, from 1 s on
	Most      int     // at any moment after the warm-up
	Requests  int
	Service   time.Duration // mean
	limit     int
	warm      int // seconds
}

// offer adds up a whole run.
func offer(w *Workload, seed uint64) (*Offered, error) {
	in, err := w.arrivals(seed)
	if err != nil {
		return nil, err
	}
	out := &Offered{limit: w.Limit, warm: int(w.Warm / time.Second)}
	var busy runningHeap
	var total float64
	second := int64(time.Second)
	next := second
	for last := int64(0); ; {
		requests, until := in.Next()
		if until == last {
			break
		}
		last = until
		to := func(at int64) {
			for next <= at {
				for len(busy) > 0 && busy[0].end <= next {
					busy.pop()
				}
				out.PerSecond = append(out.PerSecond, int32(len(busy)))
				next += second
			}
		}
		for _, q := range requests {
			to(q.At)
			for len(busy) > 0 && busy[0].end <= q.At {
				busy.pop()
			}
			busy.push(running{end: q.At + q.Service, begin: q.At})
			if q.At >= int64(w.Warm) {
				out.Most = max(out.Most, len(busy))
			}
			out.Requests++
			total += float64(q.Service)
		}
		to(until)
	}
	out.Service = time.Duration(total / float64(max(1, out.Requests)))
	return out, nil
}

func (o *Offered) need(second int) int { return (int(o.PerSecond[second]) + o.limit - 1) / o.limit }

// Peak is the highest need at any moment.
func (o *Offered) Peak() int { return (o.Most + o.limit - 1) / o.limit }

// Need is the mean need, in workers.
func (o *Offered) Need() float64 {
	sum := 0
	for s := o.warm; s < len(o.PerSecond); s++ {
		sum += o.need(s)
	}
	return float64(sum) / float64(max(1, len(o.PerSecond)-o.warm))
}

// ahead is what perfect foresight pays beyond the need: each worker is launched one cold
// start early, and kept over gaps that are shorter. It gives the worker-seconds of each block.
func (o *Offered) ahead(cold time.Duration, blocks int, blockOf func(second int) int) []float64 {
	out := make([]float64, blocks)
	ends := map[int]int{} // of the last need of the n-th worker
	before := 0
	for s := range o.PerSecond {
		need := o.need(s)
		for n := before; n < need; n++ {
			extra := cold.Seconds()
			if end, ok := ends[n]; ok {
				extra = min(extra, float64(s-end))
			} else {
				extra = min(extra, float64(s))
			}
			if s >= o.warm {
				out[blockOf(s)] += extra
			}
		}
		for n := need; n < before; n++ {
			ends[n] = s
		}
		before = need
	}
	return out
}

// peakNeed is the highest need at any whole second that is measured.
func (o *Offered) peakNeed() (most int) {
	for s := o.warm; s < len(o.PerSecond); s++ {
		most = max(most, o.need(s))
	}
	return most
}

package simulate

import "time"

// Offered is the load if workers were without number: what every policy is measured against.
type Offered struct {
	PerSecond []int32 // requests in service at each whole second, from 1 s on
	Most      int     // at any moment after the warm-up
	Requests  int
	limit     int
	warm      int // seconds
	service   float64
	next      int64
	busy      agenda
	inService int
}

func newOffered(w *Workload) *Offered {
	return &Offered{limit: w.Limit, warm: int(w.Warm / time.Second), next: int64(time.Second)}
}

// take adds the requests before until.
func (o *Offered) take(requests []Request, until int64) {
	warm := int64(o.warm) * int64(time.Second)
	for i := range requests {
		q := &requests[i]
		o.to(q.At)
		o.end(q.At)
		o.busy.push(running{end: q.At + q.Service, begin: q.At})
		o.inService++
		if q.At >= warm {
			o.Most = max(o.Most, o.inService)
		}
		o.service += float64(q.Service)
	}
	o.Requests += len(requests)
	o.to(until)
}

// end lets end what does until then.
func (o *Offered) end(at int64) {
	for r := o.busy.first(); r != nil && r.end <= at; r = o.busy.first() {
		o.busy.pop()
		o.inService--
	}
}

// to closes the seconds until then.
func (o *Offered) to(at int64) {
	for o.next <= at {
		o.end(o.next)
		o.PerSecond = append(o.PerSecond, int32(o.inService))
		o.next += int64(time.Second)
	}
}

// offer adds up a whole run.
func offer(w *Workload, seed uint64) (*Offered, error) {
	in, err := w.arrivals(seed)
	if err != nil {
		return nil, err
	}
	o := newOffered(w)
	for {
		requests, until := in.Next()
		o.take(requests, until)
		if in.over() {
			return o, nil
		}
	}
}

// Service is the mean service time.
func (o *Offered) Service() time.Duration {
	return time.Duration(o.service / float64(max(1, o.Requests)))
}

// First is the need of the first minute: every policy begins with so many workers, ready.
func (o *Offered) First() (most int) {
	for s := range min(60, len(o.PerSecond)) {
		most = max(most, o.need(s))
	}
	return most
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

package gateway

import "time"

// fullShare is the share of a worker that is spared no more, in which others are measured.
const fullShare = 256

// A new worker has caches to fill: for a while it counts as busier than it is, so that the
// others get more of the requests. It starts at a tenth of its share. When they are full it
// gets what waits all the same, and among workers of one age nothing changes.
func (w *worker) burden(now time.Time, ramp time.Duration) int {
	share := fullShare
	if !w.since.IsZero() && ramp > 0 {
		share = int(fullShare * min(max(now.Sub(w.since), ramp/10), ramp) / ramp)
	}
	return (w.inflight + 1) * fullShare * fullShare / max(share, 1)
}

// age counts the ready workers that are young still.
func (e *endpoint) age(now time.Time) {
	e.young = 0
	for _, w := range e.ready {
		if w.since.IsZero() {
			continue
		}
		if now.Sub(w.since) >= e.ramp {
			w.since = time.Time{}
			continue
		}
		e.young++
	}
	if e.young == len(e.ready) && e.young < 2 {
		e.young = 0 // nobody is there to take its share
	}
}

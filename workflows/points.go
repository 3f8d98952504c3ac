package workflows

import (
	"hash/fnv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// idleEvery is how often a point of an endpoint without load is kept, so that charts know
// that somebody looked.
const idleEvery = time.Minute

// charted gathers the points of one endpoint's load.
type charted struct {
	now  fleet.LoadPoint // the point that is being gathered
	kept fleet.LoadPoint // the last one that was
}

// add takes in what was seen in the seconds since the last look, and returns a point that
// is whole and worth keeping.
func (c *charted) add(id string, e *seen, w store.Watched, desired int, at time.Time, seconds float64) (point store.EndpointPoint, ok bool) {
	slot := at.Truncate(fleet.LoadSlot)
	if !c.now.At.Equal(slot) {
		point, ok = store.EndpointPoint{EndpointID: id, LoadPoint: c.now}, c.worth(id)
		if ok {
			c.kept = c.now
		}
		c.now = fleet.LoadPoint{At: slot, Whole: true}
	}
	p := &c.now
	p.Seconds += seconds
	p.Desired, p.Ready, p.Starting = desired, w.Ready, w.Starting
	p.Whole = p.Whole && e.Whole
	p.InFlight, p.Queued = max(p.InFlight, e.InFlight), max(p.Queued, e.Queued)
	p.Peak = max(p.Peak, e.Peak, e.InFlight+e.Queued)
	p.Requests += int64(e.Arrived)
	p.Ended += int64(e.Ended)
	p.BusyMS += e.Busy.Milliseconds()
	p.Errors += e.errors
	for i, n := range e.classes {
		p.Classes[i] += n
	}
	for i, n := range e.latency {
		p.Latency[i] += n
	}
	return point, ok
}

// worth reports whether a point says what the one before did not: an idle endpoint has one
// a minute, and not all of them the same.
func (c *charted) worth(id string) bool {
	p, k := c.now, c.kept
	switch {
	case p.At.IsZero():
		return false
	case p.InFlight+p.Queued > 0, p.Requests+p.Ended+p.Errors > 0:
		return true
	case p.Desired != k.Desired || p.Ready != k.Ready || p.Starting != k.Starting || p.Whole != k.Whole, p.At.Sub(k.At) > idleEvery:
		return true
	case k.InFlight+k.Queued > 0, k.Requests+k.Ended+k.Errors > 0: // it is over
		return true
	default:
		turn := p.At.Unix()/int64(fleet.LoadSlot.Seconds()) + int64(spread(id))
		return turn%int64(idleEvery/fleet.LoadSlot) == 0
	}
}

// spread is a number of an endpoint's own, so that not all do the same at the same time.
func spread(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32() >> 1
}

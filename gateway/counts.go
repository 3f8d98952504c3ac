package gateway

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const buckets = len(fleet.LatencyBounds) + 1 // of the histograms of times: one is above all bounds

// counts are an endpoint's counters since the process began. Its lock guards them: it is
// taken for every request anyway, so that counting costs next to nothing.
type counts struct {
	requests int64    // that arrived
	errors   int64    // answered by the gateway itself, with 5xx
	classes  [6]int64 // requests that ended, by the first digit of their status
	buckets  [buckets]int64
	seconds  float64
	retries  uint64         // dials that failed
	waits    [buckets]int64 // of requests that were admitted, by how long they waited
	waited   float64        // seconds
	rejected map[string]uint64
	busy     time.Duration
	served   int64     // requests that ended and that a worker had
	active   time.Time // when one arrived or ended
	logged   time.Time // when a failure of ours was last logged
	streams  streamCounts
}

// streamCounts are what was counted of streams that ended.
type streamCounts struct {
	outcomes map[outcome]uint64
	in, out  int64 // bytes
}

func (c *streamCounts) end(how outcome, in, out int64) {
	if c.outcomes == nil {
		c.outcomes = map[outcome]uint64{}
	}
	c.outcomes[how]++
	c.in, c.out = c.in+in, c.out+out
}

// arrive counts a request that came, once, however often it is sent.
func (c *counts) arrive(now time.Time) {
	c.requests++
	c.active = now
}

// end counts a request: the status it was answered with and its whole time.
func (c *counts) end(status int, took time.Duration, now time.Time) {
	c.classes[min(max(status/100, 0), 5)]++
	c.seconds += took.Seconds()
	c.buckets[bucketOf(took.Seconds())]++
	c.active = now
}

// wait counts a request that waited so long for its seat, or until it gave up.
func (c *counts) wait(took time.Duration) {
	if took == 0 {
		c.waits[0]++
		return
	}
	c.waits[bucketOf(took.Seconds())]++
	c.waited += took.Seconds()
}

// reject counts a request that was not answered by a worker, or not to its end.
func (c *counts) reject(reason string) {
	if c.rejected == nil {
		c.rejected = map[string]uint64{}
	}
	c.rejected[reason]++
}

// serve counts a request that a worker had, and how long. The others would make the mean
// time that a worker takes look too short.
func (c *counts) serve(busy time.Duration) {
	c.served++
	c.busy += busy
}

// load is what is reported of them.
func (c *counts) load() fleet.EndpointLoad {
	classes, latency := c.classes, c.buckets
	return fleet.EndpointLoad{
		Requests: c.requests, Errors: c.errors, BusyMS: c.busy.Milliseconds(), Ended: c.served,
		Classes: classes[1:], Latency: latency[:],
	}
}

func bucketOf(seconds float64) int {
	for i, bound := range fleet.LatencyBounds {
		if seconds <= bound {
			return i
		}
	}
	return len(fleet.LatencyBounds)
}

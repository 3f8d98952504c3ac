package gateway

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// bucketBounds are the upper bounds of the histogram of request times, in seconds.
var bucketBounds = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}

// counts are an endpoint's counters. Its lock guards them: it is taken for every request
// anyway, so that counting costs next to nothing.
type counts struct {
	classes [6]uint64 // requests that ended, by the first digit of their status
	buckets [len(bucketBounds) + 1]uint64
	seconds float64
	retries uint64             // dials that failed
	since   fleet.EndpointLoad // since the last report
	busy    time.Duration      // since.BusyMS, finer
	logged  time.Time          // when a failure of ours was last logged
	streams streamCounts
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

// ended counts a request: the status it was answered with and its whole time.
func (c *counts) ended(status int, took time.Duration) {
	c.classes[min(max(status/100, 0), 5)]++
	c.seconds += took.Seconds()
	c.buckets[bucketOf(took.Seconds())]++
}

// served counts a request that a worker had, and how long. The others would make the mean
// time that a worker takes look too short.
func (c *counts) served(busy time.Duration) {
	c.since.Ended++
	c.busy += busy
}

// takeLoad returns what was counted since it was last called.
func (c *counts) takeLoad() fleet.EndpointLoad {
	load := c.since
	load.BusyMS = c.busy.Milliseconds()
	c.since, c.busy = fleet.EndpointLoad{}, c.busy%time.Millisecond
	return load
}

// giveBack undoes takeLoad: the report did not arrive.
func (c *counts) giveBack(load fleet.EndpointLoad) {
	c.since.Requests += load.Requests
	c.since.Errors += load.Errors
	c.since.Ended += load.Ended
	c.busy += time.Duration(load.BusyMS) * time.Millisecond
}

func bucketOf(seconds float64) int {
	for i, bound := range bucketBounds {
		if seconds <= bound {
			return i
		}
	}
	return len(bucketBounds)
}

package simulate

import (
	"math/bits"
	"time"
)

// Thresholds are the waits that requests are counted over.
var Thresholds = [...]time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 60 * time.Second}

// Sums are what one policy did in one block of time. They add up.
type Sums struct {
	Seconds   float64                 `json:"seconds"`
	Billed    float64                 `json:"billed_worker_seconds"`
	Need      float64                 `json:"need_worker_seconds"`
	Ahead     float64                 `json:"foresight_worker_seconds"`
	Requests  int                     `json:"requests"`
	Over      [len(Thresholds)]int    `json:"delayed"` // 1, 5, 10, 30 and 60 s
	Dropped   int                     `json:"dropped"`
	ColdHits  int                     `json:"cold_hits"`
	FromZero  int                     `json:"from_zero"`
	UnderFor  float64                 `json:"under_capacity_seconds"`
	Under     float64                 `json:"under_capacity_worker_seconds"`
	Actions   int                     `json:"actions"`
	Reversals int                     `json:"reversals"`
	Flaps     int                     `json:"flaps"`
	Lost      int                     `json:"lost_requests"` // with their worker
	Waits     [histogramLength]uint32 `json:"-"`
}

// Add adds other, weight times.
func (s *Sums) Add(o *Sums, weight int) {
	f := float64(weight)
	s.Seconds += f * o.Seconds
	s.Billed += f * o.Billed
	s.Need += f * o.Need
	s.Ahead += f * o.Ahead
	s.Requests += weight * o.Requests
	for i := range s.Over {
		s.Over[i] += weight * o.Over[i]
	}
	s.Dropped += weight * o.Dropped
	s.ColdHits += weight * o.ColdHits
	s.FromZero += weight * o.FromZero
	s.UnderFor += f * o.UnderFor
	s.Under += f * o.Under
	s.Actions += weight * o.Actions
	s.Reversals += weight * o.Reversals
	s.Flaps += weight * o.Flaps
	s.Lost += weight * o.Lost
}

// Ratio is what was billed over what a perfect policy without cold starts would have been.
func (s *Sums) Ratio() float64 { return share(s.Billed, s.Need) }

// Delayed is the percentage of requests that waited longer than a threshold.
func (s *Sums) Delayed(threshold int) float64 {
	return 100 * share(float64(s.Over[threshold]), float64(s.Requests))
}

func share(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Waits are counted in buckets of 1/16 of a power of two of milliseconds: to 6 %.
const (
	histogramSteps  = 16
	histogramLength = 20 * histogramSteps
)

func bucketOf(wait int64) int {
	ms := uint64(wait / int64(time.Millisecond))
	if ms < histogramSteps {
		return int(ms)
	}
	e := bits.Len64(ms) - 5 // ms>>e is of 16 … 31
	return min(histogramLength-1, (e+1)*histogramSteps+int(ms>>e)-histogramSteps)
}

func bucketEnd(b int) time.Duration {
	if b < histogramSteps {
		return time.Duration(b) * time.Millisecond
	}
	e := b/histogramSteps - 1
	return time.Duration((b%histogramSteps+histogramSteps+1)<<e-1) * time.Millisecond
}

// Wait is a quantile of the time in the queue, rounded up to 6 %.
func (s *Sums) Wait(q float64) time.Duration {
	left := uint64(q * float64(s.Requests))
	queued := uint64(0)
	for _, n := range s.Waits {
		queued += uint64(n)
	}
	at := uint64(s.Requests) - queued // those that never waited
	if left <= at || queued == 0 {
		return 0
	}
	for b, n := range s.Waits {
		at += uint64(n)
		if at >= left {
			return bucketEnd(b)
		}
	}
	return bucketEnd(histogramLength - 1)
}

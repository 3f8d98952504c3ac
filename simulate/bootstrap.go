package simulate

import "slices"

// An Interval is an estimate and the range that holds it in 95 of 100 resamples.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Holds reports whether v is inside.
func (i Interval) Holds(v float64) bool { return i.Low <= v && v <= i.High }

// bootstrapDraws is how many resamples an interval rests on.
const bootstrapDraws = 1000

// Bootstrap resamples n blocks (days, hours, seeds) with replacement. Of gets how often each
// block was drawn and gives the statistic, e.g. a ratio of two sums: paired comparisons give
// the difference of two policies over the same blocks. One block has no spread to show.
func Bootstrap(n int, r *Random, of func(weight []int) float64) Interval {
	weight := make([]int, n)
	for i := range weight {
		weight[i] = 1
	}
	out := Interval{Value: of(weight)}
	out.Low, out.High = out.Value, out.Value
	if n < 2 {
		return out
	}
	draws := make([]float64, bootstrapDraws)
	for d := range draws {
		clear(weight)
		for range n {
			weight[r.Below(n)]++
		}
		draws[d] = of(weight)
	}
	slices.Sort(draws)
	out.Low, out.High = draws[bootstrapDraws*25/1000], draws[bootstrapDraws*975/1000-1]
	return out
}

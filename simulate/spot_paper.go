package simulate

import "slices"

// The model of the paper of SpotHedge (EuroSys '25), as its published artifact has it: ticks
// of 30 s, launches that are free and instant, windows of a day. It is here to see whether
// SpotHedge is understood as its authors mean it; the simulator does not use it.
const (
	paperTick   = 30
	paperWindow = 2880
	paperCold   = 4 // ticks
	paperWant   = 3
	paperRatio  = 3
)

// PaperResult is availability and cost in percent, of each window.
type PaperResult struct {
	Availability, Cost Interval
}

// RunPaper runs SpotHedge with extra workers in the paper's model.
func RunPaper(trace SpotTrace, extra, windows int, seed uint64) PaperResult {
	random := NewRandom(seed, "paper")
	series := make([][]int32, len(trace.Pools))
	for i, p := range trace.Pools {
		for s := 0; s < trace.Length(); s += paperTick {
			series[i] = append(series[i], capacityAt(p, s))
		}
	}
	length := len(series[0])
	availability, cost := make([]float64, windows), make([]float64, windows)
	for w := range windows {
		from := random.Below(max(1, length-paperWindow))
		to := min(length, from+paperWindow)
		order := make([]int, len(series))
		for i := range order {
			order[i] = i
		}
		for i := len(order) - 1; i > 0; i-- {
			j := random.Below(i + 1)
			order[i], order[j] = order[j], order[i]
		}
		zones := make([][]int32, len(series))
		for i, z := range order {
			zones[i] = series[z][from:to]
		}
		availability[w], cost[w] = paperRun(zones, extra, random)
	}
	mean := func(of []float64) Interval {
		return Bootstrap(windows, NewRandom(seed, "paper intervals"), func(weight []int) float64 {
			sum := 0.0
			for i, n := range weight {
				sum += float64(n) * of[i]
			}
			return sum / float64(windows)
		})
	}
	return PaperResult{mean(availability), mean(cost)}
}

func capacityAt(p SpotPool, second int) int32 {
	i, _ := slices.BinarySearchFunc(p.Runs, second, func(r SpotRun, s int) int {
		if r.To <= s {
			return -1
		}
		return 1
	})
	return int32(p.Runs[i].Capacity)
}

// paperRun is one window: the share of ticks with enough ready, and the cost.
func paperRun(zones [][]int32, extra int, random *Random) (availability, cost float64) {
	ticks := len(zones[0])
	plan := make([]int, len(zones))
	active := activePools{make([]bool, len(zones))}
	active.all()
	held := make([][]int, 0, ticks) // by tick and zone
	onDemand := make([]int, 0, ticks)
	enough, paid, readySpot := 0, 0.0, 0
	for t := range ticks {
		od := min(paperWant, max(0, paperWant+extra-readySpot))
		planned := 0
		for _, n := range plan {
			planned += n
		}
		for ; planned < paperWant+extra; planned++ {
			if len(active.pools()) <= max(0, min(1, len(zones)-3)) {
				active.all()
			}
			those := active.pools()
			unused := slices.DeleteFunc(slices.Clone(those), func(z int) bool { return plan[z] > 0 })
			if len(unused) > 0 {
				those = unused
			}
			plan[those[random.Below(len(those))]]++
		}
		now := make([]int, len(zones))
		for z, n := range plan {
			now[z] = min(n, int(zones[z][t]))
			paid += float64(now[z])
			if n > 0 {
				active.active[z] = now[z] == n
			}
			plan[z] = now[z]
		}
		held, onDemand = append(held, now), append(onDemand, od)
		paid += paperRatio * float64(od)
		if t < paperCold {
			continue
		}
		readySpot = 0
		for z := range zones {
			least := now[z]
			for _, before := range held[t-paperCold : t] {
				least = min(least, before[z])
			}
			readySpot += least
		}
		readyOnDemand := slices.Min(onDemand[t-paperCold : t+1])
		enough += truth(readySpot+readyOnDemand >= paperWant)
	}
	return 100 * float64(enough) / float64(max(1, ticks-paperCold)), 100 * paid / float64(paperRatio*paperWant*ticks)
}

// A PublishedRow is what the paper prints for SkyServe on one set of traces, in percent.
type PublishedRow struct {
	Set                string
	Availability, Cost float64
	Unlimited          bool // its samples say only whether there was any
}

// Within reports whether a result is as the paper says, within 2 points of availability and
// 10 of cost.
func (r PaperResult) Within(p PublishedRow) bool {
	near := func(a, b, most float64) bool { return a-b <= most && b-a <= most }
	return near(r.Availability.Value, p.Availability, 2) && near(r.Cost.Value, p.Cost, 10)
}

// Published is the paper's figure.
var Published = []PublishedRow{{"AWS1", 100, 45, false}, {"AWS2", 99, 58, false}, {"AWS3", 100, 45, true}, {"GCP1", 100, 46, false}}

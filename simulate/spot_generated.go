package simulate

import "math"

// generatedPools draws pools that come and go as a whole: a machine for everybody, or none.
// Times are log-normal, with their medians and means in hours.
func generatedPools(name string, seed uint64, pools, hours int, runMedian, runMean, outMedian, outMean float64) SpotTrace {
	t := SpotTrace{Name: name}
	random := NewRandom(seed, name)
	draw := func(median, mean float64) int {
		sigma := math.Sqrt(2 * ln(mean/median))
		seconds := 3600 * median * exp(sigma*random.Normal())
		return max(60, int(seconds)/60*60)
	}
	for i := range pools {
		p := SpotPool{Name: string(rune('a' + i))}
		at, on := 0, random.Float() < runMean/(runMean+outMean)
		for at < hours*3600 {
			run, length, capacity := draw(runMedian, runMean), draw(outMedian, outMean), 0
			if on {
				length, capacity = run, manyMachines
			}
			p.Runs = append(p.Runs, SpotRun{at, at + length, capacity})
			at, on = at+length, !on
		}
		t.Pools = append(t.Pools, p)
	}
	return t
}

package simulate

import (
	"runtime"
	"sync"
)

// A SpotCell is one setting of a sweep.
type SpotCell struct {
	Trace SpotTrace
	Pools int
	SpotSetup
}

// A SpotSummary is the mean of a policy's results over seeds, and the results themselves.
type SpotSummary struct {
	SpotResult
	Runs []SpotResult
}

// runCells runs policies over cells, with as many seeds each: by cell and policy. What comes
// out does not depend on how many processors do it.
func runCells(cells []SpotCell, policies []string, seeds int) ([][]SpotSummary, error) {
	out := make([][]SpotSummary, len(cells))
	for i := range out {
		out[i] = make([]SpotSummary, len(policies))
		for j := range out[i] {
			out[i][j].Runs = make([]SpotResult, seeds)
		}
	}
	type job struct{ cell, policy, seed int }
	jobs := make(chan job)
	errs := make(chan error, 1)
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for j := range jobs {
				setup := cells[j.cell].SpotSetup
				setup.Seed = uint64(j.seed + 1)
				r, err := RunSpot(cells[j.cell].Trace, setup, policies[j.policy])
				if err != nil {
					select {
					case errs <- err:
					default:
					}
				}
				out[j.cell][j.policy].Runs[j.seed] = r
			}
		})
	}
	for i := range cells {
		for j := range policies {
			for k := range seeds {
				jobs <- job{i, j, k}
			}
		}
	}
	close(jobs)
	done.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	for i := range out {
		for j := range out[i] {
			out[i][j].SpotResult = meanOf(out[i][j].Runs)
		}
	}
	return out, nil
}

// meanOf is the mean of results.
func meanOf(runs []SpotResult) SpotResult {
	out := SpotResult{Policy: runs[0].Policy, Trace: runs[0].Trace}
	n := float64(len(runs))
	for _, r := range runs {
		for _, f := range []struct {
			into *float64
			v    float64
		}{
			{&out.Availability, r.Availability},
			{&out.Strict, r.Strict},
			{&out.AnyReady, r.AnyReady},
			{&out.Missing, r.Missing},
			{&out.Cost, r.Cost},
			{&out.Bound, r.Bound},
			{&out.OnDemand, r.OnDemand},
			{&out.Launches, r.Launches},
			{&out.Preemptions, r.Preemptions},
			{&out.Abrupt, r.Abrupt},
			{&out.Lost, r.Lost},
		} {
			*f.into += f.v / n
		}
	}
	return out
}

// difference is by how much one policy's figure is above another's, run by run.
func difference(a, b SpotSummary, of func(SpotResult) float64) Interval {
	return Bootstrap(len(a.Runs), NewRandom(1, "difference"), func(weight []int) float64 {
		var sum float64
		n := 0
		for i, w := range weight {
			sum += float64(w) * (of(a.Runs[i]) - of(b.Runs[i]))
			n += w
		}
		return sum / float64(n)
	})
}

func availabilityOf(r SpotResult) float64 { return r.Availability }
func costOf(r SpotResult) float64         { return r.Cost }

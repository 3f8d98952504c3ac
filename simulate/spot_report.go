package simulate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A SpotSection is one table of the evaluation, under a name that docs/spot.md marks it by.
type SpotSection struct {
	Name  string
	Table *Table
}

// SpotCheck is a goal of the evaluation.
type SpotCheck struct {
	Goal  string
	Found string
	Met   bool
}

// A SpotEvaluation is all that docs/spot.md says in figures.
type SpotEvaluation struct {
	Sections []SpotSection
	Checks   []SpotCheck
	Plot     *Plot
}

// spotEvaluator carries an evaluation out.
type spotEvaluator struct {
	traces []SpotTrace
	seeds  int
	out    SpotEvaluation
}

// EvaluateSpot runs the whole evaluation over the traces that come along, with as many seeds
// for each setting.
func EvaluateSpot(seeds int) (*SpotEvaluation, error) {
	traces, err := IncludedSpot()
	if err != nil {
		return nil, err
	}
	e := &spotEvaluator{traces: traces, seeds: seeds}
	for _, part := range []func() error{e.reference, e.main, e.notices, e.ratios, e.sweep, e.few, e.faults, e.rates, e.others} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	t := &Table{Head: []string{"goal", "found", "met"}, Left: 3}
	for _, c := range e.out.Checks {
		t.Add(c.Goal, c.Found, yes(c.Met))
	}
	e.add("goals", t)
	return &e.out, nil
}

// IncludedSpot are the spot traces that come along.
func IncludedSpot() ([]SpotTrace, error) {
	raw, err := Included("bamboo/capacity_rle.csv")
	if err != nil {
		return nil, err
	}
	return ReadCapacity(bytes.NewReader(raw))
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

func (e *spotEvaluator) add(name string, t *Table) {
	e.out.Sections = append(e.out.Sections, SpotSection{name, t})
}

func (e *spotEvaluator) check(met bool, goal, found string, args ...any) {
	e.out.Checks = append(e.out.Checks, SpotCheck{goal, fmt.Sprintf(found, args...), met})
}

// bamboo is a cell of the Bamboo runs, their peaks set to scale.
func (e *spotEvaluator) bamboo(pools, scale int, setup SpotSetup) (SpotCell, error) {
	trace, err := BambooPools(e.traces, scale, pools)
	return SpotCell{Trace: trace, Pools: pools, SpotSetup: setup}, err
}

func (e *spotEvaluator) cells(pools, scale int, setups ...SpotSetup) ([]SpotCell, error) {
	var cells []SpotCell
	for _, s := range setups {
		c, err := e.bamboo(pools, scale, s)
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	return cells, nil
}

// reference compares the simulator with another one.
func (e *spotEvaluator) reference() error {
	t := &Table{Head: []string{"policy", "start s", "notice s", "reference %", "here %", "difference"}}
	most := 0.0
	for _, r := range referenceRows {
		cells, err := e.cells(3, 10, SpotSetup{Want: 10, Cold: r.cold, Notice: r.notice, Ratio: 3})
		if err != nil {
			return err
		}
		out, err := runCells(cells, []string{r.policy}, e.seeds)
		if err != nil {
			return err
		}
		diff := out[0][0].Availability - r.availability
		most = max(most, diff, -diff)
		t.Add(strings.TrimSuffix(r.policy, "/heeding"), r.cold, r.notice, r.availability, out[0][0].Availability, fmt.Sprintf("%+.2f", diff))
	}
	e.add("reference", t)
	e.check(most <= referenceTolerance, fmt.Sprintf("the simulator agrees with an independent one on the Bamboo runs within %.2f points", referenceTolerance), "largest difference %.2f", most)
	return nil
}

// main is every policy on the Bamboo runs.
func (e *spotEvaluator) main() error {
	cells, err := e.cells(3, 10, SpotSetup{Want: 10, Cold: 60, Ratio: 3}, SpotSetup{Want: 10, Cold: 60, Ratio: 1.6})
	if err != nil {
		return err
	}
	out, err := runCells(cells, SpotPolicies(), e.seeds)
	if err != nil {
		return err
	}
	t := &Table{Head: []string{"policy", "available %", "95 %", "any ready %", "missing", "cost % k=3", "cost % k=1.6", "above bound", "on-demand %", "launches/day", "losses/day", "abrupt/day", "requests lost %"}}
	for i := range out[0] {
		r := out[0][i]
		b := difference(r, SpotSummary{Runs: make([]SpotResult, len(r.Runs))}, availabilityOf)
		t.Add(r.Policy, r.Availability, fmt.Sprintf("%.2f-%.2f", b.Low, b.High), r.AnyReady, fmt.Sprintf("%.4f", r.Missing), tenth(r.Cost), tenth(out[1][i].Cost), tenth(r.Cost-r.Bound),
			tenth(r.OnDemand), whole(r.Launches), whole(r.Preemptions), whole(r.Abrupt), fmt.Sprintf("%.3f", r.Lost))
	}
	e.add("main", t)
	var shown []SpotResult
	for i, policy := range SpotPolicies() {
		if policy == "kelvin" || policy == "skyserve" || policy == "spothedge+1" {
			shown = append(shown, out[0][i].Runs[0])
		}
	}
	e.out.Plot = SpotPlot(cells[0].Trace, shown)
	ours, base := out[0][0], out[0][slices.Index(SpotPolicies(), "kelvin-base-1")]
	e.check(ours.Availability >= 99.8 && ours.Cost <= 38, "Bamboo runs, N 10, k 3, start 60 s, no notice: available at least 99.8 % at no more than 38 % of the cost", "%.2f %% at %.1f %%", ours.Availability, ours.Cost)
	e.check(base.AnyReady == 100, "with a base of one never without a ready worker", "%.2f %% of the time with one", base.AnyReady)
	e.check(ours.Lost <= 0.3, "no more than 0.3 % of requests are cut off", "%.3f %%", ours.Lost)
	return nil
}

func tenth(v float64) string { return fmt.Sprintf("%.1f", v) }
func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

// both is availability and cost in one column.
func both(r SpotSummary) string { return fmt.Sprintf("%.2f at %.1f", r.Availability, r.Cost) }

// notices are the descriptors.
func (e *spotEvaluator) notices() error {
	t := &Table{Head: []string{"notice s", "start s", "kelvin", "of it without a notice", "requests lost %", "SkyServe", "SpotHedge+1", "SpotHedge+1, heeding notices"}}
	policies := []string{"kelvin", "skyserve", "spothedge+1", "spothedge+1/heeding"}
	allFull, noneLost := true, true
	for _, notice := range []int{0, 30, 120} {
		for _, cold := range []int{60, 120, 180} {
			cells, err := e.cells(3, 10, SpotSetup{Want: 10, Cold: cold, Notice: notice, Ratio: 3, Tick: 1})
			if err != nil {
				return err
			}
			out, err := runCells(cells, policies, max(1, e.seeds/2))
			if err != nil {
				return err
			}
			o := out[0]
			t.Add(notice, cold, both(o[0]), o[0].Strict, fmt.Sprintf("%.3f", o[0].Lost), both(o[1]), both(o[2]), both(o[3]))
			if notice == 120 && cold <= 120 {
				allFull = allFull && o[0].Availability > 99.995
				noneLost = noneLost && o[0].Lost == 0 && o[0].Abrupt == 0
			}
		}
	}
	e.add("notices", t)
	e.check(allFull, "with a notice of 120 s and a start of 60 or 120 s always available", "%s", yesNo(allFull, "100 %", "less than 100 %"))
	e.check(noneLost, "no request shorter than the notice is cut off", "%s", yesNo(noneLost, "none is", "some are"))
	return nil
}

func yesNo(b bool, is, isNot string) string {
	if b {
		return is
	}
	return isNot
}

// ratios compares with SpotHedge at two prices and three sizes.
func (e *spotEvaluator) ratios() error {
	t := &Table{Head: []string{"N", "k", "start s", "kelvin", "kelvin, spare 1", "SpotHedge+1", "SkyServe", "availability against SpotHedge+1", "cost against it"}}
	met, notBelow := true, true
	var worst float64
	for _, want := range []int{1, 3, 10} {
		for _, k := range []float64{1.6, 3, 5} {
			for _, cold := range []int{60, 180} {
				cells, err := e.cells(3, 10, SpotSetup{Want: want, Cold: cold, Ratio: k})
				if err != nil {
					return err
				}
				out, err := runCells(cells, []string{"kelvin", "kelvin+1", "spothedge+1", "skyserve"}, e.seeds)
				if err != nil {
					return err
				}
				o := out[0]
				da, dc := difference(o[0], o[2], availabilityOf), difference(o[0], o[2], costOf)
				t.Add(want, k, cold, both(o[0]), both(o[1]), both(o[2]), both(o[3]), signed(da, 2), signed(dc, 1))
				if want > 1 && cold == 60 && k < 4 {
					met = met && da.Value >= -0.2 && dc.Value < 0
					worst = min(worst, da.Value)
				}
				if want == 10 {
					notBelow = notBelow && da.Value >= 0 && dc.Value < 0
				}
			}
		}
	}
	e.add("ratios", t)
	e.check(met, "N 3 and 10, k 1.6 and 3, start 60 s: at most 0.2 points less available than SpotHedge+1, and cheaper", "worst %+.2f points", worst)
	e.check(notBelow, "N 10, every k and start: at least as available as SpotHedge+1, and cheaper", "%s", yesNo(notBelow, "so it is", "not everywhere"))
	return nil
}

func signed(i Interval, digits int) string {
	return fmt.Sprintf("%+.*f (%+.*f to %+.*f)", digits, i.Value, digits, i.Low, digits, i.High)
}

// sweep counts over everything.
func (e *spotEvaluator) sweep() error {
	t := &Table{Head: []string{"pools", "N", "settings", "as available or more", "within 0.2 points", "cheaper", "cheaper and within 0.2", "cheaper and as available", "worst availability", "worst cost"}, Left: 2}
	for _, pools := range []int{1, 2, 3, 9} {
		for _, want := range []int{1, 3, 10} {
			var setups []SpotSetup
			for _, k := range []float64{1.6, 3, 5} {
				for _, notice := range []int{0, 30, 120} {
					for _, cold := range []int{60, 120, 180} {
						setups = append(setups, SpotSetup{Want: want, Cold: cold, Notice: notice, Ratio: k})
					}
				}
			}
			cells, err := e.cells(pools, 10, setups...)
			if err != nil {
				return err
			}
			out, err := runCells(cells, []string{"kelvin", "spothedge+1"}, max(1, e.seeds/2))
			if err != nil {
				return err
			}
			var same, near, cheaper, nearAndCheaper, sameAndCheaper int
			worst, dearest := 0.0, -100.0
			for _, o := range out {
				da, dc := o[0].Availability-o[1].Availability, o[0].Cost-o[1].Cost
				same += truth(da >= -0.005)
				near += truth(da >= -0.2)
				cheaper += truth(dc <= 0)
				nearAndCheaper += truth(da >= -0.2 && dc <= 0)
				sameAndCheaper += truth(da >= -0.005 && dc <= 0)
				worst, dearest = min(worst, da), max(dearest, dc)
			}
			t.Add(pools, want, len(out), same, near, cheaper, nearAndCheaper, sameAndCheaper, fmt.Sprintf("%+.2f", worst), fmt.Sprintf("%+.1f", dearest))
		}
	}
	e.add("sweep", t)
	return nil
}

// few is where spot is scarce: pools that have hardly what is wanted.
func (e *spotEvaluator) few() error {
	t := &Table{Head: []string{"pools", "N = peak of each", "k", "kelvin", "kelvin, spare 1", "SpotHedge+1", "SkyServe", "lower bound"}}
	for _, pools := range []int{1, 2, 3} {
		for _, want := range []int{1, 3, 10} {
			for _, k := range []float64{1.6, 3} {
				cells, err := e.cells(pools, want, SpotSetup{Want: want, Cold: 60, Ratio: k})
				if err != nil {
					return err
				}
				out, err := runCells(cells, []string{"kelvin", "kelvin+1", "spothedge+1", "skyserve"}, e.seeds)
				if err != nil {
					return err
				}
				o := out[0]
				t.Add(pools, want, k, both(o[0]), both(o[1]), both(o[2]), both(o[3]), tenth(o[0].Bound))
			}
		}
	}
	e.add("few", t)
	return nil
}

// faults go wrong beside preemptions.
func (e *spotEvaluator) faults() error {
	t := &Table{Left: 1, Head: []string{"fault", "pools", "notice s", "kelvin", "requests lost %", "SpotHedge+1", "requests lost % ", "SkyServe"}}
	base := SpotSetup{Want: 10, Cold: 60, Ratio: 3}
	for _, f := range []struct {
		name  string
		pools int
		with  func(*SpotSetup)
	}{
		{"none", 2, func(*SpotSetup) {}},
		{"a failed spot launch is known after 30 s", 2, func(s *SpotSetup) { s.SpotDelay = 30 }},
		{"5 % of on-demand launches fail", 2, func(s *SpotSetup) { s.OnDemandFails = 50 }},
		{"both", 2, func(s *SpotSetup) { s.SpotDelay, s.OnDemandFails = 30, 50 }},
		{"none", 3, func(*SpotSetup) {}},
		{"a loss is seen after 25 s", 3, func(s *SpotSetup) { s.Detect = 25 }},
		{"notice 120 s, one in ten never arrives", 3, func(s *SpotSetup) { s.Notice, s.NoticeLost = 120, 100 }},
		{"notice 120 s, one false for each worker and 5 hours", 3, func(s *SpotSetup) { s.Notice, s.FalseNotices = 120, 200 }},
	} {
		setup := base
		f.with(&setup)
		cells, err := e.cells(f.pools, 10, setup)
		if err != nil {
			return err
		}
		out, err := runCells(cells, []string{"kelvin", "spothedge+1", "skyserve"}, e.seeds)
		if err != nil {
			return err
		}
		o := out[0]
		t.Add(f.name, f.pools, setup.Notice, both(o[0]), fmt.Sprintf("%.3f", o[0].Lost), both(o[1]), fmt.Sprintf("%.3f", o[1].Lost), both(o[2]))
	}
	e.add("faults", t)
	return nil
}

// rates are more and fewer preemptions.
func (e *spotEvaluator) rates() error {
	t := &Table{Head: []string{"preemptions", "kelvin", "SpotHedge+1", "SkyServe", "losses/day of kelvin"}}
	for _, r := range []struct {
		name        string
		times, over int
	}{{"half as often", 1, 2}, {"as recorded", 1, 1}, {"twice as often", 2, 1}, {"4 times as often", 4, 1}} {
		cell, err := e.bamboo(3, 10, SpotSetup{Want: 10, Cold: 60, Ratio: 3})
		if err != nil {
			return err
		}
		for i, p := range cell.Trace.Pools {
			cell.Trace.Pools[i] = p.Faster(r.times, r.over)
		}
		out, err := runCells([]SpotCell{cell}, []string{"kelvin", "spothedge+1", "skyserve"}, e.seeds)
		if err != nil {
			return err
		}
		o := out[0]
		t.Add(r.name, both(o[0]), both(o[1]), both(o[2]), whole(o[0].Preemptions))
	}
	e.add("rates", t)
	return nil
}

// others are one long run of one pool, and generated pools that come and go as a whole.
func (e *spotEvaluator) others() error {
	t := &Table{Head: []string{"trace", "N", "k", "kelvin", "kelvin, spare 1", "SpotHedge", "SpotHedge+1", "SkyServe"}}
	long := slices.IndexFunc(e.traces, func(t SpotTrace) bool { return t.Name == "bamboo-p2-3day" })
	if long < 0 {
		return fmt.Errorf("the traces have no bamboo-p2-3day")
	}
	p2 := SpotTrace{Name: "Bamboo p2, 3 days, 1 pool", Pools: []SpotPool{e.traces[long].Pools[0].FromHalf().Scaled(10)}}
	calm := generatedPools("generated, calm, 3 pools", 1, 3, 240, 1, 8, .5, .8)
	harsh := generatedPools("generated, harsh, 3 pools", 1, 3, 240, .4, 1.5, .5, .9)
	for _, trace := range []SpotTrace{p2, calm, harsh} {
		for _, want := range []int{3, 10} {
			for _, k := range []float64{1.6, 3} {
				cell := SpotCell{Trace: trace, Pools: len(trace.Pools), SpotSetup: SpotSetup{Want: want, Cold: 60, Ratio: k, Tick: 10}}
				out, err := runCells([]SpotCell{cell}, []string{"kelvin", "kelvin+1", "spothedge", "spothedge+1", "skyserve"}, max(1, e.seeds/3))
				if err != nil {
					return err
				}
				o := out[0]
				t.Add(trace.Name, want, k, both(o[0]), both(o[1]), both(o[2]), both(o[3]), both(o[4]))
			}
		}
	}
	e.add("others", t)
	return nil
}

// Document writes a document again with the tables between its marks,
// "<!-- eval:NAME -->" and "<!-- end:NAME -->". Every table must have its place.
func (e *SpotEvaluation) Document(document string) (string, error) {
	for _, s := range e.Sections {
		begin, end := "<!-- eval:"+s.Name+" -->\n", "<!-- end:"+s.Name+" -->"
		from, to := strings.Index(document, begin), strings.Index(document, end)
		if from < 0 || to < from {
			return "", fmt.Errorf("the document has no place for %q: %s…%s", s.Name, strings.TrimSpace(begin), end)
		}
		var table strings.Builder
		if err := s.Table.Markdown(&table); err != nil {
			return "", err
		}
		document = document[:from+len(begin)] + table.String() + document[to:]
	}
	return document, nil
}

// SpotTable is results for people, one row each.
func SpotTable(results []SpotResult) *Table {
	t := &Table{Left: 2, Head: []string{"policy", "trace", "seed", "available %", "without noticed %", "any ready %", "missing", "cost %", "bound %", "on-demand %", "launches/day", "losses/day", "abrupt/day", "requests lost %"}}
	for _, r := range results {
		t.Add(r.Policy, r.Trace, r.Seed, r.Availability, r.Strict, r.AnyReady, fmt.Sprintf("%.4f", r.Missing), r.Cost, r.Bound, r.OnDemand,
			whole(r.Launches), whole(r.Preemptions), whole(r.Abrupt), fmt.Sprintf("%.3f", r.Lost))
	}
	return t
}

// SpotPlot is a plot of results over the same trace: workers that answer, of each market.
func SpotPlot(trace SpotTrace, results []SpotResult) *Plot {
	p := &Plot{Title: "Workers that answer, simulated over " + trace.Name}
	capacity := Panel{Label: "capacity of the pools"}
	for _, pool := range trace.Pools {
		line := Line{Name: pool.Name, Period: 60}
		series := pool.series(trace.Length())
		for s := 0; s < len(series); s += 60 {
			line.Values = append(line.Values, float64(min(series[s], 100)))
		}
		capacity.Lines = append(capacity.Lines, line)
	}
	p.Panels = append(p.Panels, capacity)
	for _, r := range results {
		spots, all := Line{Name: "spot", Period: 60}, Line{Name: "all", Period: 60}
		for _, at := range r.Timeline {
			spots.Values = append(spots.Values, float64(at[0]))
			all.Values = append(all.Values, float64(at[0]+at[1]))
		}
		p.Panels = append(p.Panels, Panel{Label: r.Policy, Lines: []Line{all, spots}})
	}
	return p
}

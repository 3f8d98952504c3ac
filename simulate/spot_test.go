package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

func bambooTrace(t *testing.T, n, pools int) SpotTrace {
	t.Helper()
	all, err := IncludedSpot()
	require.NoError(t, err)
	trace, err := BambooPools(all, n, pools)
	require.NoError(t, err)
	return trace
}

func spotRun(t *testing.T, trace SpotTrace, setup SpotSetup, policy string) SpotResult {
	t.Helper()
	r, err := RunSpot(trace, setup, policy)
	require.NoError(t, err)
	return r
}

// always is a trace in which nothing is ever taken back.
func always(pools int) SpotTrace {
	trace := SpotTrace{Name: "always"}
	for i := range pools {
		trace.Pools = append(trace.Pools, SpotPool{Name: string(rune('a' + i)), Runs: []SpotRun{{0, 86400, 100}}})
	}
	return trace
}

func TestTheSimulatorAgreesWithAnIndependentOne(t *testing.T) {
	t.Parallel()
	trace := bambooTrace(t, 10, 3)
	for _, r := range referenceRows {
		out, err := runCells([]SpotCell{{trace, 3, SpotSetup{Want: 10, Cold: r.cold, Notice: r.notice, Ratio: 3}}}, []string{r.policy}, 4)
		require.NoError(t, err)
		require.InDelta(t, r.availability, out[0][0].Availability, referenceTolerance, "%+v", r)
	}
	for policy, cost := range referenceCost {
		for i, k := range []float64{3, 1.6} {
			out, err := runCells([]SpotCell{{trace, 3, SpotSetup{Want: 10, Cold: 60, Ratio: k}}}, []string{policy}, 4)
			require.NoError(t, err)
			require.InDelta(t, cost[i], out[0][0].Cost, referenceCostTolerance, policy)
		}
	}
}

// The paper's figures need its artifact's traces, which have no licence and do not come along.
func TestSpotHedgeIsAsItsPaperSays(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("KELVIN_SPOTHEDGE_TRACES")
	if dir == "" {
		t.Skip("no traces of SpotHedge's artifact: set KELVIN_SPOTHEDGE_TRACES to its data directory (AWS1, AWS2, AWS3, GCP1), or use kelvin simulate spot --paper")
	}
	for _, row := range Published {
		trace, err := ReadAvailability(filepath.Join(dir, row.Set), row.Unlimited)
		require.NoError(t, err)
		r := RunPaper(trace, 1, 100, 1)
		require.True(t, r.Within(row), "%s: %+v, published %+v", row.Set, r, row)
	}
}

func TestThePapersModelCountsAsThePaperDoes(t *testing.T) {
	t.Parallel()
	r := RunPaper(always(3), 1, 3, 1)
	// Four spot machines all the time, and three on-demand ones in the first five ticks.
	ticks := 86400.0 / paperTick
	require.InDelta(t, 100*(4*ticks+3*3*5)/(9*ticks), r.Cost.Value, 0.001)
	require.Equal(t, 100.0, r.Availability.Value)

	never := SpotTrace{Pools: []SpotPool{{Name: "a", Runs: []SpotRun{{0, 86400, 0}}}, {Name: "b", Runs: []SpotRun{{0, 86400, 0}}}, {Name: "c", Runs: []SpotRun{{0, 86400, 0}}}}}
	r = RunPaper(never, 1, 3, 1)
	require.InDelta(t, 100, r.Cost.Value, 0.001, "all on-demand")
	require.Equal(t, 100.0, r.Availability.Value)
}

func TestSimulatedCostsAreWhatMachinesCost(t *testing.T) {
	t.Parallel()
	setup := SpotSetup{Want: 3, Cold: 60, Ratio: 3}
	r := spotRun(t, always(3), setup, "on-demand")
	require.InDelta(t, 100, r.Cost, 0.01)
	require.Equal(t, 100.0, r.Availability)
	require.InDelta(t, 33.33, r.Bound, 0.01)
	r = spotRun(t, always(3), setup, "spot-only")
	require.InDelta(t, 33.33, r.Cost, 0.01)
	require.Zero(t, r.Preemptions)
	r = spotRun(t, always(3), setup, "kelvin")
	require.InDelta(t, 33.33, r.Cost, 0.01, "a cold start costs nothing twice")
	require.Zero(t, r.OnDemand)
	r = spotRun(t, always(3), setup, "spothedge")
	require.Positive(t, r.OnDemand, "the fallback that follows ready spot makes all of it on-demand, too")
}

func TestNoPolicyIsBelowTheBound(t *testing.T) {
	t.Parallel()
	trace := bambooTrace(t, 10, 3)
	for _, policy := range SpotPolicies() {
		r := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Ratio: 3, Seed: 1}, policy)
		require.GreaterOrEqual(t, r.Cost+100*r.Missing/10+0.01, r.Bound, policy)
		require.Equal(t, r, spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Ratio: 3, Seed: 1}, policy), "the same seed, the same result")
	}
}

func TestWithEnoughNoticeNothingIsMissing(t *testing.T) {
	t.Parallel()
	for _, want := range []int{1, 3, 10} {
		r := spotRun(t, bambooTrace(t, 10, 3), SpotSetup{Want: want, Cold: 60, Notice: 120, Ratio: 3, Seed: 1}, "kelvin")
		require.Equal(t, 100.0, r.Availability)
		require.Zero(t, r.Abrupt)
		require.Zero(t, r.Lost)
	}
}

func TestOursIsCheaperAndAsAvailable(t *testing.T) {
	t.Parallel()
	trace := bambooTrace(t, 10, 3)
	for _, k := range []float64{1.6, 3} {
		for _, cold := range []int{60, 180} {
			out, err := runCells([]SpotCell{{trace, 3, SpotSetup{Want: 10, Cold: cold, Ratio: k}}}, []string{"kelvin", "spothedge+1", "skyserve"}, 4)
			require.NoError(t, err)
			ours := out[0][0]
			for _, theirs := range out[0][1:] {
				require.GreaterOrEqual(t, ours.Availability, theirs.Availability-0.005, theirs.Policy)
				require.Less(t, ours.Cost, theirs.Cost, theirs.Policy)
			}
			if cold == 60 && k == 3 {
				require.GreaterOrEqual(t, ours.Availability, 99.8)
				require.LessOrEqual(t, ours.Cost, 38.0)
			}
		}
		base := spotRun(t, trace, SpotSetup{Want: 3, Cold: 60, Ratio: k}, "kelvin-base-1")
		require.Equal(t, 100.0, base.AnyReady)
	}
}

func TestFaultsDoHarm(t *testing.T) {
	t.Parallel()
	trace := bambooTrace(t, 10, 3)
	lost := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Notice: 120, NoticeLost: 1000, Ratio: 3, Seed: 1}, "kelvin")
	require.Positive(t, lost.Abrupt, "no notice arrives")
	require.Positive(t, lost.Lost)
	plain := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Ratio: 3, Seed: 1}, "kelvin")
	late := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Detect: 60, Ratio: 3, Seed: 1}, "kelvin")
	require.Less(t, late.Availability, plain.Availability)
	wrong := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Notice: 120, FalseNotices: 1000, Ratio: 3, Seed: 1}, "kelvin")
	right := spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Notice: 120, Ratio: 3, Seed: 1}, "kelvin")
	require.Greater(t, wrong.Launches, right.Launches)
	require.Greater(t, wrong.Cost, right.Cost)
}

// Baselines do as their authors say.

func TestSkyServesPlacer(t *testing.T) {
	t.Parallel()
	s := newSpotSim(always(3), SpotSetup{Want: 3})
	p := newSkyServePlacer(s)
	held := []int{0, 0, 0}
	require.Equal(t, 0, p.next(s, held), "the cheapest that is not in use")
	held[0]++
	require.Equal(t, 1, p.next(s, held))
	held[1], held[2] = 1, 1
	require.Equal(t, 0, p.next(s, held), "else the cheapest")
	tell := func(kind spot.EventKind, pool int) {
		s.events = []spot.Event{{Kind: kind, Pool: s.pool(pool)}}
		p.heard(s)
	}
	tell(spot.Preempted, 0)
	require.Equal(t, 1, p.next(s, held), "not where one was taken back")
	tell(spot.LaunchFailed, 1)
	require.Equal(t, 0, p.next(s, held), "fewer than two are left: all are active again")
	tell(spot.LaunchFailed, 0)
	tell(spot.Launched, 0)
	require.Equal(t, 0, p.next(s, held))
}

func TestSkyServesCountMakesAColdStartTwice(t *testing.T) {
	t.Parallel()
	s := newSpotSim(always(3), SpotSetup{Want: 3, Cold: 60})
	p := counted(0, 1, true, false, newSkyServePlacer)(s)
	launch, leave := p.step(s)
	require.Equal(t, []int{0, 1, 2, 0, -1, -1, -1}, launch, "four spot, and three on-demand until they are ready")
	require.Empty(t, leave)
}

func TestADocumentGetsItsTables(t *testing.T) {
	t.Parallel()
	e := SpotEvaluation{Sections: []SpotSection{{"main", &Table{Head: []string{"a", "b"}, Rows: [][]string{{"1", "2"}}}}}}
	got, err := e.Document("x\n<!-- eval:main -->\nold\n<!-- end:main -->\ny\n")
	require.NoError(t, err)
	require.Equal(t, "x\n<!-- eval:main -->\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n<!-- end:main -->\ny\n", got)
	_, err = e.Document("nothing")
	require.ErrorContains(t, err, "main")
}

func TestSpotSimulationsRefuseNonsense(t *testing.T) {
	t.Parallel()
	_, err := RunSpot(always(1), SpotSetup{Want: 1, Ratio: 3}, "magic")
	require.ErrorContains(t, err, "kelvin")
	_, err = RunSpot(SpotTrace{Name: "empty"}, SpotSetup{Want: 1, Ratio: 3}, "kelvin")
	require.ErrorContains(t, err, "less than a minute")
}

func TestASpotPlotHasAllPolicies(t *testing.T) {
	t.Parallel()
	trace := bambooTrace(t, 10, 3)
	var svg strings.Builder
	require.NoError(t, SpotPlot(trace, []SpotResult{spotRun(t, trace, SpotSetup{Want: 10, Cold: 60, Ratio: 3}, "kelvin")}).SVG(&svg))
	require.Contains(t, svg.String(), "aws-p3")
	require.Contains(t, svg.String(), "kelvin")
}

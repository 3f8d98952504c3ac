package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/simulate"
)

// spotSimulation is what `kelvin simulate spot` is told.
type spotSimulation struct {
	trace, policies, plot, format, document, paper string
	unlimited                                      bool
	pools, workers, scale, seeds                   int
	seed                                           uint64
	notice, start, service, tick                   time.Duration
	launchFails, lossSeen                          time.Duration
	ratio, rate                                    float64
	onDemandFails, noticeLost, falseNotices        float64
}

func simulateSpotCommand() *cobra.Command {
	var s spotSimulation
	cmd := &cobra.Command{
		Use: "spot", Short: "Try spot policies on recorded capacity, in virtual time", Args: cobra.NoArgs,
		Long: "Lets the policy that decides in Kelvin which workers are spot, and other systems' policies, keep a number of workers serving while machines of spot pools come and go as a trace says. " +
			"Prints how much of the time all were there, and what that cost. Needs no server. docs/spot.md explains method and columns.\n\n" +
			"A trace is bamboo (three pools of Bamboo's runs, which come along), a CSV file with the head\n  set,pool,start_s,end_s,capacity\n" +
			"or a directory with one JSON file for each pool,\n  {\"metadata\":{\"gap_seconds\":G},\"data\":[n,...]}\n" +
			"Policies: " + strings.Join(simulate.SpotPolicies(), ", ") + ".",
		Example: "  kelvin simulate spot --workers 10 --ratio 3\n" +
			"  kelvin simulate spot --policy kelvin,spothedge+1 --notice 2m --start 90s --plot spot.svg\n" +
			"  kelvin simulate spot --trace traces/AWS1 --workers 3 --seeds 10\n" +
			"  kelvin simulate spot --document docs/spot.md",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&s.trace, "trace", "bamboo", "bamboo, a CSV file, or a directory of JSON files")
	f.BoolVar(&s.unlimited, "unlimited", false, "a directory: a sample above 0 stands for as many machines as anybody wants")
	f.IntVar(&s.pools, "pools", 3, "bamboo: pools; with more than 3 each run is there several times, shifted; 1 to 9")
	f.IntVar(&s.scale, "scale", 10, "set the peak of each pool to so many machines; 0: leave it")
	f.Float64Var(&s.rate, "rate", 1, "preemptions, times as often; 0.1 to 10")
	f.StringVar(&s.policies, "policy", "kelvin,skyserve,spothedge+1,spothedge,on-demand", "policies, with commas between them")
	f.IntVar(&s.workers, "workers", 10, "workers that should serve; 1 to 1000")
	f.DurationVar(&s.notice, "notice", 0, "time between the warning and the end; to 1h")
	f.DurationVar(&s.start, "start", time.Minute, "from a decision to a worker that answers; 1s to 1h")
	f.Float64Var(&s.ratio, "ratio", 3, "on-demand price divided by spot price; 1 to 100")
	f.DurationVar(&s.service, "service", 20*time.Second, "how long a request takes; 1s to 1h")
	f.DurationVar(&s.tick, "tick", 5*time.Second, "how often the simulation looks; 1s to 1m")
	f.DurationVar(&s.launchFails, "launch-fails-after", 0, "when it is known that there is no spot machine; to 10m")
	f.DurationVar(&s.lossSeen, "loss-seen-after", 0, "when a loss without notice is seen; to 10m")
	f.Float64Var(&s.onDemandFails, "fail-on-demand", 0, "share of on-demand launches that fail; 0 to 0.9")
	f.Float64Var(&s.noticeLost, "lose-notices", 0, "share of notices that never arrive; 0 to 1")
	f.Float64Var(&s.falseNotices, "false-notices", 0, "notices without an end, for each worker and hour; 0 to 10")
	f.Uint64Var(&s.seed, "seed", 1, "the first seed: of who is taken back, and of policies that draw")
	f.IntVar(&s.seeds, "seeds", 1, "how many seeds, one after the other; 1 to 1000")
	f.StringVar(&s.plot, "plot", "", "file for a plot (SVG) of the first seed; with --document, of the Bamboo runs")
	f.StringVar(&s.format, "format", "text", "text, markdown, csv, json")
	f.StringVar(&s.document, "document", "", "run the whole evaluation with 10 seeds, and write its tables into this document, between their marks (docs/spot.md)")
	f.StringVar(&s.paper, "paper", "", "directory with the traces of SpotHedge's artifact (AWS1, AWS2, AWS3, GCP1), which do not come along: compare with its paper's figures")
	return cmd
}

var spotFormats = []string{"text", "markdown", "csv", "json"}

// validate says what is wrong with the flags.
func (s *spotSimulation) validate() error {
	seconds := func(d, least, most time.Duration) bool { return d >= least && d <= most && d%time.Second == 0 }
	for _, c := range []struct {
		ok   bool
		says string
	}{
		{slices.Contains(spotFormats, s.format), "--format is one of " + strings.Join(spotFormats, ", ")},
		{s.pools >= 1 && s.pools <= 9, "--pools is 1 to 9"},
		{s.scale >= 0 && s.scale <= 100_000, "--scale is 0 to 100000"},
		{s.rate >= 0.1 && s.rate <= 10, "--rate is 0.1 to 10"},
		{s.workers >= 1 && s.workers <= 1000, "--workers is 1 to 1000"},
		{s.seeds >= 1 && s.seeds <= 1000, "--seeds is 1 to 1000"},
		{s.ratio >= 1 && s.ratio <= 100, "--ratio is 1 to 100"},
		{seconds(s.notice, 0, time.Hour), "--notice is whole seconds, 0s to 1h"},
		{seconds(s.start, time.Second, time.Hour), "--start is whole seconds, 1s to 1h"},
		{seconds(s.service, time.Second, time.Hour), "--service is whole seconds, 1s to 1h"},
		{seconds(s.tick, time.Second, time.Minute), "--tick is whole seconds, 1s to 1m"},
		{seconds(s.launchFails, 0, 10*time.Minute), "--launch-fails-after is whole seconds, 0s to 10m"},
		{seconds(s.lossSeen, 0, 10*time.Minute), "--loss-seen-after is whole seconds, 0s to 10m"},
		{s.onDemandFails >= 0 && s.onDemandFails <= 0.9, "--fail-on-demand is 0 to 0.9"},
		{s.noticeLost >= 0 && s.noticeLost <= 1, "--lose-notices is 0 to 1"},
		{s.falseNotices >= 0 && s.falseNotices <= 10, "--false-notices is 0 to 10"},
	} {
		if !c.ok {
			return fleet.Errorf(fleet.Invalid, "%s", c.says)
		}
	}
	return nil
}

func (s *spotSimulation) run(cmd *cobra.Command) error {
	if err := s.validate(); err != nil {
		return err
	}
	switch {
	case s.document != "":
		return s.evaluate(cmd)
	case s.paper != "":
		return s.published(cmd)
	}
	trace, err := s.load()
	if err != nil {
		return err
	}
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	setup := simulate.SpotSetup{
		Want: s.workers, Cold: seconds(s.start), Notice: seconds(s.notice), Ratio: s.ratio, Tick: seconds(s.tick), Service: seconds(s.service),
		SpotDelay: seconds(s.launchFails), Detect: seconds(s.lossSeen),
		OnDemandFails: int(1000 * s.onDemandFails), NoticeLost: int(1000 * s.noticeLost), FalseNotices: int(1000 * s.falseNotices),
	}
	var results []simulate.SpotResult
	for _, policy := range strings.Split(s.policies, ",") {
		for i := range s.seeds {
			setup.Seed = s.seed + uint64(i)
			r, err := simulate.RunSpot(trace, setup, strings.TrimSpace(policy))
			if err != nil {
				return err
			}
			results = append(results, r)
		}
	}
	if s.plot != "" {
		var first []simulate.SpotResult
		for i := 0; i < len(results); i += s.seeds {
			first = append(first, results[i])
		}
		if err := toFile(cmd, s.plot, simulate.SpotPlot(trace, first).SVG); err != nil {
			return err
		}
	}
	out := cmd.OutOrStdout()
	table := simulate.SpotTable(results)
	switch s.format {
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(results)
	case "csv":
		return table.CSV(out)
	case "markdown":
		return table.Markdown(out)
	default:
		return table.Text(out)
	}
}

// load reads the trace.
func (s *spotSimulation) load() (simulate.SpotTrace, error) {
	if s.trace == "bamboo" {
		all, err := simulate.IncludedSpot()
		if err != nil {
			return simulate.SpotTrace{}, err
		}
		trace, err := simulate.BambooPools(all, max(1, s.scale), s.pools)
		return s.changed(trace, false), err
	}
	info, err := os.Stat(s.trace)
	if err != nil {
		return simulate.SpotTrace{}, fleet.Errorf(fleet.Invalid, "--trace is bamboo, a CSV file or a directory of JSON files: %v", err)
	}
	if info.IsDir() {
		trace, err := simulate.ReadAvailability(s.trace, s.unlimited)
		if err != nil {
			return trace, fleet.Errorf(fleet.Invalid, "%v", err)
		}
		return s.changed(trace, !s.unlimited), nil
	}
	f, err := os.Open(s.trace)
	if err != nil {
		return simulate.SpotTrace{}, fleet.Errorf(fleet.Invalid, "%v", err)
	}
	defer f.Close()
	sets, err := simulate.ReadCapacity(f)
	if err != nil {
		return simulate.SpotTrace{}, fleet.Errorf(fleet.Invalid, "%v", err)
	}
	trace := simulate.SpotTrace{Name: filepath.Base(s.trace)}
	for _, set := range sets {
		trace.Pools = append(trace.Pools, set.Pools...)
	}
	return s.changed(trace, true), nil
}

// changed is the trace with what the flags want of it.
func (s *spotSimulation) changed(trace simulate.SpotTrace, scale bool) simulate.SpotTrace {
	for i, p := range trace.Pools {
		if scale && s.scale > 0 {
			p = p.Scaled(s.scale)
		}
		if s.rate != 1 {
			p = p.Faster(int(1000*s.rate), 1000)
		}
		trace.Pools[i] = p
	}
	return trace
}

// evaluate writes the tables of a document.
func (s *spotSimulation) evaluate(cmd *cobra.Command) error {
	raw, err := os.ReadFile(s.document)
	if err != nil {
		return fleet.Errorf(fleet.Invalid, "%v", err)
	}
	evaluation, err := simulate.EvaluateSpot(10)
	if err != nil {
		return err
	}
	if s.plot != "" {
		if err := toFile(cmd, s.plot, evaluation.Plot.SVG); err != nil {
			return err
		}
	}
	text, err := evaluation.Document(string(raw))
	if err != nil {
		return fleet.Errorf(fleet.Invalid, "%v", err)
	}
	if err := os.WriteFile(s.document, []byte(text), 0o644); err != nil { //nolint:gosec // a document is for everybody
		return fleet.Errorf(fleet.Invalid, "%v", err)
	}
	unmet := 0
	for _, c := range evaluation.Checks {
		if !c.Met {
			unmet++
			fmt.Fprintf(cmd.ErrOrStderr(), "not met: %s: %s\n", c.Goal, c.Found)
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d of %d goals met; the tables are in %s\n", len(evaluation.Checks)-unmet, len(evaluation.Checks), s.document)
	if unmet > 0 {
		return fleet.Errorf(fleet.Internal, "%d goals of the spot evaluation are not met", unmet)
	}
	return nil
}

// published compares SpotHedge, as it is understood here, with its paper.
func (s *spotSimulation) published(cmd *cobra.Command) error {
	table := &simulate.Table{Head: []string{"set", "available %", "95 %", "paper", "cost %", "95 %", "paper", "within 2 and 10 points"}}
	bad := 0
	for _, row := range simulate.Published {
		trace, err := simulate.ReadAvailability(filepath.Join(s.paper, row.Set), row.Unlimited)
		if err != nil {
			return fleet.Errorf(fleet.Invalid, "%v", err)
		}
		r := simulate.RunPaper(trace, 1, 100, s.seed)
		met := r.Within(row)
		if !met {
			bad++
		}
		table.Add(row.Set, r.Availability.Value, fmt.Sprintf("%.1f-%.1f", r.Availability.Low, r.Availability.High), row.Availability,
			r.Cost.Value, fmt.Sprintf("%.1f-%.1f", r.Cost.Low, r.Cost.High), row.Cost, met)
	}
	if err := table.Text(cmd.OutOrStdout()); err != nil {
		return err
	}
	if bad > 0 {
		return fleet.Errorf(fleet.Internal, "%d of %d sets are not as the paper says", bad, len(simulate.Published))
	}
	return nil
}

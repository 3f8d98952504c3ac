package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/simulate"
)

// simulation is what `kelvin simulate` is told.
type simulation struct {
	trace, policies, against   string
	againstGiven               bool
	options                    []string
	seed                       uint64
	seeds                      int
	service, coldStart         string
	slowdown                   float64
	target, limit, active, max int
	warm                       time.Duration
	file                       simulate.File
	days                       string
	faults                     simulate.Faults
	lost                       []string
	known, freeDrain           bool
	decisions, plot, format    string
}

func simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use: "simulate", Short: "Try scaling policies on recorded or generated load, in virtual time", Args: cobra.NoArgs,
		Long: "Lets the scaling policies that Kelvin's autoscaler runs, and other systems' policies, serve the same requests in a simulated gateway with simulated workers, " +
			"and says what each would have cost and how long requests would have waited. Needs no server. docs/autoscaling.md explains method and columns.\n\n" +
			"A workload is one that comes along (kelvin simulate ls), or a file with the head\n  " + strings.ReplaceAll(simulate.Formats, ") ", ")\n  ") + "\n" +
			"Policies: " + strings.Join(simulate.Names(), ", ") + ". default and fast take options behind colons, or by --option: " + simulate.ScalingOptions + ", tick.",
		Example: "  kelvin simulate --trace step-250 --policy default,fast,knative --seeds 10\n" +
			"  kelvin simulate --trace m-small-11,m-small-13 --policy fast,fast:low_percent=75:zero_hold=120s\n" +
			"  kelvin simulate --trace conversations.csv.gz --copies 20 --service tokens:500ms+40ms --plot load.svg --decisions decisions.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&s.trace, "trace", "", "workloads that come along, with commas between them, or one file")
	f.StringVar(&s.policies, "policy", "default,fast,knative", "policies, with commas between them")
	f.StringArrayVar(&s.options, "option", nil, "name=value of scaling, for default and fast; may be repeated")
	f.StringVar(&s.against, "against", "knative", "the policy that the others are compared with in --format csv and json")
	f.Uint64Var(&s.seed, "seed", 1, "the first seed: of arrivals, service times and cold starts")
	f.IntVar(&s.seeds, "seeds", 1, "how many seeds, one after the other; 1 to 1000")
	f.StringVar(&s.service, "service", "", "service time: "+simulate.Services+" (default: the workload's, exponential:20s for a file)")
	f.Float64Var(&s.slowdown, "slowdown", 0, "each request beside it makes a request so much slower: its time becomes time*(1+slowdown*n); 0 to 10")
	f.StringVar(&s.coldStart, "cold-start", "uniform:30s-60s", "from the decision to the first request: "+simulate.ColdStarts)
	f.IntVar(&s.target, "target", 0, "requests at once that a worker is meant for (default: the workload's, 100 for a file)")
	f.IntVar(&s.limit, "limit", 0, "requests at once that a worker gets at the most (default: --target)")
	f.IntVar(&s.active, "active", -1, "workers that are always there (default: the workload's)")
	f.IntVar(&s.max, "max", 0, "workers at the most (default: 1000)")
	f.DurationVar(&s.warm, "warm-up", 10*time.Minute, "time at the beginning that is not measured")
	f.IntVar(&s.file.Copies, "copies", 1, "a file of requests: copies over each other, each shifted by an offset of its own; 1 to 1000")
	f.IntVar(&s.file.Client, "client", -1, "a file of rates: the client")
	f.StringVar(&s.days, "days", "", "a file of rates: days, such as 0-3 for the first three (default: all)")
	f.Float64Var(&s.file.Share, "share", 1, "a file of rates: the share of the rates, above 0")
	f.Float64Var(&s.faults.LaunchFails, "fail-launches", 0, "share of launches that fail, half at once, half after 30 s; 0 to 0.9")
	f.DurationVar(&s.faults.CrashEvery, "crash-every", 0, "mean life of a worker until it crashes; 0: none does")
	f.DurationSliceVar(&s.faults.Restarts, "restart-at", nil, "times at which the autoscaler restarts")
	f.StringArrayVar(&s.lost, "lose-metrics", nil, "from-to, such as 30m-32m: no load is reported then; may be repeated")
	f.BoolVar(&s.known, "known-service-time", false, "tell policies the mean service time, instead of letting them measure it")
	f.BoolVar(&s.freeDrain, "free-drain", false, "do not bill workers that end their last requests")
	f.StringVar(&s.decisions, "decisions", "", "file for all decisions with their reasons, one JSON object a line; -: the output")
	f.StringVar(&s.plot, "plot", "", "file for a plot (SVG) of the first workload and seed")
	f.StringVar(&s.format, "format", "text", strings.Join(simulate.ReportFormats, ", "))
	cmd.AddCommand(simulateListCommand(), simulateEvaluateCommand(), simulateSpotCommand())
	return cmd
}

func simulateListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "List the workloads that come along", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := simulate.Table{Left: 5, Head: []string{"NAME", "TARGET", "ACTIVE", "SERVICE TIME", "WHAT"}}
			for _, w := range simulate.Workloads() {
				t.Add(w.Name, w.Target, w.Active, w.Service, w.Title)
			}
			return t.Text(cmd.OutOrStdout())
		},
	}
}

// simulateEvaluateCommand is what make eval runs.
func simulateEvaluateCommand() *cobra.Command {
	var (
		e              simulate.Evaluation
		document, rows string
		plot           string
	)
	cmd := &cobra.Command{
		Use: "evaluate", Short: "Compare all policies on all workloads, as in docs/autoscaling.md", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.Others == 0 {
				e.Others = e.Seeds
			}
			if e.Seeds < 1 || e.Seeds > 1000 || e.Others < 1 || e.Others > 1000 {
				return fleet.Errorf(fleet.Invalid, "--seeds and --other-seeds are 1 to 1000")
			}
			e.Log = cmd.ErrOrStderr()
			sections, report, err := e.Run(cmd.Context())
			if err != nil {
				return err
			}
			if document != "" {
				old, err := os.ReadFile(document)
				if err != nil {
					return err
				}
				filled, err := simulate.Fill(old, sections)
				if err != nil {
					return err
				}
				if err := os.WriteFile(document, filled, 0o644); err != nil {
					return err
				}
			} else {
				for _, section := range sections {
					fmt.Fprintf(cmd.OutOrStdout(), "## %s\n\n%s\n", section.Name, section.Markdown)
				}
			}
			if plot != "" {
				drawn, err := e.Plot()
				if err != nil {
					return err
				}
				if err := toFile(cmd, plot, drawn.SVG); err != nil {
					return err
				}
			}
			if rows == "" {
				return nil
			}
			return toFile(cmd, rows, func(w io.Writer) error { return report.Write(w, "csv") })
		},
	}
	cmd.Flags().BoolVar(&e.Quick, "quick", false, "leave out the largest workloads, and what only explains")
	cmd.Flags().IntVar(&e.Seeds, "seeds", 10, "seeds for each workload; 1 to 1000")
	cmd.Flags().IntVar(&e.Others, "other-seeds", 0, "those of policies other than default, fast and knative (default: --seeds)")
	cmd.Flags().StringVar(&e.Keep, "keep", "", "folder in which results are kept, so that an evaluation can be interrupted; remove it when the simulator has changed")
	cmd.Flags().StringVar(&document, "document", "", "Markdown file whose sections are replaced; without it they are printed")
	cmd.Flags().StringVar(&plot, "plot", "", "SVG file for a plot of a surge")
	cmd.Flags().StringVar(&rows, "rows", "", "CSV file for all figures of all rows")
	return cmd
}

func (s *simulation) run(cmd *cobra.Command) error {
	s.againstGiven = cmd.Flags().Changed("against")
	plan, err := s.plan()
	if err != nil {
		return err
	}
	logs := map[string][]simulate.Decision{}
	if s.decisions != "" || s.plot != "" {
		plan.Parallel = 1 // decisions come in the order of the runs
		plan.Watch = func(w *simulate.Workload, seed uint64) simulate.Watch {
			watch := simulate.Watch{Line: s.plot != "" && w == plan.Workloads[0] && seed == s.seed}
			if s.decisions != "" {
				watch.Log = func(d simulate.Decision) {
					key := d.Workload + "\n" + strconv.FormatUint(d.Seed, 10) + "\n" + d.Policy
					logs[key] = append(logs[key], d)
				}
			}
			return watch
		}
	}
	report, err := plan.Run(cmd.Context())
	if err != nil {
		return err
	}
	if s.decisions != "" {
		err := toFile(cmd, s.decisions, func(w io.Writer) error {
			out := json.NewEncoder(w)
			for _, r := range report.Results {
				for _, d := range logs[r.Workload+"\n"+strconv.FormatUint(r.Seed, 10)+"\n"+r.Policy] {
					if err := out.Encode(d); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if s.plot != "" {
		if err := toFile(cmd, s.plot, simulate.PlotOf(report.Results[:len(plan.Contenders)]).SVG); err != nil {
			return err
		}
	}
	return report.Write(cmd.OutOrStdout(), s.format)
}

// toFile writes a file, or the output.
func toFile(cmd *cobra.Command, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(cmd.OutOrStdout())
	}
	f, err := os.Create(path)
	if err != nil {
		return fleet.Errorf(fleet.Invalid, "%v", err)
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}

// plan reads the flags.
func (s *simulation) plan() (*simulate.Plan, error) {
	plan := &simulate.Plan{Options: simulate.Usual(), Against: s.against}
	wrong := func(format string, args ...any) (*simulate.Plan, error) {
		return nil, fleet.Errorf(fleet.Invalid, format, args...)
	}
	switch {
	case s.trace == "":
		return wrong("--trace is missing: a file, or a workload of kelvin simulate ls")
	case !slices.Contains(simulate.ReportFormats, s.format):
		return wrong("--format is one of %s", strings.Join(simulate.ReportFormats, ", "))
	case s.seeds < 1 || s.seeds > 1000:
		return wrong("--seeds is 1 to 1000")
	case !(s.slowdown >= 0 && s.slowdown <= 10):
		return wrong("--slowdown is 0 to 10")
	case s.target < 0 || s.limit < 0 || s.max < 0 || s.target > 100000 || s.limit > 100000 || s.max > 100000:
		return wrong("--target, --limit and --max are 1 to 100000")
	case s.warm < 0 || s.warm%time.Second != 0:
		return wrong("--warm-up is whole seconds, or 0s")
	case s.file.Copies < 1 || s.file.Copies > 1000:
		return wrong("--copies is 1 to 1000")
	case !(s.file.Share > 0 && s.file.Share <= 1000):
		return wrong("--share is above 0, up to 1000")
	case !(s.faults.LaunchFails >= 0 && s.faults.LaunchFails <= .9):
		return wrong("--fail-launches is 0 to 0.9")
	case s.faults.CrashEvery != 0 && s.faults.CrashEvery < time.Minute:
		return wrong("--crash-every is at least 1m, or 0s")
	}
	if s.days != "" {
		from, to, _ := strings.Cut(s.days, "-")
		a, err := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || a < 0 || b <= a || b > 400 {
			return wrong("--days is from-to, such as 0-3 for the first three days; up to 400")
		}
		s.file.From, s.file.To = a, b
	}
	for _, text := range s.lost {
		from, to, _ := strings.Cut(text, "-")
		a, err := time.ParseDuration(from)
		b, err2 := time.ParseDuration(to)
		if err != nil || err2 != nil || a < 0 || b <= a {
			return wrong("--lose-metrics is from-to, such as 30m-32m")
		}
		s.faults.Lost = append(s.faults.Lost, simulate.Span{From: a, To: b})
	}
	slices.Sort(s.faults.Restarts)
	for i := range s.seeds {
		plan.Seeds = append(plan.Seeds, s.seed+uint64(i))
	}
	var err error
	if plan.Contenders, err = simulate.ParseContenders(s.policies, s.options); err != nil {
		return nil, err
	}
	known := slices.ContainsFunc(plan.Contenders, func(c simulate.Contender) bool { return c.Name == s.against })
	if !known && s.against != "" && s.againstGiven {
		return wrong("--against is one of the policies of --policy")
	}
	if plan.Options.ColdStart, err = simulate.ParseColdStart(s.coldStart); err != nil {
		return nil, err
	}
	plan.Options.Faults, plan.Options.Known, plan.Options.FreeDrain = s.faults, s.known, s.freeDrain
	if plan.Workloads, err = s.workloads(); err != nil {
		return nil, err
	}
	return plan, nil
}

// workloads are those of --trace, with what the other flags say about them.
func (s *simulation) workloads() ([]*simulate.Workload, error) {
	service := simulate.Exponential(20 * time.Second)
	if s.service != "" {
		var err error
		if service, err = simulate.ParseService(s.service); err != nil {
			return nil, err
		}
	}
	var out []*simulate.Workload
	if _, err := os.Stat(s.trace); err == nil {
		s.file.Path = s.trace
		w, err := s.file.Workload(service)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	} else {
		for _, name := range strings.Split(s.trace, ",") {
			w, err := simulate.Find(strings.TrimSpace(name))
			if err != nil {
				return nil, err
			}
			if s.service != "" {
				w.Service = service
			}
			out = append(out, w)
		}
	}
	for _, w := range out {
		if s.target > 0 {
			w.Target, w.Limit = s.target, s.target
		}
		if s.limit > 0 {
			w.Limit = s.limit
		}
		if s.max > 0 {
			w.Max = s.max
		}
		if s.active >= 0 {
			w.Active = s.active
		}
		w.Service.Slowdown, w.Warm = s.slowdown, s.warm
		if w.Active > w.Max {
			return nil, fleet.Errorf(fleet.Invalid, "--active is 0 to --max, which is %d", w.Max)
		}
	}
	return out, nil
}

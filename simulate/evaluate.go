package simulate

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// An Evaluation compares the production policies with everybody else's, for
// docs/autoscaling.md.
type Evaluation struct {
	Seeds  int    // of Knative and Kelvin's own: at least 10 for results to publish
	Others int    // of the others
	Quick  bool   // leaves out the workloads with millions of requests, and what only explains
	Keep   string // folder for results of baselines that need not be found again; empty: none
	Log    io.Writer
}

// A Section is one table of the document, by the name it has there.
type Section struct {
	Name     string
	Markdown string
}

const (
	rival = "knative"
	heads = "knative,default,fast" // those that most tables compare
	rest  = "rayserve,skyserve,dstack,kubeai"
	// static ones never decide: one seed is enough.
	static      = "static-peak,static-mean"
	staticSeeds = 1
)

// Run gives all sections, and the rows of the comparison with all figures.
func (e *Evaluation) Run(ctx context.Context) ([]Section, *Report, error) {
	var main, others Report
	for _, w := range Workloads() {
		if e.Quick && slices.Contains([]string{"m-small-26", "m-small-18", "m-small-11"}, w.Name) {
			continue
		}
		for _, part := range []struct {
			into     *Report
			policies string
			seeds    int
		}{{&main, heads, e.Seeds}, {&others, rest, e.Others}, {&others, static, min(staticSeeds, e.Others)}} {
			report, err := e.plan(ctx, Usual(), part.policies, part.seeds, w)
			if err != nil {
				return nil, nil, err
			}
			part.into.Rows = append(part.into.Rows, report.Rows...)
		}
	}
	out := []Section{
		{"seeds", e.seeds()},
		{"summary", main.summary()},
		{"heads", main.heads()},
		{"more", main.more()},
		{"rest", main.rest(&others)},
	}
	if !e.Quick {
		for _, part := range []struct {
			name string
			make func(context.Context) (string, error)
		}{{"ablations", e.ablations}, {"starts", e.starts}, {"faults", e.faults}} {
			text, err := part.make(ctx)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, Section{part.name, text})
		}
	}
	main.Rows = append(main.Rows, others.Rows...)
	return out, &main, nil
}

// seeds says how many there were.
func (e *Evaluation) seeds() string {
	return fmt.Sprintf("Seeds: %d of each workload for Knative, `default` and `fast`, %d for the other systems, %d for *static*, up to 3 in the tables that explain.\n",
		e.Seeds, e.Others, min(staticSeeds, e.Others))
}

// Plot shows the policies that most tables compare in a surge.
func (e *Evaluation) Plot() (*Plot, error) {
	w, err := Find("step-250")
	if err != nil {
		return nil, err
	}
	contenders, err := ParseContenders(heads, nil)
	if err != nil {
		return nil, err
	}
	results, err := Run(w, 1, contenders, Usual(), Watch{Line: true})
	if err != nil {
		return nil, err
	}
	return PlotOf(results), nil
}

func (e *Evaluation) plan(ctx context.Context, o Options, policies string, seeds int, workloads ...*Workload) (*Report, error) {
	contenders, err := ParseContenders(policies, nil)
	if err != nil {
		return nil, err
	}
	plan := Plan{Workloads: workloads, Contenders: contenders, Options: o, Against: rival, Keep: e.Keep, Progress: func(done, all int, w *Workload, seed uint64, took time.Duration) {
		if e.Log != nil {
			fmt.Fprintf(e.Log, "%s, seed %d, %d policies: %.1fs\n", w.Name, seed, len(contenders), took.Seconds())
		}
	}}
	for i := range seeds {
		plan.Seeds = append(plan.Seeds, uint64(i)+1)
	}
	return plan.Run(ctx)
}

// of gives the row of a policy on a workload.
func (r *Report) of(workload, policy string) *Row {
	i := slices.IndexFunc(r.Rows, func(row *Row) bool { return row.Workload == workload && row.Policy == policy })
	if i < 0 {
		return &Row{Workload: workload, Policy: policy, Seeds: []uint64{0}}
	}
	return r.Rows[i]
}

func (r *Report) workloads() (names []string) {
	for _, row := range r.Rows {
		if !slices.Contains(names, row.Workload) {
			names = append(names, row.Workload)
		}
	}
	return names
}

// cell is a row in short.
func (row *Row) cell() string {
	return fmt.Sprintf("%.2f; %s; %s", row.Ratio.Value, row.delays(), row.mean(row.Sums.Actions))
}

func (row *Row) delays() string {
	return percent(row.Delayed[0].Value) + "/" + percent(row.Delayed[1].Value) + "/" + percent(row.Delayed[3].Value)
}

// mean is a count for one seed.
func (row *Row) mean(n int) string {
	v := float64(n) / float64(len(row.Seeds))
	if v >= 10 || v == 0 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

func percent(v float64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%.2f", v)
}

// Equal delays are within this many points, or cannot be told apart.
const equal = 0.05

// more reports the thresholds, of those that count, over which more requests wait than with
// the rival.
func (row *Row) worse() (over []string) {
	for _, i := range []int{0, 1, 3} {
		if d := row.Against.Delayed[i]; d.Value > equal && d.Low > 0 {
			over = append(over, fmt.Sprintf("> %.0f s", Thresholds[i].Seconds()))
		}
	}
	return over
}

// behind says in what the row is behind the rival: nothing is best.
func (row *Row) behind(other *Row) (in []string) {
	if row.Against.Billed.Value > 0 {
		in = append(in, "cost")
	}
	if over := row.worse(); len(over) > 0 {
		in = append(in, "delays "+strings.Join(over, ", "))
	}
	if row.Sums.Actions > other.Sums.Actions {
		in = append(in, "actions")
	}
	return in
}

// heads compares the production policies with the rival, workload by workload.
func (r *Report) heads() string {
	t := &Table{Head: []string{"workload", "peak", "Knative", "`default`", "`fast`", "`fast` to Knative: GPU-seconds (95 %)", "behind in"}}
	for _, name := range r.workloads() {
		k, f := r.of(name, rival), r.of(name, autoscale.Fast)
		b := f.Against.Billed
		t.Add(name, k.Peak, k.cell(), r.of(name, autoscale.Default).cell(), f.cell(),
			fmt.Sprintf("%+.1f %% (%+.1f … %+.1f)", b.Value, b.Low, b.High), cmp.Or(strings.Join(f.behind(k), "; "), "–"))
	}
	return t.markdown()
}

// summary counts.
func (r *Report) summary() string {
	t := &Table{Head: []string{"of the workloads", "`fast`", "`default`"}}
	type count struct{ cheaper, surely, waits, actions, all, calm, still, workloads int }
	var counts [2]count
	for i, policy := range []string{autoscale.Fast, autoscale.Default} {
		for _, name := range r.workloads() {
			row, k := r.of(name, policy), r.of(name, rival)
			c := &counts[i]
			c.workloads++
			add := func(n *int, yes bool) {
				if yes {
					*n++
				}
			}
			add(&c.cheaper, row.Against.Billed.Value < 0)
			add(&c.surely, row.Against.Billed.High < 0)
			add(&c.waits, len(row.worse()) == 0)
			add(&c.actions, row.Sums.Actions < k.Sums.Actions)
			add(&c.all, len(row.behind(k)) == 0)
			add(&c.calm, 2*row.Sums.Reversals <= k.Sums.Reversals)
			add(&c.still, row.Sums.Flaps == 0)
		}
	}
	line := func(what string, of func(count) int) {
		cells := []any{what}
		for _, c := range counts {
			cells = append(cells, fmt.Sprintf("%d of %d", of(c), c.workloads))
		}
		t.Add(cells...)
	}
	line("fewer GPU-seconds than Knative", func(c count) int { return c.cheaper })
	line("… and the whole interval says so", func(c count) int { return c.surely })
	line("no more requests delayed over 1, 5 and 30 s", func(c count) int { return c.waits })
	line("fewer scaling actions", func(c count) int { return c.actions })
	line("all three", func(c count) int { return c.all })
	line("at most half of Knative's reversals", func(c count) int { return c.calm })
	line("no flap", func(c count) int { return c.still })
	return t.markdown()
}

// more is what heads has no room for.
func (r *Report) more() string {
	t := &Table{Head: []string{"workload", "flaps", "reversals", "wait p99 s", "wait p99.9 s", "under capacity %", "overshoot", "settle s"}}
	for _, name := range r.workloads() {
		cell := func(of func(*Row) string) string {
			var parts []string
			for _, policy := range []string{rival, autoscale.Default, autoscale.Fast} {
				parts = append(parts, of(r.of(name, policy)))
			}
			return strings.Join(parts, " / ")
		}
		t.Add(name,
			cell(func(row *Row) string { return row.mean(row.Sums.Flaps) }),
			cell(func(row *Row) string { return row.mean(row.Sums.Reversals) }),
			cell(func(row *Row) string { return percent(row.Wait[2]) }),
			cell(func(row *Row) string { return percent(row.Wait[3]) }),
			cell(func(row *Row) string { return percent(100 * share(row.Sums.UnderFor, row.Sums.Seconds)) }),
			cell(func(row *Row) string { return fmt.Sprintf("%.2f", row.Overshoot) }),
			cell(func(row *Row) string {
				switch {
				case row.Settle > 0:
					return fmt.Sprintf("%.0f", row.Settle)
				case row.Settle < 0:
					return "never"
				}
				return "–"
			}))
	}
	return t.markdown()
}

// rest are the other baselines and the oracle.
func (r *Report) rest(others *Report) string {
	t := &Table{Head: []string{"workload", "Ray Serve", "SkyServe", "dstack", "KubeAI", "static peak", "static mean", "foresight"}}
	for _, name := range r.workloads() {
		k, mean := r.of(name, rival), others.of(name, "static-mean")
		t.Add(name, others.of(name, "rayserve").cell(), others.of(name, "skyserve").cell(), others.of(name, "dstack").cell(), others.of(name, "kubeai").cell(),
			others.of(name, "static-peak").Ratio.Value, fmt.Sprintf("%.2f; %s", mean.Ratio.Value, mean.delays()), share(k.Sums.Ahead, k.Sums.Need))
	}
	return t.markdown()
}

// grid is a table of variants by workloads.
func grid(head string, workloads []string, variants []string, cell func(variant, workload string) string) string {
	t := &Table{Head: append([]string{head}, workloads...)}
	for _, v := range variants {
		cells := []any{v}
		for _, w := range workloads {
			cells = append(cells, cell(v, w))
		}
		t.Add(cells...)
	}
	return t.markdown()
}

var explaining = []string{"m-small-11", "m-small-1", "m-small-9", "step-250", "ramp", "square-300"}

func found(names []string) ([]*Workload, error) {
	var out []*Workload
	for _, name := range names {
		w, err := Find(name)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// ablations change one option of default at a time.
func (e *Evaluation) ablations(ctx context.Context) (string, error) {
	variants := []string{
		"default", "default:low_percent=100", "default:low_percent=85", "default:low_percent=50",
		"default:down_count=-1:down_percent=10", "default:down_count=-1:down_percent=25", "default:down_count=-1",
		"default:up_percent=100", "default:up_percent=400", "default:up_percent=900", "default:up_percent=-1",
		"default:drain=20s", "default:drain=1h", "default:tick=5s", "default:tick=15s", "default:zero_hold=300s",
		"default:min_arrivals=10", "default:cancel_after=10s", "fast",
	}
	workloads, err := found(explaining)
	if err != nil {
		return "", err
	}
	report, err := e.plan(ctx, Usual(), strings.Join(variants, ","), min(3, e.Seeds), workloads...)
	if err != nil {
		return "", err
	}
	return grid("rules", explaining, variants, func(v, w string) string {
		row := report.of(w, v)
		return fmt.Sprintf("%.2f; %s/%s; %s", row.Ratio.Value, percent(row.Delayed[1].Value), percent(row.Delayed[3].Value), row.mean(row.Sums.Flaps))
	}), nil
}

// starts are other cold starts, and workers that slow down.
func (e *Evaluation) starts(ctx context.Context) (string, error) {
	names := []string{"m-small-16", "m-small-9", "step-250", "square-300"}
	t := &Table{Head: append([]string{"cold start", "policy"}, names...), Left: 2}
	for _, text := range []string{"fixed:10s", "fixed:30s", "fixed:60s", "fixed:120s", "fixed:300s", "measured", "queued", "slowdown"} {
		workloads, err := found(names)
		if err != nil {
			return "", err
		}
		o := Usual()
		label := text
		if text == "slowdown" {
			label = "uniform:30s-60s, requests slowed down by 1 % for each beside them"
			for _, w := range workloads {
				w.Service.Slowdown = .01
			}
		} else if o.ColdStart, err = ParseColdStart(text); err != nil {
			return "", err
		}
		report, err := e.plan(ctx, o, heads, min(2, e.Seeds), workloads...)
		if err != nil {
			return "", err
		}
		for _, policy := range strings.Split(heads, ",") {
			cells := []any{label, policy}
			for _, w := range names {
				cells = append(cells, report.of(w, policy).cell())
			}
			t.Add(cells...)
		}
	}
	return t.markdown(), nil
}

// faults are what goes wrong.
func (e *Evaluation) faults(ctx context.Context) (string, error) {
	names := []string{"m-small-13", "step-50", "square-300", "ramp"}
	var restarts []time.Duration
	for at := 15 * time.Minute; at < 3*24*time.Hour; at += 15 * time.Minute {
		restarts = append(restarts, at)
	}
	var lost []Span
	for at := 20 * time.Minute; at < 3*24*time.Hour; at += 20 * time.Minute {
		lost = append(lost, Span{at, at + 2*time.Minute})
	}
	t := &Table{Head: append([]string{"fault", "policy"}, names...), Left: 2}
	for _, fault := range []struct {
		name string
		Faults
	}{
		{"none", Faults{}},
		{"5 % of launches fail", Faults{LaunchFails: .05}},
		{"workers crash, on average after 30 min", Faults{CrashEvery: 30 * time.Minute}},
		{"the autoscaler restarts every 15 min", Faults{Restarts: restarts}},
		{"2 of 20 min without reports", Faults{Lost: lost}},
	} {
		workloads, err := found(names)
		if err != nil {
			return "", err
		}
		o := Usual()
		o.Faults = fault.Faults
		report, err := e.plan(ctx, o, heads, min(3, e.Seeds), workloads...)
		if err != nil {
			return "", err
		}
		for _, policy := range strings.Split(heads, ",") {
			cells := []any{fault.name, policy}
			for _, w := range names {
				row := report.of(w, policy)
				cell := row.cell()
				if s := &row.Sums; s.Lost > 0 {
					cell += fmt.Sprintf("; lost %.2f %%", 100*share(float64(s.Lost), float64(s.Requests)))
				}
				cells = append(cells, cell)
			}
			t.Add(cells...)
		}
	}
	return t.markdown(), nil
}

func (t *Table) markdown() string {
	var out strings.Builder
	_ = t.Markdown(&out) // a Builder takes everything
	return out.String()
}

// Fill replaces the sections of a document, each between <!-- eval:name --> and
// <!-- end:name -->.
func Fill(document []byte, sections []Section) ([]byte, error) {
	for _, s := range sections {
		begin, end := "<!-- eval:"+s.Name+" -->\n", "<!-- end:"+s.Name+" -->"
		head, tail, ok := bytes.Cut(document, []byte(begin))
		_, tail, ok2 := bytes.Cut(tail, []byte(end))
		if !ok || !ok2 {
			return nil, fmt.Errorf("the document has no section %s … %s", strings.TrimSpace(begin), end)
		}
		document = slices.Concat(head, []byte(begin+"\n"+s.Markdown+"\n"+end), tail)
	}
	return document, nil
}

package simulate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A Plan is what to simulate: each workload with each seed.
type Plan struct {
	Workloads  []*Workload
	Seeds      []uint64
	Contenders []Contender
	Options    Options
	Against    string // the policy that others are compared with, if it is among them
	Parallel   int    // runs at a time; 0: one for each processor
	Keep       string // folder for results of baselines; empty: none. Nothing is watched then
	Watch      func(w *Workload, seed uint64) Watch
	Progress   func(done, all int, w *Workload, seed uint64, took time.Duration)
}

// A Report is what came of a plan.
type Report struct {
	Rows    []*Row    `json:"rows"`
	Results []*Result `json:"results"`
}

// A Row is one policy on one workload, over all seeds. Intervals hold the truth in 95 of 100
// cases, by resampling blocks of time or seeds.
type Row struct {
	Workload  string                    `json:"workload"`
	Policy    string                    `json:"policy"`
	Seeds     []uint64                  `json:"seeds"`
	Options   string                    `json:"options"`
	Ratio     Interval                  `json:"gpu_ratio"`           // billed over oracle0
	Foresight Interval                  `json:"gpu_ratio_foresight"` // billed over oracleL
	Delayed   [len(Thresholds)]Interval `json:"delayed_percent"`     // over 1, 5, 10, 30, 60 s
	Against   *Comparison               `json:"against,omitempty"`
	Wait      [4]float64                `json:"wait_s"` // p50, p95, p99, p99.9
	Sums      Sums                      `json:"sums"`   // over all seeds
	Peak      int                       `json:"peak_need"`
	Overshoot float64                   `json:"overshoot"`          // worst seed
	Settle    float64                   `json:"settle_s,omitempty"` // worst seed; -1: it did not
}

// A Comparison is the difference to another policy over the same requests.
type Comparison struct {
	Policy  string                    `json:"policy"`
	Billed  Interval                  `json:"billed_percent"`        // more than it, of its bill
	Delayed [len(Thresholds)]Interval `json:"delayed_percent_point"` // more than it
}

// Run carries the plan out.
func (p *Plan) Run(ctx context.Context) (*Report, error) {
	type job struct {
		w    *Workload
		seed uint64
	}
	var jobs []job
	for _, w := range p.Workloads {
		for _, seed := range p.Seeds {
			jobs = append(jobs, job{w, seed})
		}
	}
	results, errs := make([][]*Result, len(jobs)), make([]error, len(jobs))
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		done  int
		next  = make(chan int)
	)
	for range cmp.Or(p.Parallel, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := range next {
				begin := time.Now()
				var watch Watch
				if p.Watch != nil {
					watch = p.Watch(jobs[i].w, jobs[i].seed)
				}
				if p.Keep != "" {
					results[i], errs[i] = keep(p.Keep).run(jobs[i].w, jobs[i].seed, p.Contenders, p.Options)
				} else {
					results[i], errs[i] = Run(jobs[i].w, jobs[i].seed, p.Contenders, p.Options, watch)
				}
				lock.Lock()
				done++
				if p.Progress != nil {
					p.Progress(done, len(jobs), jobs[i].w, jobs[i].seed, time.Since(begin))
				}
				lock.Unlock()
			}
		})
	}
	for i := range jobs {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := &Report{}
	for i := range jobs {
		if errs[i] != nil {
			return nil, errs[i]
		}
		out.Results = append(out.Results, results[i]...)
	}
	for i, w := range p.Workloads {
		out.Rows = append(out.Rows, p.rows(w, results[i*len(p.Seeds):(i+1)*len(p.Seeds)])...)
	}
	return out, nil
}

// rows sums up the seeds of one workload.
func (p *Plan) rows(w *Workload, seeds [][]*Result) []*Row {
	units := make([][]*Sums, len(p.Contenders))
	rows := make([]*Row, len(p.Contenders))
	for c := range p.Contenders {
		row := &Row{Workload: w.Name, Policy: p.Contenders[c].Name, Seeds: p.Seeds, Options: p.Options.ColdStart.String() + " " + w.Service.String()}
		for _, results := range seeds {
			r := results[c]
			for b := range r.Blocks {
				if r.Blocks[b].Seconds > 0 {
					units[c] = append(units[c], &r.Blocks[b])
				}
			}
			row.Sums.Add(&r.All, 1)
			for i, n := range r.All.Waits {
				row.Sums.Waits[i] += n
			}
			row.Peak = max(row.Peak, r.Peak)
			row.Overshoot = max(row.Overshoot, r.Overshoot())
			for _, s := range r.Settles {
				if s < 0 || row.Settle < 0 {
					row.Settle = -1
				} else {
					row.Settle = max(row.Settle, s.Seconds())
				}
			}
		}
		for i, q := range []float64{.5, .95, .99, .999} {
			row.Wait[i] = row.Sums.Wait(q).Seconds()
		}
		rows[c] = row
	}
	against := slices.IndexFunc(p.Contenders, func(c Contender) bool { return c.Name == p.Against })
	for c, row := range rows {
		other := c
		if against >= 0 {
			other = against
		}
		estimate(row, w.Name, units[c], units[other])
		if against >= 0 && c != against {
			row.Against.Policy = p.Against
		} else {
			row.Against = nil
		}
	}
	return rows
}

// estimate resamples all figures of a row at once: the same blocks for every policy.
func estimate(row *Row, workload string, mine, other []*Sums) {
	const figures = 3 + 2*len(Thresholds)
	figure := make([]Interval, figures)
	draws := make([][]float64, figures)
	of := func(weight []int) (out [figures]float64) {
		var a, b Sums
		for i, n := range weight {
			if n > 0 {
				a.Add(mine[i], n)
				b.Add(other[i], n)
			}
		}
		out[0], out[1], out[2] = a.Ratio(), share(a.Billed, a.Ahead), 100*(share(a.Billed, b.Billed)-1)
		for t := range Thresholds {
			out[3+2*t], out[4+2*t] = a.Delayed(t), a.Delayed(t)-b.Delayed(t)
		}
		return out
	}
	first := true
	Bootstrap(len(mine), NewRandom(0, "bootstrap "+workload), func(weight []int) float64 {
		values := of(weight)
		for i, v := range values {
			if first {
				figure[i] = Interval{v, v, v}
			} else {
				draws[i] = append(draws[i], v)
			}
		}
		first = false
		return 0
	})
	for i, d := range draws {
		if len(d) > 0 {
			slices.Sort(d)
			figure[i].Low, figure[i].High = d[len(d)*25/1000], d[len(d)*975/1000-1]
		}
	}
	row.Ratio, row.Foresight = figure[0], figure[1]
	row.Against = &Comparison{Billed: figure[2]}
	for t := range Thresholds {
		row.Delayed[t], row.Against.Delayed[t] = figure[3+2*t], figure[4+2*t]
	}
}

// Table is the rows for people: counts are of one seed, in the mean.
func (r *Report) Table() *Table {
	t := &Table{
		Left: 2,
		Head: []string{"workload", "policy", "GPU ratio", "95 %", "/foresight", ">1 s %", ">5 s %", ">10 s %", ">30 s %", ">60 s %", "p99 s", "p99.9 s", "under %", "cold %", "actions", "reversals", "flaps", "overshoot"},
	}
	for _, row := range r.Rows {
		seeds := float64(len(row.Seeds))
		s := &row.Sums
		mean := func(n int) string { return fmt.Sprintf("%.4g", float64(n)/seeds) }
		t.Add(row.Workload, row.Policy, row.Ratio.Value, fmt.Sprintf("%.2f-%.2f", row.Ratio.Low, row.Ratio.High), row.Foresight.Value,
			row.Delayed[0].Value, row.Delayed[1].Value, row.Delayed[2].Value, row.Delayed[3].Value, row.Delayed[4].Value,
			row.Wait[2], row.Wait[3], 100*share(s.UnderFor, s.Seconds), 100*share(float64(s.ColdHits), float64(s.Requests)),
			mean(s.Actions), mean(s.Reversals), mean(s.Flaps), row.Overshoot)
	}
	return t
}

// Full is every figure of every row, for programs. Counts are sums over all seeds.
func (r *Report) Full() *Table {
	t := &Table{Head: []string{"workload", "policy", "seeds", "options", "gpu_ratio", "gpu_ratio_low", "gpu_ratio_high", "foresight_ratio"}}
	for _, limit := range Thresholds {
		over := fmt.Sprintf("delayed_%.0fs_percent", limit.Seconds())
		t.Head = append(t.Head, over, over+"_low", over+"_high")
	}
	t.Head = append(t.Head, "wait_p50_s", "wait_p95_s", "wait_p99_s", "wait_p999_s", "seconds", "billed_worker_seconds", "oracle0_worker_seconds", "oracle_l_worker_seconds",
		"requests", "dropped", "cold_hits", "from_zero", "under_capacity_seconds", "under_capacity_worker_seconds", "actions", "reversals", "flaps", "lost_requests",
		"peak_need", "overshoot", "settle_s", "against", "billed_against_percent", "billed_against_low", "billed_against_high")
	for _, row := range r.Rows {
		s := &row.Sums
		cells := []any{row.Workload, row.Policy, seedsOf(row.Seeds), row.Options, exact(row.Ratio.Value), exact(row.Ratio.Low), exact(row.Ratio.High), exact(row.Foresight.Value)}
		for _, d := range row.Delayed {
			cells = append(cells, exact(d.Value), exact(d.Low), exact(d.High))
		}
		for _, wait := range row.Wait {
			cells = append(cells, exact(wait))
		}
		cells = append(cells, exact(s.Seconds), exact(s.Billed), exact(s.Need), exact(s.Ahead), s.Requests, s.Dropped, s.ColdHits, s.FromZero,
			exact(s.UnderFor), exact(s.Under), s.Actions, s.Reversals, s.Flaps, s.Lost, row.Peak, exact(row.Overshoot), exact(row.Settle))
		if a := row.Against; a != nil {
			cells = append(cells, a.Policy, exact(a.Billed.Value), exact(a.Billed.Low), exact(a.Billed.High))
		} else {
			cells = append(cells, "", "", "", "")
		}
		t.Add(cells...)
	}
	return t
}

// exact is a figure with six digits that count.
func exact(v float64) string { return fmt.Sprintf("%.6g", v) }

func seedsOf(seeds []uint64) string {
	if len(seeds) == 1 {
		return fmt.Sprint(seeds[0])
	}
	return fmt.Sprintf("%d-%d", seeds[0], seeds[len(seeds)-1])
}

// Formats of a report.
var ReportFormats = []string{"text", "markdown", "csv", "json"}

// Write writes the report in one of ReportFormats.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	case "markdown":
		return r.Table().Markdown(w)
	case "csv":
		return r.Full().CSV(w)
	}
	return r.Table().Text(w)
}

// PlotOf shows the policies of one workload and seed, as far as their timelines were kept.
func PlotOf(results []*Result) *Plot {
	load, workers := Panel{Label: "requests"}, Panel{Label: "workers"}
	need := Line{Name: "needed", Period: 1}
	for i, r := range results {
		if i == 0 {
			offered := Line{Name: "in service if workers were without number", Period: 1}
			for s := range r.Offered.PerSecond {
				offered.Values = append(offered.Values, float64(r.Offered.PerSecond[s]))
				need.Values = append(need.Values, float64(r.Offered.need(s)))
			}
			load.Lines = append(load.Lines, offered)
		}
		load.Lines = append(load.Lines, Line{Name: "waiting, " + r.Policy, Period: 1, Values: r.Line.Queued})
		workers.Lines = append(workers.Lines, Line{Name: r.Policy, Period: 1, Values: r.Line.Total})
	}
	workers.Lines = append([]Line{need}, workers.Lines...)
	return &Plot{Title: fmt.Sprintf("%s, seed %d (simulated)", results[0].Workload, results[0].Seed), Panels: []Panel{load, workers}}
}

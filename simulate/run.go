package simulate

import (
	"slices"
	"time"
)

// A Result is what one policy did to one workload with one seed.
type Result struct {
	Workload string          `json:"workload"`
	Policy   string          `json:"policy"`
	Seed     uint64          `json:"seed"`
	Blocks   []Sums          `json:"-"`
	All      Sums            `json:"sums"`
	Peak     int             `json:"peak_need"`
	Most     int             `json:"most_workers"`
	Settles  []time.Duration `json:"settle_ns,omitempty"`
	Line     *Timeline       `json:"-"`
	Offered  *Offered        `json:"-"`
}

// Overshoot is the most workers over the most that were needed.
func (r *Result) Overshoot() float64 { return share(float64(r.Most), float64(r.Peak)) }

// A Watch is what else a run should give.
type Watch struct {
	Log  func(Decision) // each change of the number of workers, in order of time for each policy
	Line bool           // timelines, for a plot
}

// Run lets policies serve the same requests of one seed, each in a world of its own.
func Run(w *Workload, seed uint64, contenders []Contender, o Options, watch Watch) ([]*Result, error) {
	in, err := w.arrivals(seed)
	if err != nil {
		return nil, err
	}
	seconds := int(in.from.Span() / int64(time.Second))
	setting := Setting{Target: w.Target, Active: w.Active, Max: w.Max, Service: w.Service.Mean, Known: o.Known}
	if setting.Service == 0 || slices.ContainsFunc(contenders, func(c Contender) bool { return c.initial != nil }) {
		all, err := offer(w, seed) // what these know beforehand
		if err != nil {
			return nil, err
		}
		setting.Service, setting.Peak, setting.Need = all.Service(), all.Peak(), all.Need()
	}
	offered := newOffered(w)
	requests, until := in.Next()
	offered.take(requests, until)
	worlds := make([]*world, len(contenders))
	for i, c := range contenders {
		policy, initial := c.make(setting), min(max(w.Active, offered.First()), w.Max)
		if c.initial != nil {
			initial = c.initial(setting)
		}
		if k, ok := policy.(*Kelvin); ok {
			k.explain = watch.Log != nil
		}
		worlds[i] = newWorld(w, o, offered, seconds, seed, policy, c.habits, initial)
		if watch.Log != nil {
			worlds[i].log = func(d Decision) {
				d.Workload, d.Policy, d.Seed = w.Name, c.Name, seed
				watch.Log(d)
			}
		}
		if watch.Line {
			worlds[i].line = &Timeline{}
		}
	}
	for {
		for _, world := range worlds {
			world.run(requests, until)
		}
		if in.over() {
			break
		}
		requests, until = in.Next()
		offered.take(requests, until)
	}
	out := make([]*Result, len(worlds))
	for i, world := range worlds {
		world.finish()
		ahead := offered.ahead(o.ColdStart.Mean(), len(world.blocks), func(s int) int {
			return min(len(world.blocks)-1, int(int64(s)*int64(time.Second)/world.block))
		})
		r := &Result{
			Workload: w.Name, Policy: contenders[i].Name, Seed: seed, Blocks: world.blocks, Peak: offered.peakNeed(),
			Most: world.most, Settles: world.settles, Line: world.line, Offered: offered,
		}
		for b := range r.Blocks {
			r.Blocks[b].Ahead = r.Blocks[b].Need + ahead[b]
			r.All.Add(&r.Blocks[b], 1)
			for i, n := range r.Blocks[b].Waits {
				r.All.Waits[i] += n
			}
		}
		out[i] = r
	}
	return out, nil
}

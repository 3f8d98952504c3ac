package simulate

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A SpotTrace is how many spot machines there were in each of some pools, over time.
type SpotTrace struct {
	Name  string
	Pools []SpotPool
}

// A SpotPool is one pool of a trace.
type SpotPool struct {
	Name string
	Runs []SpotRun // one after the other, from 0
}

// A SpotRun is a time in which the capacity of a pool did not change, in seconds.
type SpotRun struct {
	From, To int
	Capacity int
}

// manyMachines is the capacity of a pool of which a trace says only that there was some.
const manyMachines = 1 << 20

// longestTrace is how long a trace may be, in seconds: a year.
const longestTrace = 366 * 86400

// End is when a pool's trace ends.
func (p SpotPool) End() int {
	if len(p.Runs) == 0 {
		return 0
	}
	return p.Runs[len(p.Runs)-1].To
}

// Peak is the largest capacity.
func (p SpotPool) Peak() (most int) {
	for _, r := range p.Runs {
		most = max(most, r.Capacity)
	}
	return most
}

// Length is how long all pools have data.
func (t SpotTrace) Length() int {
	if len(t.Pools) == 0 {
		return 0
	}
	least := t.Pools[0].End()
	for _, p := range t.Pools {
		least = min(least, p.End())
	}
	return least
}

// series is the capacity of every second before end.
func (p SpotPool) series(end int) []int32 {
	out := make([]int32, end)
	for _, r := range p.Runs {
		for s := r.From; s < min(r.To, end); s++ {
			out[s] = int32(min(r.Capacity, manyMachines))
		}
	}
	return out
}

// Since is the pool from a moment on.
func (p SpotPool) Since(at int) SpotPool {
	out := SpotPool{Name: p.Name}
	for _, r := range p.Runs {
		if r.To > at {
			out.Runs = append(out.Runs, SpotRun{max(0, r.From-at), r.To - at, r.Capacity})
		}
	}
	return out
}

// Scaled is the pool with the peak set to n, rounded down.
func (p SpotPool) Scaled(n int) SpotPool {
	peak := max(1, p.Peak())
	out := SpotPool{Name: p.Name, Runs: slices.Clone(p.Runs)}
	for i := range out.Runs {
		out.Runs[i].Capacity = out.Runs[i].Capacity * n / peak
	}
	return out
}

// FromHalf is the pool from when it first has half of its peak: a cluster that is still being
// built says nothing of spot.
func (p SpotPool) FromHalf() SpotPool {
	peak := p.Peak()
	for _, r := range p.Runs {
		if 2*r.Capacity >= peak {
			return p.Since(r.From)
		}
	}
	return p
}

// Shifted is the pool turned by a time, cyclically.
func (p SpotPool) Shifted(by int, name string) SpotPool {
	end := p.End()
	out := SpotPool{Name: name, Runs: p.Since(by).Runs}
	for _, r := range p.Runs {
		if r.From < by {
			out.Runs = append(out.Runs, SpotRun{r.From + end - by, min(r.To, by) + end - by, r.Capacity})
		}
	}
	return out
}

// Faster is the pool with its time divided: twice as fast is twice as many preemptions.
func (p SpotPool) Faster(times, over int) SpotPool {
	out := SpotPool{Name: p.Name}
	at := 0
	for _, r := range p.Runs {
		to := r.To * over / times
		if to > at {
			out.Runs = append(out.Runs, SpotRun{at, to, r.Capacity})
			at = to
		}
	}
	return out
}

// ReadCapacity reads runs of capacity, "set,pool,start_s,end_s,capacity": one trace for each
// set.
func ReadCapacity(r io.Reader) ([]SpotTrace, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read capacity: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != "set,pool,start_s,end_s,capacity" {
		return nil, errors.New("read capacity: the first line must be set,pool,start_s,end_s,capacity")
	}
	var all []SpotTrace
	for i, row := range rows[1:] {
		var run SpotRun
		for j, into := range []*int{&run.From, &run.To, &run.Capacity} {
			if *into, err = strconv.Atoi(row[2+j]); err != nil || *into < 0 {
				return nil, fmt.Errorf("read capacity: line %d: %q is not a number of at least 0", i+2, row[2+j])
			}
		}
		t := slices.IndexFunc(all, func(t SpotTrace) bool { return t.Name == row[0] })
		if t < 0 {
			t, all = len(all), append(all, SpotTrace{Name: row[0]})
		}
		pools := &all[t].Pools
		p := slices.IndexFunc(*pools, func(p SpotPool) bool { return p.Name == row[1] })
		if p < 0 {
			p, *pools = len(*pools), append(*pools, SpotPool{Name: row[1]})
		}
		pool := &(*pools)[p]
		if run.From != pool.End() || run.To <= run.From || run.To > longestTrace {
			return nil, fmt.Errorf("read capacity: line %d: the run does not begin where the one before it ends, or ends after a year", i+2)
		}
		pool.Runs = append(pool.Runs, run)
	}
	return all, nil
}

// ReadAvailability reads a directory with one file for each pool,
// {"metadata":{"gap_seconds":G},"data":[n,...]}. Where unlimited is set, every sample above
// 0 stands for as many machines as anybody wants: so it is with probes for one machine.
func ReadAvailability(dir string, unlimited bool) (SpotTrace, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return SpotTrace{}, fmt.Errorf("no *.json in %s", dir)
	}
	slices.Sort(files)
	t := SpotTrace{Name: filepath.Base(dir)}
	for _, file := range files {
		pool, err := readAvailability(file, unlimited)
		if err != nil {
			return SpotTrace{}, fmt.Errorf("read %s: %w", file, err)
		}
		t.Pools = append(t.Pools, pool)
	}
	return t, nil
}

func readAvailability(file string, unlimited bool) (SpotPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return SpotPool{}, err
	}
	var in struct {
		Metadata struct {
			Gap int `json:"gap_seconds"`
		} `json:"metadata"`
		Data []int `json:"data"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return SpotPool{}, err
	}
	if in.Metadata.Gap <= 0 || len(in.Data) == 0 || in.Metadata.Gap > longestTrace/len(in.Data) {
		return SpotPool{}, errors.New("it needs gap_seconds above 0 and data, of a year at most")
	}
	pool := SpotPool{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
	for i, n := range in.Data {
		if n < 0 {
			return SpotPool{}, fmt.Errorf("sample %d is negative", i)
		}
		if unlimited && n > 0 {
			n = manyMachines
		}
		if last := len(pool.Runs) - 1; last >= 0 && pool.Runs[last].Capacity == n {
			pool.Runs[last].To += in.Metadata.Gap
			continue
		}
		pool.Runs = append(pool.Runs, SpotRun{i * in.Metadata.Gap, (i + 1) * in.Metadata.Gap, n})
	}
	return pool, nil
}

// BambooPools are the pools of the Bamboo runs for a small fleet: the runs of three types of
// machine at once, each from half its peak, and with the peak set to n. With nine, each is
// there three times, shifted.
func BambooPools(all []SpotTrace, n, pools int) (SpotTrace, error) {
	var base []SpotPool
	for _, name := range []string{"bamboo-p3", "bamboo-g4dn", "bamboo-gcp-a100"} {
		t := slices.IndexFunc(all, func(t SpotTrace) bool { return t.Name == name })
		if t < 0 {
			return SpotTrace{}, fmt.Errorf("the traces have no %s", name)
		}
		base = append(base, all[t].Pools[0].FromHalf().Scaled(n))
	}
	length := SpotTrace{Pools: base}.Length()
	out := SpotTrace{Name: fmt.Sprintf("bamboo-%d", pools)}
	for i := range pools {
		p := base[i%3]
		p.Runs = slices.Clone(p.Runs)
		for j := range p.Runs {
			p.Runs[j].To = min(p.Runs[j].To, length)
		}
		p.Runs = slices.DeleteFunc(p.Runs, func(r SpotRun) bool { return r.From >= length })
		if turn := i / 3; turn > 0 {
			p = p.Shifted(turn*length/3, fmt.Sprintf("%s-%d", p.Name, turn))
		}
		out.Pools = append(out.Pools, p)
	}
	return out, nil
}

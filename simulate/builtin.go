package simulate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The usual endpoint: 100 requests at once per worker.
func endpoint(name, title string, service Service) *Workload {
	return &Workload{
		Name: name, Title: title, Target: fleet.DefaultConcurrency, Limit: fleet.DefaultConcurrency, Active: 1, Max: 1000,
		Service: service, Warm: 10 * time.Minute,
	}
}

// Workloads are those that come along: A are recorded requests, B one client of a recorded
// service each, C generated, D like B with one request per GPU.
func Workloads() []*Workload { return slices.Clone(builtin()) }

// Find gives a workload that comes along.
func Find(name string) (*Workload, error) {
	all := builtin()
	if i := slices.IndexFunc(all, func(w *Workload) bool { return w.Name == name }); i >= 0 {
		w := *all[i]
		return &w, nil
	}
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.Name
	}
	return nil, fleet.Errorf(fleet.Invalid, "workload %q: it must be a file, or one of %s", name, strings.Join(names, ", "))
}

var builtin = sync.OnceValue(func() []*Workload {
	out := []*Workload{azure("azure", Exponential(10*time.Second)), azure("azure-tokens", Tokens(500*time.Millisecond, 40*time.Millisecond)), mooncake()}
	for _, c := range clients {
		out = append(out, c.workload(1))
	}
	out = append(out, shapes()...)
	for _, c := range clients {
		out = append(out, c.workload(50))
	}
	return out
})

const copies = 20

func azure(name string, service Service) *Workload {
	w := endpoint(name, fmt.Sprintf("Azure LLM 2023, code and conversation, %d shifted copies", copies), service)
	w.Block = 10 * time.Minute
	w.Open = func(seed uint64) (Arrivals, error) {
		var parts [][]Request
		for _, kind := range []string{"code", "conv"} {
			r, err := included("azure_llm_2023/AzureLLMInferenceTrace_" + kind + ".csv.gz")
			if err != nil {
				return nil, err
			}
			requests, err := readAzure(r)
			if err != nil {
				return nil, err
			}
			parts = append(parts, requests)
		}
		span := int64(time.Hour)
		return &recording{requests: overlay(parts, copies, span, 0, NewRandom(seed, name)), span: span}, nil
	}
	return w
}

func mooncake() *Workload {
	w := endpoint("mooncake", fmt.Sprintf("Mooncake conversations, %d shifted copies", copies), Exponential(20*time.Second))
	w.Block = 10 * time.Minute
	w.Open = func(seed uint64) (Arrivals, error) {
		r, err := included("mooncake/conversation_trace.csv.gz")
		if err != nil {
			return nil, err
		}
		requests, err := readMooncake(r)
		if err != nil {
			return nil, err
		}
		span := int64(time.Hour)
		return &recording{requests: overlay([][]Request{requests}, copies, span, mooncakeGrain, NewRandom(seed, w.Name)), span: span}, nil
	}
	return w
}

// A client is one of those of ServeGen's m-small, over some days.
type client struct {
	id, from, to int
	title        string
}

var clients = []client{
	{26, 0, 3, "smooth, with a daily swing"},
	{18, 0, 3, "very smooth"},
	{11, 0, 3, "bursty"},
	{29, 0, 3, "low at night"},
	{13, 0, 3, "on and off in long blocks"},
	{30, 7, 12, "rarely used, to zero"},
	{9, 4, 9, "sparse bursts, to zero"},
	{1, 0, 3, "extreme bursts"},
	{16, 8, 11, "low, with rare surges"},
}

var mSmall = sync.OnceValues(func() (map[int][]rate, error) {
	r, err := included("servegen/language-m-small-clients.csv.gz")
	if err != nil {
		return nil, err
	}
	return readServeGen(r)
})

// workload is the client as an endpoint. A divisor above 1 makes it one request per GPU, at
// rates so much lower.
func (c client) workload(divisor int) *Workload {
	w := endpoint(fmt.Sprintf("m-small-%d", c.id), fmt.Sprintf("ServeGen m-small client %d, days %d-%d: %s", c.id, c.from, c.to, c.title), Exponential(20*time.Second))
	w.Active, w.Block = 0, 24*time.Hour
	if divisor > 1 {
		w.Name += "-gpu"
		w.Title += fmt.Sprintf(", 1/%d of the rate, one request per GPU", divisor)
		w.Target, w.Limit = 1, 1
	}
	w.Open = func(seed uint64) (Arrivals, error) {
		all, err := mSmall()
		if err != nil {
			return nil, err
		}
		windows, err := pick(all, c.id, c.from, c.to, 1/float64(divisor))
		if err != nil {
			return nil, err
		}
		return &renewal{windows: windows, span: int64(c.to-c.from) * int64(24*time.Hour), random: NewRandom(seed, w.Name)}, nil
	}
	return w
}

// shapes are the generated workloads.
func shapes() []*Workload {
	const min = time.Minute
	square := func(period time.Duration) []Phase {
		return repeat(int(2*time.Hour/period), flat(period/2, 10), flat(period/2, 60))
	}
	out := []*Workload{
		shape("constant", "20 requests per second", nil, flat(2*time.Hour, 20)),
		shape("step-250", "5, 250 and 5 requests per second", []time.Duration{40 * min}, flat(20*min, 5), flat(20*min, 250), flat(80*min, 5)),
		shape("step-50", "5, 50 and 5 requests per second", []time.Duration{40 * min}, flat(20*min, 5), flat(20*min, 50), flat(80*min, 5)),
		shape("ramp", "5 requests per second, to 100 in 20 minutes", nil, flat(20*min, 5), Phase{20 * min, 5, 100}, flat(20*min, 100)),
	}
	for _, period := range []time.Duration{2 * min, 5 * min, 10 * min} {
		out = append(out, shape(fmt.Sprintf("square-%d", int(period.Seconds())), fmt.Sprintf("10 and 60 requests per second, %s each", period/2), nil, square(period)...))
	}
	return append(out, shape("impulse", "10 requests per second, and 3,000 in 10 s", []time.Duration{30*min + 10*time.Second},
		flat(30*min, 10), flat(10*time.Second, 300), flat(30*min-10*time.Second, 10)))
}

func shape(name, title string, steps []time.Duration, phases ...Phase) *Workload {
	w := endpoint(name, title, Exponential(20*time.Second))
	w.Steps = steps
	w.Open = func(seed uint64) (Arrivals, error) {
		return &recording{requests: generate(phases, NewRandom(seed, name)), span: spanOf(phases)}, nil
	}
	return w
}

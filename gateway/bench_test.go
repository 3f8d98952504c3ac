package gateway

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const benchConcurrency = 64

// BenchmarkProxy compares, over real sockets and with 64 requests at a time: the worker
// asked directly, through a bare httputil.ReverseProxy, through one with our buffer pool,
// and through the gateway. All use a transport with our settings: the default one keeps two
// connections to a host.
func BenchmarkProxy(b *testing.B) {
	targets := mustTargets(b)
	for _, name := range []string{"direct", "reverseproxy", "pooled", "kelvin"} {
		b.Run(name, func(b *testing.B) {
			load := newLoad(targets[name])
			load.run(b, 2000)
			b.ResetTimer()
			took := load.run(b, b.N)
			b.StopTimer()
			b.ReportMetric(took.rate(), "req/s")
			b.ReportMetric(took.percentile(50), "p50-ms")
			b.ReportMetric(took.percentile(99), "p99-ms")
		})
	}
}

// BenchmarkOverhead runs the gateway and another proxy in turns, so that both meet the same
// noise, and reports the medians over the rounds of their ratio in throughput (above 1: the
// gateway is faster) and of the difference in p99.
func BenchmarkOverhead(b *testing.B) {
	targets := mustTargets(b)
	for _, name := range []string{"reverseproxy", "pooled"} {
		b.Run(name, func(b *testing.B) {
			loads := [2]*load{newLoad(targets[name]), newLoad(targets["kelvin"])}
			const each = 1000
			for _, l := range loads {
				l.run(b, each)
			}
			var ratios, added, cpu []float64
			b.ResetTimer()
			for round := 0; b.Loop(); round++ {
				var took [2]latencies
				for i := range loads {
					i = (i + round) % 2 // who begins alternates
					took[i] = loads[i].run(b, each)
				}
				ratios = append(ratios, took[1].rate()/took[0].rate())
				cpu = append(cpu, float64(took[1].cpu)/float64(took[0].cpu))
				added = append(added, took[1].percentile(99)-took[0].percentile(99))
			}
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(median(cpu), "cpu-ratio")
			b.ReportMetric(median(added), "added-p99-ms")
			b.ReportMetric(float64(len(ratios)), "rounds")
		})
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// mustTargets starts a worker and the proxies before it, and returns their URLs.
func mustTargets(b *testing.B) map[string]string {
	b.Helper()
	body := make([]byte, 512)
	worker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(body)
	}))
	b.Cleanup(worker.Close)
	target, err := url.Parse(worker.URL)
	require.NoError(b, err)

	g, err := New(Config{DataCenter: "us-east"})
	require.NoError(b, err)
	g.Apply(fleet.Routes{Version: 1, Endpoints: []fleet.EndpointRoute{{
		EndpointID: "ep_bench", Open: true, Workers: []fleet.WorkerRoute{{InstanceID: "ins_1", Address: target.Host}},
	}}})

	urls := map[string]string{"direct": worker.URL}
	rewrite := func(p *httputil.ProxyRequest) { p.SetURL(target); p.SetXForwarded() }
	for name, handler := range map[string]http.Handler{
		"reverseproxy": &httputil.ReverseProxy{Rewrite: rewrite, Transport: newTransport(g.options)},
		"pooled":       &httputil.ReverseProxy{Rewrite: rewrite, Transport: newTransport(g.options), BufferPool: largeBuffers},
		"kelvin":       g.Handler(),
	} {
		server := httptest.NewServer(handler)
		b.Cleanup(server.Close)
		urls[name] = server.URL
	}
	return urls
}

// A load asks one URL, over connections that it keeps.
type load struct {
	url    string
	host   string // empty: that of the benchmarks' endpoint
	client *http.Client
}

func newLoad(url string) *load {
	return &load{url: url, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: benchConcurrency, DialContext: (&net.Dialer{}).DialContext,
	}}}
}

type latencies struct {
	sorted []time.Duration
	wall   time.Duration
	cpu    time.Duration // of this process: clients, proxy and worker
}

func (l latencies) rate() float64 { return float64(len(l.sorted)) / l.wall.Seconds() }

func (l latencies) percentile(p int) float64 {
	return l.sorted[(len(l.sorted)-1)*p/100].Seconds() * 1000
}

// run makes n requests, 64 at a time.
func (l *load) run(b *testing.B, n int) latencies {
	b.Helper()
	all := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	begin, cpu := time.Now(), cpuTime()
	for range benchConcurrency {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(n) {
					return
				}
				start := time.Now()
				if err := l.ask(); err != nil {
					failed.Store(&err)
					return
				}
				all[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	wall, cpu := time.Since(begin), cpuTime()-cpu
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	slices.Sort(all)
	return latencies{all, wall, cpu}
}

func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func (l *load) ask() error {
	req, err := http.NewRequest(http.MethodGet, l.url, nil)
	if err != nil {
		return err
	}
	req.Host = cmp.Or(l.host, "ep-bench.us-east.localhost:8080")
	res, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", res.StatusCode)
	}
	return nil
}

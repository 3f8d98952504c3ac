package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// besideFor, in the environment of a test binary, makes it what besideAs says: a "worker", or
// a bare "reverseproxy" before the worker at that address.
const (
	besideFor = "KELVIN_TEST_BESIDE_FOR"
	besideAs  = "KELVIN_TEST_BESIDE_AS"
)

// serveBeside prints its address, and serves until its input ends.
func serveBeside(worker, as string) error {
	var handler http.Handler
	switch as {
	case "worker":
		body := bytes.Repeat([]byte("x"), 512)
		handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(body)
		})
	case "reverseproxy":
		target, err := url.Parse("http://" + worker)
		if err != nil {
			return err
		}
		// The default transport keeps two connections to a host: it would lose by that.
		handler = &httputil.ReverseProxy{
			Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target); p.SetXForwarded() },
			Transport: newTransport(Options{}.withDefaults()),
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := http.Server{Handler: handler}
	go func() { _ = server.Serve(ln) }()
	fmt.Println(ln.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// mustChild starts this test binary as something else, and returns its address.
func mustChild(b *testing.B, env ...string) (address string, pid int) {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	child := exec.CommandContext(b.Context(), self)
	child.Env = append(os.Environ(), env...)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	require.NoError(b, err)
	out, err := child.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, child.Start())
	b.Cleanup(func() {
		_ = in.Close()
		_ = child.Wait()
	})
	lines := bufio.NewScanner(out)
	require.True(b, lines.Scan())
	return lines.Text(), child.Process.Pid
}

// mustCaddy starts Caddy before the worker; "" if there is none here.
func mustCaddy(b *testing.B, worker string) (address string, pid int) {
	b.Helper()
	program, err := exec.LookPath("caddy")
	if err != nil {
		b.Log("caddy is not installed (deploy/setup/caddy.sh): it is left out")
		return "", 0
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	address = ln.Addr().String()
	require.NoError(b, ln.Close())
	home := b.TempDir()
	file := home + "/Caddyfile"
	require.NoError(b, os.WriteFile(file, []byte(fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://%s {\n\tbind 127.0.0.1\n\treverse_proxy %s\n}\n", ":"+address[strings.LastIndex(address, ":")+1:], worker)), 0o600))
	caddy := exec.CommandContext(b.Context(), program, "run", "--adapter", "caddyfile", "--config", file)
	caddy.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
	var said bytes.Buffer
	caddy.Stderr = &said
	require.NoError(b, caddy.Start())
	b.Cleanup(func() {
		_ = caddy.Process.Signal(os.Interrupt)
		_ = caddy.Wait()
	})
	require.Eventually(b, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond, "%s", &said)
	return address, caddy.Process.Pid
}

// A contender is a way to the worker.
type contender struct {
	name     string
	pid      int
	load     *load
	rates    []float64
	cpu      []float64 // of its process, microseconds a request
	p50, p99 []float64 // under full load, ms
	paced99  []float64 // at a pace that leaves cores idle, ms
	paced50  []float64
}

// BenchmarkBeside runs the gateway beside a bare httputil.ReverseProxy and Caddy, each in a
// process of its own, before the same worker. They take turns, so that all meet the same
// noise, and medians over the rounds are reported: requests a second and latencies with 64
// requests at a time, and latencies at pace requests a second, "direct" being the worker
// itself. By CPU means by the time that the proxies' processes used, which others on the
// machine disturb less. The load average is that when it began.
func BenchmarkBeside(b *testing.B) {
	const each, pace, paced = 4000, 200, 400
	busy := loadAverage()
	worker, workerPID := mustChild(b, besideFor+"=-", besideAs+"=worker")
	contenders := []*contender{{name: "direct", pid: workerPID, load: newLoad("http://" + worker)}}
	before := func(name, address string, pid int) {
		contenders = append(contenders, &contender{name: name, pid: pid, load: newLoad("http://" + address)})
	}
	address, pid := mustChild(b, besideFor+"="+worker, besideAs+"=reverseproxy")
	before("reverseproxy", address, pid)
	address, pid = mustChild(b, gatewayFor+"="+worker)
	before("kelvin", address, pid)
	if address, pid := mustCaddy(b, worker); address != "" {
		before("caddy", address, pid)
	}
	for _, c := range contenders {
		c.load.host = testHost
		c.load.run(b, each/4)
	}
	b.ResetTimer()
	for round := 0; b.Loop(); round++ {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)]
			cpu := cpuOf(b, c.pid)
			took := c.load.run(b, each)
			c.cpu = append(c.cpu, (cpuOf(b, c.pid)-cpu).Seconds()*1e6/each)
			c.rates = append(c.rates, took.rate())
			c.p50, c.p99 = append(c.p50, took.percentile(50)), append(c.p99, took.percentile(99))
			took = c.load.paced(b, paced, pace)
			c.paced50, c.paced99 = append(c.paced50, took.percentile(50)), append(c.paced99, took.percentile(99))
		}
	}
	b.StopTimer()
	by := map[string]*contender{}
	for _, c := range contenders {
		by[c.name] = c
		b.ReportMetric(median(slices.Clone(c.rates)), c.name+"-req/s")
		b.ReportMetric(median(slices.Clone(c.cpu)), c.name+"-cpu-us/req")
		b.ReportMetric(median(slices.Clone(c.p50)), c.name+"-p50-ms")
		b.ReportMetric(median(slices.Clone(c.p99)), c.name+"-p99-ms")
		b.ReportMetric(median(slices.Clone(c.paced50)), c.name+"-paced-p50-ms")
		b.ReportMetric(median(slices.Clone(c.paced99)), c.name+"-paced-p99-ms")
	}
	b.ReportMetric(medianOf(by["kelvin"].rates, by["reverseproxy"].rates, ratio), "of-reverseproxy")
	b.ReportMetric(medianOf(by["reverseproxy"].cpu, by["kelvin"].cpu, ratio), "of-reverseproxy-by-cpu")
	b.ReportMetric(medianOf(by["kelvin"].paced99, by["direct"].paced99, difference), "added-p99-ms")
	if by["caddy"] != nil {
		b.ReportMetric(medianOf(by["kelvin"].rates, by["caddy"].rates, ratio), "of-caddy")
		b.ReportMetric(medianOf(by["caddy"].cpu, by["kelvin"].cpu, ratio), "of-caddy-by-cpu")
	}
	b.ReportMetric(busy, "load-average")
}

// cpuOf is the time that a process has used. The kernel counts it in hundredths of a second.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func ratio(a, b float64) float64      { return a / b }
func difference(a, b float64) float64 { return a - b }

// medianOf is that of what each round has to say.
func medianOf(a, b []float64, of func(a, b float64) float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = of(a[i], b[i])
	}
	return median(all)
}

// loadAverage is that of the last minute; 0 where nobody tells.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// paced makes n requests, so many a second, each whether or not the ones before are answered.
func (l *load) paced(b *testing.B, n, perSecond int) latencies {
	b.Helper()
	all := make([]time.Duration, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range n {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		wg.Go(func() {
			start := time.Now()
			errs[i] = l.ask()
			all[i] = time.Since(start)
		})
	}
	wg.Wait()
	wall := time.Since(begin)
	require.NoError(b, errors.Join(errs...))
	slices.Sort(all)
	return latencies{all, wall, 0}
}

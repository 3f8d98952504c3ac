package gateway

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	testEndpoint = "ep_06f2abc"
	testHost     = "ep-06f2abc.us-east.localhost"
)

// mustGateway makes a gateway without routes.
func mustGateway(t testing.TB, o Options) *Gateway {
	t.Helper()
	g, err := New(Config{DataCenter: "us-east", Options: o})
	require.NoError(t, err)
	return g
}

// mustFront serves g as it is served in production.
func mustFront(t testing.TB, g *Gateway) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return ln.Addr().String()
}

// mustWorker starts a worker and returns its address.
func mustWorker(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// mustDeadAddress returns an address where nobody listens.
func mustDeadAddress(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

// routes lists ready workers, named by their place: ins_0, ins_1, …
func routes(version int64, addresses ...string) fleet.Routes {
	e := fleet.EndpointRoute{EndpointID: testEndpoint, AccountID: "acc_1", Open: true, TargetConcurrency: 100}
	for i, a := range addresses {
		e.Workers = append(e.Workers, fleet.WorkerRoute{InstanceID: "ins_" + string(rune('0'+i)), Address: a})
	}
	return fleet.Routes{Version: version, Endpoints: []fleet.EndpointRoute{e}}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// mustRequest makes a request for the test endpoint at a gateway's address.
func mustRequest(t testing.TB, method, address, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, body)
	require.NoError(t, err)
	r.Host = testHost
	return r
}

// an answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func mustDo(t testing.TB, r *http.Request) answer {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

func mustGet(t testing.TB, address string) answer {
	t.Helper()
	return mustDo(t, mustRequest(t, http.MethodGet, address, "/", nil))
}

// requireProblem checks an answer of the gateway's own.
func requireProblem(t testing.TB, a answer, want *problem) {
	t.Helper()
	require.Equal(t, want.status, a.status, a.body)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	var got struct {
		Status              int
		Code                fleet.Code
		Title, Detail, Type string
		RequestID           string `json:"request_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &got))
	require.Equal(t, want.title, got.Title)
	require.Equal(t, want.code, got.Code)
	require.Equal(t, want.status, got.Status)
	require.NotEmpty(t, got.Detail)
	require.Equal(t, a.header.Get(requestIDHeader), got.RequestID)
	require.Equal(t, want.retryAfter > 0, a.header.Get("Retry-After") != "")
}

func TestRequestsGoToTheEndpointThatTheHostNames(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)

	requireProblem(t, mustGet(t, front), starting)

	g.Apply(routes(1, mustWorker(t, says("hello"))))
	for _, host := range []string{
		testHost, testHost + ":8080", "EP-06F2ABC.US-EAST.LOCALHOST", "ep_06f2abc.us-east.example.com:1", testHost + ".",
	} {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		r.Host = host
		require.Equal(t, "hello", mustDo(t, r).body, host)
	}
	for _, host := range []string{
		"ep-06f2abd.us-east.localhost", "ep-06f2abc.eu-west.localhost", "ep-06f2abc.us-east", "ep-06f2abc", "127.0.0.1",
		"us-east.localhost", "gw-06f2abc.us-east.localhost", "www.ep-06f2abc.us-east.localhost", testHost + ":http",
	} {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		r.Host = host
		requireProblem(t, mustDo(t, r), unknownEndpoint)
	}

	stopped := routes(2)
	stopped.Endpoints[0].Open = false
	g.Apply(stopped)
	requireProblem(t, mustGet(t, front), endpointStopped)

	g.Apply(routes(3))
	requireProblem(t, mustGet(t, front), noReadyWorker)

	g.Apply(fleet.Routes{Version: 4})
	requireProblem(t, mustGet(t, front), unknownEndpoint)
}

func TestTheLeastBusyWorkerGetsTheRequest(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	hang := make(chan struct{})
	defer close(hang)
	worker := func(name string) string {
		return mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, name)
			if r.URL.Path == "/hang" {
				_ = http.NewResponseController(w).Flush()
				<-hang
			}
		})
	}
	g.Apply(routes(1, worker("a"), worker("b"), worker("c")))

	var turns strings.Builder
	for range 6 {
		turns.WriteString(mustGet(t, front).body)
	}
	require.Equal(t, "abcabc", turns.String(), "equals take turns")

	for range 2 { // a and b become busy
		res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/hang", nil))
		require.NoError(t, err)
		defer res.Body.Close()
	}
	for range 5 {
		require.Equal(t, "c", mustGet(t, front).body)
	}
}

func TestReportsTellInFlightAndLoad(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	hang := make(chan struct{})
	g.Apply(routes(7, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-hang
	})))
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	defer res.Body.Close()

	report := g.Report()
	require.Equal(t, int64(7), report.Version)
	require.Equal(t, map[string]int{"ins_0": 1}, report.InFlight)
	require.Equal(t, 1, report.Load[testEndpoint].InFlight)

	time.Sleep(20 * time.Millisecond) // what is measured
	g.Apply(fleet.Routes{Version: 8}) // the endpoint is gone, its request is not
	require.Equal(t, map[string]int{"ins_0": 1}, g.Report().InFlight)
	require.Len(t, g.known, 1)
	g.Apply(routes(9))
	close(hang)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, mustGet(t, front).status)
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 || t.Failed() }, time.Second, time.Millisecond)
}

func TestReportsTellTotals(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	hang := make(chan struct{})
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		<-hang
		time.Sleep(20 * time.Millisecond)
		w.WriteHeader(http.StatusTeapot)
	})))
	require.Empty(t, g.Report().Load, "an endpoint that nobody asks has nothing to say")
	require.Equal(t, g.Report().Run, g.Report().Run)
	require.NotEqual(t, g.Report().Run, mustGateway(t, Options{}).Report().Run)

	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { mustGet(t, front) })
	}
	require.Eventually(t, func() bool { return g.Report().InFlight["ins_0"] == 3 }, 5*time.Second, time.Millisecond)
	load := g.Report().Load[testEndpoint]
	require.Equal(t, fleet.EndpointLoad{InFlight: 3, Peak: 3, Requests: 3, Classes: load.Classes, Latency: load.Latency}, load)
	close(hang)
	wg.Wait()
	require.Eventually(t, func() bool { return g.Report().Load[testEndpoint].Ended == 3 }, 5*time.Second, time.Millisecond)
	g.Apply(routes(2))
	requireProblem(t, mustGet(t, front), noReadyWorker)
	require.Eventually(t, func() bool { return g.Report().Load[testEndpoint].Errors == 1 }, 5*time.Second, time.Millisecond)

	for range 2 { // each tells the same
		load = g.Report().Load[testEndpoint]
		require.Equal(t, int64(4), load.Requests)
		require.Equal(t, int64(3), load.Ended, "of those that a worker had")
		require.GreaterOrEqual(t, load.BusyMS, int64(60))
		require.Equal(t, []int64{0, 0, 0, 3, 1}, load.Classes)
		require.Len(t, load.Latency, len(fleet.LatencyBounds)+1)
		var timed int64
		for _, n := range load.Latency {
			timed += n
		}
		require.Equal(t, int64(4), timed)
		require.Zero(t, load.InFlight)
	}

	e := g.table.Load().endpoints[testEndpoint]
	e.mu.Lock()
	e.count.active = e.count.active.Add(-silence)
	e.mu.Unlock()
	require.Empty(t, g.Report().Load, "nor has one that was asked long ago")
}

func TestConfigThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {DataCenter: "a.b"}, {DataCenter: "us-east", Server: "localhost:80"}, {DataCenter: "us-east", Server: "ftp://x"}} {
		_, err := New(c)
		require.True(t, fleet.Is(err, fleet.Invalid), "%+v", c)
	}
	g := mustGateway(t, Options{})
	require.True(t, fleet.Is(g.Run(t.Context()), fleet.Invalid), "no server to follow")
}

// journal collects log lines.
type journal struct{ lines chan string }

func newJournal() (*slog.Logger, *journal) {
	j := &journal{make(chan string, 1000)}
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug})), j
}

func (j *journal) Write(p []byte) (int, error) {
	j.lines <- string(p)
	return len(p), nil
}

func TestTheAccessLogHasALineForEveryRequestAndNoQuery(t *testing.T) {
	t.Parallel()
	logger, j := newJournal()
	g, err := New(Config{DataCenter: "us-east", Logger: logger, Options: Options{HoldFor: -1}})
	require.NoError(t, err)
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	mustDo(t, mustRequest(t, http.MethodGet, front, "/path?key=secret", nil))
	line := <-j.lines
	for _, part := range []string{"level=DEBUG", "endpoint=" + testEndpoint, "path=/path", "status=200", "instance=ins_0", "request="} {
		require.Contains(t, line, part)
	}
	require.NotContains(t, line, "secret")

	g.Apply(routes(2))
	for _, level := range []string{"level=INFO", "level=DEBUG"} { // the second within a second
		mustGet(t, front)
		line = <-j.lines
		require.Contains(t, line, level)
		require.Contains(t, line, `problem="no ready worker"`)
	}
}

package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A control is the server's side of the two gateway routes, without a database.
type control struct {
	away atomic.Bool

	mu      sync.Mutex
	routes  fleet.Routes
	changed chan struct{}
	reports chan fleet.GatewayReport
	asked   []string // versions
}

func mustControl(t *testing.T) (*control, string) {
	t.Helper()
	c := &control{changed: make(chan struct{}), reports: make(chan fleet.GatewayReport, 1000)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

func (c *control) publish(routes fleet.Routes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.routes = routes
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer kelvin_gw_test" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if c.away.Load() {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if r.Method == http.MethodPost && r.URL.Path == "/v1/gateway/report" {
		var report fleet.GatewayReport
		if json.NewDecoder(r.Body).Decode(&report) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.reports <- report
		w.WriteHeader(http.StatusNoContent)
		return
	}
	have := r.URL.Query().Get("version")
	c.mu.Lock()
	c.asked = append(c.asked, have)
	routes, changed := c.routes, c.changed
	c.mu.Unlock()
	if have == strconv.FormatInt(routes.Version, 10) {
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		if c.away.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		c.mu.Lock()
		routes = c.routes
		c.mu.Unlock()
	}
	_ = json.NewEncoder(w).Encode(routes)
}

func TestTheServerHearsOfAGatewayBeforeAnyWorkerDoes(t *testing.T) {
	t.Parallel()
	g, err := New(Config{Server: "http://server", Token: "kelvin_gw_test", DataCenter: "us-east"})
	require.NoError(t, err)
	heard := make(chan bool, 1)
	g.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		if r.Method == http.MethodPost {
			var report fleet.GatewayReport
			require.NoError(t, json.NewDecoder(r.Body).Decode(&report))
			select {
			case heard <- g.table.Load() == nil && report.Version == 7 && report.Run == g.run:
			default:
			}
		} else {
			require.NoError(t, json.NewEncoder(w).Encode(fleet.Routes{Version: 7}))
		}
		return w.Result(), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	require.True(t, <-heard, "else a drain would not wait for what it sends first")
	<-g.routed
	cancel()
	require.NoError(t, <-ended)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// mustRun makes a gateway that follows c.
func mustRun(t *testing.T, server string, every time.Duration) (g *Gateway, stop func()) {
	t.Helper()
	g, err := New(Config{Server: server, Token: "kelvin_gw_test", DataCenter: "us-east", Options: Options{HoldFor: -1, ReportEvery: every}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return g, stop
}

func nextReport(t *testing.T, c *control) fleet.GatewayReport {
	t.Helper()
	select {
	case r := <-c.reports:
		return r
	case <-time.After(10 * time.Second):
		require.Fail(t, "no report")
		return fleet.GatewayReport{}
	}
}

func TestNewRoutesAreAppliedAndReportedAtOnce(t *testing.T) {
	t.Parallel()
	c, server := mustControl(t)
	g, stop := mustRun(t, server, time.Hour)
	front := mustFront(t, g)
	c.publish(fleet.Routes{Version: 1})
	require.Equal(t, int64(1), nextReport(t, c).Version, "it introduces itself")
	require.Equal(t, int64(1), nextReport(t, c).Version, "routes may be empty")

	hang := make(chan struct{})
	worker := mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-hang
	})
	c.publish(routes(5, worker))
	require.Equal(t, int64(5), nextReport(t, c).Version)
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	defer res.Body.Close()

	draining := routes(6, worker)
	draining.Endpoints[0].Workers[0].Draining = true
	c.publish(draining)
	report := nextReport(t, c)
	require.Equal(t, int64(6), report.Version)
	require.Equal(t, map[string]int{"ins_0": 1}, report.InFlight)
	close(hang)
	require.Empty(t, nextReport(t, c).InFlight, "the empty worker, at once")

	stop()
	last := nextReport(t, c)
	require.Equal(t, int64(6), last.Version, "a last report")
	require.True(t, last.Ended)
	require.False(t, report.Ended)
	require.Equal(t, report.Run, last.Run)
	require.Equal(t, []string{"0", "1", "5", "6"}, c.asked)
}

func TestAGatewayServesWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	c, server := mustControl(t)
	g, _ := mustRun(t, server, 20*time.Millisecond)
	front := mustFront(t, g)
	c.publish(routes(1, mustWorker(t, says("hello"))))
	require.Eventually(t, func() bool { return g.follows(1) }, 10*time.Second, time.Millisecond)

	c.away.Store(true)
	c.publish(routes(2, mustDeadAddress(t))) // ends the poll, which fails as all that follow
	var served int64
	for range 20 {
		require.Equal(t, "hello", mustGet(t, front).body)
		served++
		time.Sleep(5 * time.Millisecond)
	}
	require.True(t, g.follows(1))

	for len(c.reports) > 0 {
		<-c.reports
	}
	c.away.Store(false)
	require.Eventually(t, func() bool { return g.follows(2) }, 10*time.Second, time.Millisecond, "it comes back by itself")
	require.Equal(t, served, nextReport(t, c).Load[testEndpoint].Requests, "what happened meanwhile is in the totals")
}

func TestAServerThatAnswersAtOnceIsNotAskedInATightLoop(t *testing.T) {
	t.Parallel()
	var polls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			polls.Add(1)
			_ = json.NewEncoder(w).Encode(fleet.Routes{Version: 4})
		}
	}))
	t.Cleanup(server.Close)
	_, _ = mustRun(t, server.URL, time.Hour)
	time.Sleep(600 * time.Millisecond)
	require.LessOrEqual(t, polls.Load(), int64(5))
	require.GreaterOrEqual(t, polls.Load(), int64(2))
}

func TestALostServerIsLoggedOnceWithoutTheToken(t *testing.T) {
	t.Parallel()
	logger, j := newJournal()
	c, server := mustControl(t)
	g, err := New(Config{Server: server, Token: "kelvin_gw_wrong", DataCenter: "us-east", Logger: logger})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.NoError(t, g.Run(ctx))
	require.Len(t, j.lines, 1)
	line := <-j.lines
	require.Contains(t, line, "level=WARN")
	require.Contains(t, line, "refuses this gateway's token")
	require.NotContains(t, line, "kelvin_gw_")
	require.Empty(t, c.reports, "without routes there is nothing to promise")
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A seller is the instance metadata of a provider's machine, as AWS has it: the token, the
// action that is due, and nothing else.
type seller struct {
	*httptest.Server
	mu sync.Mutex
	at time.Time // when the machine goes; zero: it stays
}

func mustSeller(t testing.TB) *seller {
	s := &seller{}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "token") })
	mux.HandleFunc("GET /latest/meta-data/spot/instance-action", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.at.IsZero() || r.Header.Get("X-aws-ec2-metadata-token") != "token" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"action": "terminate", "time": s.at.UTC().Format(time.RFC3339)})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// takes has the provider say that it takes the machine.
func (s *seller) takes(in time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Now().Add(in)
}

// addSpot adds a host that can be taken away, on the stack's own Docker engine.
func (s *stack) addSpot(name, zone string, settings ...string) string {
	s.Helper()
	var made map[string]string
	s.admin(&made, "host", name)
	id := made["host"]
	s.parts[name] = &process{args: append([]string{
		binary(s.TB, "kelvin"), "agent", "--server", s.api, "--host", id, "--token", made["token"], "--temporal", s.temporal,
		"--machine", "docker", "--data-dir", filepath.Join(s.dir, name), "--sim-gpus", "a100-80gb:4",
		"--market", "spot", "--zone", zone,
	}, append(ports(), settings...)...)}
	s.Cleanup(func() {
		s.end(name)
		clearHost(s.TB, s.engine, id)
	})
	s.start(name)
	require.Eventually(s, func() bool {
		var h api.Host
		return s.get("/v1/hosts/"+id, &h) == nil && h.State == fleet.HostReady && h.Market == fleet.Spot
	}, 30*time.Second, 50*time.Millisecond, "host %s does not get ready", name)
	return id
}

// vanishes is what a machine does that its provider has taken: its agent and everything it
// ran are gone from one moment to the next.
func (s *stack) vanishes(name, id string) {
	s.kill(name)
	all, err := s.engine.ContainerList(context.Background(), container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+id))})
	require.NoError(s, err)
	parallel(len(all), func(i int) { _ = s.engine.ContainerKill(context.Background(), all[i].ID, "KILL") })
}

// workersOn are the endpoint's workers that answer, by the name of their host.
func (s *stack) workersOn(endpoint string, names map[string]string) map[string]int {
	var all api.List[api.Instance]
	require.NoError(s, s.get("/v1/instances?endpoint="+endpoint, &all))
	at := map[string]int{}
	for _, w := range all.Items {
		if w.Ready {
			at[names[w.HostID]]++
		}
	}
	return at
}

// toldOf prints what happened to an endpoint, if the test fails.
func (s *stack) toldOf(endpoint string) {
	s.Cleanup(func() {
		var all api.List[api.Event]
		if !s.Failed() || s.get("/v1/events?limit=200&resource="+endpoint, &all) != nil {
			return
		}
		for _, e := range all.Items {
			s.Logf("%s %s %s %s", e.At.Format("15:04:05.000"), e.Name, e.InstanceID, e.Message)
		}
	})
}

// event is the newest event of that name on a resource since a moment.
func (s *stack) event(resource, name string, since time.Time) (found api.Event) {
	s.Helper()
	require.Eventually(s, func() bool {
		var all api.List[api.Event]
		if s.get("/v1/events?limit=100&resource="+resource, &all) != nil {
			return false
		}
		for _, e := range all.Items {
			if e.Name == name && !e.At.Before(since) {
				found = e
				return true
			}
		}
		return false
	}, 60*time.Second, 50*time.Millisecond, "no %s", name)
	return found
}

// replacement is when the first worker was made after a moment.
func (s *stack) replacement(endpoint string, since time.Time) (at time.Time) {
	s.Helper()
	require.Eventually(s, func() bool {
		var all api.List[api.Instance]
		if s.get("/v1/instances?endpoint="+endpoint, &all) != nil {
			return false
		}
		for _, w := range all.Items {
			if w.CreatedAt.After(since) && (at.IsZero() || w.CreatedAt.Before(at)) {
				at = w.CreatedAt
			}
		}
		return !at.IsZero()
	}, 60*time.Second, 50*time.Millisecond, "no replacement is started")
	return at
}

// Hosts are taken away under load: one with its provider's notice, a whole pool with that of
// an operator, and one without any. No request is lost where there was notice.
func TestHostsAreTakenAwayUnderLoad(t *testing.T) {
	s := newStack(t)
	metadata := mustSeller(t)
	one := s.addSpot("spot-1", "a", "--provider", "aws", "--metadata-url", metadata.URL)
	two := s.addSpot("spot-2", "b", "--provider", "runpod")
	three := s.addSpot("spot-3", "b", "--provider", "runpod")
	names := map[string]string{s.host: "one", one: "spot-1", two: "spot-2", three: "spot-3"}
	require.Contains(t, s.must("host", "ls", "--market", "spot"), "spot (aws)")

	op := s.accept(http.MethodPost, "/v1/endpoints", "spot", map[string]any{
		"name": "llama", "quick_deploy": "echo", "active_workers": 4, "max_workers": 8, "spot": map[string]any{"market": "spot"},
	})
	require.Equal(t, api.OperationDone, s.await(op.ID, 90*time.Second).State)
	ep := s.endpoint("llama")
	full := func(limit time.Duration, why string) {
		t.Helper()
		require.Eventually(t, func() bool { return s.endpoint("llama").Workers.Ready >= 4 }, limit, 100*time.Millisecond, why)
	}
	full(30*time.Second, "all serve")
	at := s.workersOn(ep.ID, names)
	t.Logf("workers at the start: %v", at)
	require.Zero(t, at["one"], "all are spot")
	require.Positive(t, at["spot-1"])

	s.toldOf(ep.ID)
	c := newCrowd(ep.URL, 12)
	end := c.stay(12, 300*time.Millisecond)
	time.Sleep(2 * time.Second)

	// With notice, by the provider's metadata.
	said := time.Now()
	metadata.takes(45 * time.Second)
	heard := s.event(one, "host.preempted", said)
	made := s.replacement(ep.ID, said)
	t.Logf("notice: the agent heard of it %s after the provider said so; the replacement was started %s after that",
		heard.At.Sub(said).Round(time.Millisecond), made.Sub(heard.At).Round(time.Millisecond))
	require.Less(t, heard.At.Sub(said), 4*time.Second)
	require.Less(t, made.Sub(heard.At), 2*time.Second)
	require.Eventually(t, func() bool { return s.workersOn(ep.ID, names)["spot-1"] == 0 }, 5*time.Second, 50*time.Millisecond, "they get no more requests")
	full(30*time.Second, "others serve in their place")
	time.Sleep(time.Until(said.Add(45 * time.Second)))
	s.vanishes("spot-1", one)
	require.Zero(t, c.failed(), "%v", c.failures)
	t.Logf("after the notice: %v", s.workersOn(ep.ID, names))

	// A whole pool, with notice.
	said = time.Now()
	parallel(2, func(i int) { s.must("host", "preempt", []string{"spot-2", "spot-3"}[i], "--in", "30s") })
	made = s.replacement(ep.ID, said)
	heard = s.event(two, "host.preempted", said)
	if other := s.event(three, "host.preempted", said); other.At.Before(heard.At) {
		heard = other
	}
	t.Logf("a whole pool: the first replacement was started %s after the notice", made.Sub(heard.At).Round(time.Millisecond))
	require.Less(t, made.Sub(heard.At), 2*time.Second)
	full(30*time.Second, "on-demand workers serve in their place")
	time.Sleep(time.Until(said.Add(30 * time.Second)))
	s.vanishes("spot-2", two)
	s.vanishes("spot-3", three)
	at = s.workersOn(ep.ID, names)
	t.Logf("after the pool: %v", at)
	require.Equal(t, 4, at["one"])
	time.Sleep(2 * time.Second)
	end()
	require.Empty(t, c.failures, "a notice loses no request")
	t.Log(c.said())
	require.Contains(t, s.metrics(), `kelvin_spot_notices_total{kind="preempt",source="aws"} 1`)
	require.Contains(t, s.metrics(), "kelvin_spot_notice_to_action_seconds_count")
	s.must("endpoint", "rm", "llama", "--yes", "--wait")
}

// A host that vanishes without a word is found out by its lease, and its workers are
// replaced within 25 s. Requests that come later are served by others.
func TestASilentLossIsReplaced(t *testing.T) {
	s := newStack(t)
	one := s.addSpot("spot-1", "a", "--provider", "runpod")
	names := map[string]string{s.host: "one", one: "spot-1"}
	op := s.accept(http.MethodPost, "/v1/endpoints", "spot", map[string]any{
		"name": "llama", "quick_deploy": "echo", "active_workers": 3, "max_workers": 4, "spot": map[string]any{"market": "spot", "base_on_demand": 1},
	})
	require.Equal(t, api.OperationDone, s.await(op.ID, 90*time.Second).State)
	ep := s.endpoint("llama")
	require.Eventually(t, func() bool {
		at := s.workersOn(ep.ID, names)
		return at["spot-1"] == 2 && at["one"] == 1 && s.endpoint("llama").Workers.Total == 3
	}, 30*time.Second, 100*time.Millisecond)
	s.toldOf(ep.ID)
	c := newCrowd(ep.URL, 6)
	end := c.stay(6, 300*time.Millisecond)
	time.Sleep(2 * time.Second)
	gone := time.Now()
	s.vanishes("spot-1", one)
	made := s.replacement(ep.ID, gone)
	lost := s.event(one, "host.lost", gone)
	t.Logf("silent loss: found out after %s, replacement started after %s", lost.At.Sub(gone).Round(time.Millisecond), made.Sub(gone).Round(time.Millisecond))
	require.Less(t, made.Sub(gone), 25*time.Second)
	require.Eventually(t, func() bool { return s.workersOn(ep.ID, names)["one"] == 3 }, 30*time.Second, 100*time.Millisecond, "on-demand workers stand in")
	time.Sleep(3 * time.Second)
	end()
	t.Logf("%s; the last %s after the host had gone: %v", c.said(), c.last.Sub(gone).Round(time.Millisecond), c.failures[:min(3, len(c.failures))])
	require.Less(t, c.last.Sub(gone), 5*time.Second, "the gateway gives it none for long, though nobody knows yet that the host is lost")
	require.Contains(t, s.metrics(), `kelvin_spot_preemptions_total{how="silent",provider="runpod"} 1`)
	s.must("endpoint", "rm", "llama", "--yes", "--wait")
}

// metrics are what the server tells Prometheus, once its counts are fresh.
func (s *stack) metrics() string {
	s.Helper()
	time.Sleep(5200 * time.Millisecond)
	status, text, err := s.do(http.MethodGet, "/metrics", "", nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, status)
	return string(text)
}

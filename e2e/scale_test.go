package e2e

import (
	"cmp"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/machine"
)

// decided are an endpoint's decisions, oldest first.
func (s *stack) decided(id string) []api.ScaleDecision {
	s.Helper()
	var all api.List[api.ScaleDecision]
	require.NoError(s, s.get("/v1/endpoints/"+id+"/decisions?limit=500", &all))
	slices.SortFunc(all.Items, func(a, b api.ScaleDecision) int { return cmp.Compare(a.Seq, b.Seq) })
	return all.Items
}

// requireRules holds a recorded timeline against the documented limits: never above the most,
// at most three times (or one more than) the least of the last 60 s, down one at a time and not
// twice in 60 s.
func requireRules(t *testing.T, most int, timeline []api.ScaleDecision) {
	t.Helper()
	var down time.Time
	for i, d := range timeline {
		require.LessOrEqual(t, d.To, most)
		least := d.From
		for _, earlier := range timeline[:i] {
			if d.At.Sub(earlier.At) < time.Minute {
				least = min(least, earlier.From)
			}
		}
		if d.To > d.From {
			require.LessOrEqual(t, d.To, max(least+1, 3*least), "growth: %+v", d)
		}
		if d.To < d.From {
			require.Equal(t, d.From-1, d.To, "one at a time")
			require.True(t, down.IsZero() || d.At.Sub(down) >= time.Minute-time.Second, "not twice in a minute: %s after the last", d.At.Sub(down))
			down = d.At
		}
	}
}

// An endpoint without active workers is driven from nothing to a crowd and back. No request
// fails: not those that wake it, nor while the worker process is killed, the gateway is
// replaced, or a new revision rolled out. KELVIN_LOAD=full has 500 clients and five workers,
// and takes some minutes more.
func TestAnEndpointFollowsItsLoad(t *testing.T) {
	clients, most := 300, 3
	if os.Getenv("KELVIN_LOAD") == "full" {
		clients, most = 500, 5
	}
	s := newStack(t)
	s.sharePort()
	op := s.accept(http.MethodPost, "/v1/endpoints", "load", map[string]any{
		"name": "llama", "quick_deploy": "echo", "active_workers": 0, "max_workers": most, "target_concurrency": 100,
	})
	require.Equal(t, api.OperationDone, s.await(op.ID, time.Minute).State)
	ep := s.endpoint("llama")
	s.toldOf(ep.ID)
	require.Equal(t, 0, ep.Workers.Total)
	c := newCrowd(ep.URL, clients)

	// From nothing: 200 at once.
	began := time.Now()
	c.once(200, time.Second)
	t.Logf("200 requests at zero: %s", c.said())
	require.Empty(t, c.failures)

	// A crowd.
	end := c.stay(clients, 2*time.Second)
	ready := func(want int) func() bool {
		return func() bool { return s.endpoint("llama").Workers.Ready >= want }
	}
	require.Eventually(t, ready(most), 4*time.Minute, 250*time.Millisecond, "it grows to %d", most)
	t.Logf("%d workers %s after the first request: %s", most, time.Since(began).Round(time.Second), c.said())

	s.kill("worker")
	time.Sleep(2 * time.Second)
	s.start("worker")
	t.Logf("worker process killed: %s", c.said())

	s.replaceGateway()
	t.Logf("gateway replaced: %s", c.said())

	began = time.Now()
	s.must("endpoint", "update", "llama", "--env", "REVISION=two", "--wait", "--timeout", "4m")
	t.Logf("new revision after %s: %s", time.Since(began).Round(time.Second), c.said())
	require.Equal(t, 2, s.endpoint("llama").Revision)
	end()
	require.Empty(t, c.failures, "no request fails")
	quiet := time.Now()

	// And back.
	require.Eventually(t, func() bool { return s.endpoint("llama").Workers.Total == 0 }, time.Duration(most+2)*75*time.Second, time.Second, "it goes back to nothing")
	t.Logf("nothing left %s after the last request", time.Since(quiet).Round(time.Second))
	require.Eventually(t, func() bool {
		left, err := s.engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+s.host))})
		return err == nil && len(left) == 0
	}, time.Minute, 250*time.Millisecond)

	timeline := s.decided(ep.ID)
	for _, d := range timeline {
		t.Logf("%s %d → %d (%s): %s", d.At.Format("15:04:05"), d.From, d.To, d.Rule, d.Reason)
	}
	requireRules(t, most, timeline)
	require.Zero(t, timeline[len(timeline)-1].To)
	require.Contains(t, s.must("endpoint", "explain", "llama"), "0")
	s.must("endpoint", "rm", "llama", "--yes", "--wait")
}

// sharePort has the gateway listen so that the next one can before it ends.
func (s *stack) sharePort() {
	s.Helper()
	s.end("gateway")
	s.parts["gateway"].args = append(s.parts["gateway"].args, "--share-port")
	s.start("gateway")
}

// replaceGateway does what a careful operator does: the next one is up before the last one goes.
func (s *stack) replaceGateway() {
	s.Helper()
	old := s.parts["gateway"]
	var made map[string]string
	s.admin(&made, "gateway", "two")
	args := slices.Clone(old.args)
	args[slices.Index(args, "--token")+1] = made["token"]
	s.parts["gateway"] = &process{args: args}
	s.start("gateway")
	require.Eventually(s, func() bool {
		var all api.List[api.Gateway]
		if s.get("/v1/gateways", &all) != nil {
			return false
		}
		live := 0
		for _, g := range all.Items {
			if g.Live {
				live++
			}
		}
		return live == 2
	}, 30*time.Second, 50*time.Millisecond)
	s.parts["last gateway"] = old
	s.end("last gateway")
}

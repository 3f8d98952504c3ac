package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// The README's story: an endpoint is made, called, stopped while it answers, started and
// deleted, from the command line; and nothing of it is left.
func TestAnEndpointsLife(t *testing.T) {
	s := newStack(t)

	out := s.must("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "2", "--wait")
	t.Log(out)
	ep := s.endpoint("hello")
	require.Equal(t, "2/2 Ready", ep.Status)
	require.Contains(t, out, ep.URL)

	// Two containers answer.
	hosts := map[string]bool{}
	for range 20 {
		status, text := fetch(t, ep.URL)
		require.Equal(t, http.StatusOK, status, text)
		var answer struct {
			Hostname  string
			Simulated bool
			GPUs      []string `json:"gpus"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		require.True(t, answer.Simulated)
		require.Len(t, answer.GPUs, 1)
		hosts[answer.Hostname] = true
	}
	require.Len(t, hosts, 2)

	t.Run("WebSocket echo", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(strings.TrimSuffix(ep.URL, "/"), "http")+"/ws", &websocket.DialOptions{HTTPClient: visit})
		require.NoError(t, err)
		defer conn.CloseNow()
		for i := range 100 {
			said := fmt.Sprint("message ", i)
			require.NoError(t, conn.Write(ctx, websocket.MessageText, []byte(said)))
			_, heard, err := conn.Read(ctx)
			require.NoError(t, err)
			require.Equal(t, said, string(heard))
		}
	})

	t.Run("a stream that is open during a stop is completed", func(t *testing.T) {
		stream := openStream(t, ep.URL, 8*time.Second)
		began := time.Now()
		s.must("endpoint", "stop", "hello", "--wait")
		require.Greater(t, time.Since(began), 4*time.Second, "the stop did not wait for the stream")
		require.Equal(t, "complete", <-stream)
	})

	status, text := fetch(t, ep.URL)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "endpoint stopped")
	require.Empty(t, s.containers(), "a stopped endpoint has no containers")

	s.must("endpoint", "start", "hello", "--wait")
	require.Equal(t, ep.URL, s.endpoint("hello").URL)
	status, text = fetch(t, ep.URL)
	require.Equal(t, http.StatusOK, status, text)

	t.Run("a new revision replaces the workers", func(t *testing.T) {
		s.must("endpoint", "update", "hello", "--env", "GREETING=hi", "--wait")
		var workers api.List[api.Instance]
		require.NoError(t, s.get("/v1/instances?endpoint="+ep.ID, &workers))
		require.Len(t, workers.Items, 2)
		for _, w := range workers.Items {
			require.Equal(t, 2, w.Revision)
		}
	})

	t.Run("a new size replaces nobody", func(t *testing.T) {
		before := s.containers()
		s.must("endpoint", "update", "hello", "--active", "3", "--max", "3", "--wait")
		var kept int
		for _, c := range s.containers() {
			if c.ID == before[0].ID || c.ID == before[1].ID {
				kept++
			}
		}
		require.Len(t, s.containers(), 3)
		require.Equal(t, 2, kept)
		s.must("endpoint", "update", "hello", "--active", "2", "--max", "2", "--wait") // fewer active workers alone would go one a minute
	})

	t.Run("a dead worker is replaced", func(t *testing.T) {
		require.Eventually(t, func() bool { return len(s.containers()) == 2 }, 20*time.Second, 100*time.Millisecond)
		before := s.containers()
		require.NoError(t, s.engine.ContainerKill(t.Context(), before[0].ID, "KILL"))
		require.Eventually(t, func() bool {
			now := s.containers()
			return len(now) == 2 && now[0].ID != before[0].ID && now[1].ID != before[0].ID && s.endpoint("hello").Status == "2/2 Ready"
		}, 30*time.Second, 100*time.Millisecond)
	})

	t.Run("logs have the name of each worker", func(t *testing.T) {
		logs := s.must("endpoint", "logs", "hello", "--tail", "5")
		require.Contains(t, logs, "hello-")
	})

	s.must("endpoint", "rm", "hello", "--yes", "--wait")
	// Nothing is served from the moment the workers go; that the name is gone as well reaches the gateways with
	// their next routes.
	require.Eventually(t, func() bool {
		status, _ := fetch(t, ep.URL)
		return status == http.StatusNotFound
	}, 5*time.Second, 50*time.Millisecond)
	s.requireClean()
}

// The grace limit cuts a stream that would go on past it.
func TestAStreamIsCutAtTheGraceLimit(t *testing.T) {
	s := newStack(t)
	s.must("endpoint", "create", "short", "--quick-deploy", "echo", "--drain-timeout", "3s", "--wait")
	ep := s.endpoint("short")
	stream := openStream(t, ep.URL, 30*time.Second)
	began := time.Now()
	s.must("endpoint", "stop", "short", "--wait")
	require.Equal(t, "cut", <-stream)
	require.Greater(t, time.Since(began), 3*time.Second)
	require.Less(t, time.Since(began), 25*time.Second)
	s.must("endpoint", "rm", "short", "--yes", "--wait")
	s.requireClean()
}

// openStream begins a streaming response, and tells how it ends: complete, or cut.
func openStream(t *testing.T, url string, length time.Duration) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, fmt.Sprintf("%s/slow?for=%s&every=500ms", strings.TrimSuffix(url, "/"), length), nil)
	require.NoError(t, err)
	resp, err := visit.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	lines := bufio.NewScanner(resp.Body)
	require.True(t, lines.Scan(), "no first line")
	ended := make(chan string, 1)
	go func() {
		defer resp.Body.Close()
		for lines.Scan() {
		}
		if lines.Err() != nil {
			ended <- "cut"
			return
		}
		ended <- "complete"
	}()
	return ended
}

// A server's life: create, stop, start, restart, terminate. It keeps its place and its disk.
func TestAServersLife(t *testing.T) {
	s := newStack(t)
	s.must("instance", "create", "box", "--image", "kelvin/echo:latest", "--gpus", "2", "--port", "8080", "--probe-path", "/healthz", "--disk-path", "/workspace", "--env", "KEEP=1", "--wait")
	var all api.List[api.Instance]
	require.NoError(t, s.get("/v1/instances?name=box", &all))
	require.Len(t, all.Items, 1)
	box := all.Items[0]
	require.Equal(t, fleet.Running, box.State)
	require.Len(t, box.GPUs, 2)
	url := fmt.Sprintf("http://%s:%d", box.Address, box.Ports[0].Host)
	address := box.Ports[0].Address
	shown := s.must("instance", "show", "box")
	require.Contains(t, shown, box.URL)
	require.Contains(t, shown, address)
	for _, where := range []string{url, box.URL, "http://" + address} {
		status, _ := fetch(t, where)
		require.Equal(t, http.StatusOK, status, where)
	}

	s.must("instance", "stop", "box", "--wait")
	require.Len(t, s.containers(), 1)
	require.Equal(t, "exited", s.containers()[0].State)
	status, text := fetch(t, box.URL)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "instance stopped")
	_, err := visit.Get("http://" + address)
	require.ErrorContains(t, err, "connection reset by peer")

	s.must("instance", "start", "box", "--wait")
	for _, where := range []string{url, box.URL, "http://" + address} {
		status, _ := fetch(t, where)
		require.Equal(t, http.StatusOK, status, where, "it has kept its ports, its URL and its address")
	}
	visitors := []*visitor{visiting(box.URL), visiting("http://" + address)}
	for range 2 {
		time.Sleep(500 * time.Millisecond)
		s.must("instance", "restart", "box", "--wait")
	}
	time.Sleep(500 * time.Millisecond)
	for _, v := range visitors {
		v.end()
		require.Empty(t, v.failures, "those who come during a restart wait")
		t.Logf("%d requests over two restarts, the longest took %s", v.asked, v.longest)
		require.Greater(t, v.asked, 10)
	}
	require.Contains(t, s.must("instance", "logs", "box"), "")

	var out string
	out, err = s.kelvin("instance", "stop", "nobody")
	require.Error(t, err)
	require.Contains(t, out, "nobody")

	s.must("instance", "rm", "box", "--yes", "--wait")
	s.requireClean()
	status, text = fetch(t, box.URL)
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, text, "unknown instance")
	require.Eventually(t, func() bool {
		_, err := visit.Get("http://" + address)
		return err != nil && strings.Contains(err.Error(), "connection refused")
	}, 5*time.Second, 20*time.Millisecond, "nobody listens there any more")
}

// A hundred equal requests under one key make one endpoint, and get equal answers.
func TestOneKeyOneEndpoint(t *testing.T) {
	s := newStack(t)
	body := map[string]any{"name": "once", "quick_deploy": "echo", "active_workers": 0}
	answers := make([]string, 100)
	parallel(len(answers), func(i int) {
		status, text, err := s.do(http.MethodPost, "/v1/endpoints", "the-same", body)
		if err == nil {
			answers[i] = fmt.Sprint(status, " ", string(text))
		}
	})
	for _, a := range answers {
		require.Equal(t, answers[0], a)
	}
	require.True(t, strings.HasPrefix(answers[0], "202 "), answers[0])
	var all api.List[api.Endpoint]
	require.NoError(t, s.get("/v1/endpoints", &all))
	require.Len(t, all.Items, 1)
	var op api.Operation
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(answers[0], "202 ")), &op))
	require.Equal(t, "done", string(s.await(op.ID, 30*time.Second).State))
}

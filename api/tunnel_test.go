package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// mustConnect opens a tunnel as the world's host's agent would, and serves handler in it.
func (w *world) mustConnect(handler http.Handler) (hangUp func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ws, _, err := websocket.Dial(ctx, w.url+"/v1/agent/tunnel", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + w.keys["host"]}},
	})
	require.NoError(w.t, err)
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	session, err := yamux.Client(websocket.NetConn(ctx, ws, websocket.MessageBinary), config)
	require.NoError(w.t, err)
	agent := &http.Server{Handler: handler}
	go func() { _ = agent.Serve(session) }() // it ends with the session
	hangUp = func() { _ = session.Close(); cancel() }
	w.t.Cleanup(hangUp)
	eventually(w.t, func() bool { return w.tunnels.connected(w.hostID) }, "the tunnel is open")
	return hangUp
}

func TestLogOfAnInstanceComesThroughTheTunnel(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	logs := "GET /v1/instances/" + i.ID + "/logs"

	got := w.call(call{as: "alice", do: logs})
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "host "+w.hostID+" is not connected", got.problem(t).Detail)
	require.Equal(t, "5", got.header.Get("Retry-After"))

	asked := make(chan string, 1)
	agent := http.NewServeMux()
	agent.HandleFunc("GET /v1/leases/{lease}/logs", func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.PathValue("lease") + "?" + r.URL.RawQuery
		fmt.Fprintln(rw, "hello")
		if r.FormValue("follow") == "true" {
			rw.(http.Flusher).Flush()
			<-r.Context().Done() // until the client hangs up
			asked <- "hung up"
		}
	})
	agent.HandleFunc("GET /v1/leases/{lease}/stats", func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(machine.Stats{CPUPercent: 12.5, MemoryMB: 100, Processes: 3})
	})
	hangUp := w.mustConnect(agent)
	require.True(t, must[Host](w, call{as: "alice", do: "GET /v1/hosts/" + w.hostID}).Connected)

	got = w.call(call{as: "viewer", do: logs + "?tail=5&since=2026-01-02T03:04:05Z"})
	require.Equal(t, "hello\n", string(got.body))
	require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, i.Home.ID+"?since=2026-01-02T03%3A04%3A05Z&tail=5", <-asked)

	require.Equal(t, Stats{CPUPercent: 12.5, MemoryMB: 100, Processes: 3}, must[Stats](w, call{as: "viewer", do: "GET /v1/instances/" + i.ID + "/stats"}))

	ctx, leave := context.WithCancel(t.Context())
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: logs + "?follow=true"}).WithContext(ctx))
	require.NoError(t, err)
	line := make([]byte, 6)
	_, err = io.ReadFull(resp.Body, line)
	require.NoError(t, err, "it is there before the log ends")
	require.Contains(t, <-asked, "follow=true")
	leave()
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "hung up", <-asked, "the agent learns of it")

	hangUp()
	eventually(t, func() bool { return !w.tunnels.connected(w.hostID) }, "the tunnel is noticed to be gone")
}

func TestAgentSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	answers := map[string]http.HandlerFunc{
		"tail=1": func(rw http.ResponseWriter, _ *http.Request) { http.NotFound(rw, nil) },
		"tail=2": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(rw).Encode(Problem{Code: fleet.Conflict, Detail: "the container does not run"})
		},
		"tail=3": func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, "SECRET", http.StatusInternalServerError)
		},
		"tail=4": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	w.mustConnect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { answers[r.URL.RawQuery](rw, r) }))
	for query, want := range map[string]fleet.Code{"tail=1": fleet.NotFound, "tail=2": fleet.Conflict, "tail=3": fleet.Unavailable, "tail=4": fleet.Unavailable} {
		got := w.call(call{as: "alice", do: "GET /v1/instances/" + i.ID + "/logs?" + query})
		require.Equal(t, want, got.problem(t).Code, query)
		require.NotContains(t, string(got.body), "SECRET")
	}
}

func TestLogOfAnEndpointIsThatOfItsWorkers(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "chat").ResourceID
	names := map[string]string{} // by lease
	for n := range 2 {
		worker := w.mustWorker(e, fmt.Sprintf("chat-%d", n))
		names[worker.Home.ID] = worker.Name
	}
	for _, name := range names {
		require.Contains(t, w.endpointLog(e), name+" | (no log: host "+w.hostID+" is not connected)\n")
	}

	w.mustConnect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		lease := strings.Split(r.URL.Path, "/")[3]
		for line := range 100 {
			fmt.Fprintf(rw, "%s line %d\n", names[lease], line)
		}
		fmt.Fprint(rw, strings.Repeat("x", 100<<10)) // longer than a buffer, and no end
	}))
	counts := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(w.endpointLog(e)), "\n") {
		name, text, ok := strings.Cut(line, " | ")
		require.True(t, ok, line)
		if strings.HasPrefix(text, "x") {
			require.Equal(t, strings.Repeat("x", len(text)), text)
			counts["x"] += len(text)
			continue
		}
		require.Equal(t, fmt.Sprintf("%s line %d", name, counts[name]), text, "each worker's lines are in order")
		counts[name]++
	}
	require.Equal(t, map[string]int{"chat-0": 100, "chat-1": 100, "x": 200 << 10}, counts)
}

// endpointLog reads an endpoint's log.
func (w *world) endpointLog(id string) string {
	got := w.call(call{as: "alice", do: "GET /v1/endpoints/" + id + "/logs"})
	require.Equal(w.t, http.StatusOK, got.status, string(got.body))
	return string(got.body)
}

func TestFollowedEndpointShowsWorkersThatComeLater(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "chat").ResourceID
	w.mustConnect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(rw, "up")
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	defer leave()
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: "GET /v1/endpoints/" + e + "/logs?follow=true"}).WithContext(ctx))
	require.NoError(t, err)
	defer resp.Body.Close()
	w.mustWorker(e, "late")
	line := make([]byte, len("late | up\n"))
	_, err = io.ReadFull(resp.Body, line)
	require.NoError(t, err)
	require.Equal(t, "late | up\n", string(line))
}

func TestNewTunnelTakesTheOldOnesPlace(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.mustConnect(http.NotFoundHandler())
	first := w.tunnels.find(w.hostID)
	w.mustConnect(http.NotFoundHandler())
	eventually(t, first.IsClosed, "the old one is closed")
	eventually(t, func() bool { s := w.tunnels.find(w.hostID); return s != nil && s != first }, "the new one is there")
	require.Equal(t, 1, w.tunnels.count())
	w.Close()
	eventually(t, func() bool { return w.tunnels.count() == 0 }, "closing ends tunnels")
}

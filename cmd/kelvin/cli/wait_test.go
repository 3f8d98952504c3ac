package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// streams makes the server answer a pattern with one stream after another. A nil one is an
// answer of 503.
func (w *world) streams(pattern string, streams ...func(rw http.ResponseWriter, r *http.Request)) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		if len(streams) == 0 || streams[0] == nil {
			streams = streams[min(1, len(streams)):]
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		serve := streams[0]
		streams = streams[1:]
		rw.Header().Set("Content-Type", "text/event-stream")
		serve(rw, r)
	})
}

func sends(ops ...api.Operation) func(http.ResponseWriter, *http.Request) {
	return func(rw http.ResponseWriter, _ *http.Request) {
		for _, op := range ops {
			sendEvent(rw, "operation", "", op)
		}
	}
}

func sendEvent(rw http.ResponseWriter, name, id string, body any) {
	data, _ := json.Marshal(body)
	if id != "" {
		fmt.Fprintf(rw, "id: %s\n", id)
	}
	fmt.Fprintf(rw, ": beat\nevent: %s\ndata: %s\n\n", name, data)
	rw.(http.Flusher).Flush()
}

func phase(name string) api.Operation {
	o := stopOperation(api.OperationRunning)
	o.Phase, o.Progress = name, nil
	return o
}

const watchPath = "/v1/operations/op_00000000000000000000000007/watch"

func stopping(t *testing.T) *world {
	w := newWorld(t)
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	w.answers("GET /v1/operations/{id}", 200, stopOperation(api.OperationRunning))
	w.answers("POST /v1/endpoints/{id}/stop", 202, stopOperation(api.OperationPending))
	return w
}

func TestWaitPrintsALineForEachPhaseAndTheOutcome(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.streams("GET "+watchPath, sends(stopOperation(api.OperationPending), phase("Hold traffic"), phase("Drain requests"), phase("Drain requests"), stopOperation(api.OperationDone)))
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
	require.Zero(t, r.exit, r.err)
	require.Equal(t, "stop endpoint llama: done in 12s\n  Operation:  "+id("op_", 7)+"\n", r.out)
	require.Equal(t, []string{
		"stop endpoint ep_00000000000000000000000001: waiting to begin (12s)",
		"stop endpoint llama: Hold traffic (12s)",
		"stop endpoint llama: Drain requests (12s)",
	}, strings.Split(strings.TrimSpace(r.err), "\n"))
}

func TestWaitGoesOnWhenTheStreamBreaksAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.streams("GET "+watchPath, sends(phase("Hold traffic")), nil, nil, nil, sends(phase("Drain requests"), stopOperation(api.OperationDone)))
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
	require.Zero(t, r.exit, r.err)
	require.Equal(t, 1, strings.Count(r.err, "Lost the connection"), r.err)
	require.Equal(t, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}, w.waits)
}

func TestAStreamThatMerelyEndsComesBackUnnoticed(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.streams("GET "+watchPath, sends(phase("a")), sends(phase("a")), sends(stopOperation(api.OperationDone)))
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
	require.Zero(t, r.exit, r.err)
	require.NotContains(t, r.err, "Lost")
}

func TestWaitGivesUpOnAServerThatStaysAwayForAMinute(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.streams("GET "+watchPath, sends(phase("Hold traffic")))
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
	require.Equal(t, exitUnavailable, r.exit)
	require.Contains(t, r.err, "did not come back within a minute")
	require.Contains(t, r.err, "The operation goes on; `kelvin operation watch "+id("op_", 7))
	away := w.now.Sub(testNow)
	require.Greater(t, away, 50*time.Second)
	require.LessOrEqual(t, away, patience)
}

func TestWaitStopsAtOnceWhenTheServerRefuses(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.mux.HandleFunc("GET "+watchPath, func(rw http.ResponseWriter, _ *http.Request) {
		problem(rw, api.Problem{Status: 401, Code: fleet.Unauthenticated, Detail: "no such key"})
	})
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
	require.Equal(t, exitForbidden, r.exit)
	require.Empty(t, w.waits)
}

func TestAnOperationThatFailsEndsWith1AndSaysWhy(t *testing.T) {
	t.Parallel()
	for state, says := range map[api.OperationState]string{
		api.OperationUndone: "stop endpoint llama was undone: no host has 2 free GPUs",
		api.OperationStuck:  "could be neither finished nor undone: host a does not answer",
	} {
		w := stopping(t)
		w.streams("GET "+watchPath, sends(stopOperation(state)), sends(stopOperation(state)))
		r := w.run("endpoint", "stop", id("ep_", 1), "--wait")
		require.Equal(t, exitFailed, r.exit)
		require.Contains(t, r.err, says)
		require.Contains(t, r.err, "kelvin operation show "+id("op_", 7))
		require.Empty(t, r.out)

		r = w.run("endpoint", "stop", id("ep_", 1), "--wait", "-o", "json")
		require.Equal(t, exitFailed, r.exit)
		var op api.Operation
		require.NoError(t, json.Unmarshal([]byte(r.out), &op), "a script gets the operation all the same")
		require.Equal(t, stopOperation(state), op)
	}
}

func TestATimeoutEndsWith7AndTheOperationGoesOn(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.streams("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		sendEvent(rw, "operation", "", phase("Drain requests"))
		<-r.Context().Done()
	})
	r := w.run("endpoint", "stop", id("ep_", 1), "--wait", "--timeout", "50ms")
	require.Equal(t, exitTimeout, r.exit)
	require.Contains(t, r.err, "is not done after 50ms")
	require.Contains(t, r.err, "kelvin operation cancel "+id("op_", 7))
}

func TestAnInterruptLeavesTheOperationAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	w.streams("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		sendEvent(rw, "operation", "", phase("Drain requests"))
		interrupt()
		<-r.Context().Done()
	})
	r := w.runContext(ctx, "endpoint", "stop", id("ep_", 1), "--wait")
	require.Equal(t, exitInterrupted, r.exit)
	require.Contains(t, r.err, "The operation goes on; `kelvin operation watch "+id("op_", 7)+"` follows it, `kelvin operation cancel "+id("op_", 7)+"` takes it back.")
	require.NotContains(t, r.err, "Error:")
}

func TestAnInterruptCanTakeTheOperationBack(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	w.streams("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		sendEvent(rw, "operation", "", phase("Drain requests"))
		interrupt()
		<-r.Context().Done()
	}, sends(stopOperation(api.OperationUndone)))
	cancelled := phase("Drain requests")
	cancelled.CancelRequested = true
	w.answers("POST /v1/operations/{id}/cancel", 202, cancelled)
	r := w.runContext(ctx, "endpoint", "stop", id("ep_", 1), "--wait", "--cancel-on-interrupt")
	require.Equal(t, exitInterrupted, r.exit)
	require.Contains(t, w.requests(), "POST /v1/operations/"+id("op_", 7)+"/cancel")
	require.Contains(t, r.err, "stop endpoint llama: undone")
	require.NotContains(t, r.err, "goes on")
}

func TestWatchTakesAnIDOrTheNameOfAResource(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.streams("GET "+watchPath, sends(stopOperation(api.OperationDone)), sends(stopOperation(api.OperationDone)))
	require.Contains(t, w.mustRun("operation", "watch", id("op_", 7)), "stop endpoint llama: done in 12s")
	require.Contains(t, w.mustRun("operation", "watch", "日本語 echo"), "done in 12s", "the open operation of an endpoint")
	w.mustRun("operation", "show", "notebook")
	require.Contains(t, w.requests(), "GET /v1/operations?limit=1&resource="+id("ins_", 1), "the newest operation of an instance")
}

func TestAnOperationThatHasEndedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/operations/{id}", 200, stopOperation(api.OperationDone))
	require.Contains(t, w.mustRun("operation", "watch", id("op_", 7)), "done in 12s")
	w = newWorld(t)
	w.answers("GET /v1/operations/{id}", 200, stopOperation(api.OperationUndone))
	require.Equal(t, exitFailed, w.run("operation", "watch", id("op_", 7)).exit)
}

func TestCancelCallsUndoneASuccess(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	w.answers("POST /v1/operations/{id}/cancel", 202, phase("Drain requests"))
	w.streams("GET "+watchPath, sends(stopOperation(api.OperationUndone)))
	require.Contains(t, w.mustRun("operation", "cancel", id("op_", 7), "--wait"), "stop endpoint llama: undone in 12s")
}

func TestEventsGoOnFromTheLastOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	event := func(n int) api.Event {
		return api.Event{ID: id("evt_", n), Name: "endpoint.stopped", EndpointID: id("ep_", n), Message: "m"}
	}
	w.streams("GET /v1/events/watch", func(rw http.ResponseWriter, _ *http.Request) {
		sendEvent(rw, "event", "e1", event(1))
	}, func(rw http.ResponseWriter, _ *http.Request) {
		sendEvent(rw, "event", "e2", event(2))
		sendEvent(rw, "event", "e3", event(1))
	}, func(_ http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	})
	r := w.runContext(ctx, "event", "watch", "-o", "json", "--resource", id("ep_", 1))
	require.Equal(t, exitInterrupted, r.exit)
	require.Equal(t, 2, strings.Count(r.out, "\n"))
	require.NotContains(t, r.out, id("ep_", 2))
	require.Empty(t, w.asked[0].header.Get("Last-Event-ID"))
	require.Equal(t, "e1", w.asked[1].header.Get("Last-Event-ID"))
	require.Equal(t, "e3", w.asked[2].header.Get("Last-Event-ID"))
}

func TestWatchingAResourcePrintsWhatChangesUntilItIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	states := []api.Endpoint{llama(), llama(), stoppingEcho(), llama()}
	states[3].State, states[3].Target, states[3].Status = fleet.Deleted, fleet.Deleted, "0/0"
	w.mux.HandleFunc("GET /v1/endpoints/{id}", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, 200, states[0])
		states = states[1:]
	})
	out := w.mustRun("endpoint", "watch", id("ep_", 1))
	require.Equal(t, "12:00:00  running                  2/2 Ready\n12:00:02  stopping → stopped       1/2 Stopping\n12:00:03  deleted                  0/0\n", out)
}

func TestAStreamThatFallsSilentIsTakenForDead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streams("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		sendEvent(rw, "operation", "", phase("Drain requests"))
		<-r.Context().Done() // as when the network is gone
	}, sends(stopOperation(api.OperationDone)))
	c, err := newClient(place{Context: Context{Server: w.server.URL}}, &app{now: time.Now, pause: w.wait})
	require.NoError(t, err)
	c.silence = 50 * time.Millisecond
	var last api.Operation
	require.NoError(t, c.watch(t.Context(), id("op_", 7), func(op record[api.Operation]) { last = op.it }))
	require.Equal(t, api.OperationDone, last.State)
}

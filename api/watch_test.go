package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// A sse is one server-sent event, or a comment.
type sse struct{ id, name, data, comment string }

// mustWatch opens a stream. Its events come over the channel, which closes with it.
func (w *world) mustWatch(c call) (events <-chan sse, hangUp func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	resp, err := http.DefaultClient.Do(w.request(c).WithContext(ctx))
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	require.Equal(w.t, "text/event-stream", resp.Header.Get("Content-Type"))
	require.Equal(w.t, "no-store", resp.Header.Get("Cache-Control"))
	out := make(chan sse, 100)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		var e sse
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			default:
				if value != "" {
					e.comment = value
				}
			}
			if lines.Text() == "" {
				out <- e
				e = sse{}
			}
		}
	}()
	w.t.Cleanup(cancel)
	return out, cancel
}

func next[T any](t *testing.T, events <-chan sse) T {
	t.Helper()
	select {
	case e, ok := <-events:
		require.True(t, ok, "the stream has ended")
		var out T
		require.NoError(t, json.Unmarshal([]byte(e.data), &out), "%+v", e)
		return out
	case <-time.After(10 * time.Second):
		t.Fatal("nothing comes")
		panic("unreachable")
	}
}

func TestWatchFollowsAnOperationToItsEnd(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := w.mustServer("alice", "box")
	events, _ := w.mustWatch(call{as: "viewer", do: "GET /v1/operations/" + op.ID + "/watch"})
	require.Equal(t, OperationPending, next[Operation](t, events).State)

	_, _, err := w.Store.BeginInstance(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, OperationRunning, next[Operation](t, events).State)

	require.NoError(t, w.Store.SaveSteps(t.Context(), op.ID, "Fetch the image", []fleet.Step{{Name: "PullImage", Title: "Fetch the image", State: fleet.StepRunning, StartedAt: time.Now()}}))
	require.Equal(t, "Fetch the image", next[Operation](t, events).Phase)
	w.started.says(fleet.Progress{Percent: 40})
	require.InDelta(t, 40, next[Operation](t, events).Progress.Percent, 0.01)

	// Nothing changes for a while, and nothing is sent but what the pace makes of the time left.
	w.mustEnd(op.ID, fleet.Done)
	last := next[Operation](t, events)
	for !last.Ended() {
		last = next[Operation](t, events)
	}
	require.Equal(t, OperationDone, last.State)
	require.Nil(t, last.Progress)
	require.Equal(t, "box", last.ResourceName)
	_, more := <-events
	require.False(t, more, "the stream ends after the outcome")

	// Who comes late sees the end at once.
	late, _ := w.mustWatch(call{as: "viewer", do: "GET /v1/operations/" + op.ID + "/watch"})
	require.Equal(t, OperationDone, next[Operation](t, late).State)
	_, more = <-late
	require.False(t, more)
}

func TestWatchSendsOnlyChangesAndHeartbeats(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.heartbeatEvery = 300 * time.Millisecond
	op := w.mustServer("alice", "box")
	events, hangUp := w.mustWatch(call{as: "alice", do: "GET /v1/operations/" + op.ID + "/watch"})
	require.Equal(t, OperationPending, next[Operation](t, events).State)
	require.Equal(t, sse{comment: "still here"}, <-events)
	require.Equal(t, sse{comment: "still here"}, <-events)
	w.started.mu.Lock()
	require.Zero(t, w.started.asked, "an operation without a running step has no progress")
	w.started.mu.Unlock()
	hangUp()
	for range events {
		continue // it ends
	}
}

func TestClosingEndsStreams(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := w.mustServer("alice", "box")
	events, _ := w.mustWatch(call{as: "alice", do: "GET /v1/operations/" + op.ID + "/watch"})
	next[Operation](t, events)
	w.Close()
	w.Close()
	for range events {
		continue // it ends
	}
}

func TestWatchOfEventsResumesWhereItWas(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.mustEndpoint("alice", "before")
	events, hangUp := w.mustWatch(call{as: "alice", do: "GET /v1/events/watch"})
	first := w.mustEndpoint("alice", "first")
	e := next[Event](t, events)
	require.Equal(t, "operation.accepted", e.Name)
	require.Equal(t, first.ID, e.OperationID, "what was before is not sent")
	hangUp()

	w.mustEnd(first.ID, fleet.Done)
	second := w.mustEndpoint("alice", "second")
	w.mustEndpoint("bob", "his")
	events, _ = w.mustWatch(call{as: "alice", do: "GET /v1/events/watch", header: map[string]string{"Last-Event-ID": e.ID}})
	require.Equal(t, "endpoint.created", next[Event](t, events).Name)
	require.Equal(t, second.ID, next[Event](t, events).OperationID)
	third := w.mustEndpoint("alice", "third")
	require.Equal(t, third.ID, next[Event](t, events).OperationID, "not bob's")
}

func TestGatewayWaitsForRoutesThatChange(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	routes := must[fleet.Routes](w, call{as: "gateway", do: "GET /v1/gateway/routes?version=0"})
	answered := make(chan fleet.Routes, 1)
	go func() {
		resp, err := http.DefaultClient.Do(w.request(call{as: "gateway", do: "GET /v1/gateway/routes?version=" + jsonOf(routes.Version)}))
		if err != nil {
			return
		}
		defer resp.Body.Close()
		var out fleet.Routes
		if json.NewDecoder(resp.Body).Decode(&out) == nil {
			answered <- out
		}
	}()
	select {
	case <-answered:
		t.Fatal("it answered though nothing had changed")
	case <-time.After(300 * time.Millisecond):
	}
	op := w.mustEndpoint("alice", "served")
	select {
	case changed := <-answered:
		require.Greater(t, changed.Version, routes.Version)
		require.Equal(t, op.ResourceID, changed.Endpoints[0].EndpointID)
	case <-time.After(5 * time.Second):
		t.Fatal("it does not answer")
	}

	report := fleet.GatewayReport{Version: routes.Version, InFlight: map[string]int{"ins_1": 3}}
	require.Equal(t, http.StatusNoContent, w.call(call{as: "gateway", do: "POST /v1/gateway/report", body: report}).status)
	seen := must[List[Gateway]](w, call{as: "alice", do: "GET /v1/gateways"}).Items[0]
	require.Equal(t, 3, seen.InFlight)
	require.True(t, seen.Live)
	require.Equal(t, routes.Version, seen.RoutesVersion)
}

func jsonOf(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

func TestLeaseIsRenewedAndChangesArePassedOn(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "served")
	worker := w.mustWorker(e.ResourceID, "served-1")
	order := w.mustReport(fleet.ContainerReport{LeaseID: worker.Home.ID, InstanceID: worker.ID, Epoch: worker.Epoch, Running: true})
	require.Equal(t, w.hostID, order.HostID)
	require.Equal(t, fleet.Duration(fleet.LeaseTTL), order.TTL)
	require.Len(t, order.Leases, 1)
	require.True(t, order.Leases[0].Run)
	require.Empty(t, w.started.wakes)

	dead := fleet.ContainerReport{LeaseID: worker.Home.ID, InstanceID: worker.ID, Epoch: worker.Epoch, ExitCode: 137, OOMKilled: true}
	w.mustReport(dead)
	w.mustReport(dead)
	require.Equal(t, []string{e.ResourceID}, w.started.wakes, "its autoscaler looks again")
	shown := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + worker.ID})
	require.Equal(t, fleet.Stopped, shown.State)
	require.Contains(t, shown.Reason, "137")

	spec := must[fleet.ContainerSpec](w, call{as: "host", do: "GET /v1/agent/leases/" + worker.Home.ID})
	require.Equal(t, worker.ID, spec.Lease.InstanceID)
	require.Equal(t, "kelvin/echo:latest", spec.Spec.Image)
}

func TestAgentMayBeOlderOrNewerThanTheServer(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	for _, body := range []string{
		`{"version":"old"}`,
		`{"version":"new","gpus":null,"containers":null,"temperature":21,"disk":{"total":1,"free":1}}`,
		`{"gpus":[{"index":0,"uuid":"GPU-0","type":"a100-80gb","memory_mb":81920,"fan":"on"}]}`,
	} {
		got := w.call(call{as: "host", do: "POST /v1/agent/lease", body: body})
		require.Equal(t, http.StatusOK, got.status, "%s: %s", body, got.body)
	}
	got := w.call(call{as: "gateway", do: "POST /v1/gateway/report", body: `{"version":1,"inflight":null,"future":true}`})
	require.Equal(t, http.StatusNoContent, got.status, string(got.body))
}

func TestAnnouncingCancelsWhatRanOnALostHost(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	rec := fleet.Record{ID: "op_1"}
	w.announce(t.Context(), store.Changes{Operations: []fleet.Record{rec}, Endpoints: []string{"ep_1"}})
	require.Equal(t, []string{"op_1"}, w.started.cancels)
	require.Equal(t, []string{"ep_1"}, w.started.wakes)
	w.started.broken = io.ErrUnexpectedEOF
	w.announce(t.Context(), store.Changes{Operations: []fleet.Record{rec}, Endpoints: []string{"ep_1"}}) // is only logged
}

package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// mustRunning makes an endpoint that runs, with one change behind it.
func mustRunning(w *world) string {
	made := must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "-", body: map[string]any{"name": "chat", "image": "a:1", "env": map[string]string{"TOKEN": "hush"}}})
	w.mustEnd(made.ID, fleet.Done)
	op := must[Operation](w, call{as: "alice", do: "PATCH /v1/endpoints/" + made.ResourceID, key: "-", body: map[string]any{"image": "a:2", "env": map[string]string{"TOKEN": "hush hush"}}})
	require.NoError(w.t, w.Store.SetRevision(w.t.Context(), made.ResourceID, 2))
	w.mustEnd(op.ID, fleet.Done)
	return made.ResourceID
}

func TestRevisionsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	path := "/v1/endpoints/" + mustRunning(w)
	listed := must[List[Revision]](w, call{as: "viewer", do: "GET " + path + "/revisions"})
	require.Len(t, listed.Items, 2)
	newest := listed.Items[0]
	require.Equal(t, 2, newest.Number)
	require.Equal(t, fleet.RevisionCurrent, newest.State)
	require.NotEmpty(t, newest.Actor)
	require.Equal(t, []fleet.Change{{Field: "env.TOKEN", From: "***", To: "***"}, {Field: "image", From: `"a:1"`, To: `"a:2"`}}, newest.Changes)
	require.Nil(t, newest.Spec)
	page := must[List[Revision]](w, call{as: "viewer", do: "GET " + path + "/revisions?limit=1"})
	require.Equal(t, "2", page.Next)
	page = must[List[Revision]](w, call{as: "viewer", do: "GET " + path + "/revisions?limit=1&after=2"})
	require.Equal(t, 1, page.Items[0].Number)
	one := must[Revision](w, call{as: "viewer", do: "GET " + path + "/revisions/1"})
	require.Equal(t, map[string]string{"TOKEN": "***"}, one.Spec.Env)
	require.Equal(t, "a:1", one.Spec.Image)
	one = must[Revision](w, call{as: "alice", do: "GET " + path + "/revisions/1"})
	require.Equal(t, map[string]string{"TOKEN": "hush"}, one.Spec.Env)
	for do, status := range map[string]int{
		"GET " + path + "/revisions/9": http.StatusNotFound,
		"GET " + path + "/revisions/0": http.StatusUnprocessableEntity,
		"GET " + path + "/revisions/x": http.StatusUnprocessableEntity,
	} {
		require.Equal(t, status, w.call(call{as: "alice", do: do}).status, do)
	}
	require.Equal(t, http.StatusNotFound, w.call(call{as: "bob", do: "GET " + path + "/revisions"}).status, "another account's")
	require.Equal(t, http.StatusNotFound, w.call(call{as: "bob", do: "GET " + path + "/rollout"}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "bob", do: "GET " + path + "/failures"}).status)
}

func TestARollbackIsAnOperation(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	id := mustRunning(w)
	path := "POST /v1/endpoints/" + id + "/rollback"
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: path, key: "-", body: map[string]any{}}).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.call(call{as: "alice", do: path, key: "-", body: map[string]any{"revision": -1}}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "alice", do: path, key: "-", body: map[string]any{"revision": 7}}).status)
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: path, key: "-", body: map[string]any{"revision": 2}}).status, "it runs")

	first := w.call(call{as: "alice", do: path, key: "back", body: map[string]any{}})
	require.Equal(t, http.StatusAccepted, first.status, string(first.body))
	again := w.call(call{as: "alice", do: path, key: "back", body: map[string]any{}})
	require.Equal(t, string(first.body), string(again.body))
	other := w.call(call{as: "alice", do: path, key: "-", body: map[string]any{"revision": 1}})
	require.Equal(t, http.StatusConflict, other.status, "one is under way")

	e := must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + id})
	require.Equal(t, fleet.Updating, e.State)
	require.Equal(t, "rolling", e.Rollout.State)
	require.Equal(t, 3, e.Rollout.Revision)
	require.Equal(t, 2, e.Rollout.From)

	paused := must[Rollout](w, call{as: "alice", do: "POST /v1/endpoints/" + id + "/rollout/pause", key: "-"})
	require.Equal(t, "paused", paused.State)
	require.NotEmpty(t, paused.PausedBy)
	resumed := must[Rollout](w, call{as: "alice", do: "POST /v1/endpoints/" + id + "/rollout/resume", key: "-"})
	require.Equal(t, "rolling", resumed.State)
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: "POST /v1/endpoints/" + id + "/rollout/pause", key: "-"}).status)

	require.NoError(t, w.Store.SetRevision(t.Context(), id, 3))
	w.mustEnd(e.OperationID, fleet.Done)
	require.Equal(t, 1, must[Revision](w, call{as: "alice", do: "GET /v1/endpoints/" + id + "/revisions/3"}).Restores)
	done := must[Rollout](w, call{as: "alice", do: "GET /v1/endpoints/" + id + "/rollout"})
	require.Equal(t, "done", done.State)
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: "POST /v1/endpoints/" + id + "/rollout/pause", key: "-"}).status)
	require.Nil(t, must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + id}).Rollout)
}

func TestFailuresOfWorkersAreShownWithTheirCause(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	id := mustRunning(w)
	ep, err := w.Store.Endpoint(t.Context(), id)
	require.NoError(t, err)
	require.Nil(t, must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + id}).Trouble)
	code := 3
	var failed fleet.Record
	for range 3 {
		failed, _, err = w.Store.CreateInstance(t.Context(), store.Ask{AccountID: ep.AccountID, Actor: "autoscaler", Key: fleet.NewID("", ep.CreatedAt)},
			store.NewInstance{Name: "chat-1", Spec: ep.Spec.Worker(), EndpointID: id, Revision: 2})
		require.NoError(t, err)
		require.NoError(t, w.Store.EndOperation(t.Context(), store.Ending{OperationID: failed.ID, Outcome: fleet.Undone, Code: fleet.Unhealthy, Message: "m", Fault: &fleet.Fault{
			Cause: fleet.Crash, ExitCode: &code, Message: "exit code 3", LastLines: "loading\nno weights",
		}}))
	}
	e := must[Endpoint](w, call{as: "viewer", do: "GET /v1/endpoints/" + id})
	require.Equal(t, fleet.Crash, e.Trouble.Cause)
	require.True(t, e.Trouble.Loop)
	require.Equal(t, "crash loop", e.Trouble.Word)
	require.Equal(t, 3, e.Trouble.Times)
	require.False(t, e.Trouble.RetryAt.IsZero())
	require.NotNil(t, must[List[Endpoint]](w, call{as: "viewer", do: "GET /v1/endpoints"}).Items[0].Trouble)
	inst := must[Instance](w, call{as: "viewer", do: "GET /v1/instances/" + failed.ResourceID})
	require.Equal(t, "loading\nno weights", inst.Failure.LastLines)
	require.Equal(t, 3, *inst.Failure.ExitCode)
	all := must[List[Failure]](w, call{as: "viewer", do: "GET /v1/endpoints/" + id + "/failures?limit=2"})
	require.Len(t, all.Items, 2)
	require.NotEmpty(t, all.Next)
	require.Contains(t, string(w.call(call{do: "GET /metrics"}).body), `kelvin_worker_failures_total{cause="crash"} 3`)
}

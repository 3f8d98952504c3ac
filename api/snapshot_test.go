package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestASnapshotIsTakenListedAndDeleted(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	take := call{as: "alice", do: "POST /v1/instances/" + i.ID + "/snapshots", key: "before-work"}
	got := w.call(take)
	require.Equal(t, http.StatusAccepted, got.status, string(got.body))
	snap := must[Snapshot](w, take)
	require.Equal(t, "/v1/snapshots/"+snap.ID, got.header.Get("Location"))
	require.Equal(t, fleet.SnapshotSaving, snap.State)
	require.Equal(t, "box", snap.InstanceName)
	require.Equal(t, []string{snap.ID}, w.started.snapshots, "the same key has no second effect")

	require.NoError(t, w.Store.SnapshotSaved(t.Context(), fleet.Snapshot{ID: snap.ID, ImageID: "sha256:1", Bytes: 7, Files: 2, SavedAt: w.Store.Now()}))
	whole := must[Snapshot](w, call{as: "viewer", do: "GET /v1/snapshots/" + snap.ID})
	require.Equal(t, fleet.SnapshotReady, whole.State)
	require.EqualValues(t, 7, whole.Bytes)
	require.Equal(t, whole, must[Snapshot](w, take), "the answer is how it is by now")
	other := w.mustRun(w.mustServer("alice", "other"))
	require.Equal(t, []Snapshot{whole}, must[List[Snapshot]](w, call{as: "viewer", do: "GET /v1/snapshots?instance=" + i.ID}).Items)
	require.Empty(t, must[List[Snapshot]](w, call{as: "alice", do: "GET /v1/snapshots?instance=" + other.ID}).Items)
	require.Len(t, must[List[Snapshot]](w, call{as: "alice", do: "GET /v1/snapshots"}).Items, 1)
	events := must[List[Event]](w, call{as: "alice", do: "GET /v1/events?limit=2&resource=" + i.ID}).Items
	require.Equal(t, []string{"snapshot.saved", "snapshot.asked"}, []string{events[0].Name, events[1].Name})

	for name, refused := range map[string]struct {
		call
		status int
	}{
		"another's instance":     {call{as: "bob", do: take.do, key: "-"}, http.StatusNotFound},
		"another's list":         {call{as: "bob", do: "GET /v1/snapshots/" + snap.ID}, http.StatusNotFound},
		"another's to delete":    {call{as: "bob", do: "DELETE /v1/snapshots/" + snap.ID, key: "-"}, http.StatusNotFound},
		"another's to restore":   {call{as: "bob", do: "POST /v1/snapshots/" + snap.ID + "/restore", key: "-", body: `{"name":"stolen"}`}, http.StatusNotFound},
		"a viewer who takes":     {call{as: "viewer", do: take.do, key: "-"}, http.StatusForbidden},
		"a viewer who deletes":   {call{as: "viewer", do: "DELETE /v1/snapshots/" + snap.ID, key: "-"}, http.StatusForbidden},
		"a key used for another": {call{as: "alice", do: "POST /v1/instances/" + other.ID + "/snapshots", key: "before-work"}, http.StatusConflict},
		"no name to restore":     {call{as: "alice", do: "POST /v1/snapshots/" + snap.ID + "/restore", key: "-", body: `{}`}, http.StatusUnprocessableEntity},
		"a name that is taken":   {call{as: "alice", do: "POST /v1/snapshots/" + snap.ID + "/restore", key: "-", body: `{"name":"box"}`}, http.StatusConflict},
		"no such snapshot":       {call{as: "alice", do: "POST /v1/snapshots/snp_none/restore", key: "-", body: `{"name":"new"}`}, http.StatusNotFound},
	} {
		require.Equal(t, refused.status, w.call(refused.call).status, name)
	}
	require.Empty(t, must[List[Snapshot]](w, call{as: "bob", do: "GET /v1/snapshots?instance=" + i.ID}).Items)
	require.Equal(t, http.StatusNoContent, w.call(call{as: "alice", do: "DELETE /v1/snapshots/" + snap.ID, key: "-"}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "alice", do: "GET /v1/snapshots/" + snap.ID}).status)
}

func TestNothingIsTakenOfWhatHasNoFiles(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	creating := w.mustServer("alice", "new")
	take := func(id string) answer {
		return w.call(call{as: "alice", do: "POST /v1/instances/" + id + "/snapshots", key: "-"})
	}
	p := take(creating.ResourceID).problem(t)
	require.Equal(t, fleet.Conflict, p.Code)
	require.Equal(t, creating.ID, p.Operation)

	i := w.mustRun(w.mustServer("alice", "cold"))
	snap := w.mustFreeze(i)
	require.Contains(t, take(i.ID).problem(t).Detail, "frozen")
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: "DELETE /v1/snapshots/" + snap.ID, key: "-"}).status, "it is all there is")

	worker := w.mustWorker(w.mustEndpoint("alice", "served").ResourceID, "served-1")
	require.Contains(t, take(worker.ID).problem(t).Detail, "worker")

	runs := w.mustRun(w.mustServer("alice", "runs"))
	w.started.broken = &fleet.Error{Code: fleet.Conflict, Message: "a snapshot is being taken already"}
	require.Equal(t, http.StatusConflict, take(runs.ID).status)
	require.Empty(t, must[List[Snapshot]](w, call{as: "alice", do: "GET /v1/snapshots?instance=" + runs.ID}).Items, "nothing is left of it")
}

func TestATerminatedServerComesBackFromItsSnapshot(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	made := must[Operation](w, call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{
		"name": "box", "image": "kelvin/echo:latest", "gpus": 1, "ports": []int{8080}, "env": map[string]string{"TOKEN": "s3cret"},
		"templates": []map[string]any{{"name": "hello"}}, "disk_path": "/data",
	}})
	i := w.mustRun(made)
	snap := w.mustFreeze(i)
	end := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "-", body: Confirm{"box"}})
	require.NoError(t, w.Store.ForgetSnapshots(t.Context(), i.ID, 3600e9))
	w.mustEnd(end.ID, fleet.Done)
	left := must[List[Snapshot]](w, call{as: "alice", do: "GET /v1/snapshots?instance=" + i.ID}).Items
	require.Len(t, left, 1)
	require.Equal(t, fleet.SnapshotSafety, left[0].Kind)
	require.False(t, left[0].ExpiresAt.IsZero())

	restore := call{as: "alice", do: "POST /v1/snapshots/" + snap.ID + "/restore", key: "back", body: SnapshotRestore{"box"}}
	op := must[Operation](w, restore)
	require.Equal(t, "create", op.Name)
	require.Equal(t, fleet.Params{SnapshotID: snap.ID}, w.params(op.ID))
	back := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + op.ResourceID})
	before := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + i.ID})
	require.Equal(t, before.Spec, back.Spec)
	require.NotEqual(t, before.ID, back.ID)
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: restore.do, key: "back", body: SnapshotRestore{"other"}}).status)

	require.NoError(t, w.Store.DeleteSnapshot(t.Context(), w.account["alice"], "key_test", snap.ID))
	require.Equal(t, op, must[Operation](w, restore), "repeated, it has the first answer")
	restore.key = "-"
	require.Equal(t, http.StatusNotFound, w.call(restore).status)
}

package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// params are what an operation was accepted with.
func (w *world) params(id string) fleet.Params {
	w.t.Helper()
	rec, err := w.Store.GetOperation(w.t.Context(), w.account["alice"], id)
	require.NoError(w.t, err)
	return rec.Params
}

// mustWhole makes a whole snapshot of an instance.
func (w *world) mustWhole(instanceID string, kind fleet.SnapshotKind) fleet.Snapshot {
	w.t.Helper()
	ctx := w.t.Context()
	snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), InstanceID: instanceID, Kind: kind, ImageID: "sha256:1", Bytes: 1 << 30, Files: 10, SavedAt: w.Store.Now()}
	require.NoError(w.t, w.Store.RecordSnapshot(ctx, snap))
	require.NoError(w.t, w.Store.SnapshotSaved(ctx, snap))
	got, err := w.Store.Snapshot(ctx, snap.ID)
	require.NoError(w.t, err)
	return got
}

// mustFreeze freezes a server that runs, as the workflow would.
func (w *world) mustFreeze(i fleet.Instance) fleet.Snapshot {
	w.t.Helper()
	ctx := w.t.Context()
	op := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/freeze", key: "-"})
	_, _, err := w.Store.BeginInstance(ctx, op.ID)
	require.NoError(w.t, err)
	snap := w.mustWhole(i.ID, fleet.SnapshotFreeze)
	require.NoError(w.t, w.Store.FreezeInstance(ctx, i.ID, snap.ID))
	require.NoError(w.t, w.Store.ReturnLease(ctx, i.Home.ID))
	w.mustEnd(op.ID, fleet.Done)
	return snap
}

// mustHost makes another host, which reports n GPUs.
func (w *world) mustHost(name string, n int) string {
	w.t.Helper()
	ctx := w.t.Context()
	_, h, err := w.Store.CreateHost(ctx, name, "us-east")
	require.NoError(w.t, err)
	report := fleet.HostReport{Version: "test", Machine: "sim", Simulated: true, Archives: true, Address: "127.0.0.2", PortFirst: 30000, PortLast: 30999, Disk: fleet.Disk{Total: 100 << 30, Free: 90 << 30}}
	for i := range n {
		report.GPUs = append(report.GPUs, fleet.GPUReport{Index: i, UUID: name + "-GPU-" + string(rune('a'+i)), Type: "a100-80gb", MemoryMB: 81920})
	}
	_, _, err = w.Store.RenewLease(ctx, h.ID, report)
	require.NoError(w.t, err)
	return h.ID
}

func TestOperationsAreAcceptedWithWhatTheyAreAsked(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	other := w.mustHost("rack-2", 2)
	i := w.mustRun(w.mustServer("alice", "box"))
	path := "/v1/instances/" + i.ID
	snap := w.mustWhole(i.ID, fleet.SnapshotManual)
	elsewhere := other
	if i.Home.HostID == other {
		elsewhere = w.hostID
	}
	for name, ask := range map[string]struct {
		do   string
		body any
		want fleet.Params
	}{
		"stop":              {"stop", nil, fleet.Params{}},
		"stop, empty":       {"stop", `{}`, fleet.Params{}},
		"stop, holding":     {"stop", `{"hold":"reserved"}`, fleet.Params{}},
		"stop, not holding": {"stop", `{"hold":"none"}`, fleet.Params{Hold: fleet.HoldNone}},
		"freeze, slowly":    {"freeze", `{"rate_limit":65536}`, fleet.Params{RateLimit: 65536}},
		"migrate":           {"migrate", nil, fleet.Params{}},
		"migrate, there":    {"migrate", `{"host_id":"` + elsewhere + `","rate_limit":1000000,"wait":true,"skip_gpu_tests":true}`, fleet.Params{HostID: elsewhere, RateLimit: 1000000, Wait: true, SkipTests: true}},
		"reset":             {"reset", `{"confirm":"box"}`, fleet.Params{}},
		"reset, kept":       {"reset", `{"confirm":"box","keep":"168h","snapshot_id":"` + snap.ID + `"}`, fleet.Params{Keep: fleet.DefaultKeep, SnapshotID: snap.ID}},
	} {
		op := must[Operation](w, call{as: "alice", do: "POST " + path + "/" + ask.do, key: "-", body: ask.body})
		require.Equal(t, ask.want, w.params(op.ID), name)
		require.Equal(t, ask.want, op.Params, name)
		w.mustEnd(op.ID, fleet.Undone)
	}
	got := w.call(call{as: "alice", do: "POST " + path + "/migrate", key: "-", body: `{"host_id":"` + i.Home.HostID + `"}`})
	require.Equal(t, http.StatusConflict, got.status)
	require.Contains(t, got.problem(t).Detail, "lives on that host already")
}

func TestAKeyIsOfOneRequestWithItsBody(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	stop := call{as: "alice", do: "POST /v1/instances/" + i.ID + "/stop", key: "night"}
	first := w.call(stop)
	require.Equal(t, http.StatusAccepted, first.status, string(first.body))
	for _, same := range []any{`{}`, ` { "hold" : "reserved" } `} {
		stop.body = same
		require.Equal(t, string(first.body), string(w.call(stop).body))
	}
	stop.body = `{"hold":"none"}`
	require.Equal(t, http.StatusConflict, w.call(stop).status)

	op := first
	_ = op
	w.mustEnd(must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/stop", key: "night"}).ID, fleet.Done)
	gone := call{as: "alice", do: "DELETE /v1/instances/" + i.ID + "?confirm=box&keep=1h", key: "end"}
	require.Equal(t, http.StatusAccepted, w.call(gone).status)
	gone.do = "DELETE /v1/instances/" + i.ID + "?confirm=box&keep=60m"
	require.Equal(t, http.StatusAccepted, w.call(gone).status, "an hour is 60 minutes")
	gone.do = "DELETE /v1/instances/" + i.ID + "?confirm=box&keep=0s"
	require.Equal(t, http.StatusConflict, w.call(gone).status)
	gone.do = "DELETE /v1/instances/" + i.ID + "?confirm=box"
	require.Equal(t, http.StatusConflict, w.call(gone).status)
}

func TestWhatIsFrozenIsKeptForAWhileWhenItIsTerminated(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	terminate := func(i fleet.Instance, name, body string) fleet.Params {
		op := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "-", body: `{"confirm":"` + name + `"` + body + `}`})
		w.mustEnd(op.ID, fleet.Undone)
		return w.params(op.ID)
	}
	running := w.mustRun(w.mustServer("alice", "runs"))
	require.Zero(t, terminate(running, "runs", "").Keep)
	require.Equal(t, fleet.Duration(time.Hour), terminate(running, "runs", `,"keep":"1h"`).Keep)

	i := w.mustRun(w.mustServer("alice", "cold"))
	snap := w.mustFreeze(i)
	shown := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + i.ID})
	require.Equal(t, snap.ID, shown.SnapshotID)
	require.Empty(t, shown.Hold)
	require.Equal(t, fleet.DefaultKeep, terminate(i, "cold", "").Keep)
	require.Zero(t, terminate(i, "cold", `,"keep":"0s"`).Keep)

	thaw := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/thaw", key: "-", body: `{"wait":true}`})
	over := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "over", body: Confirm{"cold"}})
	require.Equal(t, fleet.DefaultKeep, w.params(over.ID).Keep, "it is frozen again when the thaw is undone")
	w.mustEnd(thaw.ID, fleet.Undone)
	w.mustEnd(over.ID, fleet.Done)
	again := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "over", body: Confirm{"cold"}})
	require.Equal(t, over, again, "repeated, it is the same request, whatever the instance is by now")
}

func TestAStoppedServerSaysWhatItHolds(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	path := "/v1/instances/" + i.ID
	require.Empty(t, must[Instance](w, call{as: "alice", do: "GET " + path}).Hold)
	op := must[Operation](w, call{as: "alice", do: "POST " + path + "/stop", key: "-"})
	w.mustEnd(op.ID, fleet.Done)
	require.Equal(t, "reserved", must[Instance](w, call{as: "alice", do: "GET " + path}).Hold)

	other := w.mustHost("rack-2", 1)
	got := w.call(call{as: "alice", do: "POST " + path + "/start", key: "-", body: `{"host_id":"` + other + `"}`})
	require.Equal(t, http.StatusConflict, got.status)
	require.Contains(t, got.problem(t).Detail, "starts there")

	require.NoError(t, w.Store.StripLease(t.Context(), i.Home.ID))
	stopped := must[Instance](w, call{as: "alice", do: "GET " + path})
	require.Equal(t, "none", stopped.Hold)
	require.Empty(t, stopped.GPUs)
	start := must[Operation](w, call{as: "alice", do: "POST " + path + "/start", key: "-", body: `{"host_id":"` + other + `"}`})
	require.Equal(t, fleet.Params{HostID: other}, w.params(start.ID))
}

func TestWhatAnOldHostKeepsIsLetGoOf(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	ctx, path := t.Context(), "/v1/instances/"+i.ID
	w.mustHost("rack-2", 8)
	op := must[Operation](w, call{as: "alice", do: "POST " + path + "/migrate", key: "-"})
	_, _, err := w.Store.BeginInstance(ctx, op.ID)
	require.NoError(t, err)
	lease, err := w.Store.PlaceAs(ctx, store.Placing{LeaseID: op.ID, InstanceID: i.ID, Avoid: []string{i.Home.HostID}})
	require.NoError(t, err)
	require.NoError(t, w.Store.MoveInstance(ctx, i.ID, lease.ID))
	require.NoError(t, w.Store.KeepLease(ctx, i.Home.ID))

	release := call{as: "alice", do: "DELETE " + path + "/kept/" + i.Home.ID, key: "-"}
	require.Equal(t, http.StatusConflict, w.call(release).status, "an operation is open")
	w.mustEnd(op.ID, fleet.Done)
	kept := must[Instance](w, call{as: "alice", do: "GET " + path}).Kept
	require.Len(t, kept, 1)
	require.Equal(t, i.Home.ID, kept[0].LeaseID)
	require.Equal(t, i.Home.HostID, kept[0].HostID)
	require.WithinDuration(t, time.Now(), kept[0].Since, time.Minute)

	for name, as := range map[string]call{
		"another's":   {as: "bob", do: release.do, key: "-"},
		"its home":    {as: "alice", do: "DELETE " + path + "/kept/" + lease.ID, key: "-"},
		"no lease":    {as: "alice", do: "DELETE " + path + "/kept/op_none", key: "-"},
		"no instance": {as: "alice", do: "DELETE /v1/instances/ins_none/kept/" + i.Home.ID, key: "-"},
	} {
		require.Equal(t, http.StatusNotFound, w.call(as).status, name)
	}
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: release.do, key: "-"}).status)
	require.Equal(t, http.StatusNoContent, w.call(release).status)
	require.Empty(t, must[Instance](w, call{as: "alice", do: "GET " + path}).Kept)
	require.Equal(t, http.StatusNotFound, w.call(release).status)
}

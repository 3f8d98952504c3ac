package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestSnapshotsOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	r.mustRun("instance", "create", "box", "--image", "echo:1", "--wait")
	of := decoded[api.Instance](t, r.mustRun("instance", "show", "box", "-o", "json"))
	lease, err := r.store.PlaceAs(t.Context(), store.Placing{LeaseID: "op_" + strings.Repeat("1", 26), InstanceID: of.ID})
	require.NoError(t, err)
	require.NoError(t, r.store.MoveInstance(t.Context(), of.ID, lease.ID))

	out := r.mustRun("snapshot", "create", "box", "--wait")
	require.Regexp(t, `^snapshot snp_\w{26} of box: ready, 5\.0 MiB\n$`, out)
	snap := decoded[[]api.Snapshot](t, r.mustRun("snapshot", "ls", "--instance", "box", "-o", "json"))[0]
	require.Contains(t, r.mustRun("snapshot", "ls"), snap.ID+"   box   manual   ready   5.0 MiB")
	require.Contains(t, r.mustRun("snapshot", "show", snap.ID), "Files        12")
	require.Equal(t, snap.ID+"\n", r.mustRun("snap", "ls", "-o", "name"))

	require.Contains(t, r.mustRun("snapshot", "restore", snap.ID, "copy", "--wait"), "create instance copy: done in")
	require.Equal(t, "echo:1", decoded[api.Instance](t, r.mustRun("instance", "show", "copy", "-o", "json")).Spec.Image)

	none := r.run("instance", "undo", "box", "-y")
	require.Equal(t, exitNotFound, none.exit)
	require.Contains(t, none.err, "there is nothing to undo on box")
	require.NoError(t, r.store.ExpireSnapshot(t.Context(), snap.ID, fleet.SnapshotSafety, time.Hour))
	require.Equal(t, exitUsage, r.run("instance", "undo", "box").exit, "nobody can be asked")
	undone := decoded[api.Operation](t, r.mustRun("instance", "undo", "box", "-y", "--keep", "1h", "--wait", "-o", "json"))
	require.Equal(t, fleet.Params{SnapshotID: snap.ID, Keep: fleet.Duration(time.Hour)}, undone.Params)

	require.Equal(t, exitUsage, r.run("snapshot", "rm", snap.ID).exit)
	require.Equal(t, "snapshot "+snap.ID+": deleted\n", r.mustRun("snapshot", "rm", snap.ID, "--yes"))
	require.Equal(t, exitNotFound, r.run("snapshot", "show", snap.ID).exit)
	require.Equal(t, exitNotFound, r.run("snapshot", "restore", snap.ID, "again").exit)
}

func TestASnapshotThatCannotBeTakenSaysSo(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	snap := api.Snapshot{ID: id("snp_", 1), InstanceID: id("ins_", 1), State: fleet.SnapshotSaving}
	w.answers("POST /v1/instances/{id}/snapshots", 202, snap)
	require.Contains(t, w.mustRun("snapshot", "create", "notebook"), ": saving")
	r := w.run("snapshot", "create", "notebook", "--wait")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.err, "could not be taken")

	w.answers("GET /v1/snapshots/{id}", 200, snap)
	r = w.run("snapshot", "create", "notebook", "--wait", "--timeout", "5s")
	require.Equal(t, exitTimeout, r.exit)
}

func TestKeptDataIsListedAndReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := notebook()
	i.Kept = []api.Kept{{LeaseID: id("op_", 3), HostID: id("hst_", 2), Since: testNow.Add(-time.Hour)}}
	w.answers("GET /v1/instances", 200, page(i))
	w.answers("DELETE /v1/instances/{id}/kept/{lease}", 204, nil)
	require.Contains(t, w.mustRun("instance", "kept", "notebook"), id("op_", 3)+"   "+id("hst_", 2)+"   1h ago")
	require.Equal(t, exitNotFound, w.run("instance", "kept", "notebook", "--release", "op_x", "-y").exit)
	require.Equal(t, exitUsage, w.run("instance", "kept", "notebook", "--release", id("op_", 3)).exit)
	require.Equal(t, "instance notebook: released on "+id("hst_", 2)+"\n", w.mustRun("instance", "kept", "notebook", "--release", id("op_", 3), "-y"))
	require.Contains(t, w.requests(), "DELETE /v1/instances/"+id("ins_", 1)+"/kept/"+id("op_", 3))
	require.Equal(t, []string{id("op_", 3) + "\ton " + id("hst_", 2)}, w.completions("instance", "kept", "notebook", "--release", ""))
}

package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestAHostIsDrainedAndRetired(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	path := "/v1/hosts/" + w.hostID
	op := must[Operation](w, call{as: "bob", do: "POST /v1/instances", key: "-", body: `{"name":"nb","image":"jupyter:1","gpus":1}`})
	inst := w.mustRun(op)
	require.Nil(t, must[Host](w, call{as: "alice", do: "GET " + path}).Drain)

	draining := must[Host](w, call{as: "alice", do: "POST " + path + "/drain", key: "-"})
	require.Equal(t, fleet.HostDraining, draining.State)
	require.Equal(t, 2, draining.Drain.Parallel, "by default")
	require.Equal(t, 1, draining.Drain.Total)
	require.Equal(t, 1, draining.Drain.Remaining)
	require.Equal(t, Occupant{InstanceID: inst.ID, AccountID: inst.AccountID, Name: "nb", State: fleet.Running, Reason: "it waits for its turn"}, draining.Drain.Left[0])
	require.Equal(t, []string{w.hostID}, w.started.drains)
	again := must[Host](w, call{as: "alice", do: "POST " + path + "/drain", key: "-", body: `{"parallel":5}`})
	require.Equal(t, 5, again.Drain.Parallel)
	p := w.call(call{as: "alice", do: "POST " + path + "/retire", key: "-"}).problem(t)
	require.Equal(t, fleet.Conflict, p.Code)
	require.Contains(t, p.Detail, "not empty")

	// A move is open: a cancel takes it back.
	ask := store.Ask{AccountID: inst.AccountID, Actor: fleet.DrainActor(w.hostID), Key: "drain"}
	rec, _, err := w.Store.Accept(t.Context(), ask, fleet.KindInstance, inst.ID, fleet.Migrate.Name)
	require.NoError(t, err)
	require.NoError(t, w.Store.MarkStarted(t.Context(), rec.ID))
	require.Equal(t, "it is being moved", must[Host](w, call{as: "alice", do: "GET " + path}).Drain.Left[0].Reason)
	cancelled := must[Host](w, call{as: "alice", do: "DELETE " + path + "/drain", key: "-"})
	require.Equal(t, fleet.HostCordoned, cancelled.State)
	require.Nil(t, cancelled.Drain)
	require.Equal(t, []string{rec.ID}, w.started.cancels)
	w.mustEnd(rec.ID, fleet.Undone)

	must[Host](w, call{as: "alice", do: "POST " + path + "/drain", key: "-"})
	end := must[Operation](w, call{as: "bob", do: "POST /v1/instances/" + inst.ID + "/terminate", key: "-", body: `{"confirm":"nb"}`})
	require.NoError(t, w.Store.ReturnLease(t.Context(), inst.Home.ID))
	w.mustEnd(end.ID, fleet.Done)
	require.NoError(t, w.Store.EndDrain(t.Context(), w.hostID))
	drained := must[Host](w, call{as: "alice", do: "GET " + path})
	require.Equal(t, fleet.HostDrained, drained.State)
	require.Empty(t, drained.Drain.Left)
	require.False(t, drained.Drain.EndedAt.IsZero())
	retired := must[Host](w, call{as: "alice", do: "POST " + path + "/retire", key: "-", body: `{"discard_kept":true}`})
	require.Equal(t, fleet.HostRetired, retired.State)
	require.Empty(t, must[List[Host]](w, call{as: "viewer", do: "GET /v1/hosts"}).Items)
	require.Len(t, must[List[Host]](w, call{as: "viewer", do: "GET /v1/hosts?all=true"}).Items, 1)
	require.Empty(t, must[List[GPU]](w, call{as: "viewer", do: "GET /v1/gpus"}).Items)
	for _, do := range []string{"POST " + path + "/drain", "DELETE " + path + "/drain", "POST " + path + "/cordon"} {
		require.Equal(t, 409, w.call(call{as: "alice", do: do, key: "-"}).status)
	}
}

func TestTheTokenOfARetiredHostIsVoid(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	must[Host](w, call{as: "alice", do: "POST /v1/hosts/" + w.hostID + "/retire", key: "-"})
	p := w.call(call{as: "host", do: "POST /v1/agent/lease", body: fleet.HostReport{PortFirst: 1, PortLast: 2}}).problem(t)
	require.Equal(t, fleet.Unauthenticated, p.Code, "though the server remembers it for a moment")
}

package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestAPlanSaysWhatAnOperationWouldDo(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	path := "/v1/instances/" + i.ID
	plan := func(query string) Plan {
		t.Helper()
		return must[Plan](w, call{as: "viewer", do: "GET " + path + "/plan?operation=" + query})
	}
	before := w.census()

	alone := plan("migrate")
	require.True(t, alone.Allowed)
	require.Equal(t, i.Home.HostID, alone.FromHostID)
	require.Empty(t, alone.HostID)
	require.False(t, alone.Capacity.Now)
	require.NotEmpty(t, alone.Capacity.Reason)
	require.Equal(t, 7, alone.Capacity.Places)
	require.True(t, alone.Copies)
	require.Nil(t, alone.Bytes)
	require.Nil(t, alone.Total, "nobody knows how much there is, and none has been done")
	require.Equal(t, &PlanTime{Duration: fleet.Duration(5 * time.Second)}, alone.Downtime)
	require.Equal(t, []string{"memory", "connections"}, alone.Loses)

	other := w.mustHost("rack-2", 2)
	before["hosts"]++
	before["gpus"] += 2
	before["events"] = w.census()["events"]
	snap := w.mustWhole(i.ID, fleet.SnapshotManual)
	before["events"] = w.census()["events"]
	there := plan("migrate&host_id=" + other)
	require.Equal(t, other, there.HostID)
	require.True(t, there.Capacity.Now)
	require.EqualValues(t, 1<<30, *there.Bytes)
	require.Equal(t, snap.ID, there.BytesFrom)
	require.Equal(t, &PlanTime{Duration: fleet.Duration(20200 * time.Millisecond)}, there.Total)
	require.Equal(t, []PlanPort{{Container: 8080, From: i.Ports[0].Host, To: 30000}}, there.Ports)
	require.Contains(t, there.Keeps, "addresses")

	held, none := plan("stop"), plan("stop&hold=none")
	require.Contains(t, held.Keeps, "gpus")
	require.Nil(t, held.Capacity)
	require.Equal(t, []string{"gpus", "host_ports"}, none.GivesBack)
	require.NotContains(t, none.Keeps, "gpus")
	require.True(t, none.Capacity.Now)
	require.False(t, none.Copies)

	freeze := plan("freeze")
	require.Equal(t, []string{"disk", "gpus", "host_ports"}, freeze.GivesBack)
	require.True(t, freeze.Copies)
	require.Empty(t, freeze.HostID)
	thaw := plan("thaw")
	require.False(t, thaw.Allowed)
	require.Equal(t, "it is running", thaw.Reason)
	require.Equal(t, before, w.census(), "nothing was changed")

	op := must[Operation](w, call{as: "alice", do: "POST " + path + "/restart", key: "-"})
	require.Contains(t, plan("stop").Keeps, "gpus")
	require.Equal(t, "operation "+op.ID+" is open", plan("freeze").Reason)
	require.True(t, plan("stop").Allowed, "it wins over a restart")
	w.mustEnd(op.ID, fleet.Done)

	frozen := w.mustFreeze(i)
	thaw = plan("thaw")
	require.True(t, thaw.Allowed)
	require.Equal(t, frozen.ID, thaw.BytesFrom)
	require.Equal(t, i.Home.HostID, thaw.HostID, "where it lived")
	require.Empty(t, thaw.Ports, "it has its ports again")
}

func TestAPlanGoesByWhatWasMeasured(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.mustHost("rack-2", 8)
	i := w.mustRun(w.mustServer("alice", "box"))
	w.mustWhole(i.ID, fleet.SnapshotManual)
	op := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/migrate", key: "-"})
	_, _, err := w.Store.BeginInstance(t.Context(), op.ID)
	require.NoError(t, err)
	now := w.Store.Now
	w.Store.Now = func() time.Time { return now().Add(40 * time.Second) }
	require.NoError(t, w.Store.EndOperation(t.Context(), store.Ending{OperationID: op.ID, Outcome: fleet.Done, Moved: 2 << 30, Downtime: 1500 * time.Millisecond}))
	w.Store.Now = now
	plan := must[Plan](w, call{as: "alice", do: "GET /v1/instances/" + i.ID + "/plan?operation=migrate"})
	require.Equal(t, 1, plan.Total.Measured)
	require.InDelta(t, 20, time.Duration(plan.Total.Duration).Seconds(), 1)
	require.Equal(t, &PlanTime{Duration: fleet.Duration(1500 * time.Millisecond), Measured: 1}, plan.Downtime)
	done := must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID})
	require.Equal(t, fleet.Duration(1500*time.Millisecond), done.Downtime)
	require.EqualValues(t, 2<<30, done.MovedBytes)
}

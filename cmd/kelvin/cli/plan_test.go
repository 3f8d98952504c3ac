package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func migration() api.Plan {
	bytes := int64(5 << 30)
	return api.Plan{
		Operation: "migrate", InstanceID: id("ins_", 1), Allowed: true, FromHostID: id("hst_", 1), HostID: id("hst_", 2),
		Capacity: &api.PlanCapacity{Now: true, Places: 3, Waiting: 1}, Bytes: &bytes, BytesFrom: id("snp_", 1), Copies: true,
		Total: &api.PlanTime{Duration: fleet.Duration(150 * time.Second), Measured: 4}, Downtime: &api.PlanTime{Duration: fleet.Duration(5 * time.Second)},
		Ports: []api.PlanPort{{Container: 8888, From: 20001, To: 30000}},
		Keeps: []string{"disk", "root_filesystem", "gpus", "host_ports", "addresses"}, GivesBack: []string{}, Loses: []string{"memory", "connections"},
	}
}

func TestADryRunShowsThePlanAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("GET /v1/instances/{id}/plan", 200, migration())
	golden(t, "instance_plan", w.mustRun("instance", "migrate", "notebook", "--dry-run"))
	require.Equal(t, migration(), decoded[api.Plan](t, w.mustRun("instance", "migrate", "notebook", "--dry-run", "--host", "a", "-o", "json")))
	require.Contains(t, w.requests(), "GET /v1/instances/"+id("ins_", 1)+"/plan?host_id="+id("hst_", 1)+"&operation=migrate")
	for _, verb := range []string{"start", "stop", "freeze", "thaw"} {
		w.mustRun("instance", verb, "notebook", "--dry-run")
		require.Contains(t, strings.Join(w.requests(), "\n"), "operation="+verb)
	}
	for _, asked := range w.requests() {
		require.True(t, strings.HasPrefix(asked, "GET "), asked)
	}
}

func TestADryRunOfWhatIsRefusedSaysSo(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	plan := migration()
	plan.Allowed, plan.Reason, plan.Bytes = false, "it is frozen", nil
	w.answers("GET /v1/instances/{id}/plan", 200, plan)
	r := w.run("instance", "migrate", "notebook", "--dry-run")
	require.Equal(t, exitConflict, r.exit)
	require.Contains(t, r.err, "cannot migrate notebook now: it is frozen")
	require.Contains(t, r.out, "how much is known once there is a snapshot")
}

func TestAStopWithNothingHeldSaysWhatItMeans(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/instances/{id}/stop", 202, stopOperation(api.OperationPending))
	w.answers("GET /v1/instances/{id}/plan", 200, api.Plan{
		Operation: "stop", Allowed: true, Keeps: []string{"disk", "root_filesystem", "addresses"}, GivesBack: []string{"gpus", "host_ports"},
		Capacity: &api.PlanCapacity{Now: true, Places: 2},
	})
	r := w.run("instance", "stop", "notebook", "--hold", "none")
	require.Zero(t, r.exit, r.err)
	require.Equal(t, "notebook keeps its disk, its root filesystem, its URL and addresses. Others may have its GPUs, the ports of its host, "+
		"and a start looks for a place: 2 like it would fit now, besides the place it gives back.\n", r.err)
	require.Contains(t, w.requests(), `POST /v1/instances/`+id("ins_", 1)+`/stop {"hold":"none"}`)
}

func TestAnOperationIsRetriedWithItsConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reset := api.Operation{
		ID: id("op_", 8), Kind: fleet.KindInstance, ResourceID: id("ins_", 1), ResourceName: "notebook", Name: "reset", State: api.OperationUndone,
		Params: fleet.Params{Keep: fleet.Duration(time.Hour)}, Steps: []api.Step{},
	}
	w.answers("GET /v1/operations/"+reset.ID, 200, reset)
	w.answers("GET /v1/operations/"+id("op_", 7), 200, stopOperation(api.OperationUndone))
	w.answers("POST /v1/operations/{id}/retry", 202, stopOperation(api.OperationPending))
	w.mustRun("operation", "retry", id("op_", 7))
	require.Contains(t, w.requests(), "POST /v1/operations/"+id("op_", 7)+"/retry")
	r := w.run("operation", "retry", reset.ID)
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "can be had back for 1h")
	w.mustRun("operation", "retry", reset.ID, "--yes")
	require.Contains(t, w.requests(), `POST /v1/operations/`+reset.ID+`/retry {"confirm":"notebook"}`)
}

func TestAnOperationsOutlookIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := stopOperation(api.OperationRunning)
	op.Percent, op.ETA, op.QueuePosition = 37.4, fleet.Duration(4*time.Minute), 3
	op.Stuck, op.WayOut = "it is past its deadline", "delete the endpoint"
	op.Params = fleet.Params{HostID: id("hst_", 1), Wait: true, RateLimit: 65536}
	op.Progress = &api.Progress{Percent: 45, Rate: 120 << 20, ETASeconds: 12, Message: "saving", Attempt: 2}
	w.answers("GET /v1/operations", 200, page(op))
	w.answers("GET /v1/operations/"+op.ID, 200, op)
	shown := w.mustRun("operation", "show", op.ID)
	for _, line := range []string{
		"Progress    37%, 4m left", "This step   45%, 120.0 MiB/s, 12s left, attempt 2: saving", "Stuck       it is past its deadline", "Way out     delete the endpoint",
		"Drain requests, number 3 in the queue", "Asked with  --host " + id("hst_", 1) + " --queue --rate-limit 65536",
	} {
		require.Contains(t, shown, line)
	}
	require.Contains(t, w.mustRun("operation", "ls"), "stuck")
	done := stopOperation(api.OperationDone)
	done.Downtime, done.MovedBytes = fleet.Duration(1500*time.Millisecond), 3<<30
	w.answers("GET /v1/operations/"+id("op_", 9), 200, done)
	shown = w.mustRun("operation", "show", id("op_", 9))
	require.Contains(t, shown, "Downtime   1.5s")
	require.Contains(t, shown, "Moved      3.0 GiB")
	require.Contains(t, progressLine(op, "*", time.Minute, 100), "37%, 4m left (1m)")
}

func TestWhoWaitsIsToldOnceThatItIsStuck(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	op := stopOperation(api.OperationRunning)
	op.Stuck, op.WayOut = "it is past its deadline", "delete the endpoint"
	w.answers("POST /v1/endpoints/{id}/stop", 202, stopOperation(api.OperationPending))
	w.streams("GET /v1/operations/{id}/watch", sends(op, op, stopOperation(api.OperationDone)))
	r := w.run("endpoint", "stop", "llama", "--wait")
	require.Zero(t, r.exit, r.err)
	require.Equal(t, 1, strings.Count(r.err, "It is stuck: it is past its deadline. The way out: delete the endpoint."), r.err)
}

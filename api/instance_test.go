package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestServerLivesThroughItsOperations(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.mustRun(w.mustServer("alice", "box"))
	listed := must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?name=box&servers=true&state=running"})
	require.Len(t, listed.Items, 1)
	i := listed.Items[0]
	require.Equal(t, []string{"stop", "restart", "freeze", "migrate", "reset", "terminate"}, i.Legal)
	require.Equal(t, w.hostID, i.HostID)
	require.Equal(t, "127.0.0.1", i.Address)
	require.Len(t, i.GPUs, 1)
	require.True(t, i.GPUs[0].Simulated)
	require.Equal(t, 8080, i.Ports[0].Container)
	require.GreaterOrEqual(t, i.Ports[0].Host, 20000)
	path := "/v1/instances/" + i.ID

	for _, step := range []struct {
		operation string
		via, to   fleet.State
	}{
		{"stop", fleet.Stopping, fleet.Stopped},
		{"start", fleet.Starting, fleet.Running},
		{"restart", fleet.Restarting, fleet.Running},
	} {
		op := must[Operation](w, call{as: "alice", do: "POST " + path + "/" + step.operation, key: "-"})
		require.Equal(t, step.operation, op.Name)
		now := must[Instance](w, call{as: "alice", do: "GET " + path})
		require.Equal(t, step.via, now.State)
		require.Equal(t, step.to, now.Target)
		require.Equal(t, op.ID, now.OperationID)
		require.False(t, now.Deadline.IsZero())
		w.mustEnd(op.ID, fleet.Done)
		require.Equal(t, step.to, must[Instance](w, call{as: "alice", do: "GET " + path}).State)
	}

	op := must[Operation](w, call{as: "alice", do: "POST " + path + "/terminate", key: "end", body: Confirm{"box"}})
	same := must[Operation](w, call{as: "alice", do: "DELETE " + path + "?confirm=box", key: "end"})
	require.Equal(t, op, same, "DELETE is the same request")
	w.mustEnd(op.ID, fleet.Done)
	require.Empty(t, must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances"}).Items)
	require.Len(t, must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?all=true"}).Items, 1)
	gone := must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?state=terminated"})
	require.Len(t, gone.Items, 1)
	require.Empty(t, gone.Items[0].Legal)
	again := must[Operation](w, call{as: "alice", do: "POST " + path + "/terminate", key: "end", body: Confirm{"box"}})
	require.Equal(t, op, again)
}

func TestWhatTheFleetCannotDoIsNoButtonAndNoRoute(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.Supported = []fleet.Operation{fleet.Create, fleet.Start, fleet.Stop, fleet.Restart, fleet.Terminate}
	i := w.mustRun(w.mustServer("alice", "box"))
	require.Equal(t, []string{"stop", "restart", "terminate"}, must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + i.ID}).Legal)
	for _, name := range []string{"freeze", "thaw", "migrate", "recover", "reset"} {
		c := call{as: "alice", do: "POST /v1/instances/" + i.ID + "/" + name, key: "-"}
		if name == "reset" {
			c.body = Confirm{"box"}
		}
		got := w.call(c)
		require.Equal(t, http.StatusNotImplemented, got.status, name)
		require.Equal(t, fleet.Unsupported, got.problem(t).Code)
	}
}

func TestWorkersAndTheProtectedHaveFewerButtons(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := must[Operation](w, call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{"name": "dear", "image": "a:1", "protected": true}})
	w.mustRun(op)
	dear := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + op.ResourceID})
	require.NotContains(t, dear.Legal, "terminate")
	require.True(t, dear.Ready, "it runs, and has no ports")
	got := w.call(call{as: "alice", do: "POST /v1/instances/" + op.ResourceID + "/terminate", key: "-", body: Confirm{"dear"}})
	require.Equal(t, http.StatusConflict, got.status)
	require.Contains(t, got.problem(t).Detail, "take the protection off first")

	e := w.mustEndpoint("alice", "served")
	worker := w.mustWorker(e.ResourceID, "served-1")
	require.Equal(t, []string{"terminate"}, must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + worker.ID}).Legal)
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: "POST /v1/instances/" + worker.ID + "/stop", key: "-"}).status)
	require.Len(t, must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?endpoint=" + e.ResourceID}).Items, 1)
	require.Len(t, must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?servers=true"}).Items, 1)
	w.mustEnd(e.ID, fleet.Done)
	require.Equal(t, "1/1 Ready", must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + e.ResourceID}).Status)
}

func TestAProtectedServerCanBeTerminatedOnceThatIsTakenOff(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	path := "/v1/instances/" + i.ID
	protect := func(id string, protected bool) answer {
		return w.call(call{as: "alice", do: "PATCH /v1/instances/" + id, key: "-", body: InstancePatch{Protected: protected}})
	}
	terminate := call{as: "alice", do: "POST " + path + "/terminate", key: "-", body: Confirm{"box"}}

	require.Equal(t, http.StatusOK, protect(i.ID, true).status)
	require.Equal(t, http.StatusConflict, w.call(terminate).status)
	off := must[Instance](w, call{as: "alice", do: "PATCH " + path, key: "-", body: InstancePatch{}})
	require.False(t, off.Spec.Protected)
	require.Contains(t, off.Legal, "terminate")
	events := must[List[Event]](w, call{as: "alice", do: "GET /v1/events?limit=2&resource=" + i.ID}).Items
	require.Equal(t, []string{"instance.unprotected", "instance.protected"}, []string{events[0].Name, events[1].Name})
	require.Equal(t, must[Me](w, call{as: "alice", do: "GET /v1/me"}).KeyID, events[0].Actor)

	op := must[Operation](w, terminate)
	require.Equal(t, op.ID, protect(i.ID, true).problem(t).Operation, "it is too late")
	w.mustEnd(op.ID, fleet.Done)
	require.Equal(t, http.StatusConflict, protect(i.ID, false).status, "it is gone")

	e := w.mustEndpoint("alice", "served")
	require.Equal(t, http.StatusConflict, protect(w.mustWorker(e.ResourceID, "served-1").ID, true).status)
}

// mustWorker makes a worker of an endpoint of alice's, as its autoscaler would.
func (w *world) mustWorker(endpointID, name string) fleet.Instance {
	w.t.Helper()
	e, err := w.Store.Endpoint(w.t.Context(), endpointID)
	require.NoError(w.t, err)
	rec, _, err := w.Store.CreateInstance(w.t.Context(), store.Ask{AccountID: e.AccountID, Actor: "autoscaler", Key: name, Digest: name},
		store.NewInstance{Name: name, Spec: e.Spec.Worker(), EndpointID: e.ID, Revision: e.Revision})
	require.NoError(w.t, err)
	return w.mustRun(Operation{ID: rec.ID, ResourceID: rec.ResourceID})
}

func TestOperationIsCancelled(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	fresh := w.mustServer("alice", "fresh")
	op := must[Operation](w, call{as: "alice", do: "POST /v1/operations/" + fresh.ID + "/cancel", key: "-"})
	require.Equal(t, OperationUndone, op.State, "it had not been started")
	require.Equal(t, fleet.Cancelled, op.Code)
	require.Empty(t, w.started.cancels)

	begun := w.mustServer("alice", "begun")
	require.NoError(t, w.Store.MarkStarted(t.Context(), begun.ID))
	op = must[Operation](w, call{as: "alice", do: "POST /v1/operations/" + begun.ID + "/cancel", key: "-"})
	require.True(t, op.CancelRequested)
	require.Equal(t, []string{begun.ID}, w.started.cancels)
	w.mustEnd(begun.ID, fleet.Undone)
	require.Equal(t, http.StatusConflict, w.call(call{as: "alice", do: "POST /v1/operations/" + begun.ID + "/cancel", key: "-"}).status)
}

func TestOperationShowsItsStepsAndProgress(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := w.mustServer("alice", "box")
	_, _, err := w.Store.BeginInstance(t.Context(), op.ID)
	require.NoError(t, err)
	require.NoError(t, w.Store.SaveSteps(t.Context(), op.ID, "Fetch the image", []fleet.Step{
		{Name: "Place", Title: "Find GPUs", State: fleet.StepDone, StartedAt: time.Now().Add(-time.Minute)},
		{Name: "PullImage", Title: "Fetch the image", State: fleet.StepRunning, StartedAt: time.Now().Add(-10 * time.Second)},
	}))
	w.started.says(fleet.Progress{Message: "layer 3", Done: 25, Total: 100})
	got := must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID})
	require.Equal(t, OperationRunning, got.State)
	require.Equal(t, "Fetch the image", got.Phase)
	require.Len(t, got.Steps, 2)
	require.InDelta(t, 25, got.Progress.Percent, 0.01)
	require.InDelta(t, 30, got.Progress.ETASeconds, 2)

	w.started.broken, w.started.heartbeat = errors.New("no connection"), nil
	require.Nil(t, must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID}).Progress)
}

func TestETAKnowsWhenItCannotTell(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 30, eta(25, 10*time.Second))
	for _, percent := range []float64{-1, 0, 100, 101} {
		require.Zero(t, eta(percent, time.Minute))
	}
	require.Zero(t, eta(50, -time.Second), "a step that another clock started")
}

func TestHostIsCordoned(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	hosts := must[List[Host]](w, call{as: "viewer", do: "GET /v1/hosts"})
	require.Len(t, hosts.Items, 1)
	require.Equal(t, GPUCounts{Total: 8, Free: 8}, hosts.Items[0].GPUs)
	require.False(t, hosts.Items[0].Connected)
	cordoned := must[Host](w, call{as: "alice", do: "POST /v1/hosts/" + w.hostID + "/cordon", key: "-"})
	require.Equal(t, fleet.HostCordoned, cordoned.State)
	require.Equal(t, fleet.HostReady, must[Host](w, call{as: "alice", do: "POST /v1/hosts/" + w.hostID + "/uncordon", key: "-"}).State)
	require.Len(t, must[List[GPU]](w, call{as: "viewer", do: "GET /v1/gpus?state=free&type=a100-80gb&limit=5"}).Items, 5)
	require.NotEmpty(t, must[List[Event]](w, call{as: "alice", do: "GET /v1/events?resource=" + w.hostID}).Items)
	gateways := must[List[Gateway]](w, call{as: "viewer", do: "GET /v1/gateways"})
	require.Equal(t, "gate-1", gateways.Items[0].Name)
	centers := must[List[DataCenter]](w, call{as: "bob", do: "GET /v1/data-centers"})
	require.Equal(t, "us-east", centers.Items[0].Name)
	require.True(t, strings.Contains(centers.Items[0].GatewayURL, "%s"))
}

package api

import (
	"bufio"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAnOperationTellsWhatToExpect(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	ctx := t.Context()
	i := w.mustRun(w.mustServer("alice", "box"))
	operate := func() Operation {
		op := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/restart", key: "-"})
		_, _, err := w.Store.BeginInstance(ctx, op.ID)
		require.NoError(t, err)
		return op
	}
	get := func(op Operation) Operation {
		return must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID})
	}
	at := w.Store.Now()
	stop := fleet.Step{Name: "StopContainer", Title: "stop container", HostID: i.Home.HostID, State: fleet.StepDone, StartedAt: at, EndedAt: at.Add(1234567 * time.Microsecond)}
	start := fleet.Step{Name: "StartContainer", Title: "start container", State: fleet.StepDone, StartedAt: stop.EndedAt, EndedAt: stop.EndedAt.Add(30 * time.Second)}

	first := operate()
	running := stop
	running.State, running.EndedAt = fleet.StepRunning, time.Time{}
	require.NoError(t, w.Store.SaveSteps(ctx, first.ID, "stop container", []fleet.Step{running}))
	got := get(first)
	require.Zero(t, got.Percent, "none has been done before")
	require.Zero(t, got.ETA)
	require.NoError(t, w.Store.SaveSteps(ctx, first.ID, "", []fleet.Step{stop, start}))
	w.mustEnd(first.ID, fleet.Done)
	require.Equal(t, fleet.Duration(1235*time.Millisecond), get(first).Steps[0].Duration)

	w.histories.known = nil // a minute passes
	second := operate()
	running.StartedAt = w.Store.Now()
	require.NoError(t, w.Store.SaveSteps(ctx, second.ID, "stop container", []fleet.Step{running}))
	got = get(second)
	require.InDelta(t, 31, time.Duration(got.ETA).Seconds(), 1.5)
	require.Less(t, got.Percent, 10.0, "it has just begun")
	require.Zero(t, got.Steps[0].Duration, "it runs")
	require.Empty(t, got.Stuck)
	listed := must[List[Operation]](w, call{as: "alice", do: "GET /v1/operations?open=true"}).Items
	require.Len(t, listed, 1)
	require.InDelta(t, 31, time.Duration(listed[0].ETA).Seconds(), 1.5)
	require.Empty(t, listed[0].Steps, "lists have no steps")

	w.started.says(fleet.Progress{Done: 1, Total: 2, Rate: 5 << 20, Left: fleet.Duration(90 * time.Second), Attempt: 4, Failure: "Docker does not answer"})
	running.StartedAt = w.Store.Now().Add(-10 * time.Minute)
	require.NoError(t, w.Store.SaveSteps(ctx, second.ID, "stop container", []fleet.Step{running}))
	got = get(second)
	require.InDelta(t, 120, time.Duration(got.ETA).Seconds(), 1.5, "by its own rate, and what comes after")
	require.Equal(t, &Progress{Percent: 50, Done: 1, Total: 2, Rate: 5 << 20, ETASeconds: 90, Attempt: 4, Failure: "Docker does not answer"}, got.Progress)
	require.Contains(t, got.Stuck, "has been tried 4 times: Docker does not answer")
	require.Contains(t, got.WayOut, "cancel the operation")

	req := w.request(call{as: "alice", do: "GET /v1/operations/" + second.ID + "/watch"})
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	first4 := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan() && len(first4) == 0; {
		if len(lines.Text()) > 6 && lines.Text()[:6] == "data: " {
			first4 = lines.Text()
		}
	}
	require.Contains(t, first4, `"way_out"`, "who watches is told, too")

	w.mustEnd(second.ID, fleet.Stuck)
	require.Contains(t, get(second).WayOut, "terminate")
}

func TestOnesPlaceInTheQueueIsShown(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	op := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/migrate", key: "-", body: `{"wait":true}`})
	_, _, err := w.Store.BeginInstance(t.Context(), op.ID)
	require.NoError(t, err)
	_, err = w.Store.Queue(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, 1, must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID}).QueuePosition)
	require.Equal(t, 1, must[List[Operation]](w, call{as: "alice", do: "GET /v1/operations?open=true"}).Items[0].QueuePosition)
	w.mustEnd(op.ID, fleet.Undone)
	require.Zero(t, must[Operation](w, call{as: "alice", do: "GET /v1/operations/" + op.ID}).QueuePosition)
}

func TestAnOperationIsRetried(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	ask := func(operation string, body any) Operation {
		return must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/" + operation, key: "-", body: body})
	}
	retry := func(op Operation, key string, body any) answer {
		return w.call(call{as: "alice", do: "POST /v1/operations/" + op.ID + "/retry", key: key, body: body})
	}
	freeze := ask("freeze", `{"rate_limit":1000000}`)
	require.Equal(t, http.StatusConflict, retry(freeze, "-", nil).status, "it is open")
	w.mustEnd(freeze.ID, fleet.Undone)
	again := must[Operation](w, call{as: "alice", do: "POST /v1/operations/" + freeze.ID + "/retry", key: "again"})
	require.NotEqual(t, freeze.ID, again.ID)
	require.Equal(t, "freeze", again.Name)
	require.Equal(t, freeze.Params, again.Params)
	require.Contains(t, w.started.starts, again.ID)
	require.Equal(t, again, must[Operation](w, call{as: "alice", do: "POST /v1/operations/" + freeze.ID + "/retry", key: "again"}))
	require.Equal(t, http.StatusConflict, retry(freeze, "-", nil).status, "another one is open")
	w.mustEnd(again.ID, fleet.Undone)
	require.Equal(t, http.StatusConflict, retry(again, "again", nil).status, "the key was used")
	require.Equal(t, http.StatusNotFound, w.call(call{as: "bob", do: "POST /v1/operations/" + freeze.ID + "/retry", key: "-"}).status)
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: "POST /v1/operations/" + freeze.ID + "/retry", key: "-"}).status)

	stop := ask("stop", nil)
	w.mustEnd(stop.ID, fleet.Done)
	require.Contains(t, retry(stop, "-", nil).problem(t).Detail, "nothing to try again")

	reset := ask("reset", `{"confirm":"box","keep":"1h"}`)
	w.mustEnd(reset.ID, fleet.Undone)
	p := retry(reset, "-", nil).problem(t)
	require.Equal(t, "body.confirm", p.Fields[0].Field)
	require.Equal(t, http.StatusUnprocessableEntity, retry(reset, "-", `{"confirm":"wrong"}`).status)
	require.Equal(t, http.StatusAccepted, retry(reset, "-", `{"confirm":"box"}`).status)

	made := w.mustServer("alice", "late")
	w.mustEnd(made.ID, fleet.Undone)
	anew := must[Operation](w, call{as: "alice", do: "POST /v1/operations/" + made.ID + "/retry", key: "-"})
	require.NotEqual(t, made.ResourceID, anew.ResourceID)
	require.Equal(t, "late", must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + anew.ResourceID}).Name)
}

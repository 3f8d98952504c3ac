package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestDecisionsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "served")
	path := "/v1/endpoints/" + e.ResourceID + "/decisions"
	for i := range 3 {
		require.NoError(t, w.Store.SaveScaleDecision(t.Context(), fmt.Sprint(i), fleet.ScaleDecision{
			EndpointID: e.ResourceID, From: i, To: i + 1, Create: 1, Rule: autoscale.Growth, Reason: "so",
			Votes: []fleet.ScaleVote{{Rule: autoscale.Max, Total: 3}}, Inputs: fleet.ScaleInputs{Max: 3, InFlight: 7},
		}))
	}
	first := must[List[ScaleDecision]](w, call{as: "viewer", do: "GET " + path + "?limit=2"})
	require.Len(t, first.Items, 2)
	require.Equal(t, 3, first.Items[0].To)
	require.Equal(t, 7, first.Items[0].Inputs.InFlight)
	require.Equal(t, []fleet.ScaleVote{{Rule: autoscale.Max, Total: 3}}, first.Items[0].Votes)
	rest := must[List[ScaleDecision]](w, call{as: "viewer", do: "GET " + path + "?limit=2&after=" + first.Next})
	require.Len(t, rest.Items, 1)
	require.EqualValues(t, 1, rest.Items[0].Seq)
	for _, what := range []string{"decisions", "scaling", "load"} {
		require.Equal(t, http.StatusNotFound, w.call(call{as: "bob", do: "GET /v1/endpoints/" + e.ResourceID + "/" + what}).status, "another account's")
		require.Equal(t, http.StatusUnprocessableEntity, w.call(call{as: "alice", do: "GET /v1/endpoints/ins_1/" + what}).status)
	}
	events := must[List[Event]](w, call{as: "viewer", do: "GET /v1/events?resource=" + e.ResourceID})
	require.Equal(t, "endpoint.scaled", events.Items[0].Name)
	require.Equal(t, "2 → 3 workers (growth): so", events.Items[0].Message)
}

func TestScalingSaysWhatBinds(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "served")
	get := func() Scaling {
		return must[Scaling](w, call{as: "viewer", do: "GET /v1/endpoints/" + e.ResourceID + "/scaling"})
	}
	now := time.Now().UTC()
	w.Store.Now = func() time.Time { return now }
	state, err := json.Marshal(autoscale.State{Total: 3, Changed: now.Add(-time.Hour), Service: fleet.Duration(2 * time.Second)})
	require.NoError(t, err)
	require.NoError(t, w.Store.SaveScaling(t.Context(), store.Scaling{EndpointID: e.ResourceID, Desired: 3, State: state}))

	unseen := get()
	require.True(t, unseen.Scaled)
	require.False(t, unseen.Load.Known)
	require.Equal(t, ScalingWorkers{Desired: 3, Active: 1, Max: 1, Target: 100}, unseen.Workers)
	require.Equal(t, autoscale.Max, unseen.Rule)
	require.Equal(t, 200, unseen.Rules.UpPercent)
	require.InDelta(t, 2, unseen.Load.ServiceSeconds, 0)

	at := now.Truncate(fleet.LoadSlot).Add(-90 * time.Second)
	for ; at.Before(now); at = at.Add(fleet.LoadSlot) {
		p := fleet.LoadPoint{At: at, Seconds: 5, InFlight: 40, Requests: 50, Ended: 50, BusyMS: 50_000, Whole: true}
		require.NoError(t, w.Store.SaveLoads(t.Context(), []store.EndpointPoint{{EndpointID: e.ResourceID, LoadPoint: p}}))
	}
	report := fleet.GatewayReport{Run: "r", Load: map[string]fleet.EndpointLoad{e.ResourceID: {InFlight: 70, Queued: 2, Requests: 9}}}
	require.Equal(t, http.StatusNoContent, w.call(call{as: "gateway", do: "POST /v1/gateway/report", body: report}).status)
	seen := get()
	require.True(t, seen.Load.Known)
	require.Equal(t, 70, seen.Load.InFlight)
	require.Equal(t, 2, seen.Load.Queued)
	require.InDelta(t, 10, seen.Load.Rate, .1)
	require.InDelta(t, 1, seen.Load.ServiceSeconds, .01)
	require.Equal(t, 72, seen.Load.Peak)
	require.NotEmpty(t, seen.Votes)
	require.NotEmpty(t, seen.Reason)

	w.mustEnd(e.ID, fleet.Done)
	require.Equal(t, http.StatusAccepted, w.call(call{as: "alice", do: "POST /v1/endpoints/" + e.ResourceID + "/stop", key: "stop"}).status)
	stopped := get()
	require.False(t, stopped.Scaled)
	require.Zero(t, stopped.Workers.Desired)
}

func TestLoadHasNoGaps(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	now := time.Now().UTC().Truncate(time.Minute).Add(7 * time.Second)
	w.Store.Now = func() time.Time { return now }
	e := w.mustEndpoint("alice", "served")
	put := func(ago time.Duration, p fleet.LoadPoint) {
		p.At = now.Add(-ago).Truncate(fleet.LoadSlot)
		require.NoError(t, w.Store.SaveLoads(t.Context(), []store.EndpointPoint{{EndpointID: e.ResourceID, LoadPoint: p}}))
	}
	slow := fleet.LoadPoint{Seconds: 5, InFlight: 9, Queued: 1, Requests: 100, Ended: 100, Classes: [5]int64{0, 90, 0, 0, 10}, Desired: 3, Ready: 2, Starting: 1}
	slow.Latency[9], slow.Latency[10] = 50, 50 // up to 1 s, up to 2.5 s
	put(3*time.Minute, slow)
	put(3*time.Minute-5*time.Second, fleet.LoadPoint{Seconds: 5, Desired: 3, Ready: 3}) // and nothing since

	get := func(query string) LoadSeries {
		return must[LoadSeries](w, call{as: "viewer", do: "GET /v1/endpoints/" + e.ResourceID + "/load" + query})
	}
	all := get("?since=5m")
	require.Len(t, all.Points, 59, "as far as they are gathered")
	require.Equal(t, fleet.Duration(5*time.Second), all.Step)
	i := 24
	require.Equal(t, LoadMoment{
		At: now.Add(-3 * time.Minute).Truncate(fleet.LoadSlot), Seen: true, Requests: 20, Errors: 2, InFlight: 9, Queued: 1, P50: 1, P95: 2.35,
		Desired: 3, Ready: 2, Starting: 1,
	}, all.Points[i])
	require.False(t, all.Points[i-1].Seen, "nobody looked")
	for j := i + 1; j < i+14; j++ {
		require.True(t, all.Points[j].Seen)
		require.Equal(t, 3, all.Points[j].Ready, "an endpoint without load has a point a minute")
		require.Zero(t, all.Points[j].InFlight)
	}
	require.False(t, all.Points[len(all.Points)-1].Seen)

	coarse := get("?since=5m&step=30s")
	require.Len(t, coarse.Points, 10)
	require.InDelta(t, 4, coarse.Points[4].Requests, .001, "over the 25 seconds that somebody looked")
	require.Len(t, get("").Points, 179)
	require.Len(t, get("?since="+now.Add(-time.Minute).Format(time.RFC3339)).Points, 11)

	for query, field := range map[string]string{
		"?since=2h": "query.since", "?since=soon": "query.since", "?step=7s": "query.step", "?step=1s": "query.step", "?step=x": "query.step", "?step=11m": "query.step",
	} {
		wrong := w.call(call{as: "viewer", do: "GET /v1/endpoints/" + e.ResourceID + "/load" + query})
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status, query)
		require.Contains(t, string(wrong.body), field)
		require.Contains(t, string(wrong.body), "allowed")
	}
}

// heard keeps what the evaluator is told.
type heard struct{ reports []fleet.GatewayReport }

func (h *heard) Reported(r fleet.GatewayReport) { h.reports = append(h.reports, r) }

func TestReportsReachTheEvaluatorAtOnce(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	ears := &heard{}
	w.Evaluator = ears
	report := fleet.GatewayReport{Run: "r", Load: map[string]fleet.EndpointLoad{"ep_1": {Queued: 1}}}
	require.Equal(t, http.StatusNoContent, w.call(call{as: "gateway", do: "POST /v1/gateway/report", body: report}).status)
	require.Len(t, ears.reports, 1)
	require.Equal(t, 1, ears.reports[0].Load["ep_1"].Queued)
}

func TestThePeakOfKeptLoadIsOfOneMoment(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(fleet.LoadSlot)
	point := fleet.LoadPoint{At: now.Add(-2 * fleet.LoadSlot), Seconds: 5, InFlight: 20, Queued: 30, Peak: 40, Whole: true}
	o := autoscale.OptionsOf(fleet.EndpointSpec{MaxWorkers: 5, TargetConcurrency: 5})
	require.Equal(t, 40, loadOf([]fleet.LoadPoint{point}, o, now).Peak, "the most in flight and the most that waited were of different moments")
	point.Peak = 0 // as kept before there was one
	require.Equal(t, 50, loadOf([]fleet.LoadPoint{point}, o, now).Peak)
}

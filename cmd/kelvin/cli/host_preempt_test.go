package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAHostIsPreempted(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	gone := hostA()
	gone.State = fleet.HostPreempted
	gone.Notice = &api.Notice{Kind: fleet.NoticePreempt, Source: fleet.NoticeOperator, At: testNow.Add(-time.Second), Deadline: testNow.Add(29 * time.Second)}
	w.answers("POST /v1/hosts/{id}/preempt", 200, gone)
	path := "/v1/hosts/" + id("hst_", 1) + "/preempt"
	require.Equal(t, "host a: preempted\n", w.mustRun("host", "preempt", "a", "--in", "90s"))
	require.Equal(t, api.HostPreempt{In: fleet.Duration(90 * time.Second), Kind: fleet.NoticePreempt}, sent[api.HostPreempt](t, w, "POST", path))
	w.answers("DELETE /v1/hosts/{id}/preempt", 200, hostA())
	require.Equal(t, "host a: ready\n", w.mustRun("host", "preempt", "a", "--cancel"))
	for _, args := range [][]string{
		{"--in", "0s"}, {"--in", "25h"}, {"--cancel", "--in", "30s"}, {"--cancel", "--rebalance"}, {"--rebalance", "--in", "1m"},
	} {
		require.Equal(t, exitUsage, w.run(append([]string{"host", "preempt", "a"}, args...)...).exit, args)
	}
	require.Equal(t, exitUsage, w.run("host", "ls", "--market", "futures").exit)
	w.mustRun("host", "ls", "--market", "spot")
}

func TestAHostShowsItsNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := hostA()
	gone.Notice = &api.Notice{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, At: testNow.Add(-time.Second), Deadline: testNow.Add(29 * time.Second)}
	w.answers("GET /v1/hosts/{id}", 200, gone)
	out := w.mustRun("host", "show", id("hst_", 1))
	require.Contains(t, out, "its provider takes it away in 29s (aws)")
	require.Contains(t, out, "spot (aws)")
}

func TestAnEndpointIsPutOnSpot(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("PATCH /v1/endpoints/{id}", 202, stopOperation(api.OperationRunning))
	w.mustRun("endpoint", "update", "llama", "--market", "spot", "--base-on-demand", "1", "--dynamic-fallback=false", "--spare", "0")
	none, no := 0, false
	patch := sent[api.EndpointPatch](t, w, "PATCH", "/v1/endpoints/"+id("ep_", 1))
	require.Equal(t, &fleet.SpotSpec{Market: fleet.Spot, BaseOnDemand: 1, Spare: &none, DynamicFallback: &no}, patch.Spot)
	require.Equal(t, "spot, 1 on-demand always, nothing stands in, 0 spare", marketOf(*patch.Spot))
	require.Empty(t, marketOf(fleet.SpotSpec{}))
}

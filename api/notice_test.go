package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAHostIsTakenAwayAndSpared(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	path := "/v1/hosts/" + w.hostID
	require.Equal(t, fleet.OnDemand, must[Host](w, call{as: "viewer", do: "GET " + path}).Market)
	gone := must[Host](w, call{as: "alice", do: "POST " + path + "/preempt", key: "-"})
	require.Equal(t, fleet.HostPreempted, gone.State)
	require.Equal(t, fleet.NoticeOperator, gone.Notice.Source)
	require.NotEmpty(t, gone.Notice.Actor)
	require.WithinDuration(t, w.Store.Now().Add(30*time.Second), gone.Notice.Deadline, 10*time.Second)
	require.Empty(t, must[List[Host]](w, call{as: "viewer", do: "GET /v1/hosts?market=spot"}).Items)
	require.Len(t, must[List[Host]](w, call{as: "viewer", do: "GET /v1/hosts?market=on-demand"}).Items, 1)

	// Its agent cannot take back what an operator said, nor be one.
	require.Equal(t, 204, w.call(call{as: "host", do: "POST /v1/agent/notice", body: fleet.HostNotice{}}).status)
	require.Equal(t, fleet.HostPreempted, must[Host](w, call{as: "viewer", do: "GET " + path}).State)
	bad := fleet.HostNotice{Notice: &fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeOperator}}
	require.Equal(t, fleet.Invalid, w.call(call{as: "host", do: "POST /v1/agent/notice", body: bad}).problem(t).Code)
	require.Equal(t, fleet.Unauthenticated, w.call(call{as: "alice", do: "POST /v1/agent/notice", body: bad}).problem(t).Code)

	spared := must[Host](w, call{as: "alice", do: "DELETE " + path + "/preempt", key: "-"})
	require.Equal(t, fleet.HostReady, spared.State)
	require.Nil(t, spared.Notice)
	warned := must[Host](w, call{as: "alice", do: "POST " + path + "/preempt", key: "-", body: `{"kind":"rebalance"}`})
	require.Equal(t, fleet.HostWarned, warned.State)
	must[Host](w, call{as: "alice", do: "DELETE " + path + "/preempt", key: "-"})

	said := fleet.HostNotice{Notice: &fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, ID: "x", Left: fleet.Duration(2 * time.Minute)}}
	require.Equal(t, 204, w.call(call{as: "host", do: "POST /v1/agent/notice", body: said}).status)
	require.Equal(t, fleet.HostPreempted, must[Host](w, call{as: "viewer", do: "GET " + path}).State)
	require.Equal(t, 204, w.call(call{as: "host", do: "POST /v1/agent/notice", body: `{"notice":null,"more":1}`}).status)
	require.Equal(t, fleet.HostReady, must[Host](w, call{as: "viewer", do: "GET " + path}).State)
}

func TestAServerOnSpotNeedsASpotHost(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := must[Operation](w, call{as: "bob", do: "POST /v1/instances", key: "-", body: `{"name":"nb","image":"jupyter:1","market":"spot"}`})
	_, _, err := w.Store.BeginInstance(t.Context(), op.ID)
	require.NoError(t, err)
	_, err = w.Store.Place(t.Context(), op.ID, op.ResourceID)
	require.True(t, fleet.Is(err, fleet.Exhausted), "there is no spot host: %v", err)
}

package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAServerShowsWhereItIsReachedWhereverItLives(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	create := must[Operation](w, call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{"name": "box", "image": "a:1", "ports": []int{8888, 22}}})
	path := "/v1/instances/" + create.ResourceID
	read := func() Instance { return must[Instance](w, call{as: "alice", do: "GET " + path}) }

	i := read()
	require.Equal(t, "http://"+fleet.HostLabel(i.ID)+".us-east.localhost:8080", i.URL)
	require.Equal(t, []InstancePort{{Container: 8888, Address: "localhost:10000"}, {Container: 22, Address: "localhost:10001"}}, i.Ports, "before it has a host")
	w.mustRun(create)
	running := read()
	require.Equal(t, i.URL, running.URL)
	for n, p := range running.Ports {
		require.NotZero(t, p.Host)
		require.Equal(t, i.Ports[n].Address, p.Address)
	}
	listed := must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?name=box"}).Items[0]
	require.Equal(t, running.Ports, listed.Ports)
	require.Equal(t, running.URL, listed.URL)

	w.mustEnd(must[Operation](w, call{as: "alice", do: "POST " + path + "/terminate", key: "-", body: Confirm{"box"}}).ID, fleet.Done)
	gone := read()
	require.Empty(t, gone.URL)
	for _, p := range gone.Ports {
		require.Empty(t, p.Address, "it is another's, one day")
	}

	plain := must[Operation](w, call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{"name": "batch", "image": "a:1"}})
	batch := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + plain.ResourceID})
	require.Empty(t, batch.URL)
	require.Equal(t, []InstancePort{}, batch.Ports)

	worker := w.mustWorker(w.mustEndpoint("alice", "served").ResourceID, "served-1")
	shown := must[Instance](w, call{as: "alice", do: "GET /v1/instances/" + worker.ID})
	require.Empty(t, shown.URL, "it has its endpoint's")
	require.Len(t, shown.Ports, 1)
	require.NotZero(t, shown.Ports[0].Host)
	require.Empty(t, shown.Ports[0].Address)
}

func TestADataCenterMayRunOutOfAddresses(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.Store.AddressFirst, w.Store.AddressLast = 10000, 10001
	w.mustServer("alice", "one")
	w.mustServer("bob", "two")
	got := w.call(call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{"name": "three", "image": "a:1", "ports": []int{80}}})
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	p := got.problem(t)
	require.Equal(t, fleet.Exhausted, p.Code)
	require.Contains(t, p.Detail, "2 addresses")
	require.Empty(t, must[List[Instance]](w, call{as: "alice", do: "GET /v1/instances?name=three&all=true"}).Items)
}

func TestTheHostOfAnAddressIsOneThatAnyClientFinds(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		"http://ins-1.us-east.localhost:8081":       "localhost",
		"https://ins-1.us-east.example.com":         "ins-1.us-east.example.com",
		"https://ins-1.us-east.example.com:8443/in": "ins-1.us-east.example.com",
		"http://[2001:db8::1]:8081":                 "2001:db8::1",
		"":                                          "",
		"%":                                         "",
	} {
		require.Equal(t, want, addressHost(of), of)
	}
}

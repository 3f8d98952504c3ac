package workflows

import (
	std "testing" // the package has a function of that name
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestSumsCountEachProcessOfAGatewayFromWhereItWas(t *std.T) {
	now := time.Now()
	report := func(run string, requests int64) store.Gateway {
		return store.Gateway{ID: "gw", DataCenter: "dc", Run: run, SeenAt: now, Load: map[string]fleet.EndpointLoad{"ep": {Requests: requests, Ended: requests}}}
	}
	var s sums
	arrived := func(gateways ...store.Gateway) int {
		now = now.Add(time.Second)
		for i := range gateways {
			gateways[i].SeenAt = now
		}
		all, whole := s.add(gateways, now)
		require.True(t, whole["dc"])
		return all["ep"].Arrived
	}
	require.Zero(t, arrived(report("new", 50000), report("old", 1000000)), "what was before nobody looked did not happen now")
	require.Equal(t, 12, arrived(report("new", 50010), report("old", 1000002)))
	require.Equal(t, 5, arrived(report("new", 50015)))
	require.Equal(t, 10, arrived(report("newest", 7), report("new", 50018)), "one that began meanwhile counts from nothing")
}

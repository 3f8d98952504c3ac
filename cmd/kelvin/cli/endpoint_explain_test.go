package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func scaledUp() (api.Scaling, api.List[api.ScaleDecision]) {
	votes := []fleet.ScaleVote{{Rule: "max", Total: 5, Note: "never more than 5 workers"}, {Rule: "concurrency", Total: 4, Note: "400 requests"}}
	scaling := api.Scaling{
		EndpointID: id("ep_", 1), Scaled: true, Workers: api.ScalingWorkers{Desired: 3, Ready: 2, Starting: 1, Active: 1, Max: 5, Target: 100},
		Load: api.ScalingLoad{InFlight: 390, Queued: 10, Rate: 40, ServiceSeconds: 1.5}, Want: 4, Cap: 3, Rule: "growth",
		Reason: "400 requests: 4 wanted, 3 workers for now", Votes: votes, ChangedAt: testNow.Add(-20 * time.Second), NextAt: testNow.Add(40 * time.Second),
		Rules: fleet.ScalingSpec{Policy: "default"},
	}
	decisions := []api.ScaleDecision{
		{ID: id("dec_", 2), Seq: 2, At: testNow.Add(-20 * time.Second), From: 1, To: 3, Created: 2, Rule: "growth", Reason: "\x1b[31mtoo much"},
		{ID: id("dec_", 1), Seq: 1, At: testNow.Add(-time.Minute), From: 1, To: 1, Created: 1, Removed: []string{"ins_1"}, Rule: "active", Reason: "1 active worker"},
	}
	return scaling, api.List[api.ScaleDecision]{Items: decisions}
}

func TestExplainSaysWhy(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	scaling, decisions := scaledUp()
	w.answers("GET /v1/endpoints/{id}/scaling", 200, scaling)
	w.answers("GET /v1/endpoints/{id}/decisions", 200, decisions)
	golden(t, "endpoint_explain", w.mustRun("endpoint", "explain", "llama"))
	as := decoded[map[string]any](t, w.mustRun("endpoint", "explain", "llama", "--json"))
	require.Len(t, as["decisions"], 2)
	require.Equal(t, "growth", as["scaling"].(map[string]any)["rule"])
	r := w.run("endpoint", "explain", "llama", "--limit", "0")
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "allowed: 1 to")
	require.Equal(t, exitNotFound, w.run("endpoint", "explain", "nobody").exit)
}

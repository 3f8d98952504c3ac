package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAKeyOfAnEndpointIsMadeShownAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ep := api.Endpoint{ID: id("ep_", 1), Name: "llama", URL: "http://ep-1.us-east.localhost:8080/"}
	key := api.EndpointKey{ID: id("epk_", 1), EndpointID: ep.ID, Name: "web-shop", Actor: "key_1", CreatedAt: testNow.Add(-time.Hour)}
	w.answers("GET /v1/endpoints", 200, api.List[api.Endpoint]{Items: []api.Endpoint{ep}})
	w.answers("POST /v1/endpoints/{id}/keys", 201, api.EndpointKeyCreated{EndpointKey: key, Secret: "kep_secret"})
	w.answers("GET /v1/endpoints/{id}/keys", 200, api.List[api.EndpointKey]{Items: []api.EndpointKey{key}})
	w.answers("DELETE /v1/endpoints/{id}/keys/{key}", 204, nil)

	r := w.run("endpoint", "key", "create", "llama", "web-shop")
	require.Zero(t, r.exit, r.err)
	require.Contains(t, r.out, "kep_secret")
	require.Contains(t, r.err, "kelvin endpoint update llama --keys")
	require.Equal(t, api.EndpointKeyCreate{Name: "web-shop"}, sent[api.EndpointKeyCreate](t, w, "POST", "/v1/endpoints/"+ep.ID+"/keys"))
	listed := w.mustRun("endpoint", "key", "ls", "llama")
	require.Contains(t, listed, "web-shop")
	require.NotContains(t, listed, "kep_")
	require.Equal(t, "key web-shop of llama: deleted\n", w.mustRun("endpoint", "key", "rm", "llama", "web-shop"))
	require.Equal(t, exitNotFound, w.run("endpoint", "key", "rm", "llama", "another").exit)
}

func TestRequestFlagsAddToWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ep := api.Endpoint{ID: id("ep_", 1), Name: "llama", Spec: fleet.EndpointSpec{Requests: fleet.RequestSpec{QueueMax: 5, ConcurrencyLimit: 3}}}
	w.answers("GET /v1/endpoints", 200, api.List[api.Endpoint]{Items: []api.Endpoint{ep}})
	w.answers("PATCH /v1/endpoints/{id}", 202, api.Operation{ID: id("op_", 1), ResourceID: ep.ID})
	w.mustRun("endpoint", "update", "llama", "--concurrency-limit", "0", "--queue-timeout", "90s", "--request-timeout", "10m", "--idle-timeout", "1m", "--max-body", "1024", "--keys")
	require.Equal(t, &fleet.RequestSpec{
		QueueMax: 5, QueueTimeout: fleet.Duration(90 * time.Second), Timeout: fleet.Duration(10 * time.Minute),
		IdleTimeout: fleet.Duration(time.Minute), MaxBody: 1024, Keys: true,
	}, sent[api.EndpointPatch](t, w, "PATCH", "/v1/endpoints/"+ep.ID).Requests)
}

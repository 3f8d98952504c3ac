package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func mustAdmin(t *testing.T, g *Gateway, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	g.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(text)
}

func TestMetricsAreBoundedByTheEndpointsInTheRoutes(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	status, _ := mustAdmin(t, g, "/healthz")
	require.Equal(t, http.StatusOK, status)
	status, _ = mustAdmin(t, g, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)

	g.Apply(routes(3, mustDeadAddress(t), mustWorker(t, says("hello"))))
	status, _ = mustAdmin(t, g, "/readyz")
	require.Equal(t, http.StatusOK, status)
	for range 4 {
		mustGet(t, front)
	}
	for _, label := range []string{"ep-a", "ep-b", "ep-c"} {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		r.Host = label + ".us-east.localhost"
		mustDo(t, r)
	}
	var text string
	require.Eventually(t, func() bool {
		_, text = mustAdmin(t, g, "/metrics")
		return strings.Contains(text, `kelvin_gateway_requests_total{code_class="2xx",endpoint="ep_06f2abc"} 4`) &&
			strings.Contains(text, `kelvin_gateway_requests_total{code_class="4xx",endpoint="unknown"} 3`)
	}, 5*time.Second, time.Millisecond)
	for _, line := range []string{
		`kelvin_gateway_inflight{endpoint="ep_06f2abc"} 0`, `kelvin_gateway_queued{endpoint="ep_06f2abc"} 0`,
		`kelvin_gateway_retries_total{endpoint="ep_06f2abc"} 1`, `kelvin_gateway_routes_version 3`,
		`kelvin_gateway_seconds_count{endpoint="ep_06f2abc"} 4`, `kelvin_gateway_seconds_bucket{endpoint="ep_06f2abc",le="+Inf"} 4`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, "ep_a")

	g.Apply(fleet.Routes{Version: 4})
	_, text = mustAdmin(t, g, "/metrics")
	require.NotContains(t, text, testEndpoint)
}

func TestTwoGatewaysDoNotShareARegistry(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	_, err := New(Config{DataCenter: "us-east", Registerer: registry})
	require.NoError(t, err)
	_, err = New(Config{DataCenter: "us-east", Registerer: registry})
	require.True(t, fleet.Is(err, fleet.Conflict))
}

func TestEveryPathBelongsToTheTenant(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })))
	for _, path := range []string{"/healthz", "/metrics", "/readyz", "//double", "/a/../b", "/%2e%2e"} {
		a := mustDo(t, mustRequest(t, http.MethodGet, front, path, nil))
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, strings.ReplaceAll(path, "%2e", "."), a.body)
	}
}

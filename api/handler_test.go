package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestProbesAndMetricsNeedNoKey(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	require.Equal(t, "ok\n", string(w.call(call{do: "GET /healthz"}).body))
	require.Equal(t, http.StatusOK, w.call(call{do: "GET /readyz"}).status)
	w.mustRun(w.mustServer("alice", "box"))
	w.call(call{as: "alice", do: "GET /v1/instances/ins_0"})
	w.call(call{do: "GET /made/up"})
	text := string(w.call(call{do: "GET /metrics"}).body)
	for _, line := range []string{
		`kelvin_http_request_seconds_count{method="GET",route="/v1/instances/:id",status="404"} 1`,
		`kelvin_http_request_seconds_count{method="any",route="none",status="404"} 1`,
		`kelvin_instances{state="running"} 1`,
		`kelvin_hosts{state="ready"} 1`,
		`kelvin_gpus{state="free",type="a100-80gb"} 7`,
		`kelvin_operation_overdue 0`,
		`kelvin_tunnels 0`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NoError(t, w.Store.Close())
	require.Equal(t, fleet.Unavailable, w.call(call{do: "GET /readyz"}).problem(t).Code)
	require.Equal(t, http.StatusOK, w.call(call{do: "GET /healthz"}).status)
	require.Equal(t, http.StatusOK, w.call(call{do: "GET /metrics"}).status)
}

func TestAnswersHaveAnIDAndAreSafeInBrowsers(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	got := w.call(call{as: "alice", do: "GET /v1/me", header: map[string]string{"X-Request-Id": "mine-1"}})
	require.Equal(t, "mine-1", got.header.Get("X-Request-Id"))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	require.Contains(t, got.header.Get("Content-Security-Policy"), "script-src 'self';")
	made := w.call(call{as: "alice", do: "GET /v1/me", header: map[string]string{"X-Request-Id": strings.Repeat("x", 200)}})
	require.Regexp(t, "^req_", made.header.Get("X-Request-Id"), "a bad one is not taken")
	require.Empty(t, w.call(call{do: "GET /docs"}).header.Get("Cache-Control"))
}

func TestConsoleHasEveryPathThatIsNotOurs(t *testing.T) {
	t.Parallel()
	s := &Server{Logger: discard(), Console: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "console at "+r.URL.Path)
	})}
	handler := s.Handler()
	get := func(method, path string) *httptest.ResponseRecorder {
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, httptest.NewRequest(method, path, nil))
		return got
	}
	for _, path := range []string{"/", "/endpoints/ep_1", "/assets/index.js"} {
		got := get("GET", path)
		require.Equal(t, http.StatusOK, got.Code, path)
		require.Equal(t, "console at "+path, got.Body.String())
		require.NotEmpty(t, got.Header().Get("Content-Security-Policy"))
	}
	for _, path := range []string{"/v1", "/v1/nothing", "/openapi.txt", "/docs/nothing"} {
		require.Equal(t, http.StatusNotFound, get("GET", path).Code, path)
		require.Equal(t, "application/problem+json", get("GET", path).Header().Get("Content-Type"), path)
	}
	require.Equal(t, http.StatusNotFound, get("POST", "/").Code)
}

func TestDocsAskNobodyElse(t *testing.T) {
	t.Parallel()
	handler := (&Server{Logger: discard()}).Handler()
	for path, media := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/": "text/html; charset=utf-8",
		"/docs/docs.js": "text/javascript; charset=utf-8", "/docs/docs.css": "text/css; charset=utf-8",
	} {
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, got.Code, path)
		require.Equal(t, media, got.Header().Get("Content-Type"), path)
		require.NotContains(t, got.Body.String(), "//unpkg", path)
		require.NotContains(t, got.Body.String(), "https://", path)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	engine.Use(identify, (&Server{Logger: discard()}).recovered)
	engine.GET("/", func(*gin.Context) { panic("SECRET") })
	got := httptest.NewRecorder()
	engine.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusInternalServerError, got.Code)
	require.Contains(t, got.Body.String(), `"code":"internal"`)
	require.NotContains(t, got.Body.String(), "SECRET")
}

package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const script = "assets/index-Bq3x.js"

func mustBuild(t *testing.T) http.Handler {
	t.Helper()
	return newConsole(fstest.MapFS{
		"index.html":   {Data: []byte("<!doctype html><title>Kelvin</title>")},
		"favicon.svg":  {Data: []byte("<svg/>")},
		script:         {Data: []byte(strings.Repeat("console.log('warm');\n", 100))},
		".gitkeep":     {},
		"assets/.keep": {},
	})
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, path, header...)
}

func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPathsOfTheRouterGetTheIndex(t *testing.T) {
	t.Parallel()
	h := mustBuild(t)
	for _, path := range []string{"/", "/endpoints", "/servers/ins_06f2", "/index.html", "/no/such/page", "/../endpoints"} {
		w := get(h, path)
		require.Equal(t, http.StatusOK, w.Code, path)
		require.Contains(t, w.Body.String(), "<title>Kelvin</title>", path)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), path)
		require.Equal(t, "no-cache", w.Header().Get("Cache-Control"), path)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'self';", path)
	}
}

func TestHashedAssetsAreKeptForEver(t *testing.T) {
	t.Parallel()
	w := get(mustBuild(t), "/"+script)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
}

func TestMissingFilesAreNotTheIndex(t *testing.T) {
	t.Parallel()
	h := mustBuild(t)
	for _, path := range []string{"/assets/old-1234.js", "/assets/x", "/robots.txt", "/.gitkeep", "/assets/.keep"} {
		require.Equal(t, http.StatusNotFound, get(h, path).Code, path)
	}
}

func TestAssetsAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	h := mustBuild(t)
	plain := get(h, "/"+script)
	require.Empty(t, plain.Header().Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", plain.Header().Get("Vary"))

	zipped := get(h, "/"+script, "Accept-Encoding", "br, gzip;q=0.8")
	require.Equal(t, "gzip", zipped.Header().Get("Content-Encoding"))
	require.Less(t, zipped.Body.Len(), plain.Body.Len())
	require.NotEqual(t, plain.Header().Get("ETag"), zipped.Header().Get("ETag"))
	r, err := gzip.NewReader(zipped.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, plain.Body.String(), string(body))

	for _, refused := range []string{"gzip;q=0", "gzip; q=0.0", "br", ""} {
		w := get(h, "/"+script, "Accept-Encoding", refused)
		require.Empty(t, w.Header().Get("Content-Encoding"), refused)
	}
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := mustBuild(t)
	tag := get(h, "/").Header().Get("ETag")
	require.NotEmpty(t, tag)
	w := get(h, "/endpoints", "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, w.Code)
	require.Zero(t, w.Body.Len())
}

func TestTheConsoleIsOnlyRead(t *testing.T) {
	t.Parallel()
	h := mustBuild(t)
	require.Equal(t, http.StatusMethodNotAllowed, ask(h, http.MethodPost, "/endpoints").Code)
	head := ask(h, http.MethodHead, "/")
	require.Equal(t, http.StatusOK, head.Code)
	require.Zero(t, head.Body.Len())
}

func TestWithoutABuildItSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := get(newConsole(fstest.MapFS{".gitkeep": {}}), "/")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "make build")
}

func TestTheEmbeddedConsoleAnswers(t *testing.T) {
	t.Parallel()
	w := get(Handler(), "/")
	if _, err := dist.ReadFile("dist/index.html"); err != nil {
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		return
	}
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `<div id="app">`)
}

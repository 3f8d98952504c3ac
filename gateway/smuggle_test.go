package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the gateway and a worker could read differently never reaches the worker, or
// reaches it written in the one way we write requests.
func TestAmbiguousRequestsSmuggleNothing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var paths []string
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.Method+" "+r.URL.Path)
		_, _ = io.WriteString(w, "body:"+string(body))
	})))
	const smuggled = "DELETE /smuggled HTTP/1.1\r\nHost: " + testHost + "\r\n\r\n"
	for name, c := range map[string]struct {
		head   string
		body   string
		status int
	}{
		"two lengths":              {"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 60\r\n", smuggled, 400},
		"two lengths in a line":    {"POST / HTTP/1.1\r\nContent-Length: 0, 60\r\n", smuggled, 400},
		"negative length":          {"POST / HTTP/1.1\r\nContent-Length: -1\r\n", smuggled, 400},
		"signed length":            {"POST / HTTP/1.1\r\nContent-Length: +60\r\n", smuggled, 400},
		"unknown coding":           {"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n", smuggled, 501},
		"two codings":              {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", smuggled, 501},
		"space before the colon":   {"POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n", smuggled, 400},
		"folded header":            {"POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n", smuggled, 400},
		"control character":        {"POST / HTTP/1.1\r\nX: a\x01b\r\n", smuggled, 400},
		"bare carriage return":     {"GET / HTTP/1.1\r\nX: a\rContent-Length: 60\r\n", "", 400},
		"bad chunk size":           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n", 400},
		"connect":                  {"CONNECT " + testHost + ":80 HTTP/1.1\r\n", "", 400},
		"opaque target":            {"GET http:/smuggled HTTP/1.1\r\n", "", 0},
		"opaque target, no slash":  {"GET http:smuggled HTTP/1.1\r\n", "", 400},
		"unprintable upgrade":      {"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: a\xffb\r\n", "", 400},
		"length and coding differ": {"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n" + smuggled, 200},
		"upgrade to HTTP/2":        {"GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", front)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
			_, err = io.WriteString(conn, c.head+"Host: "+testHost+"\r\n\r\n"+c.body)
			require.NoError(t, err)
			in := bufio.NewReader(conn)
			res, err := http.ReadResponse(in, nil)
			require.NoError(t, err)
			body, _ := io.ReadAll(res.Body)
			if c.status == 0 {
				require.Less(t, res.StatusCode, 500)
			} else {
				require.Equal(t, c.status, res.StatusCode, string(body))
			}
			if c.status == 200 && strings.HasPrefix(c.head, "POST") {
				// Chunked wins over the length, as RFC 9112 has it, and alone goes to the worker.
				// What follows is the client's next request, and answered as such.
				require.Equal(t, "body:abc", string(body))
				next, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				_, _ = io.Copy(io.Discard, next.Body)
				require.NotEqual(t, res.Header.Get(requestIDHeader), next.Header.Get(requestIDHeader))
			}
		})
	}
	mu.Lock()
	defer mu.Unlock()
	seen := 0
	for _, path := range paths {
		if path == "DELETE /smuggled" {
			seen++
			continue
		}
		require.Contains(t, []string{"POST /", "GET /", "GET /smuggled"}, path)
	}
	require.Equal(t, 1, seen, "only the one that was a request of its own")
}

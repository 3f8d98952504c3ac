package gateway

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const soon = 5 * time.Millisecond // between two looks at what is in flight

func requireEmpty(t testing.TB, g *Gateway) {
	t.Helper()
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 10*time.Second, time.Millisecond, "the seat is given back")
}

func requireRejected(t *testing.T, g *Gateway, reason string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, text := mustAdmin(t, g, "/metrics")
		return strings.Contains(text, fmt.Sprintf(`kelvin_gateway_rejected_total{endpoint="%s",reason="%s"} 1`, testEndpoint, reason))
	}, 5*time.Second, 5*time.Millisecond)
}

func TestARequestThatTakesTooLongIsEnded(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{watchEvery: soon})
	front := mustFront(t, g)
	gone := make(chan struct{}, 2)
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begun" {
			_, _ = io.WriteString(w, "it begins")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	g.Apply(ruled(1, fleet.RequestSpec{Timeout: fleet.Duration(50 * time.Millisecond)}, worker))
	requireProblem(t, mustGet(t, front), tooLong)
	<-gone
	requireRejected(t, g, "timeout")

	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/begun", nil))
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	require.Error(t, err, "an answer that has begun is cut off, so that nobody takes it for whole")
	<-gone
	requireEmpty(t, g)
}

func TestTheTimeAtAWorkerIsNoneOfWaitingForOne(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, watchEvery: soon})
	front := mustFront(t, g)
	const timeout = 50 * time.Millisecond
	g.Apply(ruled(1, fleet.RequestSpec{Timeout: fleet.Duration(timeout)}, mustDeadAddress(t)))
	done := make(chan answer)
	go func() { done <- mustGet(t, front) }()
	requireQueued(t, g, 1) // again: the worker could not be reached
	time.Sleep(4 * timeout)
	g.Apply(ruled(2, fleet.RequestSpec{}, mustWorker(t, says("hello"))))
	a := <-done
	require.Equal(t, "hello", a.body, a.status)
}

func TestAnAnswerMayNotStandStill(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{watchEvery: soon})
	front := mustFront(t, g)
	const idle = 400 * time.Millisecond
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(idle + idle/2) // before it begins there is nothing to stand still
		for range 5 {
			_, _ = io.WriteString(w, ".")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(idle / 4)
		}
		if r.URL.Path == "/still" {
			<-r.Context().Done()
		}
	})
	g.Apply(ruled(1, fleet.RequestSpec{IdleTimeout: fleet.Duration(idle)}, worker))
	require.Equal(t, ".....", mustGet(t, front).body)
	require.Equal(t, ".....", mustDo(t, mustRequest(t, http.MethodPost, front, "/", strings.NewReader("a question"))).body)
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/still", nil))
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.Error(t, err)
	require.Equal(t, ".....", string(body))
	requireEmpty(t, g)
	requireRejected(t, g, "idle")
}

func TestAWebSocketMayNotStandStill(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{watchEvery: soon})
	front := mustFront(t, g)
	const idle = 400 * time.Millisecond
	g.Apply(ruled(1, fleet.RequestSpec{IdleTimeout: fleet.Duration(idle)}, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(c, rw)
	})))
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", testHost)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	for range 6 { // longer than idle, in all
		_, err = io.WriteString(conn, "x")
		require.NoError(t, err)
		_, err = in.ReadByte()
		require.NoError(t, err)
		time.Sleep(idle / 4)
	}
	_, err = in.ReadByte()
	require.Error(t, err)
	requireEmpty(t, g)
}

func TestAClientThatDoesNotReadGivesItsSeatBack(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{watchEvery: soon, SlowReader: 50 * time.Millisecond})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 2000 { // more than all buffers take
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})))
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", testHost)
	require.NoError(t, err)
	requireRejected(t, g, "slow_client")
	requireEmpty(t, g)
}

func TestABodyThatComesTooSlowlyIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, bodyGrace: 50 * time.Millisecond})
	front := mustFront(t, g)
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/talk" {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(w, r.Body)
	})
	for i, routes := range []fleet.Routes{routes(1, worker), routes(2)} { // at a worker, and before it waits
		g.Apply(routes)
		conn, err := net.Dial("tcp", front)
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\nslow", testHost)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		requireProblem(t, answer{res.StatusCode, res.Header, string(body)}, slowBody)
		require.NoError(t, conn.Close())
		requireEmpty(t, g)
		require.Zero(t, queuedAt(g), i)
	}

	// Who is answered already may pause.
	g.Apply(routes(3, worker))
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /talk HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n", testHost)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	time.Sleep(150 * time.Millisecond)
	_, err = io.WriteString(conn, "5\r\nhello\r\n0\r\n\r\n")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
}

func TestAnEndpointsBodyLimitIsAtMostTheGateways(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{MaxBody: 100})
	front := mustFront(t, g)
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	for i, c := range []struct {
		limit int64
		size  int
		fits  bool
	}{{10, 10, true}, {10, 11, false}, {200, 100, true}, {200, 101, false}, {0, 101, false}} {
		g.Apply(ruled(int64(i+1), fleet.RequestSpec{MaxBody: c.limit}, worker))
		a := mustDo(t, mustRequest(t, http.MethodPost, front, "/", strings.NewReader(strings.Repeat("x", c.size))))
		if c.fits {
			require.Len(t, a.body, c.size)
		} else {
			requireProblem(t, a, bodyTooLarge)
		}
	}
}

func TestAnEndpointWithKeysOpensToThemOnly(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	var served atomic.Int64
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+"|"+r.Header.Get("X-Api-Key"))
	})
	hash := func(secret string) string {
		sum := sha256.Sum256([]byte(secret))
		return hex.EncodeToString(sum[:])
	}
	with := ruled(1, fleet.RequestSpec{Keys: true}, worker)
	with.Endpoints[0].Keys = []string{hash("kep_one"), hash("kep_two"), "no hash", ""}
	g.Apply(with)
	for _, c := range []struct{ authorization, key, want string }{
		{"Bearer kep_one", "", "|"},
		{"bearer  kep_two", "theirs", "|theirs"},
		{"", "kep_two", "|"},
		{"Basic abc", "kep_one", "Basic abc|"},
		{"Bearer of-the-model", "kep_one", "Bearer of-the-model|"},
		{"Bearer kep_one", "kep_one", "|"},
		{"Bearer kep_one", "kep_two", "|"},
	} {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("X-Api-Key", c.key)
		a := mustDo(t, r)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, c.want, a.body)
	}
	was := served.Load()
	for _, headers := range [][2]string{{}, {"Authorization", "Bearer kep_three"}, {"Authorization", "kep_one"}, {"Authorization", "Bearer "}, {"X-Api-Key", ""}, {"Authorization", "Bearer kep_one2"}} {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		if headers[0] != "" {
			r.Header.Set(headers[0], headers[1])
		}
		a := mustDo(t, r)
		requireProblem(t, a, unauthenticated)
		require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
	}
	twice := mustRequest(t, http.MethodGet, front, "/", nil)
	twice.Header["X-Api-Key"] = []string{"kep_one", "kep_two"}
	requireProblem(t, mustDo(t, twice), unauthenticated)
	require.Equal(t, was, served.Load())
	require.Equal(t, was, g.Report().Load[testEndpoint].Requests, "what is refused wakes nobody")

	with.Version, with.Endpoints[0].Keys = 2, nil
	g.Apply(with)
	requireProblem(t, mustGet(t, front), unauthenticated)
	g.Apply(routes(3, worker))
	r := mustRequest(t, http.MethodGet, front, "/", nil)
	r.Header.Set("Authorization", "Bearer kep_one")
	require.Equal(t, "Bearer kep_one|", mustDo(t, r).body, "an endpoint without keys gets what it is sent")
}

func TestACallerIsAClientsAddress(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{TrustedProxies: prefixes("10.0.0.0/8")})
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "198.51.100.9", "192.0.2.1"},
		{"10.0.0.1:5", "198.51.100.9", "198.51.100.9"},
		{"10.0.0.1:5", "1.1.1.1, 198.51.100.9, 10.0.0.2", "198.51.100.9"},
		{"10.0.0.1:5", "nonsense", "10.0.0.1"},
		{"10.0.0.1:5", "1.1.1.1, nonsense, 10.0.0.3", "10.0.0.3"},
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"[2001:db8:1:2:3::4]:5", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:5", "", "192.0.2.1"},
		{"@", "", "@"},
	} {
		r := mustRequest(t, http.MethodGet, "x", "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		require.Equal(t, c.want, g.clientOf(r))
	}
}

func TestAHeaderThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{MaxHeaderBytes: 4 << 10})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	r := mustRequest(t, http.MethodGet, front, "/", nil)
	r.Header.Set("X-Large", strings.Repeat("x", 16<<10))
	res, err := http.DefaultClient.Do(r)
	if err == nil { // it may be cut off while it sends
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, res.StatusCode)
		res.Body.Close()
	}
	require.Equal(t, "hello", mustGet(t, front).body)
}

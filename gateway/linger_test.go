package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mustShare serves a gateway of its own, with the test's routes, on an address that it shares.
func mustShare(t *testing.T, address, worker string) (at string, stop func()) {
	t.Helper()
	ln, err := Listen(t.Context(), address, true)
	require.NoError(t, err)
	g := mustGateway(t, Options{SharePort: true, Linger: 5 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx, g.Standby(ln)) }()
	go func() { // it listens before it knows anything
		time.Sleep(20 * time.Millisecond)
		g.Apply(routes(1, worker))
	}()
	return ln.Addr().String(), func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

// TestAGatewayIsReplacedUnderLoad has clients ask without pause, with connections that they
// keep and with new ones, while one gateway after another takes over. None tries again.
func TestAGatewayIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("an address can be shared on Linux only")
	}
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * time.Millisecond)
		_, _ = io.Copy(w, r.Body)
	})
	address, stop := mustShare(t, "127.0.0.1:0", worker)
	var served, failed atomic.Int64
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 8 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
		wg.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				// A body that cannot be sent again: net/http would try twice.
				r := mustRequest(t, http.MethodPost, address, "/", io.MultiReader(strings.NewReader("body")))
				res, err := client.Do(r)
				if err == nil {
					var body []byte
					body, err = io.ReadAll(res.Body)
					res.Body.Close()
					if res.StatusCode != http.StatusOK || string(body) != "body" {
						err = fmt.Errorf("answered %d: %s", res.StatusCode, body)
					}
				}
				if err != nil {
					t.Log(err)
					failed.Add(1)
					return
				}
				served.Add(1)
			}
		})
	}
	for range 4 {
		was := served.Load()
		require.Eventually(t, func() bool { return served.Load() > was+50 || failed.Load() > 0 }, 20*time.Second, time.Millisecond)
		_, next := mustShare(t, address, worker)
		stop()
		stop = next
	}
	close(over)
	wg.Wait()
	stop()
	require.Zero(t, failed.Load())
	require.Positive(t, served.Load())
}

func TestAnAddressIsNotSharedUnlessAsked(t *testing.T) {
	t.Parallel()
	ln, err := Listen(t.Context(), "127.0.0.1:0", false)
	require.NoError(t, err)
	defer ln.Close()
	_, err = Listen(t.Context(), ln.Addr().String(), true)
	require.Error(t, err)
}

func TestAKeptConnectionHearsThatItIsTheLastAnswer(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{Linger: time.Minute})
	front, stop, ended := mustServe(t, g)
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	in := bufio.NewReader(conn)
	ask := func() *http.Response {
		_, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", testHost)
		require.NoError(t, err)
		res, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		_, err = io.ReadAll(res.Body)
		require.NoError(t, err)
		return res
	}
	require.False(t, ask().Close)
	stop()
	require.Eventually(t, g.leaving.Load, 5*time.Second, time.Millisecond)
	require.True(t, ask().Close)
	require.NoError(t, <-ended)
}

func TestWhoStillWaitsWhenTheGraceEndsIsAnswered(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, ShutdownGrace: 300 * time.Millisecond})
	front, stop, ended := mustServe(t, g)
	g.Apply(routes(1))
	answered := make(chan answer, 2)
	go func() { answered <- mustGet(t, front) }()
	requireQueued(t, g, 1)
	go func() { answered <- mustGet(t, front) }()
	requireQueued(t, g, 2)
	stop()
	for range 2 {
		requireProblem(t, <-answered, noReadyWorker)
	}
	require.NoError(t, <-ended)
}

func TestAHeldRequestIsServedWhileTheGatewayEnds(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute})
	front, stop, ended := mustServe(t, g)
	g.Apply(routes(1))
	answered := make(chan answer, 1)
	go func() { answered <- mustGet(t, front) }()
	requireQueued(t, g, 1)
	stop()
	time.Sleep(50 * time.Millisecond)
	g.Apply(routes(2, mustWorker(t, says("hello"))))
	require.Equal(t, "hello", (<-answered).body)
	require.NoError(t, <-ended)
}

func TestTheAccessLogOfOperatorsHasALineForEveryRequest(t *testing.T) {
	t.Parallel()
	j := &journal{make(chan string, 100)}
	g, err := New(Config{DataCenter: "us-east", AccessLog: slog.New(slog.NewJSONHandler(j, nil)), Options: Options{HoldFor: -1}})
	require.NoError(t, err)
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })))
	mustDo(t, mustRequest(t, http.MethodPost, front, "/path?key=secret", strings.NewReader("hello")))
	text := <-j.lines
	require.NotContains(t, text, "secret")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &line))
	for name, want := range map[string]any{
		"msg": "access", "endpoint": testEndpoint, "account": "acc_1", "client": "127.0.0.1", "method": "POST", "path": "/path", "protocol": "HTTP/1.1",
		"status": 200.0, "bytes_in": 5.0, "bytes_out": 5.0, "queue_ms": 0.0, "worker": "ins_0", "retries": 0.0,
	} {
		require.Equal(t, want, line[name], name)
	}
	require.Contains(t, line, "worker_ms")
	require.Contains(t, line, "request")
	g.Apply(routes(2))
	mustGet(t, front)
	require.Contains(t, <-j.lines, `"problem":"queue_timeout"`)
}

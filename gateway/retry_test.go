package gateway

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAWorkerThatCannotBeDialledIsPassedOver(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	var dials atomic.Int64
	dial := g.http.DialContext
	dead := mustDeadAddress(t)
	g.http.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == dead {
			dials.Add(1)
		}
		return dial(ctx, network, address)
	}
	g.Apply(routes(1, dead, mustWorker(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })))

	for range 20 {
		a := mustDo(t, mustRequest(t, http.MethodPost, front, "/", strings.NewReader("the body")))
		require.Equal(t, "the body", a.body)
	}
	require.Equal(t, int64(1), dials.Load(), "it is ejected after the first")
	require.Empty(t, g.Report().InFlight)
}

func TestEjectionDoublesUpTo30Seconds(t *testing.T) {
	t.Parallel()
	e := newEndpoint(testEndpoint, 0)
	e.follow(routes(1, "a").Endpoints[0], nil)
	now := time.Now()
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		s, _ := e.pick(now)
		require.NotNil(t, s.worker)
		require.Equal(t, i > 0, s.trial)
		if s.trial {
			other, _ := e.pick(now)
			require.Nil(t, other.worker, "one request at a time is on trial")
		}
		s.worker.failed(now)
		s.worker.failed(now.Add(time.Millisecond)) // a dial that began with it
		e.stand(s, now)
		want *= time.Second
		none, again := e.pick(now.Add(want - time.Nanosecond))
		require.Nil(t, none.worker)
		require.Equal(t, now.Add(want), again)
		now = now.Add(want)
	}
	s, _ := e.pick(now)
	e.reached(s)
	s2, _ := e.pick(now)
	require.NotNil(t, s2.worker, "it is as any other again")
	require.False(t, s2.trial)
}

func TestRequestsWaitForAnEjectedWorkerToComeBack(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: 10 * time.Second})
	front := mustFront(t, g)
	address := mustDeadAddress(t)
	g.Apply(routes(1, address))
	answered := make(chan answer, 1)
	r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader("kept"))
	go func() { answered <- mustDo(t, r) }()
	requireQueued(t, g, 1)

	ln, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	require.Equal(t, "kept", (<-answered).body)
	require.Equal(t, "", mustGet(t, front).body)
}

func TestThreeWorkersAreTriedAtTheMost(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustDeadAddress(t), mustDeadAddress(t), mustDeadAddress(t), mustDeadAddress(t)))
	requireProblem(t, mustGet(t, front), unreachable)
	e := g.table.Load().endpoints[testEndpoint]
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Equal(t, uint64(3), e.count.retries)
}

// mustRawWorker starts a worker that handles its connections itself.
func mustRawWorker(t *testing.T, handle func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c, bufio.NewReader(c))
			}()
		}
	}()
	return ln.Addr().String()
}

func TestWhatReachedAWorkerIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, body, key string }{
		{http.MethodPost, "pay", ""},
		{http.MethodPost, "", "key"},
		{http.MethodPut, "pay", "key"},
		{http.MethodGet, "", ""},
		{http.MethodGet, "", "key"},
		{http.MethodHead, "", ""},
		{http.MethodOptions, "", ""},
		{http.MethodDelete, "", "key"},
	} {
		t.Run(c.method+" "+c.body+" "+c.key, func(t *testing.T) {
			t.Parallel()
			var poison atomic.Int64
			// It answers, so that its connections are kept, and breaks them on /poison.
			worker := func() string {
				return mustRawWorker(t, func(conn net.Conn, in *bufio.Reader) {
					for {
						r, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, r.Body)
						if r.URL.Path == "/poison" {
							poison.Add(1)
							return
						}
						time.Sleep(20 * time.Millisecond) // so that there are several connections
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					}
				})
			}
			g := mustGateway(t, Options{WorkerIdle: time.Minute})
			front := mustFront(t, g)
			g.Apply(routes(1, worker(), worker()))
			done := make(chan answer, 8)
			for range cap(done) {
				r := mustRequest(t, http.MethodGet, front, "/", nil)
				go func() { done <- mustDo(t, r) }()
			}
			for range cap(done) {
				require.Equal(t, "ok", (<-done).body)
			}
			r := mustRequest(t, c.method, front, "/poison", strings.NewReader(c.body))
			if c.body == "" {
				r = mustRequest(t, c.method, front, "/poison", nil)
			}
			if c.key != "" {
				r.Header.Set("Idempotency-Key", c.key)
			}
			a := mustDo(t, r)
			require.Equal(t, noAnswer.status, a.status)
			require.Equal(t, int64(1), poison.Load())
		})
	}
}

func TestRequestsWithoutBodyLookTheSameOnTheWire(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustRawWorker(t, func(conn net.Conn, in *bufio.Reader) {
		var head strings.Builder
		for {
			line, err := in.ReadString('\n')
			if err != nil || line == "\r\n" {
				break
			}
			head.WriteString(line)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+head.String())
	})))
	for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodDelete, http.MethodPost} {
		r := mustRequest(t, method, front, "/a%2Fb?q=1;2&%zz", nil)
		r.Header.Set("Idempotency-Key", "k1")
		head := mustDo(t, r).body
		require.True(t, strings.HasPrefix(head, method+" /a%2Fb?q=1;2&%zz HTTP/1.1\r\nHost: "+testHost+"\r\n"), head)
		require.NotContains(t, head, "Transfer-Encoding")
		require.Equal(t, method == http.MethodPost, strings.Contains(head, "Content-Length: 0\r\n"), head)
		require.Contains(t, head, "idempotency-key: k1\r\n")
		require.NotContains(t, head, "Connection: close")
	}
}

func TestAWorkerThatIsTooSlowIsATimeout(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{ResponseTimeout: 50 * time.Millisecond})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))
	requireProblem(t, mustGet(t, front), tooSlow)
}

package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// ruled are routes whose endpoint has rules.
func ruled(version int64, spec fleet.RequestSpec, addresses ...string) fleet.Routes {
	r := routes(version, addresses...)
	r.Endpoints[0].Requests = spec
	return r
}

// mustAsk asks on a connection of its own, from an address that a trusted proxy names.
func mustAsk(t testing.TB, front, client string) answer {
	t.Helper()
	r := mustRequest(t, http.MethodGet, front, "/", nil)
	r.Header.Set("X-Forwarded-For", client)
	return mustDo(t, r)
}

func TestAWorkerGetsNoMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	const limit, clients = 4, 40
	g := mustGateway(t, Options{HoldFor: time.Minute})
	front := mustFront(t, g)
	var now, most, served atomic.Int64
	worker := func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
		served.Add(1)
	}
	g.Apply(ruled(1, fleet.RequestSpec{ConcurrencyLimit: limit}, mustWorker(t, worker)))
	var wg sync.WaitGroup
	var waited atomic.Int64
	for range clients {
		wg.Go(func() {
			for range 5 {
				a := mustGet(t, front)
				require.Equal(t, http.StatusOK, a.status)
				if a.header.Get(waitedHeader) != "" {
					waited.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(clients*5), served.Load())
	require.Equal(t, int64(limit), most.Load())
	require.Positive(t, waited.Load())
	require.Zero(t, queuedAt(g))
}

func TestAThousandRequestsAtZeroAreAllAnswered(t *testing.T) {
	t.Parallel()
	const waiting = 1000
	g := mustGateway(t, Options{})
	g.Apply(routes(1))
	ask := func() *recorder {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		require.NoError(t, err)
		r.Host, r.RemoteAddr = testHost, "192.0.2.1:1"
		w := &recorder{header: http.Header{}}
		g.ServeHTTP(w, r)
		return w
	}
	answers := make([]*recorder, waiting)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = ask() })
	}
	requireQueued(t, g, waiting)
	refused := ask() // at once
	require.Equal(t, http.StatusServiceUnavailable, refused.status)
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	require.Equal(t, waiting, g.Report().Load[testEndpoint].Queued)
	g.Apply(routes(2, mustWorker(t, says("hello"))))
	wg.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, "hello", a.body.String())
		require.NotEmpty(t, a.header.Get(waitedHeader))
	}
}

// A recorder is a response writer that nobody reads.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.body.Write(p)
}

func TestOneCallersRequestsDoNotKeepAnothersWaiting(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, TrustedProxies: prefixes("127.0.0.0/8")})
	front := mustFront(t, g)
	g.Apply(routes(1))
	var mu sync.Mutex
	var order []string
	worker := mustWorker(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, r.Header.Get("X-Forwarded-For"))
	})
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() { require.Equal(t, http.StatusOK, mustAsk(t, front, "198.51.100.1").status) })
		requireQueued(t, g, i+1)
	}
	wg.Go(func() { require.Equal(t, http.StatusOK, mustAsk(t, front, "198.51.100.2").status) })
	requireQueued(t, g, 31)
	g.Apply(ruled(2, fleet.RequestSpec{ConcurrencyLimit: 1}, worker))
	wg.Wait()
	require.Len(t, order, 31)
	require.Equal(t, "198.51.100.2, 127.0.0.1", order[1])
}

func TestAFullQueueMakesRoomForWhoHasLess(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, TrustedProxies: prefixes("127.0.0.0/8")})
	front := mustFront(t, g)
	g.Apply(ruled(1, fleet.RequestSpec{QueueMax: 3}))
	answers := make(chan answer, 10)
	ask := func(client string) { answers <- mustAsk(t, front, client) }
	for i := range 3 {
		go ask("198.51.100.1")
		requireQueued(t, g, i+1)
	}
	go ask("198.51.100.1")
	refused := <-answers
	requireProblem(t, refused, queueFull)
	require.Contains(t, refused.body, `"position":4`)

	go ask("198.51.100.2")
	requireProblem(t, <-answers, queueFull) // the last of the other
	requireQueued(t, g, 3)
	g.Apply(routes(2, mustWorker(t, says("hello"))))
	for range 3 {
		require.Equal(t, "hello", (<-answers).body)
	}
}

func TestBodiesThatComeSlowlyDoNotFillTheQueue(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, TrustedProxies: prefixes("127.0.0.0/8")})
	front := mustFront(t, g)
	g.Apply(ruled(1, fleet.RequestSpec{QueueMax: 2}))
	for i := range 3 { // of which the last waits with its body unread
		conn, err := net.Dial("tcp", front)
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Length: 100\r\n\r\nslow", testHost)
		require.NoError(t, err)
		requireQueued(t, g, i+1)
	}
	done := make(chan answer)
	go func() { done <- mustAsk(t, front, "198.51.100.2") }()
	requireQueued(t, g, 4)
	g.Apply(routes(2, mustWorker(t, says("hello"))))
	require.Equal(t, "hello", (<-done).body)
}

func TestAnEndpointsOwnTimesHold(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Hour})
	front := mustFront(t, g)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	g.Apply(ruled(1, fleet.RequestSpec{QueueTimeout: fleet.Duration(50 * time.Millisecond), ConcurrencyLimit: 1},
		mustWorker(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		})))
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		if res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil).WithContext(ctx)); err == nil {
			res.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return g.Report().InFlight["ins_0"] == 1 }, 5*time.Second, time.Millisecond)
	late := mustGet(t, front)
	requireProblem(t, late, workersBusy)
	require.Contains(t, late.body, `"position":1`)
	require.NotEmpty(t, late.header.Get(waitedHeader))
	leave()
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

func TestAWaitingClientIsToldItsPlaceIfItAsks(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, ProgressEvery: 10 * time.Millisecond})
	front := mustFront(t, g)
	g.Apply(routes(1))
	for _, asks := range []bool{true, false} {
		conn, err := net.Dial("tcp", front)
		require.NoError(t, err)
		header := ""
		if asks {
			header = "Kelvin-Queue: progress\r\n"
		}
		_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", testHost, header)
		require.NoError(t, err)
		requireQueued(t, g, 1)
		in := bufio.NewReader(conn)
		if asks {
			for range 2 {
				res, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusProcessing, res.StatusCode)
				require.Equal(t, "1", res.Header.Get(positionHeader))
			}
		}
		g.Apply(routes(2, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(waitedHeader, "9") // not its to say
			_, _ = io.WriteString(w, "done"+r.Header.Get("Kelvin-Queue"))
		})))
		var res *http.Response
		for res == nil || res.StatusCode == http.StatusProcessing && asks {
			res, err = http.ReadResponse(in, nil)
			require.NoError(t, err)
		}
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, "done", string(body))
		require.Empty(t, res.Header.Get(positionHeader))
		require.NotEqual(t, "9", res.Header.Get(waitedHeader))
		require.NoError(t, conn.Close())
		g.Apply(routes(3))
	}
}

func TestAnUpgradeWaitsToo(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute})
	front := mustFront(t, g)
	g.Apply(routes(1))
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", testHost)
	require.NoError(t, err)
	requireQueued(t, g, 1)
	g.Apply(routes(2, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(c, rw)
	})))
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	text, err := in.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hello\n", text)
}

func TestAPlaceSaysWhenItsTurnMayCome(t *testing.T) {
	t.Parallel()
	e := newEndpoint(testEndpoint, 0)
	now := time.Now()
	e.follow(ruled(1, fleet.RequestSpec{ConcurrencyLimit: 10}, "a", "b").Endpoints[0], nil)
	require.Equal(t, place{position: 1}, e.place(0, now), "nothing is known")
	learn(&e.service, 2*time.Second)
	require.Equal(t, place{1, 100 * time.Millisecond}, e.place(0, now))
	require.Equal(t, place{100, 10 * time.Second}, e.place(99, now))
	e.follow(ruled(2, fleet.RequestSpec{ConcurrencyLimit: 10}).Endpoints[0], nil)
	require.Equal(t, place{position: 100}, e.place(99, now), "nobody knows how long a start takes")
	e.wakes, e.dry = 30*time.Second, now
	require.Equal(t, place{10, 20 * time.Second}, e.place(9, now.Add(10*time.Second)))
	require.Equal(t, place{1, time.Second}, e.place(0, now.Add(time.Minute)))
	require.Equal(t, place{20, 32 * time.Second}, e.place(19, now))
	require.Equal(t, 60, queueFull.at(place{1, time.Hour}).retryAfter)
	require.Equal(t, 1, queueFull.at(place{1, time.Millisecond}).retryAfter)
}

func TestANewWorkerIsSparedForAWhile(t *testing.T) {
	t.Parallel()
	const ramp = 10 * time.Second
	e := newEndpoint(testEndpoint, ramp)
	e.follow(routes(1, "a").Endpoints[0], nil)
	require.Zero(t, e.young, "nobody is there to take its share")
	now := time.Now().Add(time.Minute)
	e.follow(routes(2, "a", "b").Endpoints[0], nil)
	a, b := e.workers["ins_0"], e.workers["ins_1"]
	a.since, b.since = time.Time{}, now
	e.age(now)
	require.Equal(t, 1, e.young)
	take := func(n int, at time.Time) {
		a.inflight, b.inflight = 0, 0
		for range n {
			s, _ := e.pick(at)
			require.NotNil(t, s.worker)
		}
	}
	take(55, now)
	require.InDelta(t, 5, b.inflight, 1)
	take(60, now.Add(ramp/2))
	require.InDelta(t, 20, b.inflight, 1)
	take(200, now)
	require.Equal(t, 100, b.inflight, "when the other is full it gets what waits")
	s, _ := e.pick(now)
	require.Nil(t, s.worker)
	take(60, now.Add(ramp))
	require.Equal(t, 30, b.inflight)
	require.Zero(t, e.young)
}

package gateway

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func queuedAt(g *Gateway) int {
	e := g.table.Load().endpoints[testEndpoint]
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.waiting()
}

func requireQueued(t *testing.T, g *Gateway, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return queuedAt(g) == n }, 5*time.Second, time.Millisecond)
}

func TestRequestsWaitUntilAWorkerIsReady(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute})
	front := mustFront(t, g)
	g.Apply(routes(1))
	<-g.soon

	var wg sync.WaitGroup
	bodies := make([]string, 20)
	for i := range bodies {
		r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader("body "+string(rune('a'+i))))
		if i%2 == 0 {
			r.ContentLength = -1 // chunked: is not read before the wait
		}
		wg.Go(func() { bodies[i] = mustDo(t, r).body })
	}
	requireQueued(t, g, len(bodies))
	require.NotEmpty(t, g.soon, "the first that waits asks for a report, which wakes the endpoint")
	require.Equal(t, len(bodies), g.Report().Load[testEndpoint].Queued)

	g.Apply(routes(2, mustWorker(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })))
	wg.Wait()
	for i, body := range bodies {
		require.Equal(t, "body "+string(rune('a'+i)), body)
	}
	require.Zero(t, queuedAt(g))
}

func TestAWaitEndsAtItsDeadlineOrWhenTheEndpointStops(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: 100 * time.Millisecond})
	front := mustFront(t, g)
	g.Apply(routes(1))
	start := time.Now()
	requireProblem(t, mustGet(t, front), noReadyWorker)
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
	require.Equal(t, int64(1), g.Report().Load[testEndpoint].Errors)

	for version, c := range map[int64]struct {
		routes fleet.Routes
		want   *problem
	}{
		2: {fleet.Routes{Endpoints: []fleet.EndpointRoute{{EndpointID: testEndpoint}}}, endpointStopped},
		3: {fleet.Routes{}, unknownEndpoint},
	} {
		g := mustGateway(t, Options{HoldFor: time.Minute})
		front := mustFront(t, g)
		g.Apply(routes(1))
		answered := make(chan answer, 1)
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		go func() { answered <- mustDo(t, r) }()
		requireQueued(t, g, 1)
		c.routes.Version = version
		g.Apply(c.routes)
		requireProblem(t, <-answered, c.want)
	}
}

func TestAClientThatLeavesWaitsNoMore(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "a question"} { // a server sees a client leave only once it has its body
		var served atomic.Int64
		g := mustGateway(t, Options{HoldFor: time.Minute})
		front := mustFront(t, g)
		g.Apply(routes(1))
		ctx, leave := context.WithCancel(t.Context())
		r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader(body)).WithContext(ctx)
		gone := make(chan error, 1)
		go func() {
			_, err := http.DefaultClient.Do(r)
			gone <- err
		}()
		requireQueued(t, g, 1)
		leave()
		require.ErrorIs(t, <-gone, context.Canceled)
		requireQueued(t, g, 0)
		g.Apply(routes(2, mustWorker(t, func(http.ResponseWriter, *http.Request) { served.Add(1) })))
		mustGet(t, front)
		require.Equal(t, int64(1), served.Load(), "nobody waits for the other")
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: time.Minute, HoldMax: 3})
	front := mustFront(t, g)
	g.Apply(routes(1))
	var wg sync.WaitGroup
	for range 3 {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		wg.Go(func() { require.Equal(t, "hello", mustDo(t, r).body) })
	}
	requireQueued(t, g, 3)
	requireProblem(t, mustGet(t, front), queueFull)
	g.Apply(routes(2, mustWorker(t, says("hello"))))
	wg.Wait()
}

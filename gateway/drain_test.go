package gateway

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// TestAWorkerReportedEmptyStaysEmpty is the proof that drains rest on. Clients ask without
// pause while workers leave (by draining, or by being left out) and come back. Once a report
// of the leaving version or a newer one says that a worker is empty, it is sealed: a request
// that arrives there before newer routes name it ready fails the test.
func TestAWorkerReportedEmptyStaysEmpty(t *testing.T) {
	t.Parallel()
	const workers, clients, rounds = 6, 24, 400
	g := mustGateway(t, Options{HoldFor: time.Minute})
	front := mustFront(t, g)

	var sealed [workers]atomic.Bool
	var served, broken atomic.Int64
	addresses := make([]string, workers)
	for i := range addresses {
		addresses[i] = mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
			if sealed[i].Load() {
				broken.Add(1)
			}
			if rand.IntN(4) == 0 {
				time.Sleep(rand.N(3 * time.Millisecond))
			}
			if sealed[i].Load() { // nor may one be at work still
				broken.Add(1)
			}
			served.Add(1)
			_, _ = io.WriteString(w, "done")
		})
	}
	for i := range sealed {
		sealed[i].Store(true)
	}

	stop := make(chan struct{})
	var failed atomic.Pointer[string]
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	for range clients {
		r := mustRequest(t, http.MethodGet, front, "/", nil)
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if problem := ask(client, r.Clone(t.Context())); problem != "" {
					failed.Store(&problem)
					return
				}
			}
		})
	}

	var mu sync.Mutex       // of what follows
	var left [workers]int64 // the version a worker left with; 0: it is ready
	seals := 0

	// Reports are made at any moment, in the middle of new routes too; each must hold.
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Microsecond):
			}
			mu.Lock()
			report := g.Report()
			for i := range left {
				if left[i] > 0 && report.Version >= left[i] && report.InFlight[instance(i)] == 0 && !sealed[i].Swap(true) {
					seals++
				}
			}
			mu.Unlock()
		}
	})

	for version := int64(1); version <= rounds && failed.Load() == nil; version++ {
		route := fleet.EndpointRoute{EndpointID: testEndpoint, Open: true}
		mu.Lock()
		for i := range left {
			switch {
			case left[i] > 0 && sealed[i].Load() && rand.IntN(2) == 0 || version == 1:
				left[i] = 0
				sealed[i].Store(false)
			case left[i] == 0 && rand.IntN(3) == 0:
				left[i] = version
			}
			if left[i] == 0 || i%2 == 0 { // the others leave by being left out
				route.Workers = append(route.Workers, fleet.WorkerRoute{InstanceID: instance(i), Address: addresses[i], Draining: left[i] > 0})
			}
		}
		mu.Unlock()
		g.Apply(fleet.Routes{Version: version, Endpoints: []fleet.EndpointRoute{route}})
		time.Sleep(rand.N(4 * time.Millisecond))
	}
	close(stop)
	mu.Lock()
	for i := range left { // requests may be waiting, if none is ready
		left[i] = 0
		sealed[i].Store(false)
	}
	mu.Unlock()
	g.Apply(routes(rounds+1, addresses...))
	wg.Wait()
	if why := failed.Load(); why != nil {
		require.Fail(t, "a request is lost", *why)
	}
	require.Zero(t, broken.Load(), "requests at workers that were reported empty")
	require.Greater(t, served.Load(), int64(rounds))
	require.Greater(t, seals, rounds/10, "or nothing was proved")
	require.Empty(t, g.Report().InFlight)
}

func instance(i int) string { return fmt.Sprint("ins_", i) }

func ask(client *http.Client, r *http.Request) (problem string) {
	res, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "done" {
		return fmt.Sprint(res.Status, " ", string(body), " ", err)
	}
	return ""
}

func TestADrainingWorkerKeepsWhatItHasAndGetsNothingNew(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	hang := make(chan struct{})
	worker := mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-hang
		_, _ = io.WriteString(w, "kept")
	})
	g.Apply(routes(1, worker))
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	defer res.Body.Close()

	draining := routes(2, worker)
	draining.Endpoints[0].Workers[0].Draining = true
	g.Apply(draining)
	requireProblem(t, mustGet(t, front), noReadyWorker)
	report := g.Report()
	require.Equal(t, int64(2), report.Version)
	require.Equal(t, map[string]int{"ins_0": 1}, report.InFlight)

	<-g.soon // asked for by the routes
	close(hang)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "kept", string(body))
	select {
	case <-g.soon:
	case <-time.After(5 * time.Second):
		require.Fail(t, "an empty worker is reported at once")
	}
	require.Empty(t, g.Report().InFlight)
}

func TestAWorkerThatMovesIsAskedAtItsNewAddress(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	dead := mustDeadAddress(t)
	g.Apply(routes(1, dead))
	answered := make(chan answer, 1)
	r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader("hi"))
	go func() { answered <- mustDo(t, r) }()
	requireQueued(t, g, 1) // ejected
	g.Apply(routes(2, mustWorker(t, says("moved"))))
	require.Equal(t, "moved", (<-answered).body)
}

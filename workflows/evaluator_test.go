package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// watched is an endpoint, its gateways and evaluators, on a clock that stands still.
type watched struct {
	*testing.T
	store    *store.Store
	now      time.Time
	account  string
	id       string
	gateways []string
	totals   map[string]fleet.EndpointLoad
	out      *outbox
}

// outbox keeps what autoscalers were told.
type outbox struct {
	mu    sync.Mutex
	said  []workflows.Observation
	woken []string
}

func (o *outbox) Observe(_ context.Context, _ string, said workflows.Observation) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said = append(o.said, said)
	return nil
}

func (o *outbox) Wake(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.woken = append(o.woken, id)
	return nil
}

func newWatched(t *testing.T, gateways int) *watched {
	w := newWorld(t)
	v := &watched{T: t, store: w.store, account: w.account, now: time.Now().UTC().Truncate(time.Second), totals: map[string]fleet.EndpointLoad{}, out: &outbox{}}
	v.store.Now = func() time.Time { return v.now }
	v.id = v.endpoint("mine", fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: 1, MaxWorkers: 9})
	for i := range gateways {
		_, id, err := v.store.CreateGateway(t.Context(), fmt.Sprint("gw-", i), "us-east")
		require.NoError(t, err)
		v.gateways = append(v.gateways, id)
	}
	v.knows(autoscale.State{Total: 1, Changed: v.now.Add(-time.Hour)})
	return v
}

// endpoint makes one that runs.
func (v *watched) endpoint(name string, spec fleet.EndpointSpec) string {
	v.Helper()
	rec, _, err := v.store.CreateEndpoint(v.Context(), store.Ask{AccountID: v.account, Actor: "key_test", Key: name}, name, spec.Defaults())
	require.NoError(v, err)
	_, _, err = v.store.BeginEndpoint(v.Context(), rec.ID)
	require.NoError(v, err)
	require.NoError(v, v.store.EndOperation(v.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	return rec.ResourceID
}

// knows is what the endpoint's autoscaler tells.
func (v *watched) knows(s autoscale.State) {
	v.Helper()
	state, err := json.Marshal(s)
	require.NoError(v, err)
	require.NoError(v, v.store.SaveScaling(v.Context(), store.Scaling{EndpointID: v.id, Desired: s.Total, State: state}))
}

// report has a gateway see so many requests, of which so many have come since its last report.
func (v *watched) report(gateway int, run string, inflight, arrived int) {
	v.Helper()
	key := fmt.Sprint(gateway, run)
	load := v.totals[key]
	load.InFlight, load.Requests, load.Ended, load.BusyMS = inflight, load.Requests+int64(arrived), load.Ended+int64(arrived), load.BusyMS+int64(arrived)*2000
	load.Classes, load.Latency = []int64{0, load.Ended}, []int64{0, 0, load.Ended}
	v.totals[key] = load
	require.NoError(v, v.store.SaveGatewayReport(v.Context(), v.gateways[gateway], fleet.GatewayReport{
		Run: run, Version: 1, Load: map[string]fleet.EndpointLoad{v.id: load},
	}))
}

func (v *watched) evaluator(name string) *workflows.Evaluator {
	return &workflows.Evaluator{Store: v.store, Observer: v.out, Logger: slog.New(slog.DiscardHandler), Holder: name, Every: time.Hour, Metrics: workflows.NewEvaluatorMetrics()}
}

// deliver sends what an evaluator has to tell, and returns it.
func (v *watched) deliver(e *workflows.Evaluator) []workflows.Observation {
	v.Helper()
	e.Flush(v.Context())
	v.out.mu.Lock()
	defer v.out.mu.Unlock()
	said := v.out.said
	v.out.said = nil
	return said
}

// seconds passes time: each second every gateway reports, and an evaluator looks.
func (v *watched) seconds(n int, e *workflows.Evaluator, report func()) {
	v.Helper()
	for range n {
		v.now = v.now.Add(time.Second)
		report()
		require.NoError(v, e.Look(v.Context()))
		e.Settle()
	}
}

func TestAnAutoscalerHearsOnlyWhatMatters(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 2)
	e := v.evaluator("a")
	both := func(inflight, arrived int) func() {
		return func() { v.report(0, "one", inflight, arrived); v.report(1, "one", inflight, arrived) }
	}
	v.seconds(90, e, both(20, 10))
	require.Empty(t, v.deliver(e), "one worker is right")

	v.seconds(1, e, both(150, 100))
	said := v.deliver(e)
	require.Len(t, said, 1)
	first := said[0]
	require.Equal(t, 300, first.Load.InFlight, "of both gateways")
	require.Equal(t, 9*20+200, first.Load.Arrived, "in ten seconds")
	require.Equal(t, fleet.Duration(2*time.Second), first.Load.Service)
	require.False(t, first.Load.Since.IsZero())

	v.seconds(60, e, both(150, 20))
	said = v.deliver(e)
	require.NotEmpty(t, said, "a word that was lost is said again")
	require.Less(t, len(said), 8, "and ever more seldom")
	for _, o := range said {
		require.Greater(t, o.Seq, first.Seq)
	}

	v.knows(autoscale.State{Total: 3, Changed: v.now})
	v.seconds(30, e, both(150, 20))
	require.Empty(t, v.deliver(e), "it is as many as it should be")
}

func TestNobodyLeavesUnseen(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 2)
	v.knows(autoscale.State{Total: 3, Changed: v.now.Add(-time.Hour)})
	e := v.evaluator("a")
	idle := func() { v.report(0, "one", 0, 0); v.report(1, "one", 0, 0) }
	v.seconds(59, e, idle)
	require.Empty(t, v.deliver(e), "a minute has not been seen")
	v.seconds(10, e, func() { v.report(0, "one", 0, 0) })
	v.deliver(e)
	v.seconds(55, e, idle)
	require.Empty(t, v.deliver(e), "one was silent for a while")
	v.seconds(20, e, idle)
	require.NotEmpty(t, v.deliver(e))

	// Without any gateway nobody sees anything.
	other := newWatched(t, 0)
	other.knows(autoscale.State{Total: 3, Changed: other.now.Add(-time.Hour)})
	e = other.evaluator("a")
	other.seconds(120, e, func() {})
	require.Empty(t, other.deliver(e))
}

func TestTotalsOutliveNeitherGatewayNorEvaluator(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 1)
	points := func() (n int64) {
		all, err := v.store.Loads(t.Context(), v.account, v.id, time.Time{})
		require.NoError(t, err)
		for _, p := range all {
			n += p.Requests
			require.Equal(t, p.Ended, p.Classes[1])
			require.Equal(t, p.Ended, p.Latency[2])
		}
		return n
	}
	e := v.evaluator("a")
	v.report(0, "one", 1, 1_000_000) // before anybody looked
	require.NoError(t, e.Look(t.Context()))
	v.seconds(3, e, func() { v.report(0, "one", 1, 5) })
	v.seconds(3, e, func() {})                           // silent: nothing is counted twice
	v.seconds(3, e, func() { v.report(0, "two", 1, 7) }) // it began anew
	v.seconds(60, e, func() { v.report(0, "two", 1, 0) })
	require.EqualValues(t, 3*5+3*7, points())

	// Another process takes over: it does not take the totals for news.
	require.NoError(t, v.store.Resign(t.Context(), "evaluator", "a"))
	b := v.evaluator("b")
	v.seconds(30, b, func() { v.report(0, "two", 1, 1) })
	require.Greater(t, points(), int64(36))
	require.LessOrEqual(t, points(), int64(36+30))
}

func TestTwoProcessesOfAGatewayAreAddedUp(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 1)
	e := v.evaluator("a")
	v.report(0, "one", 1, 1000) // before anybody looked
	require.NoError(t, e.Look(t.Context()))
	v.seconds(3, e, func() { v.report(0, "one", 1, 2) })
	v.seconds(5, e, func() { v.report(0, "one", 1, 2); v.report(0, "two", 1, 3) }) // one goes, two comes
	v.seconds(60, e, func() { v.report(0, "two", 1, 0) })
	all, err := v.store.Loads(t.Context(), v.account, v.id, time.Time{})
	require.NoError(t, err)
	sum := int64(0)
	for _, p := range all {
		sum += p.Requests
	}
	require.EqualValues(t, 8*2+5*3, sum)
}

func TestOneEvaluatorSpeaks(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 1)
	a, b := v.evaluator("a"), v.evaluator("b")
	busy := func() { v.report(0, "one", 500, 100) }
	v.seconds(5, a, busy)
	before := v.deliver(a)
	require.NotEmpty(t, before)
	require.NoError(t, b.Look(t.Context()))
	require.Empty(t, v.deliver(b))
	v.now = v.now.Add(10 * time.Second) // a falls silent
	v.seconds(3, b, busy)
	after := v.deliver(b)
	require.NotEmpty(t, after)
	require.Greater(t, after[0].Seq, before[len(before)-1].Seq)
	require.NoError(t, a.Look(t.Context()))
	require.Empty(t, v.deliver(a), "it has lost the lead")
}

func TestAQueueAtZeroWakesAtOnce(t *testing.T) {
	t.Parallel()
	v := newWatched(t, 1)
	e := v.evaluator("a")
	waiting := fleet.GatewayReport{Load: map[string]fleet.EndpointLoad{
		"ep_zero": {Queued: 1}, "ep_busy": {Queued: 3, InFlight: 100}, "ep_idle": {},
	}}
	for range 10 {
		e.Reported(waiting)
	}
	e.Flush(t.Context())
	require.Equal(t, []string{"ep_zero"}, v.out.woken, "once, however often it is said")
}

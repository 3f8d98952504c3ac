package workflows_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// scaled makes an endpoint that runs and has no workers yet, and the environment that its
// autoscaler runs in.
func (w *world) scaled(active, most int) (string, *testsuite.TestWorkflowEnvironment) {
	w.Helper()
	spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: active, MaxWorkers: most, ProbePath: "/healthz"}.Defaults()
	rec, _, err := w.store.CreateEndpoint(w.Context(), w.ask(), "mine", spec)
	require.NoError(w, err)
	_, _, err = w.store.BeginEndpoint(w.Context(), rec.ID)
	require.NoError(w, err)
	require.NoError(w, w.store.EndOperation(w.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	return rec.ResourceID, w.environment()
}

// workers counts the endpoint's workers that answer.
func (w *world) workers(id string) int {
	all, err := w.store.Workers(w.Context(), id)
	require.NoError(w, err)
	return len(all)
}

// seen is a load as an evaluator sees it at this moment.
func seen(env *testsuite.TestWorkflowEnvironment, seq int64, inflight, queued, arrived int) workflows.Observation {
	now := env.Now()
	return workflows.Observation{Seq: seq, Load: autoscale.Load{
		At: now, Since: now.Add(-5 * time.Minute), InFlight: inflight, Queued: queued, Peak: inflight + queued,
		Arrived: arrived, Over: fleet.Duration(10 * time.Second), Service: fleet.Duration(time.Second), LastRequest: now.Add(-2 * time.Minute),
	}}
}

func TestAnEndpointFollowsItsLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(1, 4)
	at := func(after int, do func()) { env.RegisterDelayedCallback(do, time.Duration(after)*time.Second) }
	load := func(seq int64, inflight, arrived int) func() {
		return func() { env.SignalWorkflow(workflows.Observed, seen(env, seq, inflight, 0, arrived)) }
	}
	are := func(n int, why string) func() { return func() { require.Equal(t, n, w.workers(id), why) } }
	at(61, are(1, "active"))
	at(62, load(5, 300, 3000))
	at(82, are(3, "no more than thrice as many in a minute"))
	at(83, load(4, 0, 0))
	at(103, are(3, "what is older is ignored"))
	at(143, load(6, 600, 6000))
	at(163, are(4, "no more than max workers"))
	at(164, load(7, 0, 0))
	at(184, are(4, "nobody leaves within a minute of a change"))
	at(230, load(8, 0, 0))
	at(250, are(3, "one at a time"))
	at(251, func() { env.SignalWorkflow(workflows.Wake, nil) })
	at(3600, are(3, "an evaluator that fell silent removes nobody"))
	at(3601, env.CancelWorkflow)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	require.True(t, env.IsWorkflowCompleted())

	all, err := w.store.ListScaleDecisions(t.Context(), w.account, id, store.Page{})
	require.NoError(t, err)
	var story []string
	for _, d := range all {
		story = append([]string{d.Rule}, story...)
		require.NotEmpty(t, d.Reason)
		require.NotEmpty(t, d.Votes)
		require.Equal(t, 4, d.Inputs.Max)
	}
	require.Equal(t, []string{autoscale.Active, autoscale.Concurrency, autoscale.Max, autoscale.Step}, story)
	require.Equal(t, 300, all[2].Inputs.InFlight)
	require.InDelta(t, 300, all[2].Inputs.Rate, 0)
	require.True(t, all[2].Inputs.Evaluated)
	known, err := w.store.Scaling(t.Context(), w.account, id)
	require.NoError(t, err)
	require.Equal(t, 3, known.Desired)
}

func TestAnEndpointAtZeroWakesAndSleeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(0, 3)
	_, gateway, err := w.store.CreateGateway(t.Context(), "gw", "us-east")
	require.NoError(t, err)
	report := func(queued int) { // it follows whatever the routes are
		require.NoError(t, w.store.SaveGatewayReport(t.Context(), gateway, fleet.GatewayReport{Version: 1 << 40, Load: map[string]fleet.EndpointLoad{id: {Queued: queued}}}))
	}
	at := func(after int, do func()) { env.RegisterDelayedCallback(do, time.Duration(after)*time.Second) }
	are := func(n int) func() { return func() { require.Equal(t, n, w.workers(id)) } }
	at(20, are(0))
	at(21, func() { report(1); env.SignalWorkflow(workflows.Wake, nil) }) // as a server does that hears of it
	at(41, are(1))
	at(42, func() { report(0); env.SignalWorkflow(workflows.Observed, seen(env, 1, 0, 0, 0)) })
	at(62, are(1))
	at(90, func() { env.SignalWorkflow(workflows.Observed, seen(env, 2, 0, 0, 0)) })
	at(110, are(0))
	at(111, env.CancelWorkflow)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	require.True(t, env.IsWorkflowCompleted())
	events, err := w.store.ListEvents(t.Context(), w.account, store.EventFilter{ResourceID: id})
	require.NoError(t, err)
	scaled := 0
	for _, e := range events {
		if e.Name == "endpoint.scaled" {
			scaled++
			require.True(t, strings.HasPrefix(e.Message, "0 → 1 workers (wake)") || strings.HasPrefix(e.Message, "1 → 0 workers (low-use)"), e.Message)
		}
	}
	require.Equal(t, 2, scaled)
}

// A request that arrives just after the last worker was let go wakes the endpoint, whatever the
// evaluator had seen a moment before.
func TestARequestRightAfterTheLastWorkerLeftWakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(0, 3)
	_, gateway, err := w.store.CreateGateway(t.Context(), "gw", "us-east")
	require.NoError(t, err)
	report := func(queued int) {
		require.NoError(t, w.store.SaveGatewayReport(t.Context(), gateway, fleet.GatewayReport{Version: 1 << 40, Load: map[string]fleet.EndpointLoad{id: {Queued: queued}}}))
	}
	at := func(after time.Duration, do func()) { env.RegisterDelayedCallback(do, after) }
	are := func(n int) func() { return func() { require.Equal(t, n, w.workers(id)) } }
	at(21*time.Second, func() { report(1); env.SignalWorkflow(workflows.Wake, nil) })
	at(90*time.Second, func() { report(0); env.SignalWorkflow(workflows.Observed, seen(env, 2, 0, 0, 0)) })
	at(91*time.Second, func() { are(0)(); report(1); env.SignalWorkflow(workflows.Wake, nil) })
	at(92*time.Second, are(1))
	at(93*time.Second, env.CancelWorkflow)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	require.True(t, env.IsWorkflowCompleted())
}

// What the evaluator must know is said again when it was lost: without it, it never says
// anything of the endpoint.
func TestWhatAnAutoscalerKnowsIsSavedInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(0, 3)
	control := &activities.Control{Store: w.store, Operations: &endpoints{w}, Logger: slog.New(slog.DiscardHandler)}
	away, tried := true, false
	env.OnActivity("SaveScaling", mock.Anything, mock.Anything).Return(func(ctx context.Context, in activities.Known) error {
		if tried = true; away {
			return fleet.Errorf(fleet.Unavailable, "the record is away")
		}
		return control.SaveScaling(ctx, in)
	})
	env.RegisterDelayedCallback(func() { require.True(t, tried); away = false }, time.Minute)
	env.RegisterDelayedCallback(env.CancelWorkflow, 31*time.Minute)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	require.True(t, env.IsWorkflowCompleted())
	known, err := w.store.Scaling(t.Context(), w.account, id)
	require.NoError(t, err)
	require.Equal(t, int64(1), known.Version, "and once only")
}

// What could not be carried out is tried again soon, and ever more seldom.
func TestADecisionThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(2, 4)
	var tries []time.Time
	control := &activities.Control{Store: w.store, Operations: &endpoints{w}, Logger: slog.New(slog.DiscardHandler)}
	env.OnActivity("ScaleEndpoint", mock.Anything, mock.Anything).Return(func(ctx context.Context, in activities.Scale) error {
		if tries = append(tries, env.Now()); len(tries) < 4 {
			return fleet.Errorf(fleet.Invalid, "the spec has stopped being valid")
		}
		return control.ScaleEndpoint(ctx, in)
	})
	env.RegisterDelayedCallback(func() { require.Equal(t, 2, w.workers(id)) }, time.Minute)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	require.True(t, env.IsWorkflowCompleted())
	require.Len(t, tries, 4)
	for i, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		require.InDelta(t, pause.Seconds(), tries[i+1].Sub(tries[i]).Seconds(), .9)
	}
}

// A spec that changes takes effect at the next look; what limits growth outlives a run.
func TestLimitsOutliveARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, env := w.scaled(1, 4)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.Observed, seen(env, 5, 900, 0, 9000)) }, 61*time.Second)
	env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true); env.SignalWorkflow(workflows.Wake, nil) }, 62*time.Second)
	env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	var carried workflows.Autoscaling
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &carried))
	require.Equal(t, 3, carried.State.Total)
	require.NotEmpty(t, carried.State.Lows)
	require.EqualValues(t, 5, carried.Heard)
	require.Equal(t, 2, carried.Seq)
	require.Equal(t, 900, carried.Load.InFlight)

	next := w.environment()
	next.SetStartTime(env.Now())
	busy := func(seq int64) func() {
		return func() { next.SignalWorkflow(workflows.Observed, seen(next, seq, 900, 0, 9000)) }
	}
	next.RegisterDelayedCallback(busy(6), 5*time.Second)
	next.RegisterDelayedCallback(func() { require.Equal(t, 3, w.workers(id), "the minute is not over") }, 25*time.Second)
	next.RegisterDelayedCallback(busy(7), 65*time.Second)
	next.RegisterDelayedCallback(func() { require.Equal(t, 4, w.workers(id)); next.CancelWorkflow() }, 85*time.Second)
	next.ExecuteWorkflow(workflows.AutoscaleEndpoint, carried)
	require.True(t, next.IsWorkflowCompleted())
}

// eventsOf counts the events that a workflow's history gets, by what the server writes for
// each thing that happens.
func eventsOf(env *testsuite.TestWorkflowEnvironment) *atomic.Int64 {
	const task = 3 // scheduled, started, completed
	var n atomic.Int64
	n.Add(1 + task) // started
	env.SetOnTimerScheduledListener(func(string, time.Duration) { n.Add(1) })
	env.SetOnTimerFiredListener(func(string) { n.Add(1 + task) })
	env.SetOnTimerCanceledListener(func(string) { n.Add(1) })
	env.SetOnLocalActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { n.Add(1) }) // a marker
	env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { n.Add(2) })
	env.SetOnActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { n.Add(1 + task) })
	return &n
}

func TestAnIdleEndpointCostsAThousandEventsADay(t *testing.T) {
	t.Parallel()
	for name, workers := range map[string]int{"with a worker": 1, "at zero": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id, env := w.scaled(workers, 4)
			events := eventsOf(env)
			looks := 0
			env.SetOnLocalActivityStartedListener(func(info *activity.Info, _ context.Context, _ []any) {
				if info.ActivityType.Name == "ObserveEndpoint" {
					looks++
				}
			})
			var day int64
			env.RegisterDelayedCallback(func() { day = events.Load() }, 24*time.Hour)
			env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: w.account, EndpointID: id})
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, env.GetWorkflowError(), &again, "its next run begins within a day and four hours")
			require.Greater(t, looks, 140, "it looks even though nobody says anything")
			require.Positive(t, day)
			require.LessOrEqual(t, day, int64(1000))
			require.Equal(t, workers, w.workers(id))
			t.Logf("%d events in a day, %d looks in this run", day, looks)
		})
	}
}

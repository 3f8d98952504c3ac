package workflows_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// labelled makes a server that runs, and has a label team.
func (w *world) labelled(name, team string) string {
	w.Helper()
	spec := fleet.InstanceSpec{Image: "kelvin/echo", GPUs: 1, Labels: map[string]string{"team": team}}.Defaults()
	rec, _, err := w.store.CreateInstance(w.Context(), w.ask(), store.NewInstance{Name: name, Spec: spec})
	require.NoError(w, err)
	require.NoError(w, w.start(rec))
	return rec.ResourceID
}

func (w *world) requireIn(id string, state fleet.State) {
	w.Helper()
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	require.Equal(w, state, inst.State)
}

// schedule makes a schedule of windows that begin this minute, and are due: all that there
// is is older.
func (w *world) schedule(action fleet.ScheduleAction, target fleet.ScheduleTarget, change func(*fleet.ScheduleSpec)) (fleet.Schedule, time.Time) {
	w.Helper()
	w.skew.Add(int64(2 * time.Minute))
	for _, host := range w.hosts {
		w.renew(host)
	}
	due := w.store.Now().UTC().Truncate(time.Minute)
	spec := fleet.ScheduleSpec{
		Target: target, Action: action, TimeZone: "UTC",
		When: fleet.ScheduleTimes{From: due.Format("15:04"), To: due.Add(5 * time.Hour).Format("15:04")},
	}
	if change != nil {
		change(&spec)
	}
	w.keys++
	sch, _, err := w.store.CreateSchedule(w.Context(), w.ask(), fmt.Sprint("schedule ", w.keys), spec)
	require.NoError(w, err)
	return sch, due
}

// fire runs what Temporal starts when a schedule is due, and returns the newest run. wait
// happens while the workflow waits for the first time.
func (w *world) fire(sch fleet.Schedule, due time.Time, wait func(), supported ...fleet.Operation) fleet.ScheduleRun {
	w.Helper()
	env := w.environment()
	env.SetStartTime(w.store.Now())
	env.RegisterActivity(&activities.Control{Store: w.store, Operations: &endpoints{w}, Logger: slog.New(slog.DiscardHandler), Supported: supported})
	require.NoError(w, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(due))))
	if wait != nil {
		env.RegisterDelayedCallback(wait, 5*time.Second)
	}
	env.ExecuteWorkflow(workflows.FireSchedule, activities.Firing{ScheduleID: sch.ID})
	require.True(w, env.IsWorkflowCompleted())
	require.NoError(w, env.GetWorkflowError())
	runs, err := w.store.ScheduleRuns(w.Context(), w.account, sch.ID, 1)
	require.NoError(w, err)
	if len(runs) == 0 {
		return fleet.ScheduleRun{}
	}
	return runs[0]
}

// outcomes are what became of a run's targets, by name.
func outcomes(run fleet.ScheduleRun) map[string]string {
	all := map[string]string{}
	for _, t := range run.Targets {
		all[t.Name] = string(t.Outcome)
		if t.Message != "" {
			all[t.Name] += ": " + t.Message
		}
	}
	return all
}

func TestAScheduleActsOnAllThatHaveItsLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three, other := w.labelled("one", "ml"), w.labelled("two", "ml"), w.labelled("three", "ml"), w.labelled("other", "web")
	require.NoError(t, w.do(fleet.Stop, three))
	sch, due := w.schedule(fleet.DoStop, fleet.ScheduleTarget{Selector: "team=ml"}, nil)
	run := w.fire(sch, due, nil)
	require.Equal(t, map[string]string{"one": "accepted", "two": "accepted", "three": "skipped: it is stopped already"}, outcomes(run))
	require.Equal(t, map[fleet.RunOutcome]int{fleet.RunAccepted: 2, fleet.RunSkipped: 1}, run.Counts)
	require.Equal(t, fleet.RunDone, run.State)
	for _, id := range []string{one, two, three} {
		w.requireIn(id, fleet.Stopped)
	}
	w.requireIn(other, fleet.Running)
	for _, target := range run.Targets {
		if target.Outcome == fleet.RunAccepted {
			require.Equal(t, fleet.Done, target.Ended)
			rec, err := w.store.GetOperation(t.Context(), w.account, target.OperationID)
			require.NoError(t, err)
			require.Equal(t, "schedule:"+sch.ID, rec.Actor)
		}
	}
	// Temporal may start it twice; and there are operations enough already.
	before, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{})
	require.NoError(t, err)
	require.Equal(t, run, w.fire(sch, due, nil))
	after, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{})
	require.NoError(t, err)
	require.Equal(t, len(before), len(after))
}

func TestWhatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.labelled("one", "ml")
	sch, due := w.schedule(fleet.DoStop, fleet.ScheduleTarget{Instance: id}, nil)
	restart := w.ask()
	restart.Actor = "autoscaler" // not by hand
	rec, _, err := w.store.Accept(t.Context(), restart, fleet.KindInstance, id, fleet.Migrate.Name)
	require.NoError(t, err)
	run := w.fire(sch, due, func() {
		runs, err := w.store.ScheduleRuns(t.Context(), w.account, sch.ID, 1)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"one": "busy: cannot stop while operation " + rec.ID + " (migrate) is open"}, outcomes(runs[0]))
		require.NoError(t, w.store.EndOperation(t.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	})
	require.Equal(t, map[string]string{"one": "accepted"}, outcomes(run))
	w.requireIn(id, fleet.Stopped)
}

func TestWhatStaysBusyIsRefusedInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.labelled("one", "ml")
	sch, due := w.schedule(fleet.DoStop, fleet.ScheduleTarget{Instance: id}, nil)
	migrate := w.ask()
	migrate.Actor = "autoscaler"
	_, _, err := w.store.Accept(t.Context(), migrate, fleet.KindInstance, id, fleet.Migrate.Name)
	require.NoError(t, err)
	run := w.fire(sch, due, nil)
	require.Equal(t, fleet.RunDone, run.State)
	require.Equal(t, fleet.RunRefused, run.Targets[0].Outcome)
	require.Equal(t, fleet.Conflict, run.Targets[0].Code)
}

func TestAStartByHandInAWindowIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.labelled("one", "ml")
	sch, due := w.schedule(fleet.DoStop, fleet.ScheduleTarget{Instance: id}, nil)
	w.fire(sch, due, nil)
	w.requireIn(id, fleet.Stopped)
	require.NoError(t, w.do(fleet.Start, id)) // by a key
	again, dueAgain := w.schedule(fleet.DoStop, fleet.ScheduleTarget{Selector: "team=ml"}, nil)
	run := w.fire(again, dueAgain, nil)
	require.Contains(t, outcomes(run)["one"], "skipped: somebody has put it as it is, until ")
	w.requireIn(id, fleet.Running)

	// Whoever triggers it means it.
	triggered, _, err := w.store.TriggerSchedule(t.Context(), w.ask(), again.ID, fleet.Begin)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"one": "accepted"}, outcomes(w.fire(again, triggered.At, nil)))
	w.requireIn(id, fleet.Stopped)
	triggered, _, err = w.store.TriggerSchedule(t.Context(), w.ask(), again.ID, fleet.End)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"one": "accepted"}, outcomes(w.fire(again, triggered.At, nil)))
	w.requireIn(id, fleet.Running)
}

func TestAScheduleSaysWhyItLeavesThingsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.labelled("one", "ml")
	for _, c := range []struct {
		action fleet.ScheduleAction
		change func(*fleet.ScheduleSpec)
		want   string
	}{
		{fleet.DoFreeze, nil, "refused: this fleet cannot freeze an instance"},
		{fleet.DoFreeze, func(s *fleet.ScheduleSpec) { s.OnlyIf.States = []fleet.State{fleet.Stopped} }, "skipped: it is running, and not stopped"},
		{fleet.DoStop, func(s *fleet.ScheduleSpec) { s.OnlyIf.For = fleet.Duration(72 * time.Hour) }, "skipped: it has been running for "},
	} {
		sch, due := w.schedule(c.action, fleet.ScheduleTarget{Instance: id}, c.change)
		run := w.fire(sch, due, nil, fleet.Start, fleet.Stop)
		require.Contains(t, outcomes(run)["one"], c.want)
	}
	w.requireIn(id, fleet.Running)

	thaw, due := w.schedule(fleet.DoThaw, fleet.ScheduleTarget{Instance: id}, func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "* * * * *"} })
	require.Equal(t, map[string]string{"one": "skipped: it is running already"}, outcomes(w.fire(thaw, due, nil)))
	require.NoError(t, w.do(fleet.Terminate, id))
	run := w.fire(thaw, due.Add(time.Minute), nil)
	require.Equal(t, map[string]string{"one": "refused: it is terminated; the schedule is paused"}, outcomes(run))
	now, err := w.store.Schedule(t.Context(), thaw.ID)
	require.NoError(t, err)
	require.Equal(t, fleet.SchedulePaused, now.State)
	require.Equal(t, "its target is terminated", now.Note)
}

func TestAScheduleSetsActiveWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: 1, MaxWorkers: 3}.Defaults()
	rec, _, err := w.store.CreateEndpoint(t.Context(), w.ask(), "llama", spec)
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	two, one := 2, 1
	sch, due := w.schedule(fleet.DoSetWorkers, fleet.ScheduleTarget{Endpoint: rec.ResourceID}, func(s *fleet.ScheduleSpec) { s.ActiveWorkers, s.EndActiveWorkers = &two, &one })
	require.Equal(t, map[string]string{"llama": "accepted"}, outcomes(w.fire(sch, due, nil)))
	ep, err := w.store.Endpoint(t.Context(), rec.ResourceID)
	require.NoError(t, err)
	require.Equal(t, 2, ep.Spec.ActiveWorkers)
	workers, err := w.store.Workers(t.Context(), ep.ID)
	require.NoError(t, err)
	require.Len(t, workers, 2)
	triggered, _, err := w.store.TriggerSchedule(t.Context(), w.ask(), sch.ID, fleet.Begin)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"llama": "skipped: it has 2 active workers already"}, outcomes(w.fire(sch, triggered.At, nil)))
	events, err := w.store.ListEvents(t.Context(), w.account, store.EventFilter{ResourceID: sch.ID})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(events, func(e fleet.Event) bool {
		return e.Name == "schedule.fired" && e.Message == "set-active-workers: 1 accepted" && e.EndpointID == ep.ID
	}))
}

// A selector goes through all pages of what there is.
func TestAScheduleReachesMoreThanAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := fleet.InstanceSpec{Image: "kelvin/echo", Labels: map[string]string{"team": "ml"}}.Defaults()
	for i := range store.MaxLimit + 20 {
		rec, _, err := w.store.CreateInstance(t.Context(), w.ask(), store.NewInstance{Name: fmt.Sprint("server ", i), Spec: spec})
		require.NoError(t, err)
		require.NoError(t, w.store.EndOperation(t.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	}
	sch, due := w.schedule(fleet.DoFreeze, fleet.ScheduleTarget{Selector: "team=ml"}, nil)
	run := w.fire(sch, due, nil, fleet.Start)
	require.Equal(t, map[fleet.RunOutcome]int{fleet.RunRefused: store.MaxLimit + 20}, run.Counts)
	require.Len(t, run.Targets, 50, "the first of them")
}

package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// schedule makes a schedule and waits until Temporal has it.
func (s *stack) schedule(name string, fields map[string]any) api.Schedule {
	s.Helper()
	fields["name"] = name
	status, text, err := s.do(http.MethodPost, "/v1/schedules", name, fields)
	require.NoError(s, err)
	require.Equal(s, http.StatusCreated, status, "%s", text)
	return s.synced(name)
}

func (s *stack) synced(name string) api.Schedule {
	s.Helper()
	var found api.Schedule
	require.Eventually(s, func() bool {
		var all api.List[api.Schedule]
		if s.get("/v1/schedules?name="+name, &all) != nil || len(all.Items) != 1 {
			return false
		}
		return s.get("/v1/schedules/"+all.Items[0].ID, &found) == nil && found.Synced
	}, 60*time.Second, 100*time.Millisecond, "Temporal does not get to know %s", name)
	return found
}

// ran waits until a schedule has a run more than before, and it is over.
func (s *stack) ran(id string, before int, limit time.Duration) api.ScheduleRun {
	s.Helper()
	var found api.Schedule
	require.Eventually(s, func() bool {
		return s.get("/v1/schedules/"+id, &found) == nil && len(found.Runs) > before && found.Runs[0].State == fleet.RunDone
	}, limit, 50*time.Millisecond, "schedule %s does not run", id)
	return found.Runs[0]
}

// A schedule fires in its second and stops a real server; it can be triggered, paused and
// edited, is to be seen in Temporal, and survives what either side forgets.
func TestSchedules(t *testing.T) {
	s := newStack(t)
	temporal, err := workflows.Dial(s.temporal, "kelvin", "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer temporal.Close()
	s.must("instance", "create", "box", "--image", "kelvin/echo:latest", "--port", "8080", "--probe-path", "/healthz", "--label", "team=ml", "--wait")
	s.must("instance", "create", "kept", "--image", "kelvin/echo:latest", "--port", "8080", "--probe-path", "/healthz", "--label", "team=ml", "--label", "env=prod", "--wait")
	box, kept := s.instance("box"), s.instance("kept")

	// The next minute that is far enough away, in a zone that is half an hour off.
	zone, err := fleet.Zone("Asia/Kolkata")
	require.NoError(t, err)
	due := time.Now().Add(10 * time.Second).Truncate(time.Minute).Add(time.Minute).In(zone)
	when := map[string]any{"at": due.Format("15:04")}

	// Temporal forgets one, has one of nobody, and somebody pauses one there. That is noticed
	// while the rest goes on.
	nobody := map[string]any{"selector": "team=nobody"}
	lost := s.schedule("lost", map[string]any{"action": "stop", "time_zone": "Asia/Kolkata", "target": nobody, "when": when})
	require.NoError(t, temporal.ScheduleClient().GetHandle(t.Context(), lost.ID).Delete(t.Context()))
	meddled := s.schedule("meddled", map[string]any{"action": "stop", "time_zone": "UTC", "target": nobody, "when": map[string]any{"at": "20:00"}})
	require.NoError(t, temporal.ScheduleClient().GetHandle(t.Context(), meddled.ID).Pause(t.Context(), client.SchedulePauseOptions{}))
	_, err = temporal.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "sch_of_nobody", Paused: true, Action: &client.ScheduleWorkflowAction{ID: "x", Workflow: "fire-schedule", TaskQueue: "control"},
	})
	require.NoError(t, err)
	fires := s.schedule("fires", map[string]any{"action": "stop", "time_zone": "Asia/Kolkata", "target": map[string]any{"selector": "team=ml,env!=prod"}, "when": when})
	require.True(t, fires.Next[0].At.Equal(due))
	s.schedule("paused", map[string]any{"action": "stop", "time_zone": "Asia/Kolkata", "target": map[string]any{"instance": kept.ID}, "when": when})
	s.must("schedule", "pause", "paused", "--note", "on holiday")
	paused := s.synced("paused")

	described, err := temporal.ScheduleClient().GetHandle(t.Context(), fires.ID).Describe(t.Context())
	require.NoError(t, err)
	require.False(t, described.Schedule.State.Paused)
	require.Equal(t, "version 1", described.Schedule.State.Note)
	require.Equal(t, 15*time.Minute, described.Schedule.Policy.CatchupWindow)
	for i, next := range fires.Next {
		require.True(t, next.At.Equal(described.Info.NextActionTimes[i]), "%s, not %s", next.At, described.Info.NextActionTimes[i])
	}
	described, err = temporal.ScheduleClient().GetHandle(t.Context(), paused.ID).Describe(t.Context())
	require.NoError(t, err)
	require.True(t, described.Schedule.State.Paused)
	require.Equal(t, "version 2: on holiday", described.Schedule.State.Note)

	run := s.ran(fires.ID, 0, time.Until(due)+20*time.Second)
	late := run.BegunAt.Sub(due)
	t.Logf("fired %s after it was due", late.Round(time.Millisecond))
	require.GreaterOrEqual(t, late, time.Duration(0))
	require.Less(t, late, time.Second)
	require.True(t, run.At.Equal(due))
	require.Len(t, run.Targets, 1)
	require.Equal(t, box.ID, run.Targets[0].ResourceID)
	require.Equal(t, fleet.RunAccepted, run.Targets[0].Outcome)
	stopped := s.await(run.Targets[0].OperationID, 30*time.Second)
	require.Equal(t, api.OperationDone, stopped.State)
	require.Equal(t, "schedule:"+fires.ID, stopped.Actor)
	require.Equal(t, fleet.Stopped, s.instance("box").State)
	require.Equal(t, fleet.Running, s.instance("kept").State)
	var still api.Schedule
	require.NoError(t, s.get("/v1/schedules/"+paused.ID, &still))
	require.Empty(t, still.Runs, "it is paused")

	// A window that is open now: its end and its beginning are triggered, and a start by hand
	// holds against the schedule, but not against whoever triggers it.
	from, to := time.Now().UTC().Add(-2*time.Minute), time.Now().UTC().Add(3*time.Hour)
	window := s.schedule("window", map[string]any{
		"action": "stop", "time_zone": "UTC", "target": map[string]any{"instance": box.ID}, "when": map[string]any{"from": from.Format("15:04"), "to": to.Format("15:04")},
	})
	require.True(t, window.InWindow)
	s.must("instance", "start", "box", "--wait")
	require.NoError(t, s.get("/v1/schedules/"+window.ID, &window))
	require.Len(t, window.Holds, 1)
	require.True(t, window.Holds[0].Until.Equal(window.WindowEnd))
	out := s.must("schedule", "trigger", "window")
	require.Contains(t, out, "stop")
	run = s.ran(window.ID, 0, 20*time.Second)
	require.Equal(t, 1, run.Accepted, "%+v", run)
	require.Equal(t, api.OperationDone, s.await(run.Targets[0].OperationID, 30*time.Second).State)
	s.must("schedule", "trigger", "window", "--edge", "end")
	run = s.ran(window.ID, 1, 20*time.Second)
	require.Equal(t, fleet.DoStart, run.Action)
	require.Equal(t, api.OperationDone, s.await(run.Targets[0].OperationID, 30*time.Second).State)
	require.Equal(t, fleet.Running, s.instance("box").State)

	// From Temporal's UI, too, and what has no effect says why.
	require.NoError(t, temporal.ScheduleClient().GetHandle(t.Context(), fires.ID).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	run = s.ran(fires.ID, 1, 20*time.Second)
	require.Equal(t, "temporal", run.Actor)
	s.await(run.Targets[0].OperationID, 30*time.Second)
	require.Eventually(t, func() bool { return s.instance("box").State == fleet.Stopped }, 10*time.Second, 50*time.Millisecond)
	s.must("schedule", "trigger", "fires")
	run = s.ran(fires.ID, 2, 20*time.Second)
	require.Equal(t, "it is stopped already", run.Targets[0].Message)

	// Temporal is away while a schedule is made, and one is deleted.
	s.kill("temporal")
	status, text, err := s.do(http.MethodPost, "/v1/schedules", "away", map[string]any{"name": "away", "action": "start", "time_zone": "UTC", "target": map[string]any{"instance": box.ID}, "when": map[string]any{"cron": "0 8 * * mon-fri"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status, "%s", text)
	require.Contains(t, string(text), `"synced":false`)
	s.must("schedule", "rm", "window")
	s.start("temporal")
	away := s.synced("away")
	_, err = temporal.ScheduleClient().GetHandle(t.Context(), away.ID).Describe(t.Context())
	require.NoError(t, err)
	gone := func(id string) bool {
		_, err := temporal.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		return err != nil && strings.Contains(err.Error(), "not found")
	}
	require.Eventually(t, func() bool { return gone(window.ID) }, 30*time.Second, 200*time.Millisecond)
	require.Eventually(t, func() bool { return gone("sch_of_nobody") && !gone(lost.ID) }, 150*time.Second, 500*time.Millisecond, "the two are compared now and then")
	require.Eventually(t, func() bool {
		described, err := temporal.ScheduleClient().GetHandle(t.Context(), meddled.ID).Describe(t.Context())
		return err == nil && !described.Schedule.State.Paused
	}, 150*time.Second, 500*time.Millisecond)
	require.True(t, s.ran(lost.ID, 0, 150*time.Second).At.Equal(due), "what was due and did not happen is made up for")
	out = s.must("schedule", "ls")
	require.Contains(t, out, "fires")
	require.NotContains(t, out, "window")
	s.must("instance", "rm", "box", "--yes", "--wait")
	s.must("instance", "rm", "kept", "--yes", "--wait")
	s.requireClean()
}

func (s *stack) instance(name string) api.Instance {
	s.Helper()
	var all api.List[api.Instance]
	require.NoError(s, s.get("/v1/instances?name="+name, &all))
	require.Len(s, all.Items, 1)
	return all.Items[0]
}

// The times that are shown are those at which Temporal fires, over both changes of the
// clocks of a year, wherever that is.
func TestSchedulesTimesAreTemporals(t *testing.T) {
	s := newStack(t)
	temporal, err := workflows.Dial(s.temporal, "kelvin", "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer temporal.Close()
	require.Eventually(t, func() bool {
		_, err := temporal.CheckHealth(t.Context(), &client.CheckHealthRequest{})
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
	weekdays := []fleet.Weekday{"mon", "tue", "wed", "thu", "fri"}
	begin := time.Date(time.Now().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		zone string
		when fleet.ScheduleTimes
	}{
		{"Europe/Berlin", fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays, EndDays: weekdays}},
		{"Europe/Berlin", fleet.ScheduleTimes{At: "02:30"}},
		{"Europe/London", fleet.ScheduleTimes{At: "01:15", Days: []fleet.Weekday{"sun"}}},
		{"America/New_York", fleet.ScheduleTimes{At: "02:30"}},
		{"America/New_York", fleet.ScheduleTimes{Cron: "30 1 * * *"}},
		{"America/Santiago", fleet.ScheduleTimes{At: "20:00", Days: []fleet.Weekday{"sun"}}},
		{"Africa/Cairo", fleet.ScheduleTimes{At: "00:30", Days: []fleet.Weekday{"fri"}}},
		{"Australia/Lord_Howe", fleet.ScheduleTimes{At: "02:15"}},
		{"Asia/Kolkata", fleet.ScheduleTimes{Cron: "45 7 1,15 * fri"}},
		{"UTC", fleet.ScheduleTimes{At: "00:00"}},
	} {
		t.Run(fmt.Sprintf("%s %d", c.zone, i), func(t *testing.T) {
			spec := fleet.ScheduleSpec{Action: fleet.DoStop, TimeZone: c.zone, When: c.when}
			table, err := spec.Timetable()
			require.NoError(t, err)
			theirs, err := workflows.ScheduleSpec(spec, time.Now())
			require.NoError(t, err)

			// The next ones from before each change, as Temporal's UI shows them.
			for _, month := range []time.Month{time.March, time.April, time.September, time.October, time.November} {
				theirs.StartAt = time.Date(begin.Year(), month, 1, 0, 0, 0, 0, time.UTC)
				id := fmt.Sprintf("test-%d-%s", i, month)
				handle, err := temporal.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
					ID: id, Spec: theirs, Paused: true, Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "none", TaskQueue: "none"},
				})
				require.NoError(t, err)
				described, err := handle.Describe(t.Context())
				require.NoError(t, err)
				var shown []string // what comes twice acts once
				for _, at := range described.Info.NextActionTimes {
					f, ok := table.At(at)
					require.True(t, ok, "%s is no time of ours", at)
					if text := f.At.Format(time.RFC3339); len(shown) == 0 || shown[len(shown)-1] != text {
						shown = append(shown, text)
					}
				}
				require.Greater(t, len(shown), 5)
				for j, f := range table.Next(theirs.StartAt.Add(-time.Second), len(shown)) {
					require.Equal(t, f.At.Format(time.RFC3339), shown[j])
				}
				if month != time.March {
					require.NoError(t, handle.Delete(t.Context()))
					continue
				}
				for from := begin; from.Year() == begin.Year(); from = from.AddDate(0, 3, 0) {
					compareTimes(t, temporal, id, table, from, from.AddDate(0, 3, 0))
				}
			}
		})
	}
}

// compareTimes compares all times of a schedule with Temporal's, some months at a time.
func compareTimes(t *testing.T, temporal client.Client, id string, table fleet.Timetable, from, until time.Time) {
	t.Helper()
	if march := time.Date(from.Year(), time.March, 1, 0, 0, 0, 0, time.UTC); from.Before(march) {
		from = march // when that schedule starts
	}
	answer, err := temporal.WorkflowService().ListScheduleMatchingTimes(t.Context(), &workflowservice.ListScheduleMatchingTimesRequest{
		Namespace: "kelvin", ScheduleId: id, StartTime: timestamppb.New(from.Add(-time.Second)), EndTime: timestamppb.New(until.Add(-time.Second)),
	})
	require.NoError(t, err)
	theirs := map[string]bool{}
	for _, at := range answer.GetStartTime() {
		// What is due then; a time that comes twice is due twice, and acts once.
		if f, ok := table.At(at.AsTime()); ok {
			theirs[f.At.UTC().Format(time.RFC3339)] = true
		}
	}
	ours := map[string]bool{}
	for _, f := range table.Next(from.Add(-time.Second), 400) {
		if f.At.Before(until) {
			ours[f.At.UTC().Format(time.RFC3339)] = true
		}
	}
	require.NotEmpty(t, ours)
	require.Equal(t, ours, theirs)
}

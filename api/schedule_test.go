package api

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustSchedule makes a schedule that stops things at night, with some fields of its own.
func (w *world) mustSchedule(as string, fields map[string]any) Schedule {
	w.t.Helper()
	return must[Schedule](w, call{as: as, do: "POST /v1/schedules", key: "-", body: nights(fields)})
}

func nights(fields map[string]any) map[string]any {
	body := map[string]any{
		"name": "nights", "action": "stop", "time_zone": "Europe/Berlin",
		"when": map[string]any{"from": "20:00", "to": "08:00", "days": []string{"mon", "tue", "wed", "thu", "fri"}, "end_days": []string{"mon", "tue", "wed", "thu", "fri"}},
	}
	maps.Copy(body, fields)
	return body
}

func of(instance string) map[string]any { return map[string]any{"instance": instance} }

func TestScheduleIsCreatedShownAndTold(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	friday := time.Date(2026, 10, 23, 10, 0, 0, 0, time.UTC)
	w.Store.Now = func() time.Time { return friday }
	server := w.mustRun(w.mustServer("alice", "notebook"))
	got := w.call(call{as: "alice", do: "POST /v1/schedules", key: "one", body: nights(map[string]any{"target": of(server.ID), "jitter": "5m"})})
	require.Equal(t, http.StatusCreated, got.status, string(got.body))
	s := must[Schedule](w, call{as: "viewer", do: "GET " + got.header.Get("Location")})
	require.Equal(t, fleet.ScheduleActive, s.State)
	require.Equal(t, "http://127.0.0.1:8233/namespaces/default/schedules/"+s.ID, s.TemporalURL)
	require.Equal(t, fleet.Duration(5*time.Minute), s.Spec.Jitter)
	require.Equal(t, []ScheduleTime{
		{At: time.Date(2026, 10, 23, 18, 0, 0, 0, time.UTC), Local: "2026-10-23T20:00:00+02:00", Action: fleet.DoStop},
		{At: time.Date(2026, 10, 26, 7, 0, 0, 0, time.UTC), Local: "2026-10-26T08:00:00+01:00", Action: fleet.DoStart},
		{At: time.Date(2026, 10, 26, 19, 0, 0, 0, time.UTC), Local: "2026-10-26T20:00:00+01:00", Action: fleet.DoStop},
		{At: time.Date(2026, 10, 27, 7, 0, 0, 0, time.UTC), Local: "2026-10-27T08:00:00+01:00", Action: fleet.DoStart},
		{At: time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC), Local: "2026-10-27T20:00:00+01:00", Action: fleet.DoStop},
	}, s.Next)
	require.Empty(t, s.Warnings)
	require.Equal(t, []string{s.ID}, w.started.synced)

	again := w.call(call{as: "alice", do: "POST /v1/schedules", key: "one", body: nights(map[string]any{"target": of(server.ID), "jitter": "5m"})})
	require.Equal(t, http.StatusCreated, again.status)
	require.Equal(t, got.header.Get("Location"), again.header.Get("Location"))
	other := w.call(call{as: "alice", do: "POST /v1/schedules", key: "one", body: nights(map[string]any{"target": of(server.ID)})}).problem(t)
	require.Equal(t, fleet.Conflict, other.Code)
	taken := w.call(call{as: "alice", do: "POST /v1/schedules", key: "-", body: nights(map[string]any{"target": of(server.ID)})}).problem(t)
	require.Equal(t, fleet.Conflict, taken.Code)
	require.Equal(t, "body.name", taken.Fields[0].Field)
	require.Len(t, must[List[Schedule]](w, call{as: "viewer", do: "GET /v1/schedules?name=nights"}).Items, 1)
	require.Len(t, must[List[Schedule]](w, call{as: "viewer", do: "GET /v1/schedules?resource=" + server.ID}).Items, 1)
	require.Empty(t, must[List[Schedule]](w, call{as: "viewer", do: "GET /v1/schedules?state=paused"}).Items)
}

func TestScheduleWarnsOfTheClocks(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.Store.Now = func() time.Time { return time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) }
	s := w.mustSchedule("alice", map[string]any{"target": map[string]any{"selector": "team=ml"}, "when": map[string]any{"at": "02:30"}})
	require.Equal(t, []string{
		"2026-10-25 02:30 comes twice in Europe/Berlin: stop happens once",
		"2027-03-28 02:30 does not exist in Europe/Berlin: stop happens at 03:00",
	}, s.Warnings)
}

func TestScheduleIsPausedResumedEditedAndDeleted(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	endpoint := w.mustEndpoint("alice", "llama")
	s := w.mustSchedule("alice", map[string]any{"target": map[string]any{"endpoint": endpoint.ResourceID}})
	path := "/v1/schedules/" + s.ID
	paused := must[Schedule](w, call{as: "alice", do: "POST " + path + "/pause", key: "-", body: `{"note":"on holiday"}`})
	require.Equal(t, fleet.SchedulePaused, paused.State)
	require.Equal(t, "on holiday", paused.Note)
	require.Empty(t, paused.Next)
	require.Equal(t, fleet.SchedulePaused, must[Schedule](w, call{as: "alice", do: "POST " + path + "/pause", key: "-"}).State, "without a body, too")
	resumed := must[Schedule](w, call{as: "alice", do: "POST " + path + "/resume", key: "-"})
	require.Equal(t, fleet.ScheduleActive, resumed.State)
	require.Empty(t, resumed.Note)
	require.Len(t, resumed.Next, 5)

	edited := must[Schedule](w, call{as: "alice", do: "PATCH " + path, key: "-", body: `{"action":"set-active-workers","active_workers":0,"end_active_workers":1,"time_zone":"UTC"}`})
	require.Equal(t, fleet.DoSetWorkers, edited.Spec.Action)
	require.Equal(t, 0, *edited.Next[0].ActiveWorkers+*edited.Next[1].ActiveWorkers-1)
	require.Equal(t, s.Spec.When, edited.Spec.When)
	once := must[Schedule](w, call{as: "alice", do: "PATCH " + path, key: "-", body: `{"name":"mornings","action":"start","when":{"cron":"30 7 * * mon-fri"}}`})
	require.Equal(t, "mornings", once.Name)
	require.Nil(t, once.Spec.ActiveWorkers)
	require.Nil(t, once.Spec.EndActiveWorkers)
	require.Equal(t, fleet.ScheduleTimes{Cron: "30 7 * * mon-fri"}, once.Spec.When)
	bad := w.call(call{as: "alice", do: "PATCH " + path, key: "-", body: `{"action":"freeze"}`}).problem(t)
	require.Equal(t, "body.action", bad.Fields[0].Field)
	require.Equal(t, fleet.Invalid, w.call(call{as: "alice", do: "PATCH " + path, key: "-", body: `{}`}).problem(t).Code)

	gone := must[Schedule](w, call{as: "alice", do: "DELETE " + path, key: "-"})
	require.Equal(t, fleet.ScheduleDeleted, gone.State)
	require.Equal(t, fleet.ScheduleDeleted, must[Schedule](w, call{as: "alice", do: "DELETE " + path, key: "-"}).State)
	require.Equal(t, fleet.ScheduleDeleted, must[Schedule](w, call{as: "alice", do: "GET " + path}).State)
	require.Empty(t, must[List[Schedule]](w, call{as: "alice", do: "GET /v1/schedules"}).Items)
	require.Len(t, must[List[Schedule]](w, call{as: "alice", do: "GET /v1/schedules?all=true"}).Items, 1)
	for _, verb := range []string{"pause", "resume", "trigger"} {
		require.Equal(t, fleet.NotFound, w.call(call{as: "alice", do: "POST " + path + "/" + verb, key: "-"}).problem(t).Code)
	}
	var names []string
	for _, e := range must[List[Event]](w, call{as: "alice", do: "GET /v1/events?resource=" + s.ID}).Items {
		require.Equal(t, s.ID, e.ScheduleID)
		names = append(names, e.Name)
	}
	require.Equal(t, []string{"schedule.deleted", "schedule.updated", "schedule.updated", "schedule.resumed", "schedule.paused", "schedule.paused", "schedule.created"}, names)
}

func TestScheduleIsTriggeredOnce(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	server := w.mustRun(w.mustServer("alice", "notebook"))
	s := w.mustSchedule("alice", map[string]any{"target": of(server.ID)})
	one := must[ScheduleRun](w, call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "now", body: `{"edge":"begin"}`})
	require.Equal(t, fleet.RunPending, one.State)
	require.Equal(t, fleet.DoStop, one.Action)
	require.Contains(t, one.Actor, "key_")
	again := must[ScheduleRun](w, call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "now", body: `{"edge":"begin"}`})
	require.Equal(t, one, again)
	end := must[ScheduleRun](w, call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "-", body: `{"edge":"end"}`})
	require.Equal(t, fleet.DoStart, end.Action)
	require.NotEqual(t, one.At, end.At)
	require.Equal(t, []string{s.ID, s.ID}, w.started.triggered)
	runs := must[Schedule](w, call{as: "viewer", do: "GET /v1/schedules/" + s.ID}).Runs
	require.Len(t, runs, 2)
	require.Equal(t, fleet.Conflict, w.call(call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "now", body: `{"edge":"end"}`}).problem(t).Code)

	single := w.mustSchedule("alice", map[string]any{"name": "once", "target": of(server.ID), "when": map[string]any{"at": "20:00"}})
	p := w.call(call{as: "alice", do: "POST /v1/schedules/" + single.ID + "/trigger", key: "-", body: `{"edge":"end"}`}).problem(t)
	require.Equal(t, "body.edge", p.Fields[0].Field)
}

func TestScheduleIsMadeThoughTemporalDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.started.broken = errors.New("no Temporal")
	s := w.mustSchedule("alice", map[string]any{"target": map[string]any{"selector": "team=ml"}})
	require.False(t, s.Synced)
	ids, err := w.Store.UnsyncedSchedules(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{s.ID}, ids, "for the timekeeper")
	must[ScheduleRun](w, call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "-"})
	runs, err := w.Store.PendingRuns(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)
}

// Nothing that is not a schedule gets past the door, and each refusal says which field, and
// what would be right.
func TestBadSchedulesAreProblems(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	server := w.mustRun(w.mustServer("alice", "notebook"))
	endpoint := w.mustEndpoint("alice", "llama")
	worker := w.mustWorker(endpoint.ResourceID, "llama-1")
	theirs := w.mustServer("bob", "his")
	for name, c := range map[string]struct {
		fields map[string]any
		field  string
	}{
		"another's instance":  {map[string]any{"target": of(theirs.ResourceID)}, "body.target.instance"},
		"no such instance":    {map[string]any{"target": of("ins_06f2r3k8x9m4n5p6q7s8t9v0w1")}, "body.target.instance"},
		"a worker":            {map[string]any{"target": of(worker.ID)}, "body.target.instance"},
		"no target":           {map[string]any{"target": map[string]any{}}, "body.target"},
		"target is a string":  {map[string]any{"target": "notebook"}, "body.target"},
		"a selector of SQL":   {map[string]any{"target": map[string]any{"selector": "a=b' OR 1=1 --\x01"}}, "body.target.selector"},
		"more than max":       {map[string]any{"target": map[string]any{"endpoint": endpoint.ResourceID}, "action": "set-active-workers", "active_workers": 0, "end_active_workers": 7}, "body.end_active_workers"},
		"an unknown action":   {map[string]any{"action": "terminate"}, "body.action"},
		"freeze an endpoint":  {map[string]any{"target": map[string]any{"endpoint": endpoint.ResourceID}, "action": "freeze"}, "body.action"},
		"an unknown zone":     {map[string]any{"time_zone": "Mars/Olympus"}, "body.time_zone"},
		"no zone":             {map[string]any{"time_zone": ""}, "body.time_zone"},
		"a bad clock":         {map[string]any{"when": map[string]any{"at": "8pm"}}, "body.when.at"},
		"a long clock":        {map[string]any{"when": map[string]any{"at": "20:00:00"}}, "body.when.at"},
		"a bad day":           {map[string]any{"when": map[string]any{"at": "20:00", "days": []string{"monday"}}}, "body.when.days[0]"},
		"a bad cron":          {map[string]any{"when": map[string]any{"cron": "* * *"}}, "body.when.cron"},
		"cron that is never":  {map[string]any{"when": map[string]any{"cron": "0 0 31 4 *"}}, "body.when.cron"},
		"an unknown field":    {map[string]any{"colour": "red"}, "body.colour"},
		"an unknown time":     {map[string]any{"when": map[string]any{"every": "1h"}}, "body.when.every"},
		"jitter of a day":     {map[string]any{"jitter": "24h"}, "body.jitter"},
		"jitter of nonsense":  {map[string]any{"jitter": "soon"}, "body.jitter"},
		"a state of nobody":   {map[string]any{"only_if": map[string]any{"states": []string{"tired"}}}, "body.only_if.states[0]"},
		"a state in vain":     {map[string]any{"only_if": map[string]any{"states": []string{"frozen"}}}, "body.only_if.states[0]"},
		"workers of a server": {map[string]any{"active_workers": 2}, "body.active_workers"},
		"a name with a bell":  {map[string]any{"name": "a\ab"}, "body.name"},
		"no name":             {map[string]any{"name": ""}, "body.name"},
	} {
		t.Run(name, func(t *testing.T) {
			body := nights(map[string]any{"target": of(server.ID)})
			maps.Copy(body, c.fields)
			p := w.call(call{as: "alice", do: "POST /v1/schedules", key: "-", body: body}).problem(t)
			require.Equal(t, fleet.Invalid, p.Code)
			var fields []string
			for _, f := range p.Fields {
				fields = append(fields, f.Field)
				require.NotEmpty(t, f.Allowed, f.Field)
			}
			require.Contains(t, fields, c.field)
		})
	}
	require.Empty(t, must[List[Schedule]](w, call{as: "alice", do: "GET /v1/schedules?all=true"}).Items)
	require.Equal(t, fleet.Forbidden, w.call(call{as: "viewer", do: "POST /v1/schedules", key: "-", body: nights(map[string]any{"target": of(server.ID)})}).problem(t).Code)
	require.Equal(t, fleet.Invalid, w.call(call{as: "alice", do: "GET /v1/schedules/ins_1"}).problem(t).Code)
	s := w.mustSchedule("alice", map[string]any{"target": of(server.ID)})
	long := w.call(call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/pause", key: "-", body: map[string]any{"note": strings.Repeat("x", 1025)}}).problem(t)
	require.Equal(t, "body.note", long.Fields[0].Field)
	edge := w.call(call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "-", body: map[string]any{"edge": "middle"}}).problem(t)
	require.Equal(t, "begin, end", edge.Fields[0].Allowed)
}

func TestScheduleShowsWhatItDidAndWhatIsHeld(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	saturday := time.Date(2026, 10, 24, 10, 0, 0, 0, time.UTC)
	w.Store.Now = func() time.Time { return saturday }
	server := w.mustRun(w.mustServer("alice", "notebook"))
	s := w.mustSchedule("alice", map[string]any{"target": of(server.ID)})
	require.True(t, s.InWindow)
	require.Equal(t, time.Date(2026, 10, 26, 7, 0, 0, 0, time.UTC), s.WindowEnd)
	run := must[ScheduleRun](w, call{as: "alice", do: "POST /v1/schedules/" + s.ID + "/trigger", key: "-"})
	require.Equal(t, fleet.Begin, run.Edge, "it is in a window")
	_, _, act, err := w.Store.BeginRun(t.Context(), s.ID, run.At)
	require.NoError(t, err)
	require.True(t, act)
	stop := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + server.ID + "/stop", key: "-"})
	require.NoError(t, w.Store.SaveTarget(t.Context(), s.ID, run.At, fleet.RunTarget{Kind: fleet.KindInstance, ResourceID: server.ID, Outcome: fleet.RunAccepted, OperationID: stop.ID}))
	require.NoError(t, w.Store.EndRun(t.Context(), s.ID, run.At))
	_, _, err = w.Store.BeginInstance(t.Context(), stop.ID)
	require.NoError(t, err)
	w.mustEnd(stop.ID, fleet.Done)
	must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + server.ID + "/start", key: "-"})

	s = must[Schedule](w, call{as: "viewer", do: "GET /v1/schedules/" + s.ID})
	require.Equal(t, 1, s.Runs[0].Accepted)
	require.Equal(t, fleet.RunDone, s.Runs[0].State)
	require.Equal(t, []ScheduleRunTarget{{
		Kind: fleet.KindInstance, ResourceID: server.ID, Name: "notebook", Outcome: fleet.RunAccepted, OperationID: stop.ID, OperationState: OperationDone,
	}}, s.Runs[0].Targets)
	require.Len(t, s.Holds, 1)
	require.Equal(t, "notebook", s.Holds[0].Name)
	require.Equal(t, s.WindowEnd, s.Holds[0].Until)
	until, err := w.Store.Held(t.Context(), server.ID, fleet.DoStop, saturday)
	require.NoError(t, err)
	require.Equal(t, s.WindowEnd, until)
}

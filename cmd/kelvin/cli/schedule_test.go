package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var weekdays = []fleet.Weekday{"mon", "tue", "wed", "thu", "fri"}

func nightly() api.Schedule {
	return api.Schedule{
		ID: id("sch_", 1), Name: "nights", State: fleet.ScheduleActive, InWindow: true, WindowEnd: testNow.Add(8 * time.Hour), Synced: false,
		CreatedAt: testNow.Add(-48 * time.Hour), UpdatedAt: testNow.Add(-time.Hour),
		Spec: fleet.ScheduleSpec{
			Target: fleet.ScheduleTarget{Selector: "team=ml,env!=prod"}, Action: fleet.DoStop, TimeZone: "Europe/Berlin", Jitter: fleet.Duration(5 * time.Minute),
			When:   fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays, EndDays: weekdays},
			OnlyIf: fleet.ScheduleCondition{States: []fleet.State{fleet.Running}, For: fleet.Duration(time.Hour)},
		},
		Next: []api.ScheduleTime{
			{At: testNow.Add(8 * time.Hour), Local: testNow.Add(8 * time.Hour).In(time.FixedZone("", 3600)).Format(time.RFC3339), Action: fleet.DoStart},
			{At: testNow.Add(20 * time.Hour), Local: testNow.Add(20 * time.Hour).In(time.FixedZone("", 3600)).Format(time.RFC3339), Action: fleet.DoStop},
		},
		Warnings: []string{"2027-03-28 02:30 does not exist in Europe/Berlin: stop happens at 03:00"},
		Holds:    []api.ScheduleHold{{Kind: fleet.KindInstance, ResourceID: id("ins_", 1), Name: "notebook", Actor: "key_alice", Until: testNow.Add(8 * time.Hour)}},
		Runs: []api.ScheduleRun{{
			At: testNow.Add(-4 * time.Hour), Action: fleet.DoStop, Edge: fleet.Begin, State: fleet.RunDone, Accepted: 1, Refused: 1, Skipped: 1,
			Targets: []api.ScheduleRunTarget{
				{Kind: fleet.KindEndpoint, ResourceID: id("ep_", 1), Name: "llama", Outcome: fleet.RunRefused, Code: fleet.Conflict, Message: "the endpoint is \x1b[31mfailed"},
				{Kind: fleet.KindInstance, ResourceID: id("ins_", 1), Name: "notebook", Outcome: fleet.RunAccepted, OperationID: id("op_", 7), OperationState: api.OperationDone},
				{Kind: fleet.KindInstance, ResourceID: id("ins_", 2), Outcome: fleet.RunSkipped, Message: "it is stopped already"},
			},
		}, {At: testNow.Add(-28 * time.Hour), Action: fleet.DoStop, Edge: fleet.Begin, State: fleet.RunDone, Actor: "key_alice"}},
	}
}

func TestSchedulesLookAsTheyShould(t *testing.T) {
	t.Parallel()
	workers := nightly()
	workers.Name, workers.State, workers.Note, workers.Next = "lunch", fleet.SchedulePaused, "on holiday", nil
	workers.Spec.Action, workers.Spec.ActiveWorkers, workers.Spec.EndActiveWorkers = fleet.DoSetWorkers, ptr(1), ptr(3)
	workers.Spec.When = fleet.ScheduleTimes{From: "12:00", To: "13:00"}
	cron := nightly()
	cron.Name, cron.Spec.When = "cron", fleet.ScheduleTimes{Cron: "0 20 * * mon-fri"}
	for name, args := range map[string][]string{
		"schedule_ls":   {"schedule", "ls"},
		"schedule_show": {"schedule", "show", "nights"},
	} {
		w := newWorld(t)
		w.answers("GET /v1/schedules", 200, page(nightly(), workers, cron))
		w.answers("GET /v1/schedules/"+id("sch_", 1), 200, nightly())
		golden(t, name, w.mustRun(args...))
	}
}

func TestScheduleSendsWhatWasGivenAndNothingElse(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/schedules", 201, nightly())
	w.answers("GET /v1/schedules", 200, page(nightly()))
	w.answers("PATCH /v1/schedules/{id}", 200, nightly())
	w.env["TZ"] = "Asia/Kolkata"
	golden(t, "schedule_create", w.mustRun("schedule", "create", "nights", "--instance", "notebook", "--action", "stop", "--from", "20:00", "--to", "08:00",
		"--days", "weekdays", "--end-days", "mon-fri", "--only-if", "running", "--only-if-for", "1h", "--jitter", "5m"))
	require.Equal(t, api.ScheduleCreate{Name: "nights", ScheduleSpec: fleet.ScheduleSpec{
		Target: fleet.ScheduleTarget{Instance: id("ins_", 1)}, Action: fleet.DoStop, TimeZone: "Asia/Kolkata",
		When:   fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays, EndDays: weekdays},
		OnlyIf: fleet.ScheduleCondition{States: []fleet.State{fleet.Running}, For: fleet.Duration(time.Hour)}, Jitter: fleet.Duration(5 * time.Minute),
	}}, sent[api.ScheduleCreate](t, w, "POST", "/v1/schedules"))
	w.mustRun("schedule", "edit", "nights", "--endpoint", "llama", "--action", "set-active-workers", "--active", "0", "--cron", "0 8 * * *", "--only-if", "")
	action := fleet.DoSetWorkers
	require.Equal(t, api.SchedulePatch{
		Target: &fleet.ScheduleTarget{Endpoint: id("ep_", 1)}, Action: &action, ActiveWorkers: ptr(0),
		When: &fleet.ScheduleTimes{Cron: "0 8 * * *"}, OnlyIf: &fleet.ScheduleCondition{},
	}, sent[api.SchedulePatch](t, w, "PATCH", "/v1/schedules/"+id("sch_", 1)))
}

func TestMistakesWithSchedulesSayWhatToDo(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"schedule create x":               "--action",
		"schedule create x --action stop": "--instance, --endpoint or --selector",
		"schedule create x --action stop --selector a=b --instance b --at 20:00 --time-zone UTC": "2 targets",
		"schedule create x --action stop --selector a=b --at 20:00 --cron x --time-zone UTC":     "2 kinds of times",
		"schedule create x --action stop --selector a=b --at 20:00 --days mo --time-zone UTC":    "not a day",
		"schedule create x --action stop --selector a=b --at 20:00 --jitter -5m --time-zone UTC": "not negative",
		"schedule edit nights": "at least one flag",
		"schedule trigger":     "accepts 1 arg(s)",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := stocked(newWorld(t))
			w.answers("GET /v1/schedules", 200, page(nightly()))
			r := w.run(strings.Fields(line)...)
			require.Equal(t, exitUsage, r.exit, r.err)
			require.Contains(t, r.err, says)
		})
	}
	require.Equal(t, "--at", flagOf("when.at"))
	require.Equal(t, "--days 0", flagOf("when.days[0]"))
	require.Equal(t, "--only-if 1", flagOf("only_if.states[1]"))
}

func TestDaysAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]fleet.Weekday{
		"mon":          {"mon"},
		"Mon-Fri":      weekdays,
		"weekdays":     weekdays,
		"fri-mon":      {"mon", "fri", "sat", "sun"},
		"sun,mon-tue":  {"mon", "tue", "sun"},
		"weekend, wed": {"wed", "sat", "sun"},
		"daily":        nil,
		"mon-sun":      nil,
	} {
		days, err := parseDays(&cobra.Command{}, "days", strings.Split(text, ","))
		require.NoError(t, err, text)
		require.Equal(t, want, days, text)
	}
	for _, bad := range []string{"", "monday", "mon-", "-fri", "1-5"} {
		_, err := parseDays(&cobra.Command{}, "days", []string{bad})
		require.Error(t, err, bad)
	}
}

func TestTheStoryOfAScheduleOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	r.mustRun("instance", "create", "notebook", "--image", "kelvin/echo:latest", "--gpus", "0", "--wait")
	out := r.mustRun("schedule", "create", "nights", "--instance", "notebook", "--action", "stop", "--from", "20:00", "--to", "08:00", "--time-zone", "Europe/Berlin")
	require.Contains(t, out, "schedule nights: created")
	require.Contains(t, out, "Next:")
	require.Contains(t, r.mustRun("schedule", "pause", "nights", "--note", "on holiday"), "paused")
	require.Contains(t, r.mustRun("schedule", "show", "nights"), "on holiday")
	require.Contains(t, r.mustRun("schedule", "resume", "nights"), "resumed")
	require.Contains(t, r.mustRun("schedule", "edit", "nights", "--at", "02:30", "--name", "early"), "does not exist in Europe/Berlin")
	require.Contains(t, r.mustRun("schedule", "trigger", "early"), "stop is on its way")
	require.Contains(t, r.mustRun("schedule", "show", "early"), "pending")
	require.Equal(t, "early\n", r.mustRun("schedule", "ls", "--instance", "notebook", "-o", "name"))
	made := decoded[api.Schedule](t, r.mustRun("schedule", "show", "early", "-o", "json"))
	require.Contains(t, r.mustRun("event", "ls", "--resource", made.ID), "schedule.triggered")
	refused := r.run("schedule", "edit", "early", "--time-zone", "Mars/Olympus")
	require.Equal(t, exitUsage, refused.exit)
	require.Contains(t, refused.err, "--time-zone: is not a time zone; allowed: an IANA name")
	require.Contains(t, r.mustRun("schedule", "rm", "early"), "deleted")
	require.Equal(t, exitNotFound, r.run("schedule", "show", "early").exit)
}

package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var schedules = &noun[api.Schedule]{
	one: "schedule", path: "/v1/schedules", prefix: fleet.SchedulePrefix, byName: true,
	names: func(s api.Schedule) (id, name string) { return s.ID, s.Name },
	columns: []column[api.Schedule]{
		{"NAME", func(s api.Schedule, _ time.Time) string { return s.Name }},
		{"STATE", func(s api.Schedule, _ time.Time) string { return string(s.State) }},
		{"TARGET", func(s api.Schedule, _ time.Time) string { return targetOf(s.Spec) }},
		{"DOES", func(s api.Schedule, _ time.Time) string { return doesOf(s.Spec) }},
		{"ZONE", func(s api.Schedule, _ time.Time) string { return s.Spec.TimeZone }},
		{"NEXT", func(s api.Schedule, now time.Time) string {
			if len(s.Next) == 0 {
				return ""
			}
			return fmt.Sprintf("%s %s", s.Next[0].Action, ago(s.Next[0].At, now))
		}},
		{"ID", func(s api.Schedule, _ time.Time) string { return s.ID }},
	},
	show: showSchedule,
}

func targetOf(s fleet.ScheduleSpec) string {
	return firstOf(s.Target.Instance, s.Target.Endpoint, s.Target.Selector)
}

// doesOf is what a schedule does, and when, in a line: "stop 20:00–08:00 mon,tue".
func doesOf(s fleet.ScheduleSpec) string {
	does, w := string(s.Action), s.When
	if s.ActiveWorkers != nil {
		does = fmt.Sprintf("%d active workers", *s.ActiveWorkers)
		if s.EndActiveWorkers != nil {
			does += fmt.Sprintf(", then %d,", *s.EndActiveWorkers)
		}
	}
	switch {
	case w.Cron != "":
		return does + " at cron " + w.Cron
	case w.At != "":
		return strings.TrimRight(does+" at "+w.At+" "+daysOf(w.Days), " ")
	}
	text := fmt.Sprintf("%s from %s %s", does, w.From, daysOf(w.Days))
	return strings.TrimRight(strings.TrimRight(text, " ")+" to "+w.To+" "+daysOf(w.EndDays), " ")
}

func daysOf(days []fleet.Weekday) string {
	all := make([]string, len(days))
	for i, d := range days {
		all[i] = string(d)
	}
	return strings.Join(all, ",")
}

func showSchedule(s api.Schedule, now time.Time) facts {
	var f facts
	f.add("Schedule", s.Name)
	f.add("ID", s.ID)
	f.add("State", string(s.State))
	f.add("Note", s.Note)
	f.add("Target", targetOf(s.Spec))
	f.add("Does", doesOf(s.Spec))
	f.add("Time zone", s.Spec.TimeZone)
	if len(s.Spec.OnlyIf.States) > 0 {
		f.add("Only if", "it is "+strings.ReplaceAll(words(s.Spec.OnlyIf.States), ", ", " or "))
	}
	if s.Spec.OnlyIf.For > 0 {
		f.add("Only after", s.Spec.OnlyIf.For.String())
	}
	if s.Spec.Jitter > 0 {
		f.add("Jitter", "up to "+s.Spec.Jitter.String())
	}
	var next []string
	for _, t := range s.Next {
		next = append(next, nextOf(t, now))
	}
	f.add("Next", strings.Join(next, "\n"))
	if s.InWindow {
		f.add("Window", "ends "+moment(s.WindowEnd, now))
	}
	for _, w := range s.Warnings {
		f.add("Clocks", w)
	}
	for _, h := range s.Holds {
		f.add("Held", fmt.Sprintf("%s until %s, by %s", firstOf(h.Name, h.ResourceID), moment(h.Until, now), h.Actor))
	}
	if !s.Synced {
		f.add("Temporal", "does not know of the last change yet")
	}
	f.add("Created", moment(s.CreatedAt, now))
	f.add("Updated", moment(s.UpdatedAt, now))
	for _, r := range s.Runs {
		f.add("Ran", runOf(r, now))
	}
	return f
}

// nextOf is a time by the schedule's own clocks: "Mon 2026-10-26 20:00 +01:00 stop (in 2d)".
func nextOf(t api.ScheduleTime, now time.Time) string {
	local, err := time.Parse(time.RFC3339, t.Local)
	if err != nil {
		local = t.At
	}
	return fmt.Sprintf("%s %s (%s)", local.Format("Mon 2006-01-02 15:04 -07:00"), action(t.Action, t.ActiveWorkers), ago(t.At, now))
}

func action(a fleet.ScheduleAction, workers *int) string {
	if workers == nil {
		return string(a)
	}
	return fmt.Sprintf("%s %d", a, *workers)
}

// runOf is what a schedule did once, and under it what became of its targets.
func runOf(r api.ScheduleRun, now time.Time) string {
	text := fmt.Sprintf("%s: %s", moment(r.At, now), action(r.Action, r.ActiveWorkers))
	if r.Actor != "" {
		text += ", triggered by " + r.Actor
	}
	if r.State != fleet.RunDone {
		text += ", " + string(r.State)
	}
	shown := 0
	for _, t := range r.Targets {
		if shown++; shown > 10 {
			break
		}
		line := fmt.Sprintf("\n  %s: %s", firstOf(t.Name, t.ResourceID), t.Outcome)
		if t.Message != "" {
			line += ", " + t.Message
		}
		if t.OperationID != "" {
			line += fmt.Sprintf(", %s %s", t.OperationID, t.OperationState)
		}
		text += line
	}
	if total := r.Accepted + r.Skipped + r.Refused + r.Busy; total == 0 && r.State == fleet.RunDone {
		text += "\n  nothing to act on"
	} else if total > 10 {
		text += fmt.Sprintf("\n  in all: %d accepted, %d skipped, %d refused, %d busy", r.Accepted, r.Skipped, r.Refused, r.Busy)
	}
	return text
}

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "schedule", Aliases: []string{"schedules", "sch"}, Short: "Stop, start, freeze and thaw by the clock",
		Long: "A schedule has something done to a server, an endpoint, or all that have some labels, at times of the day or in\n" +
			"windows of time, by the clocks of a time zone.",
	}
	cmd.AddCommand(
		a.scheduleCreate(), a.scheduleLs(), a.scheduleShow(),
		a.scheduleEdit(), a.schedulePause(), a.scheduleResume(), a.scheduleTrigger(), a.scheduleRm(),
	)
	return cmd
}

func (a *app) scheduleShow() *cobra.Command {
	cmd := showCommand(a, schedules, "Show a schedule: its next times, what it did, and what holds against it")
	cmd.RunE = a.run(func(ctx context.Context, s *session, args []string) error {
		found, err := schedules.find(ctx, s.client, args[0])
		if err != nil {
			return err
		}
		var whole record[api.Schedule] // lists leave out what it did
		if err := s.get(ctx, schedules.path+"/"+url.PathEscape(found.it.ID), nil, &whole); err != nil {
			return err
		}
		return schedules.printOne(s, whole)
	})
	return cmd
}

func (a *app) scheduleLs() *cobra.Command {
	var all bool
	var state, instance, endpoint string
	cmd := lsCommand(a, schedules, "List schedules", 0, func(ctx context.Context, s *session, query url.Values) error {
		if all {
			query.Set("all", "true")
		}
		if state != "" {
			query.Set("state", state)
		}
		if instance != "" {
			of, err := instances.find(ctx, s.client, instance)
			query.Set("resource", of.it.ID)
			return err
		}
		if endpoint != "" {
			of, err := endpoints.find(ctx, s.client, endpoint)
			query.Set("resource", of.it.ID)
			return err
		}
		return nil
	})
	f := cmd.Flags()
	f.BoolVarP(&all, "all", "a", false, "Deleted ones, too")
	f.StringVar(&state, "state", "", "Only those in this `state`: "+words(fleet.ScheduleStates))
	f.StringVar(&instance, "instance", "", "Only those of this server, by `name` or ID; those with a selector are not among them")
	f.StringVar(&endpoint, "endpoint", "", "Only those of this endpoint, by `name` or ID")
	complete(cmd, "state", fixed(fleet.ScheduleStates...))
	complete(cmd, "instance", completeFlag(a, instances, nil))
	complete(cmd, "endpoint", completeFlag(a, endpoints, nil))
	return cmd
}

// scheduleVerb makes a command of a request about one schedule, which answers with it.
func (a *app) scheduleVerb(cmd *cobra.Command, method, verb string, body func() any, said string) *cobra.Command {
	var key string
	cmd.Args, cmd.ValidArgsFunction = cobra.ExactArgs(1), completeNouns(a, schedules, nil)
	cmd.RunE = a.run(func(ctx context.Context, s *session, args []string) error {
		if err := checkKey(s.cmd, key); err != nil {
			return err
		}
		found, err := schedules.find(ctx, s.client, args[0])
		if err != nil {
			return err
		}
		in := call{method: method, path: schedules.path + "/" + url.PathEscape(found.it.ID) + verb, key: firstOf(key, newKey())}
		if body != nil {
			in.body = body()
		}
		var now record[api.Schedule] // not found: what JSON leaves out would stay as it was
		if err := s.do(ctx, in, &now); err != nil {
			return err
		}
		return s.printSchedule(now, said)
	})
	keyFlag(cmd, &key)
	return cmd
}

// printSchedule says what became of a schedule, and when it acts next.
func (s *session) printSchedule(r record[api.Schedule], said string) error {
	if s.output != formatTable {
		return schedules.printOne(s, r)
	}
	fmt.Fprintf(s.out, "schedule %s: %s\n", clean(r.it.Name), said)
	var f facts
	f.add("  ID:", r.it.ID)
	for i, t := range r.it.Next {
		title := "  Next:"
		if i > 0 {
			title = "  Then:"
		}
		if f.add(title, nextOf(t, s.now())); i == 1 {
			break
		}
	}
	for _, w := range r.it.Warnings {
		f.add("  Clocks:", w)
	}
	return f.write(s.out)
}

func (a *app) schedulePause() *cobra.Command {
	var note string
	cmd := a.scheduleVerb(&cobra.Command{
		Use: "pause SCHEDULE", Short: "Have a schedule do nothing until it is resumed",
	}, http.MethodPost, "/pause", func() any { return api.SchedulePause{Note: note} }, "paused")
	cmd.Flags().StringVar(&note, "note", "", "Why, for people: at most 1024 characters")
	return cmd
}

func (a *app) scheduleResume() *cobra.Command {
	return a.scheduleVerb(&cobra.Command{
		Use: "resume SCHEDULE", Short: "Have a paused schedule act again, from its next time on",
	}, http.MethodPost, "/resume", nil, "resumed")
}

func (a *app) scheduleRm() *cobra.Command {
	return a.scheduleVerb(&cobra.Command{
		Use: "rm SCHEDULE", Aliases: []string{"delete"}, Short: "Delete a schedule; what it had put in motion goes on",
	}, http.MethodDelete, "", nil, "deleted")
}

func (a *app) scheduleTrigger() *cobra.Command {
	var edge, key string
	cmd := &cobra.Command{
		Use: "trigger SCHEDULE", Short: "Have a schedule act now, paused or not",
		Long: "Has a schedule act now, paused or not, and in spite of what somebody has put otherwise.\n" +
			"A schedule with windows does what makes things as they are meant to be now, or what --edge says.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, schedules, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := schedules.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			in := call{
				method: http.MethodPost, path: schedules.path + "/" + url.PathEscape(found.it.ID) + "/trigger",
				body: api.ScheduleTrigger{Edge: fleet.Edge(edge)}, key: firstOf(key, newKey()),
			}
			var run record[api.ScheduleRun]
			if err := s.do(ctx, in, &run); err != nil {
				return err
			}
			if s.output != formatTable {
				names := func(api.ScheduleRun) (id, name string) { return found.it.ID, found.it.Name }
				return printOne(s, run.it, run.raw, names, nil)
			}
			_, err = fmt.Fprintf(s.out, "schedule %s: %s is on its way\n  See how it went: kelvin schedule show %s\n",
				clean(found.it.Name), action(run.it.Action, run.it.ActiveWorkers), found.it.ID)
			return err
		}),
	}
	cmd.Flags().StringVar(&edge, "edge", "", "With windows: the action of their beginning, or of their end: begin or end")
	complete(cmd, "edge", fixed(fleet.Begin, fleet.End))
	keyFlag(cmd, &key)
	return cmd
}

package cli

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// scheduleFlags are the flags that describe a schedule, new or changed.
type scheduleFlags struct {
	instance, endpoint, selector string
	action, at, from, to, cron   string
	zone                         string
	days, endDays, onlyIf        []string
	active, endActive            int
	onlyIfFor, jitter            time.Duration
}

func (f *scheduleFlags) flags(a *app, cmd *cobra.Command) {
	c := cmd.Flags()
	c.StringVar(&f.instance, "instance", "", "Server to act on, by `name` or ID")
	c.StringVar(&f.endpoint, "endpoint", "", "Endpoint to act on, by `name` or ID")
	c.StringVar(&f.selector, "selector", "", "`Labels` of the servers and endpoints to act on: NAME=VALUE and NAME!=VALUE, with commas between")
	c.StringVar(&f.action, "action", "", "What to do: "+words(fleet.ScheduleActions)+". With --from, at the beginning of windows; at their end follow start after stop, thaw after freeze, and --end-active")
	c.IntVar(&f.active, "active", 0, "Of set-active-workers: how many, 0 to 1000")
	c.IntVar(&f.endActive, "end-active", 0, "Of set-active-workers with --from: how many from the end of windows on, 0 to 1000")
	c.StringVar(&f.at, "at", "", "Time of day, HH:MM")
	c.StringVar(&f.from, "from", "", "Time of day when windows begin, HH:MM; goes with --to")
	c.StringVar(&f.to, "to", "", "Time of day when windows end, HH:MM")
	c.StringSliceVar(&f.days, "days", nil, "Days of --at or --from: mon to sun, with commas, as mon-fri, or as weekdays, weekend or daily. Default daily")
	c.StringSliceVar(&f.endDays, "end-days", nil, "Days of --to, like --days. Default those of --days, or the days after them if --to is not later than --from")
	c.StringVar(&f.cron, "cron", "", "Times as minute, hour, day of the month, month and day of the week: '30 7 1,15 * mon-fri'")
	c.StringVar(&f.zone, "time-zone", "", "Whose clocks the times are of: an IANA `name` such as Europe/Berlin. Default: this machine's")
	c.StringSliceVar(&f.onlyIf, "only-if", nil, "Act only on what is in this `state`; repeatable")
	c.DurationVar(&f.onlyIfFor, "only-if-for", 0, "Act only on what has been in its state for at least this long, up to 8784h")
	c.DurationVar(&f.jitter, "jitter", 0, "Act up to this much later, by chance; at most 1h. Default 0s")
	complete(cmd, "instance", completeFlag(a, instances, func(i api.Instance) bool { return i.EndpointID == "" }))
	complete(cmd, "endpoint", completeFlag(a, endpoints, nil))
	complete(cmd, "action", fixed(fleet.ScheduleActions...))
}

// patch has the fields that were given.
func (f *scheduleFlags) patch(ctx context.Context, s *session) (api.SchedulePatch, error) {
	var p api.SchedulePatch
	if err := f.check(s.cmd); err != nil {
		return p, err
	}
	if anyGiven(s.cmd, "instance", "endpoint", "selector") {
		p.Target = &fleet.ScheduleTarget{Selector: f.selector}
		if f.instance != "" {
			of, err := instances.find(ctx, s.client, f.instance)
			if err != nil {
				return p, err
			}
			p.Target.Instance = of.it.ID
		}
		if f.endpoint != "" {
			of, err := endpoints.find(ctx, s.client, f.endpoint)
			if err != nil {
				return p, err
			}
			p.Target.Endpoint = of.it.ID
		}
	}
	if anyGiven(s.cmd, "at", "from", "to", "cron", "days", "end-days") {
		days, err := parseDays(s.cmd, "days", f.days)
		if err != nil {
			return p, err
		}
		endDays, err := parseDays(s.cmd, "end-days", f.endDays)
		if err != nil {
			return p, err
		}
		p.When = &fleet.ScheduleTimes{At: f.at, From: f.from, To: f.to, Cron: f.cron, Days: days, EndDays: endDays}
	}
	if anyGiven(s.cmd, "only-if", "only-if-for") {
		p.OnlyIf = &fleet.ScheduleCondition{For: fleet.Duration(f.onlyIfFor)}
		for _, state := range f.onlyIf {
			if state != "" {
				p.OnlyIf.States = append(p.OnlyIf.States, fleet.State(state))
			}
		}
	}
	if action := fleet.ScheduleAction(f.action); action != "" {
		p.Action = &action
	}
	jitter := fleet.Duration(f.jitter)
	p.ActiveWorkers, p.EndActiveWorkers = given(s.cmd, "active", &f.active), given(s.cmd, "end-active", &f.endActive)
	p.TimeZone, p.Jitter = given(s.cmd, "time-zone", &f.zone), given(s.cmd, "jitter", &jitter)
	return p, nil
}

// check refuses flags that do not go together, before anything is asked for.
func (f *scheduleFlags) check(cmd *cobra.Command) error {
	if n := countGiven(cmd, "instance", "endpoint", "selector"); n > 1 {
		return usage(cmd, "there are %d targets; allowed: one of --instance, --endpoint and --selector", n)
	}
	if n := countGiven(cmd, "at", "from", "cron"); n > 1 {
		return usage(cmd, "there are %d kinds of times; allowed: one of --at, --from with --to, and --cron", n)
	}
	if f.jitter < 0 || f.onlyIfFor < 0 {
		return usage(cmd, "--jitter and --only-if-for are not negative; allowed: a duration such as 5m")
	}
	return nil
}

func countGiven(cmd *cobra.Command, flags ...string) (n int) {
	for _, flag := range flags {
		if cmd.Flags().Changed(flag) {
			n++
		}
	}
	return n
}

// parseDays reads days, ranges of days, and words for days.
func parseDays(cmd *cobra.Command, flag string, texts []string) ([]fleet.Weekday, error) {
	var has [7]bool
	for _, text := range texts {
		text = strings.ToLower(strings.TrimSpace(text))
		if meant, ok := map[string]string{"weekdays": "mon-fri", "weekend": "sat-sun", "daily": "mon-sun"}[text]; ok {
			text = meant
		}
		first, last, ranged := strings.Cut(text, "-")
		if !ranged {
			last = first
		}
		from, to := slices.Index(fleet.Weekdays, fleet.Weekday(first)), slices.Index(fleet.Weekdays, fleet.Weekday(last))
		if from < 0 || to < 0 {
			return nil, usage(cmd, "--%s %q is not a day; allowed: mon, tue, wed, thu, fri, sat, sun, mon-fri, weekdays, weekend, daily", flag, text)
		}
		for i := from; ; i = (i + 1) % 7 {
			if has[i] = true; i == to {
				break
			}
		}
	}
	var days []fleet.Weekday
	for i, day := range fleet.Weekdays {
		if has[i] {
			days = append(days, day)
		}
	}
	if len(days) == 7 {
		return nil, nil // every day is the default
	}
	return days, nil
}

// localZone is the name of this machine's time zone; empty if it does not say.
func (a *app) localZone() string {
	if name := strings.TrimPrefix(a.getenv("TZ"), ":"); name != "" {
		if _, err := fleet.Zone(name); err == nil {
			return name
		}
	}
	target, err := os.Readlink("/etc/localtime")
	if err != nil {
		return ""
	}
	_, name, ok := strings.Cut(target, "zoneinfo/")
	if _, err := fleet.Zone(name); !ok || err != nil {
		return ""
	}
	return name
}

func (a *app) scheduleCreate() *cobra.Command {
	var f scheduleFlags
	var key string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a schedule",
		Long: "Creates a schedule, which is active at once. NAME is yours to choose: 1 to 128 characters, unique among your schedules.\n" +
			"Times that a change of the clocks takes or doubles are said.",
		Example: `  kelvin schedule create nights --instance notebook --action stop --from 20:00 --to 08:00 \
      --days weekdays --end-days weekdays --time-zone Europe/Berlin
  kelvin schedule create attic --selector team=ml,env!=prod --action freeze --cron '0 3 * * *' --only-if stopped --only-if-for 72h
  kelvin schedule create lunch --endpoint llama --action set-active-workers --active 1 --end-active 3 --from 12:00 --to 13:00`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			if f.action == "" {
				return usage(s.cmd, "what should it do? Give --action: %s", words(fleet.ScheduleActions))
			}
			if !anyGiven(s.cmd, "instance", "endpoint", "selector") {
				return usage(s.cmd, "what should it act on? Give --instance, --endpoint or --selector")
			}
			if f.zone == "" {
				if f.zone = a.localZone(); f.zone == "" {
					return usage(s.cmd, "this machine does not say in which time zone it is; give --time-zone, such as Europe/Berlin or UTC")
				}
			}
			patch, err := f.patch(ctx, s)
			if err != nil {
				return err
			}
			body := api.ScheduleCreate{Name: args[0], ScheduleSpec: fleet.ScheduleSpec{
				Target: *patch.Target, Action: fleet.ScheduleAction(f.action), ActiveWorkers: patch.ActiveWorkers, EndActiveWorkers: patch.EndActiveWorkers,
				TimeZone: f.zone, Jitter: fleet.Duration(f.jitter),
			}}
			if patch.When != nil {
				body.When = *patch.When
			}
			if patch.OnlyIf != nil {
				body.OnlyIf = *patch.OnlyIf
			}
			var made record[api.Schedule]
			if err := s.do(ctx, call{method: http.MethodPost, path: schedules.path, body: body, key: firstOf(key, newKey())}, &made); err != nil {
				return err
			}
			return s.printSchedule(made, "created")
		}),
	}
	f.flags(a, cmd)
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) scheduleEdit() *cobra.Command {
	var f scheduleFlags
	var name, key string
	cmd := &cobra.Command{
		Use: "edit SCHEDULE", Aliases: []string{"update"}, Short: "Change a schedule",
		Long: "Changes what the flags name, and nothing else. Times are changed as a whole: give all of --from, --to, --days and --end-days.\n" +
			"So are conditions: --only-if '' takes them off.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, schedules, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := schedules.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			patch, err := f.patch(ctx, s)
			if err != nil {
				return err
			}
			patch.Name = given(s.cmd, "name", &name)
			if patch == (api.SchedulePatch{}) {
				return misused(s.cmd, errNoChange)
			}
			in := call{method: http.MethodPatch, path: schedules.path + "/" + url.PathEscape(found.it.ID), body: patch, key: firstOf(key, newKey())}
			var now record[api.Schedule]
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			return s.printSchedule(now, "changed")
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "New `name`, 1 to 128 characters. Default: as it is")
	f.flags(a, cmd)
	withoutDefaults(cmd)
	keyFlag(cmd, &key)
	return cmd
}

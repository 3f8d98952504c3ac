package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// zoneAllowed is what is said to whoever gives a time zone that is none.
const zoneAllowed = "an IANA name such as Europe/Berlin, America/New_York or UTC"

// Validate says everything that is wrong with a schedule's name and spec. Whether its
// target is there is the store's to say.
func (s ScheduleSpec) Validate(name string) error {
	var p problems
	validateName(&p, name)
	s.Target.validate(&p, s.Action)
	s.validateAction(&p)
	s.When.validate(&p)
	s.validateCondition(&p)
	_, err := Zone(s.TimeZone)
	p.add(err == nil, "body.time_zone", "is not a time zone", zoneAllowed)
	p.add(s.Jitter >= 0 && s.Jitter <= MaxJitter, "body.jitter", "is out of range", "0s to 1h")
	if len(p) > 0 {
		return p.err()
	}
	t, err := s.Timetable()
	if err != nil {
		return err
	}
	p.add(len(t.Next(validatedFrom, 1)) > 0, "body.when.cron", "never comes", "a day that exists, such as 0 20 * * mon-fri")
	return p.err()
}

// validatedFrom is a time from which whatever comes at all comes within the horizon.
var validatedFrom = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// ValidateNote says what is wrong with a note.
func ValidateNote(note string) error {
	var p problems
	ok := utf8.ValidString(note) && utf8.RuneCountInString(note) <= MaxNote && !strings.ContainsFunc(note, unicode.IsControl)
	p.add(ok, "body.note", "is too long or has control characters", fmt.Sprintf("at most %d printable characters", MaxNote))
	return p.err()
}

func (t ScheduleTarget) validate(p *problems, action ScheduleAction) {
	given := 0
	for _, v := range []string{t.Instance, t.Endpoint, t.Selector} {
		if v != "" {
			given++
		}
	}
	p.add(given == 1, "body.target", "is not one thing", "exactly one of instance, endpoint and selector")
	p.add(t.Instance == "" || strings.HasPrefix(t.Instance, InstancePrefix), "body.target.instance", "is not an instance's ID", "an ID that begins with ins_")
	p.add(t.Endpoint == "" || strings.HasPrefix(t.Endpoint, EndpointPrefix), "body.target.endpoint", "is not an endpoint's ID", "an ID that begins with ep_")
	if t.Selector != "" {
		_, err := ParseSelector(t.Selector)
		p.add(err == nil, "body.target.selector", "is not a selector", "name=value and name!=value with commas between, such as team=ml,env!=prod")
	}
	kind := KindInstance
	if t.Endpoint != "" {
		kind = KindEndpoint
	}
	if t.Selector == "" && given == 1 && slices.Contains(ScheduleActions, action) {
		p.add(slices.Contains(action.Kinds(), kind), "body.action", fmt.Sprintf("cannot be done to an %s", kind), actionsOn(kind))
	}
}

// actionsOn are the actions that can be done to a kind of resource.
func actionsOn(kind Kind) string {
	var all []string
	for _, a := range ScheduleActions {
		if slices.Contains(a.Kinds(), kind) {
			all = append(all, string(a))
		}
	}
	return strings.Join(all, ", ")
}

func (s ScheduleSpec) validateAction(p *problems) {
	all := make([]string, len(ScheduleActions))
	for i, a := range ScheduleActions {
		all[i] = string(a)
	}
	p.add(slices.Contains(ScheduleActions, s.Action), "body.action", "is not an action", strings.Join(all, ", "))
	windowed := s.When.From != "" || s.When.To != ""
	if _, ok := s.Action.after(); windowed && slices.Contains(ScheduleActions, s.Action) {
		p.add(ok, "body.action", "cannot begin a window", "stop, freeze, set-active-workers")
	}
	sets := s.Action == DoSetWorkers
	for _, n := range []struct {
		field  string
		value  *int
		wanted bool
		goes   string
	}{
		{"body.active_workers", s.ActiveWorkers, sets, "set-active-workers"},
		{"body.end_active_workers", s.EndActiveWorkers, sets && windowed, "set-active-workers in windows"},
	} {
		p.add(n.value == nil || n.wanted, n.field, "goes with "+n.goes, "none here")
		p.add(n.value != nil || !n.wanted, n.field, "is required", fmt.Sprintf("0 to %d", MaxWorkers))
		p.add(n.value == nil || *n.value >= 0 && *n.value <= MaxWorkers, n.field, "is out of range", fmt.Sprintf("0 to %d", MaxWorkers))
	}
}

func (w ScheduleTimes) validate(p *problems) {
	given := 0
	for _, v := range []bool{w.At != "", w.From != "" || w.To != "", w.Cron != ""} {
		if v {
			given++
		}
	}
	p.add(given == 1, "body.when", "is not one kind of time", "exactly one of at, from and to, or cron")
	for _, c := range []struct{ field, clock string }{{"body.when.at", w.At}, {"body.when.from", w.From}, {"body.when.to", w.To}} {
		_, _, err := parseClock(c.clock)
		p.add(c.clock == "" || err == nil, c.field, "is not a time of day", "HH:MM, from 00:00 to 23:59")
	}
	p.add((w.From == "") == (w.To == ""), "body.when.to", "goes with from", "both or neither")
	p.add(w.From == "" || w.From != w.To, "body.when.to", "is when the window begins", "another time")
	p.add(len(w.Days) == 0 || w.Cron == "", "body.when.days", "goes with at, or from and to", "none beside cron")
	p.add(len(w.EndDays) == 0 || w.From != "", "body.when.end_days", "goes with from and to", "none here")
	for _, d := range []struct {
		field string
		days  []Weekday
	}{{"body.when.days", w.Days}, {"body.when.end_days", w.EndDays}} {
		seen := map[Weekday]bool{}
		for i, day := range d.days {
			field := fmt.Sprintf("%s[%d]", d.field, i)
			p.add(slices.Contains(Weekdays, day), field, "is not a day of the week", "mon, tue, wed, thu, fri, sat, sun")
			p.add(!seen[day], field, "is there twice", "different days")
			seen[day] = true
		}
	}
	if w.Cron != "" {
		_, err := parseCron(w.Cron)
		message := ""
		if err != nil {
			message = err.Error()
		}
		p.add(err == nil, "body.when.cron", message, "five fields: minute (0-59), hour (0-23), day of the month (1-31), month (1-12), day of the week (0-7, mon), each a number, *, a-b, */n or a list of them")
	}
}

// validateCondition refuses conditions under which the action could never be done.
func (s ScheduleSpec) validateCondition(p *problems) {
	p.add(s.OnlyIf.For >= 0 && s.OnlyIf.For <= Duration(366*24*time.Hour), "body.only_if.for", "is out of range", "0s to 8784h")
	if len(s.OnlyIf.States) == 0 {
		return
	}
	var from []State
	for _, kind := range s.Action.Kinds() {
		op, _ := s.Action.Operation(kind)
		for _, state := range op.From {
			if !slices.Contains(from, state) {
				from = append(from, state)
			}
		}
	}
	for i, state := range s.OnlyIf.States {
		p.add(slices.Contains(from, state), fmt.Sprintf("body.only_if.states[%d]", i), fmt.Sprintf("is no state from which to %s", s.Action), strings.ReplaceAll(oneOf(from), " or ", ", "))
	}
}

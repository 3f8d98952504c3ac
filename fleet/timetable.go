package fleet

import (
	"fmt"
	"slices"
	"time"
)

// A Timetable is when a schedule acts.
type Timetable struct {
	zone       *time.Location
	begin, end []Calendar
	spec       ScheduleSpec
}

// A Firing is one time on a timetable.
type Firing struct {
	At   time.Time // in the schedule's zone
	Edge Edge
}

// horizon is how far a timetable is searched: 29 February comes within eight years, and
// the seldom 29 February that is a given weekday is not worth a longer search.
const horizon = 3000 // days

// Timetable is the spec's timetable. The spec is valid.
func (s ScheduleSpec) Timetable() (Timetable, error) {
	zone, err := Zone(s.TimeZone)
	if err != nil {
		return Timetable{}, err
	}
	t := Timetable{zone: zone, spec: s}
	w := s.When
	switch {
	case w.Cron != "":
		t.begin, err = parseCron(w.Cron)
	case w.At != "":
		t.begin, err = at(w.At, weekdaySet(w.Days))
	default:
		if t.begin, err = at(w.From, weekdaySet(w.Days)); err == nil {
			t.end, err = at(w.To, w.endDays())
		}
	}
	if err != nil {
		return Timetable{}, Errorf(Invalid, "read a timetable: %v", err)
	}
	return t, nil
}

// endDays are the days on which windows end.
func (w ScheduleTimes) endDays() Set {
	days := weekdaySet(w.Days)
	if len(w.EndDays) > 0 {
		return weekdaySet(w.EndDays)
	}
	if w.To > w.From { // both are HH:MM
		return days
	}
	return days<<1&everyWeekday | days>>6
}

func at(clock string, days Set) ([]Calendar, error) {
	hour, minute, err := parseClock(clock)
	return []Calendar{daily(hour, minute, days)}, err
}

// parseClock reads HH:MM.
func parseClock(clock string) (hour, minute int, err error) {
	t, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") {
		return 0, 0, fmt.Errorf("is not a time of day")
	}
	return t.Hour(), t.Minute(), nil
}

// on are the firings of a date, in order.
func (t Timetable) on(d date) (all []Firing) {
	add := func(calendars []Calendar, e Edge) {
		for _, c := range calendars {
			for _, at := range c.times(d, t.zone) {
				all = append(all, Firing{at, e})
			}
		}
	}
	add(t.end, End) // first: should a window be as long as nothing, it has ended
	add(t.begin, Begin)
	slices.SortStableFunc(all, func(a, b Firing) int { return a.At.Compare(b.At) })
	return slices.CompactFunc(all, func(a, b Firing) bool { return a.At.Equal(b.At) })
}

// Next are the first n firings after a time.
func (t Timetable) Next(after time.Time, n int) (all []Firing) {
	// The day before can have times that were moved into this one.
	for d, days := dateOf(after.In(t.zone)).plus(-1), 0; days < horizon && len(all) < n; d, days = d.plus(1), days+1 {
		for _, f := range t.on(d) {
			if f.At.After(after) && len(all) < n && (len(all) == 0 || f.At.After(all[len(all)-1].At)) {
				all = append(all, f)
			}
		}
	}
	return all
}

// Last is the last firing at or before a time; false if there was none for a year.
func (t Timetable) Last(until time.Time) (Firing, bool) {
	for d, days := dateOf(until.In(t.zone)).plus(1), 0; days < 400; d, days = d.plus(-1), days+1 {
		fired := t.on(d)
		for _, f := range slices.Backward(fired) {
			if !f.At.After(until) {
				return f, true
			}
		}
	}
	return Firing{}, false
}

// At is the firing that is due at a time, if there is one. A time of day that comes twice is
// the same firing both times.
func (t Timetable) At(at time.Time) (Firing, bool) {
	local := at.In(t.zone)
	if local.Second() != 0 {
		return Firing{}, false
	}
	for _, d := range []date{dateOf(local), dateOf(local).plus(-1)} {
		for _, f := range t.on(d) {
			if f.At.Equal(at) || shows(f.At, dateOf(local), local.Hour(), local.Minute()) {
				return f, true
			}
		}
	}
	return Firing{}, false
}

// Within reports whether a time is in one of the schedule's windows, and when that ends.
func (t Timetable) Within(now time.Time) (until time.Time, ok bool) {
	if !t.spec.Windowed() {
		return time.Time{}, false
	}
	last, ok := t.Last(now)
	if !ok || last.Edge != Begin {
		return time.Time{}, false
	}
	for _, f := range t.Next(now, 16) { // a window may begin again on every day before it ends
		if f.Edge == End {
			return f.At, true
		}
	}
	return time.Time{}, false
}

// years is how far ahead a change of the clocks is looked for. Timetables are given to
// Temporal anew long before that.
const years = 5

// Calendars are the timetable as Temporal is told of it: its own calendars, and the days
// from now on on which they would not do, since a change of the clocks takes a time, or
// the midnight by which Temporal tells the day of the week.
func (t Timetable) Calendars(now time.Time) []Calendar {
	all := slices.Concat(t.begin, t.end)
	until := now.AddDate(years, 0, 0)
	for _, c := range all {
		for _, change := range c.changes(now.AddDate(0, 0, -1), until, t.zone) {
			if change.comes == 0 {
				all = append(all, once(dateOf(change.at), setOf(change.at.Hour()), setOf(change.at.Minute())))
			}
		}
		if c.Weekdays == everyWeekday {
			continue
		}
		for _, d := range midnights(now.AddDate(0, 0, -1), until, t.zone) {
			if c.on(d) {
				all = append(all, once(d, c.Hours, c.Minutes))
			}
		}
	}
	return all
}

func once(d date, hours, minutes Set) Calendar {
	return Calendar{Minutes: minutes, Hours: hours, Days: setOf(d.day), Months: setOf(int(d.month)), Weekdays: everyWeekday, Years: []int{d.year}}
}

// midnights are the dates that begin later than at midnight, because clocks go forward.
func midnights(from, until time.Time, zone *time.Location) (all []date) {
	for t := from.In(zone); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.After(until) {
			return all
		}
		t = end
		if _, comes := momentOf(dateOf(end), 0, 0, zone); comes == 0 {
			all = append(all, dateOf(end))
		}
	}
}

// Warnings are what a change of the clocks does to the timetable in the year after now.
func (t Timetable) Warnings(now time.Time) []string {
	all := []string{}
	warn := func(calendars []Calendar, e Edge) {
		does, _ := t.spec.Does(e)
		for _, c := range calendars {
			for _, change := range c.changes(now, now.AddDate(1, 0, 0), t.zone) {
				text := fmt.Sprintf("%04d-%02d-%02d %02d:%02d ", change.on.year, change.on.month, change.on.day, change.hour, change.minute)
				if change.comes == 0 {
					text += fmt.Sprintf("does not exist in %s: %s happens at %s", t.zone, does, change.at.Format("15:04"))
				} else {
					text += fmt.Sprintf("comes twice in %s: %s happens once", t.zone, does)
				}
				all = append(all, text)
			}
		}
	}
	warn(t.begin, Begin)
	warn(t.end, End)
	slices.Sort(all) // each begins with its date
	all = slices.Compact(all)
	return all[:min(len(all), maxWarnings)]
}

const maxWarnings = 10

// Zone is the place of an IANA name. Names that mean this machine's own clocks, or clocks
// that count leap seconds, are none.
func Zone(name string) (*time.Location, error) {
	for _, not := range []string{"", "Local", "localtime", "posixrules", "Factory"} {
		if name == not {
			return nil, Errorf(Invalid, "%q is no time zone", name)
		}
	}
	if len(name) > 64 || len(name) > 6 && (name[:6] == "posix/" || name[:6] == "right/") {
		return nil, Errorf(Invalid, "that is no time zone")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, Errorf(Invalid, "that is no time zone")
	}
	return zone, nil
}

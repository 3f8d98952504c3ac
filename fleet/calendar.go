package fleet

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // times are of a place, also on machines without zone data
)

// A Calendar matches the minutes whose every field it has, in the time of some place.
type Calendar struct {
	Minutes, Hours, Days, Months, Weekdays Set
	Years                                  []int // empty: every year
}

// A Set is a set of numbers from 0 to 63.
type Set uint64

func setOf(numbers ...int) (s Set) {
	for _, n := range numbers {
		s |= 1 << n
	}
	return s
}

// span are the numbers from first to last.
func span(first, last int) (s Set) {
	for n := first; n <= last; n++ {
		s |= 1 << n
	}
	return s
}

// Has reports whether n is in the set.
func (s Set) Has(n int) bool { return s>>n&1 == 1 }

// Numbers are those in the set, ascending.
func (s Set) Numbers() []int {
	all := make([]int, 0, bits.OnesCount64(uint64(s)))
	for n := range 64 {
		if s.Has(n) {
			all = append(all, n)
		}
	}
	return all
}

// The sets that a field has when nothing is said about it.
var (
	everyHour    = span(0, 23)
	everyDay     = span(1, 31)
	everyMonth   = span(1, 12)
	everyWeekday = span(0, 6)
)

// daily matches one minute of some days of the week.
func daily(hour, minute int, weekdays Set) Calendar {
	return Calendar{Minutes: setOf(minute), Hours: setOf(hour), Days: everyDay, Months: everyMonth, Weekdays: weekdays}
}

// on reports whether the calendar has a date.
func (c Calendar) on(d date) bool {
	return c.Months.Has(int(d.month)) && c.Days.Has(d.day) && c.Weekdays.Has(int(d.weekday())) &&
		(len(c.Years) == 0 || slices.Contains(c.Years, d.year))
}

// everyHour reports whether the calendar matches in every hour. A change of clocks does not
// matter to such a one: the next hour comes soon.
func (c Calendar) everyHour() bool { return c.Hours == everyHour }

// A date is a day of the calendar, wherever.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) plus(days int) date {
	return dateOf(time.Date(d.year, d.month, d.day+days, 0, 0, 0, 0, time.UTC))
}

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Weekday()
}

// momentOf is when clocks in zone show a time of day on a date. When they go back over it,
// it comes twice: that is the one of the two that time.Date finds, as Temporal does. When
// they go forward over it, it does not come at all: that is when they have.
func momentOf(d date, hour, minute int, zone *time.Location) (at time.Time, comes int) {
	at = time.Date(d.year, d.month, d.day, hour, minute, 0, 0, zone)
	var before time.Time
	naive := time.Date(d.year, d.month, d.day, hour, minute, 0, 0, time.UTC)
	for _, near := range []time.Duration{-26 * time.Hour, 26 * time.Hour} { // no place is further from UTC
		_, offset := naive.Add(near).In(zone).Zone()
		t := naive.Add(-time.Duration(offset) * time.Second).In(zone)
		if shows(t, d, hour, minute) && (comes == 0 || !t.Equal(before)) {
			comes, before = comes+1, t
		} else if comes == 0 && near < 0 {
			before = t
		}
	}
	if comes == 0 { // by the clocks of before, it is past the change
		at, _ = before.ZoneBounds()
		at = at.In(zone)
	}
	return at, comes
}

// shows reports whether the clocks of t's place show a time of day on a date.
func shows(t time.Time, d date, hour, minute int) bool {
	h, m, _ := t.Clock()
	return h == hour && m == minute && dateOf(t) == d
}

// times are when the calendar fires on a date in zone, in order.
func (c Calendar) times(d date, zone *time.Location) []time.Time {
	if !c.on(d) {
		return nil
	}
	var all []time.Time
	minutes := c.Minutes.Numbers()
	for _, hour := range c.Hours.Numbers() {
		for _, minute := range minutes {
			at, _ := momentOf(d, hour, minute, zone)
			all = append(all, at)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// A clockChange is a time of a calendar that does not come on a date, or comes twice.
type clockChange struct {
	on           date
	hour, minute int
	at           time.Time
	comes        int
}

// changes are the times of the calendar that a change of the clocks in zone takes or
// doubles, from a time until another.
func (c Calendar) changes(from, until time.Time, zone *time.Location) (all []clockChange) {
	if c.everyHour() {
		return nil
	}
	for t := from.In(zone); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.After(until) {
			return all
		}
		t = end
		// A change takes or doubles minutes of the day it is on, or of the one it is about to begin.
		for _, d := range []date{dateOf(end).plus(-1), dateOf(end), dateOf(end).plus(1)} {
			if !c.on(d) {
				continue
			}
			for _, hour := range c.Hours.Numbers() {
				for _, minute := range c.Minutes.Numbers() {
					if at, comes := momentOf(d, hour, minute, zone); comes != 1 {
						all = append(all, clockChange{d, hour, minute, at, comes})
					}
				}
			}
		}
	}
}

// parseCron reads the five fields of a line in a crontab: minute, hour, day of the month,
// month, day of the week. Like cron, it takes a day that matches either of the two fields
// for days, if both say something: hence up to two calendars.
func parseCron(line string) ([]Calendar, error) {
	fields := strings.Fields(line)
	if len(fields) != 5 {
		return nil, fmt.Errorf("has %d fields", len(fields))
	}
	var c Calendar
	var err error
	for i, f := range []struct {
		what        string
		into        *Set
		first, last int
		names       []string
	}{
		{"minute", &c.Minutes, 0, 59, nil},
		{"hour", &c.Hours, 0, 23, nil},
		{"day of the month", &c.Days, 1, 31, nil},
		{"month", &c.Months, 1, 12, monthNames},
		{"day of the week", &c.Weekdays, 0, 7, weekdayNames},
	} {
		if *f.into, err = parseField(strings.ToLower(fields[i]), f.first, f.last, f.names); err != nil {
			return nil, fmt.Errorf("has a %s that %w", f.what, err)
		}
	}
	if c.Weekdays.Has(7) { // Sunday has two numbers
		c.Weekdays = c.Weekdays&^setOf(7) | setOf(0)
	}
	if c.Days == everyDay || c.Weekdays == everyWeekday {
		return []Calendar{c}, nil
	}
	byDay, byWeekday := c, c
	byDay.Weekdays, byWeekday.Days = everyWeekday, everyDay
	return []Calendar{byDay, byWeekday}, nil
}

var (
	monthNames   = []string{1: "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// parseField reads a list of numbers, names, ranges and steps: 1,2 or mon-fri or */15.
func parseField(text string, first, last int, names []string) (s Set, err error) {
	number := func(text string) (int, error) {
		if i := slices.Index(names, text); i >= first && text != "" {
			return i, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < first || n > last || text[0] == '+' {
			return 0, fmt.Errorf("is not of %d to %d", first, last)
		}
		return n, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		part, every, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			if step, err = strconv.Atoi(every); err != nil || step < 1 || step > last || every[0] == '+' {
				return 0, fmt.Errorf("has a step that is not of 1 to %d", last)
			}
		}
		from, to := first, last
		if part != "*" {
			low, high, ranged := strings.Cut(part, "-")
			if from, err = number(low); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if to, err = number(high); err != nil {
					return 0, err
				}
			case !stepped:
				to = from
			}
		} else if last == 7 {
			to = 6 // Sunday once
		}
		if from > to {
			return 0, fmt.Errorf("has a range that ends before it begins")
		}
		for n := from; n <= to; n += step {
			s |= setOf(n)
		}
	}
	return s, nil
}

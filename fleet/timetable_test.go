package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func mustTable(t *testing.T, zone string, w fleet.ScheduleTimes) fleet.Timetable {
	t.Helper()
	table, err := fleet.ScheduleSpec{Action: fleet.DoStop, When: w, TimeZone: zone}.Timetable()
	require.NoError(t, err)
	return table
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return moment
}

func next(table fleet.Timetable, after time.Time, n int) (all []string) {
	for _, f := range table.Next(after, n) {
		all = append(all, fmt.Sprintf("%s %s", f.At.Format("2006-01-02T15:04Z07:00"), f.Edge))
	}
	return all
}

var weekdays = []fleet.Weekday{"mon", "tue", "wed", "thu", "fri"}

func TestNextTimesOverBothChangesOfTheYear(t *testing.T) {
	t.Parallel()
	const march, october = "2027-03-27T12:00:00Z", "2026-10-24T12:00:00Z" // the days before, in Europe
	for _, c := range []struct {
		name, zone string
		when       fleet.ScheduleTimes
		after      string
		want       []string
	}{
		{"the clock stays, the instant moves", "Europe/Berlin", fleet.ScheduleTimes{At: "20:00"}, march, []string{
			"2027-03-27T20:00+01:00 begin", "2027-03-28T20:00+02:00 begin", "2027-03-29T20:00+02:00 begin",
		}},
		{"and back", "Europe/Berlin", fleet.ScheduleTimes{At: "20:00"}, october, []string{
			"2026-10-24T20:00+02:00 begin", "2026-10-25T20:00+01:00 begin",
		}},
		{"what does not come is when it would have been past", "Europe/Berlin", fleet.ScheduleTimes{At: "02:30"}, march, []string{
			"2027-03-28T03:00+02:00 begin", "2027-03-29T02:30+02:00 begin",
		}},
		{"what comes twice is once", "Europe/Berlin", fleet.ScheduleTimes{At: "02:30"}, october, []string{
			"2026-10-25T02:30+01:00 begin", "2026-10-26T02:30+01:00 begin",
		}},
		{"west of Greenwich, too", "America/New_York", fleet.ScheduleTimes{At: "01:30"}, "2026-10-31T12:00:00Z", []string{
			"2026-11-01T01:30-04:00 begin", "2026-11-02T01:30-05:00 begin",
		}},
		{"a gap in New York", "America/New_York", fleet.ScheduleTimes{At: "02:15"}, "2027-03-13T12:00:00Z", []string{
			"2027-03-14T03:00-04:00 begin", "2027-03-15T02:15-04:00 begin",
		}},
		{"a night that is an hour shorter", "Europe/Berlin", fleet.ScheduleTimes{From: "20:00", To: "08:00"}, march, []string{
			"2027-03-27T20:00+01:00 begin", "2027-03-28T08:00+02:00 end", "2027-03-28T20:00+02:00 begin",
		}},
		{"a window that the clocks jump over", "Europe/Berlin", fleet.ScheduleTimes{From: "02:10", To: "02:40"}, march, []string{
			"2027-03-28T03:00+02:00 end", "2027-03-29T02:10+02:00 begin", "2027-03-29T02:40+02:00 end",
		}},
		{"weekdays only, and out of them for the weekend", "Europe/Berlin", fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays, EndDays: weekdays}, "2026-10-22T12:00:00Z", []string{
			"2026-10-22T20:00+02:00 begin", "2026-10-23T08:00+02:00 end", "2026-10-23T20:00+02:00 begin", "2026-10-26T08:00+01:00 end",
		}},
		{"the nights of weekdays end on the days after them", "Europe/Berlin", fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays}, "2026-10-23T12:00:00Z", []string{
			"2026-10-23T20:00+02:00 begin", "2026-10-24T08:00+02:00 end", "2026-10-26T20:00+01:00 begin", "2026-10-27T08:00+01:00 end",
		}},
		{"a lunch break", "UTC", fleet.ScheduleTimes{From: "12:00", To: "13:00", Days: []fleet.Weekday{"sun"}}, october, []string{
			"2026-10-25T12:00Z begin", "2026-10-25T13:00Z end", "2026-11-01T12:00Z begin",
		}},
		{"half an hour of summer time", "Australia/Lord_Howe", fleet.ScheduleTimes{At: "02:15"}, "2026-10-02T12:00:00Z", []string{
			"2026-10-03T02:15+10:30 begin", "2026-10-04T02:30+11:00 begin", "2026-10-05T02:15+11:00 begin",
		}},
		{"a day that begins at one o'clock", "America/Santiago", fleet.ScheduleTimes{At: "20:00", Days: []fleet.Weekday{"sun"}}, "2026-09-05T12:00:00Z", []string{
			"2026-09-06T20:00-03:00 begin", "2026-09-13T20:00-03:00 begin",
		}},
		{"cron, through a doubled hour", "Europe/Berlin", fleet.ScheduleTimes{Cron: "30 */2 * * *"}, "2026-10-24T22:00:00Z", []string{
			"2026-10-25T00:30+02:00 begin", "2026-10-25T02:30+01:00 begin", "2026-10-25T04:30+01:00 begin",
		}},
		{"cron takes a day of the month or of the week", "UTC", fleet.ScheduleTimes{Cron: "0 7 1,15 * fri"}, "2026-10-12T12:00:00Z", []string{
			"2026-10-15T07:00Z begin", "2026-10-16T07:00Z begin", "2026-10-23T07:00Z begin",
		}},
		{"cron with names, steps and Sunday as 7", "UTC", fleet.ScheduleTimes{Cron: "0/30 8-9 * OCT-nov Sat,7"}, "2026-10-24T08:45:00Z", []string{
			"2026-10-24T09:00Z begin", "2026-10-24T09:30Z begin", "2026-10-25T08:00Z begin",
		}},
		{"a leap day", "UTC", fleet.ScheduleTimes{Cron: "0 0 29 2 *"}, october, []string{"2028-02-29T00:00Z begin", "2032-02-29T00:00Z begin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table := mustTable(t, c.zone, c.when)
			require.Equal(t, c.want, next(table, at(t, c.after), len(c.want)))
			for _, f := range table.Next(at(t, c.after), 30) {
				found, ok := table.At(f.At)
				require.True(t, ok, "what comes next is what is due then")
				require.Equal(t, f, found)
				last, ok := table.Last(f.At)
				require.True(t, ok)
				require.True(t, last.At.Equal(f.At), "%s, not %s", f.At, last.At)
			}
		})
	}
}

func TestATimeThatComesTwiceIsDueBothTimesAndTheSame(t *testing.T) {
	t.Parallel()
	table := mustTable(t, "Europe/Berlin", fleet.ScheduleTimes{At: "02:30"})
	first, ok := table.At(at(t, "2026-10-25T02:30:00+02:00"))
	require.True(t, ok)
	second, ok := table.At(at(t, "2026-10-25T02:30:00+01:00"))
	require.True(t, ok)
	require.Equal(t, first, second)
	_, ok = table.At(at(t, "2026-10-25T02:31:00+01:00"))
	require.False(t, ok)
	_, ok = table.At(at(t, "2026-10-25T02:30:01+01:00"))
	require.False(t, ok)
	_, ok = table.At(at(t, "2027-03-28T03:00:00+02:00"))
	require.True(t, ok, "02:30 is then, on that day")
}

func TestChangesOfTheClocksAreWarnedOf(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-10-01T00:00:00Z")
	require.Equal(t, []string{
		"2026-10-25 02:30 comes twice in Europe/Berlin: stop happens once",
		"2027-03-28 02:30 does not exist in Europe/Berlin: stop happens at 03:00",
	}, mustTable(t, "Europe/Berlin", fleet.ScheduleTimes{At: "02:30"}).Warnings(now))
	require.Equal(t, []string{
		"2027-03-28 02:10 does not exist in Europe/Berlin: stop happens at 03:00",
		"2027-03-28 02:40 does not exist in Europe/Berlin: start happens at 03:00",
		"2027-10-31 02:10 comes twice in Europe/Berlin: stop happens once",
		"2027-10-31 02:40 comes twice in Europe/Berlin: start happens once",
	}, mustTable(t, "Europe/Berlin", fleet.ScheduleTimes{From: "02:10", To: "02:40", Days: []fleet.Weekday{"sun"}}).Warnings(at(t, "2026-11-01T00:00:00Z")))
	for _, quiet := range []fleet.ScheduleTimes{{At: "20:00"}, {At: "02:30", Days: weekdays}, {Cron: "*/10 * * * *"}} {
		require.Empty(t, mustTable(t, "Europe/Berlin", quiet).Warnings(now))
	}
	require.Empty(t, mustTable(t, "UTC", fleet.ScheduleTimes{At: "02:30"}).Warnings(now))
	require.Empty(t, mustTable(t, "Asia/Tokyo", fleet.ScheduleTimes{At: "02:30"}).Warnings(now))
}

func TestAWindowIsFromABeginningToTheNextEnd(t *testing.T) {
	t.Parallel()
	table := mustTable(t, "Europe/Berlin", fleet.ScheduleTimes{From: "20:00", To: "08:00", EndDays: []fleet.Weekday{"mon"}})
	for moment, want := range map[string]string{
		"2026-10-23T19:59:59+02:00": "2026-10-26T08:00:00+01:00", // of Thursday's beginning
		"2026-10-24T12:00:00+02:00": "2026-10-26T08:00:00+01:00", // it began again on Friday
		"2026-10-26T07:59:59+01:00": "2026-10-26T08:00:00+01:00",
		"2026-10-26T08:00:00+01:00": "",
		"2026-10-26T19:59:59+01:00": "",
		"2026-10-26T20:00:00+01:00": "2026-11-02T08:00:00+01:00",
	} {
		until, in := table.Within(at(t, moment))
		require.Equal(t, want != "", in, moment)
		if in {
			require.Equal(t, want, until.Format(time.RFC3339), moment)
		}
	}
	_, in := mustTable(t, "UTC", fleet.ScheduleTimes{At: "20:00"}).Within(at(t, "2026-10-23T20:00:00Z"))
	require.False(t, in)
}

func TestZonesAreThoseOfTheWorld(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kolkata"} {
		_, err := fleet.Zone(good)
		require.NoError(t, err, good)
	}
	for _, bad := range []string{"", "Local", "localtime", "posixrules", "Europe/Nowhere", "europe/berlin/..", "../etc/passwd", "/etc/localtime", "right/Europe/Berlin", "posix/UTC", "GMT+25", "Mars/Olympus", "Europe"} {
		_, err := fleet.Zone(bad)
		require.True(t, fleet.Is(err, fleet.Invalid), bad)
	}
}

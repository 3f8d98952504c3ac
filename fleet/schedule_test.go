package fleet_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func nights() fleet.ScheduleSpec {
	return fleet.ScheduleSpec{
		Target: fleet.ScheduleTarget{Instance: "ins_06f2r3k8x9m4n5p6q7s8t9v0w1"}, Action: fleet.DoStop, TimeZone: "Europe/Berlin",
		When: fleet.ScheduleTimes{From: "20:00", To: "08:00", Days: weekdays, EndDays: weekdays},
	}
}

func ptr[T any](v T) *T { return &v }

func TestBadSchedulesAreRefusedFieldByField(t *testing.T) {
	t.Parallel()
	require.NoError(t, nights().Validate("nights"))
	for name, c := range map[string]struct {
		change func(*fleet.ScheduleSpec)
		fields []string
	}{
		"no target":                   {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{} }, []string{"body.target"}},
		"two targets":                 {func(s *fleet.ScheduleSpec) { s.Target.Selector = "a=b" }, []string{"body.target"}},
		"an endpoint for an instance": {func(s *fleet.ScheduleSpec) { s.Target.Instance = "ep_1" }, []string{"body.target.instance"}},
		"an instance for an endpoint": {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{Endpoint: "ins_1"} }, []string{"body.target.endpoint"}},
		"a selector without a value":  {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{Selector: "team"} }, []string{"body.target.selector"}},
		"a selector with a hole":      {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{Selector: "a=b,,c=d"} }, []string{"body.target.selector"}},
		"a selector of another world": {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{Selector: "team in (a,b)"} }, []string{"body.target.selector"}},
		"a selector with ==":          {func(s *fleet.ScheduleSpec) { s.Target = fleet.ScheduleTarget{Selector: "team==ml"} }, []string{"body.target.selector"}},
		"an unknown action":           {func(s *fleet.ScheduleSpec) { s.Action = "explode" }, []string{"body.action"}},
		"an action that erases":       {func(s *fleet.ScheduleSpec) { s.Action = "terminate" }, []string{"body.action"}},
		"a window of starting":        {func(s *fleet.ScheduleSpec) { s.Action = fleet.DoStart }, []string{"body.action"}},
		"freezing an endpoint": {func(s *fleet.ScheduleSpec) {
			s.Target = fleet.ScheduleTarget{Endpoint: "ep_1"}
			s.Action = fleet.DoFreeze
		}, []string{"body.action"}},
		"workers of a server":     {func(s *fleet.ScheduleSpec) { s.Action = fleet.DoSetWorkers }, []string{"body.action", "body.active_workers", "body.end_active_workers"}},
		"workers without workers": {func(s *fleet.ScheduleSpec) { s.ActiveWorkers = ptr(1) }, []string{"body.active_workers"}},
		"too many workers": {func(s *fleet.ScheduleSpec) {
			s.Target = fleet.ScheduleTarget{Endpoint: "ep_1"}
			s.Action = fleet.DoSetWorkers
			s.ActiveWorkers = ptr(1001)
			s.EndActiveWorkers = ptr(-1)
		}, []string{"body.active_workers", "body.end_active_workers"}},
		"never":                        {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{} }, []string{"body.when"}},
		"two kinds of times":           {func(s *fleet.ScheduleSpec) { s.When.At = "20:00" }, []string{"body.when"}},
		"a clock without zeros":        {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{At: "8:00"} }, []string{"body.when.at"}},
		"24 o'clock":                   {func(s *fleet.ScheduleSpec) { s.When.To = "24:00" }, []string{"body.when.to"}},
		"seconds":                      {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{At: "08:00:30"} }, []string{"body.when.at"}},
		"a window without an end":      {func(s *fleet.ScheduleSpec) { s.When.To, s.When.EndDays = "", nil }, []string{"body.when.to"}},
		"a window of nothing":          {func(s *fleet.ScheduleSpec) { s.When.To = s.When.From }, []string{"body.when.to"}},
		"days in another language":     {func(s *fleet.ScheduleSpec) { s.When.Days = []fleet.Weekday{"mo"} }, []string{"body.when.days[0]"}},
		"a day twice":                  {func(s *fleet.ScheduleSpec) { s.When.Days = []fleet.Weekday{"mon", "mon"} }, []string{"body.when.days[1]"}},
		"days beside cron":             {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "0 8 * * *", Days: weekdays} }, []string{"body.when.days"}},
		"ends without beginnings":      {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{At: "08:00", EndDays: weekdays} }, []string{"body.when.end_days"}},
		"six fields of cron":           {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "0 0 8 * * *"} }, []string{"body.when.cron"}},
		"a minute too many":            {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "60 8 * * *"} }, []string{"body.when.cron"}},
		"a range backwards":            {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "0 8 * * fri-mon"} }, []string{"body.when.cron"}},
		"a step of nothing":            {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "*/0 8 * * *"} }, []string{"body.when.cron"}},
		"a shortcut of cron":           {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "@daily"} }, []string{"body.when.cron"}},
		"a zone in cron":               {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "TZ=UTC 0 8 * * *"} }, []string{"body.when.cron"}},
		"30 February":                  {func(s *fleet.ScheduleSpec) { s.When = fleet.ScheduleTimes{Cron: "0 8 30 2 *"} }, []string{"body.when.cron"}},
		"no zone":                      {func(s *fleet.ScheduleSpec) { s.TimeZone = "" }, []string{"body.time_zone"}},
		"an unknown zone":              {func(s *fleet.ScheduleSpec) { s.TimeZone = "Europe/Atlantis" }, []string{"body.time_zone"}},
		"the server's zone":            {func(s *fleet.ScheduleSpec) { s.TimeZone = "Local" }, []string{"body.time_zone"}},
		"a path for a zone":            {func(s *fleet.ScheduleSpec) { s.TimeZone = "../../etc/passwd" }, []string{"body.time_zone"}},
		"jitter beyond an hour":        {func(s *fleet.ScheduleSpec) { s.Jitter = fleet.Duration(61 * time.Minute) }, []string{"body.jitter"}},
		"jitter into the past":         {func(s *fleet.ScheduleSpec) { s.Jitter = -1 }, []string{"body.jitter"}},
		"stopping what is stopped":     {func(s *fleet.ScheduleSpec) { s.OnlyIf.States = []fleet.State{fleet.Running, fleet.Stopped} }, []string{"body.only_if.states[1]"}},
		"a state of nobody":            {func(s *fleet.ScheduleSpec) { s.OnlyIf.States = []fleet.State{"tired"} }, []string{"body.only_if.states[0]"}},
		"waiting for longer than ever": {func(s *fleet.ScheduleSpec) { s.OnlyIf.For = fleet.Duration(9000 * time.Hour) }, []string{"body.only_if.for"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nights()
			c.change(&s)
			err := s.Validate("nights")
			known, ok := errors.AsType[*fleet.Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, fleet.Invalid, known.Code)
			var fields []string
			for _, f := range known.Fields {
				fields = append(fields, f.Field)
				require.NotEmpty(t, f.Allowed, f.Field)
				require.NotEmpty(t, f.Message, f.Field)
			}
			require.Equal(t, c.fields, fields)
		})
	}
	require.Error(t, nights().Validate(""))
	require.Error(t, nights().Validate(strings.Repeat("x", 129)))
	require.Error(t, fleet.ValidateNote("a\nb"))
	require.Error(t, fleet.ValidateNote(strings.Repeat("é", 1025)))
	require.NoError(t, fleet.ValidateNote(strings.Repeat("é", 1024)))
}

func TestSelectorsMatchLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		selector string
		labels   map[string]string
		want     bool
	}{
		{"team=ml", map[string]string{"team": "ml"}, true},
		{"team=ml", map[string]string{"team": "web"}, false},
		{"team=ml", nil, false},
		{"team=ml, env != prod", map[string]string{"team": "ml", "env": "dev"}, true},
		{"team=ml,env!=prod", map[string]string{"team": "ml"}, true},
		{"team=ml,env!=prod", map[string]string{"team": "ml", "env": "prod"}, false},
		{"team=", map[string]string{"team": ""}, true},
		{"team=", nil, false},
		{"team!=", nil, true},
		{"example.com/tier=a b", map[string]string{"example.com/tier": "a b"}, true},
	} {
		selector, err := fleet.ParseSelector(c.selector)
		require.NoError(t, err, c.selector)
		require.Equal(t, c.want, selector.Matches(c.labels), "%s: %v", c.selector, c.labels)
	}
}

func TestAScheduleCoversWhatItCanActOn(t *testing.T) {
	t.Parallel()
	s := fleet.ScheduleSpec{Action: fleet.DoFreeze, Target: fleet.ScheduleTarget{Selector: "team=ml"}}
	ml := map[string]string{"team": "ml"}
	require.True(t, s.Covers(fleet.KindInstance, "ins_1", ml))
	require.False(t, s.Covers(fleet.KindInstance, "ins_1", nil))
	require.False(t, s.Covers(fleet.KindEndpoint, "ep_1", ml), "an endpoint cannot be frozen")
	s.Action = fleet.DoSetWorkers
	require.False(t, s.Covers(fleet.KindInstance, "ins_1", ml))
	require.True(t, s.Covers(fleet.KindEndpoint, "ep_1", ml))
	s = fleet.ScheduleSpec{Action: fleet.DoStop, Target: fleet.ScheduleTarget{Instance: "ins_1"}}
	require.True(t, s.Covers(fleet.KindInstance, "ins_1", nil))
	require.False(t, s.Covers(fleet.KindInstance, "ins_2", nil))
}

func TestConditions(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-10-20T12:00:00Z")
	since := func(d time.Duration) fleet.Life { return fleet.Life{State: fleet.Stopped, Since: now.Add(-d)} }
	for _, c := range []struct {
		condition fleet.ScheduleCondition
		life      fleet.Life
		why       string
	}{
		{fleet.ScheduleCondition{}, since(0), ""},
		{fleet.ScheduleCondition{States: []fleet.State{fleet.Stopped}}, since(0), ""},
		{fleet.ScheduleCondition{States: []fleet.State{fleet.Running}}, since(0), "it is stopped, and not running"},
		{fleet.ScheduleCondition{For: fleet.Duration(time.Hour)}, since(time.Hour), ""},
		{fleet.ScheduleCondition{For: fleet.Duration(time.Hour)}, since(time.Minute), "it has been stopped for 1m0s, and not for 1h0m0s"},
	} {
		met, why := c.condition.Met(c.life, now)
		require.Equal(t, c.why, why)
		require.Equal(t, c.why == "", met)
	}
}

// Every action goes through an operation of the table, and who undoes it by hand in a window
// is known.
func TestActionsAreOperations(t *testing.T) {
	t.Parallel()
	for action, want := range map[fleet.ScheduleAction][]string{
		fleet.DoStart: {"start", "start-endpoint"}, fleet.DoStop: {"stop", "stop-endpoint"},
		fleet.DoFreeze: {"freeze"}, fleet.DoThaw: {"thaw"}, fleet.DoSetWorkers: {"update-endpoint"},
	} {
		var ops []string
		for _, kind := range action.Kinds() {
			op, ok := action.Operation(kind)
			require.True(t, ok)
			ops = append(ops, op.Workflow())
		}
		require.Equal(t, want, ops)
	}
	for _, c := range []struct {
		action fleet.ScheduleAction
		op     fleet.Operation
		held   bool
	}{
		{fleet.DoStop, fleet.Start, true},
		{fleet.DoStop, fleet.StartEndpoint, true},
		{fleet.DoStop, fleet.Thaw, true},
		{fleet.DoFreeze, fleet.Start, true},
		{fleet.DoStop, fleet.Restart, false},
		{fleet.DoStop, fleet.Stop, false},
		{fleet.DoStop, fleet.UpdateEndpoint, false},
		{fleet.DoSetWorkers, fleet.UpdateEndpoint, true},
		{fleet.DoSetWorkers, fleet.StartEndpoint, false},
		{fleet.DoStart, fleet.Stop, false},
	} {
		require.Equal(t, c.held, c.action.HeldBy(c.op), "%s %s", c.action, c.op.Workflow())
	}
}

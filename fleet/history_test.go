package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timing is an operation that moved so much in so long.
func timing(moved int64, took, downtime time.Duration) Timing {
	return Timing{ResourceID: "ins_1", Took: took, Downtime: downtime, Moved: moved}
}

func TestEstimatesComeFromWhatWasMeasured(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	measured := History{timing(10*gib, 100*time.Second, 2*time.Second), timing(gib, 12*time.Second, time.Second), timing(5*gib, 50*time.Second, 0), timing(0, 3*time.Second, 0)}
	for name, c := range map[string]struct {
		history History
		bytes   int64
		want    time.Duration
		from    int
		known   bool
	}{
		"nothing known":                   {nil, -1, 0, 0, false},
		"nothing measured, nothing moved": {nil, 0, DefaultOverhead, 0, true},
		"nothing measured":                {nil, 10 * DefaultCopyRate, DefaultOverhead + 10*time.Second, 0, true},
		"by the median of rates":          {measured, 20 * gib, 200 * time.Second, 3, true},
		"little to move":                  {measured, 1 << 20, 3 * time.Second, 1, true},
		"how much is not known":           {measured, -1, 50 * time.Second, 4, true},
		"only the rest is measured":       {History{timing(0, 4*time.Second, 0)}, 10 * DefaultCopyRate, 14 * time.Second, 0, true},
	} {
		got, known := c.history.Total(c.bytes)
		require.Equal(t, c.known, known, name)
		require.InDelta(t, c.want.Seconds(), got.Duration.Seconds(), 0.01, name)
		require.Equal(t, c.from, got.Measured, name)
	}
	require.Equal(t, Estimate{DefaultPause, 0}, History{timing(gib, time.Minute, 0)}.Pause())
	require.Equal(t, Estimate{2 * time.Second, 2}, measured.Pause())

	other := timing(gib, time.Hour, 0)
	other.ResourceID = "ins_2"
	require.Equal(t, History{other}, append(measured, other).Of("ins_2"), "its own, if it has any")
	require.Len(t, measured.Of("ins_3"), 4)
}

// stepsOf makes steps that follow each other: names, and seconds each took.
func stepsOf(names []string, seconds ...int) []Step {
	var steps []Step
	at := noon
	for i, name := range names {
		s := Step{Name: name, Title: name, State: StepRunning, StartedAt: at}
		if i < len(seconds) {
			at = at.Add(time.Duration(seconds[i]) * time.Second)
			s.State, s.EndedAt = StepDone, at
		}
		steps = append(steps, s)
	}
	return steps
}

func TestWhatIsLeftIsWhatCameAfterInEarlierOnes(t *testing.T) {
	t.Parallel()
	names := []string{"BeginInstance", "SaveSnapshot", "RestoreSnapshot", "StopContainer", "SaveSnapshot", "StartContainer"}
	history := History{{Moved: 1000, Steps: stepsOf(names, 1, 10, 20, 2, 1, 3)}}
	left := func(p Progress, elapsed time.Duration, steps []Step, change ...func(*Record)) (time.Duration, bool) {
		r := Record{Kind: KindInstance, Name: "migrate", BegunAt: noon, Steps: steps}
		for _, c := range change {
			c(&r)
		}
		return history.Left(r, p, steps[len(steps)-1].StartedAt.Add(elapsed))
	}
	saving := stepsOf(names[:2], 1)
	got, ok := left(Progress{}, 4*time.Second, saving)
	require.True(t, ok)
	require.Equal(t, (6+26)*time.Second, got)
	got, _ = left(Progress{}, time.Minute, saving)
	require.Equal(t, 26*time.Second, got, "it takes longer than before: nobody knows how long")
	got, _ = left(Progress{Left: Duration(40 * time.Second)}, time.Minute, saving)
	require.Equal(t, (40+26)*time.Second, got, "by its own rate")
	got, _ = left(Progress{Left: Duration(40 * time.Second), Total: 3000}, time.Minute, saving)
	require.Equal(t, (40+26+40)*time.Second, got, "three times the data takes three times as long to restore; the delta does not")
	got, _ = left(Progress{}, 0, stepsOf(names[:5], 1, 10, 20, 2))
	require.Equal(t, 4*time.Second, got, "the second time it saves")

	for what, c := range map[string]struct {
		steps  []Step
		change func(*Record)
	}{
		"nothing runs":          {stepsOf(names[:1], 1), func(*Record) {}},
		"a step of none before": {stepsOf([]string{"Unheard"}), func(*Record) {}},
		"it waits":              {stepsOf([]string{"AwaitPlace"}), func(*Record) {}},
		"it is being undone":    {saving, func(r *Record) { r.Steps = append([]Step{}, r.Steps...); r.Steps[1].Undo = true }},
		"it was cancelled":      {saving, func(r *Record) { r.CancelledAt = noon }},
		"it has ended":          {saving, func(r *Record) { r.Outcome = Done }},
	} {
		_, ok := left(Progress{}, 0, c.steps, c.change)
		require.False(t, ok, what)
	}
	require.InDelta(t, 25, Percent(10*time.Second, 30*time.Second), 0.01)
	require.InDelta(t, 99, Percent(time.Hour, 0), 0.01, "what has not ended is not whole")
	require.Zero(t, Percent(0, time.Second))
}

func TestWaitingForAPlaceIsNoWork(t *testing.T) {
	t.Parallel()
	r := Record{BegunAt: noon, Steps: stepsOf([]string{"BeginInstance", "AwaitPlace", "RestoreSnapshot"}, 1, 3600)}
	require.Equal(t, 11*time.Second, r.Elapsed(noon.Add(3611*time.Second)))
	r.Steps, r.EndedAt = stepsOf([]string{"BeginInstance", "AwaitPlace", "RestoreSnapshot"}, 1, 3600, 20), noon.Add(3621*time.Second)
	require.Equal(t, 21*time.Second, r.Timing().Took)
	require.Zero(t, (&Record{}).Elapsed(noon))
}

func TestWhatIsStuckSaysTheWayOut(t *testing.T) {
	t.Parallel()
	runningStep := []Step{{Name: "StopContainer", Title: "stop container", HostID: "hst_1", State: StepRunning, StartedAt: noon}}
	undoing := []Step{{Name: "StopContainer", Title: "stop container", HostID: "hst_1", State: StepRunning, Undo: true, StartedAt: noon}}
	open := Record{Kind: KindInstance, Name: "migrate", AcceptedAt: noon, BegunAt: noon, Deadline: noon.Add(time.Hour), Steps: runningStep}
	with := func(change func(*Record)) Record { r := open; change(&r); return r }
	failing := Progress{Attempt: 7, Failure: "Docker does not answer"}
	for name, c := range map[string]struct {
		rec         Record
		p           Progress
		after       time.Duration
		why, wayOut string
	}{
		"it goes on":            {open, Progress{Attempt: 1}, 10 * time.Minute, "", ""},
		"it has just begun":     {open, failing, time.Minute, "", ""},
		"a step fails":          {open, failing, 5 * time.Minute, `"stop container" has been tried 7 times: Docker does not answer`, "or cancel the operation"},
		"a step fails silently": {open, Progress{Attempt: 3}, 5 * time.Minute, `"stop container" has been tried 3 times`, "or cancel the operation"},
		"an undo fails":         {with(func(r *Record) { r.Steps = undoing }), failing, 5 * time.Minute, "tried 7 times", "after that recover the instance"},
		"a cancel takes long":   {with(func(r *Record) { r.CancelledAt = noon }), failing, 5 * time.Minute, "tried 7 times", "terminate the instance"},
		"past its deadline":     {open, Progress{}, 2 * time.Hour, `past its deadline; host hst_1 is at "stop container"`, "terminate the instance"},
		"terminate itself":      {with(func(r *Record) { r.Name = "terminate" }), Progress{}, 2 * time.Hour, "past its deadline", "goes on until everything is taken down"},
		"an endpoint":           {with(func(r *Record) { r.Kind, r.Name = KindEndpoint, "stop" }), Progress{}, 2 * time.Hour, "past its deadline", "delete the endpoint"},
		"it has not begun":      {with(func(r *Record) { r.BegunAt, r.Steps = time.Time{}, nil }), Progress{}, 3 * time.Minute, "it has not begun", "cancel it"},
		"it begins soon":        {with(func(r *Record) { r.BegunAt, r.Steps = time.Time{}, nil }), Progress{}, time.Minute, "", ""},
		"it waits":              {with(func(r *Record) { r.Steps = []Step{{Name: "AwaitPlace", State: StepRunning, StartedAt: noon}} }), failing, 2 * time.Hour, "", ""},
		"it is stuck":           {with(func(r *Record) { r.Outcome = Stuck }), Progress{}, 0, "neither finished nor undone", "recover the instance, or terminate it"},
		"an endpoint is":        {with(func(r *Record) { r.Kind, r.Name, r.Outcome = KindEndpoint, "stop", Stuck }), Progress{}, 0, "neither", "delete the endpoint"},
		"it is done":            {with(func(r *Record) { r.Outcome = Done }), failing, 3 * time.Hour, "", ""},
	} {
		why, wayOut := c.rec.Trouble(c.p, noon.Add(c.after))
		require.Equal(t, c.why == "", why == "", name)
		require.Contains(t, why, c.why, name)
		require.Equal(t, c.wayOut == "", wayOut == "", name)
		require.Contains(t, wayOut, c.wayOut, name)
	}
}

func TestPlacesCountWhatWouldFit(t *testing.T) {
	t.Parallel()
	hosts := []HostView{
		{Host: Host{ID: "hst_a", State: HostReady}, FreeGPUs: []GPU{{Type: "a", State: GPUFree}, {Type: "a", State: GPUFree}, {Type: "b", State: GPUFree}}},
		{Host: Host{ID: "hst_b", State: HostReady}, FreeGPUs: []GPU{{Type: "a", State: GPUFree}}},
		{Host: Host{ID: "hst_c", State: HostLost}, FreeGPUs: []GPU{{Type: "a", State: GPUFree}}},
	}
	for want, n := range map[*Want]int{
		{GPUs: 1}:                                4,
		{GPUs: 1, GPUType: "a"}:                  3,
		{GPUs: 2, GPUType: "a"}:                  1,
		{GPUs: 4}:                                0,
		{}:                                       2,
		{GPUs: 1, Avoid: []string{"hst_a"}}:      1,
		{GPUs: 1, Only: "hst_b"}:                 1,
		{GPUs: 1, GPUType: "none", Only: "none"}: 0,
	} {
		require.Equal(t, n, Places(*want, hosts), "%+v", want)
	}
}

func TestParamsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p     Params
		field string
	}{
		"nothing":       {Params{}, ""},
		"all":           {Params{Hold: HoldNone, RateLimit: MinRateLimit, Keep: MaxKeep}, ""},
		"a hold":        {Params{Hold: "some"}, "body.hold"},
		"too slow":      {Params{RateLimit: MinRateLimit - 1}, "body.rate_limit"},
		"below zero":    {Params{RateLimit: -1}, "body.rate_limit"},
		"kept too long": {Params{Keep: MaxKeep + 1}, "body.keep"},
		"kept backward": {Params{Keep: -1}, "body.keep"},
	} {
		err := c.p.Validate()
		if c.field == "" {
			require.NoError(t, err, name)
			continue
		}
		var e *Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, Invalid, e.Code)
		require.Equal(t, c.field, e.Fields[0].Field, name)
		require.NotEmpty(t, e.Fields[0].Allowed)
	}
	require.Equal(t, DefaultKeep, DefaultKeepOf(Life{State: Frozen}))
	require.Equal(t, DefaultKeep, DefaultKeepOf(Life{State: Lost}))
	require.Equal(t, DefaultKeep, DefaultKeepOf(Life{State: Thawing, Was: Frozen, OperationID: "op_1"}))
	require.Zero(t, DefaultKeepOf(Life{State: Running}))
}

package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestACauseIsToldByWhatFailed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step string
		code Code
		want Cause
	}{
		{"PullImage", NotFound, PullError},
		{"PullImage", Forbidden, PullError},
		{"PullImage", Unavailable, PullError},
		{"PullImage", Exhausted, PullError}, // its disk is full: no lack of GPUs
		{"PullImage", Timeout, PullError},
		{"PlaceInstance", Exhausted, NoCapacity},
		{"AwaitPlace", Exhausted, NoCapacity},
		{"PlaceInstance", Unavailable, HostError}, // the record does not answer
		{"CreateContainer", Exhausted, HostError}, // a port is taken: no lack of GPUs
		{"StartContainer", Unavailable, HostError},
		{"StartContainer", Exhausted, HostError},
		{"ProbeContainer", Timeout, FailingProbe},
		{"ProbeContainer", Unavailable, FailingProbe},
		{"JudgeGPUs", Unhealthy, UnhealthyGPU},
		{"", Unhealthy, UnhealthyGPU},
		{"", Internal, HostError},
	} {
		require.Equal(t, c.want, FaultOf(c.step, c.code), "%s: %s", c.step, c.code)
	}
	require.Equal(t, OutOfMemory, ExitCause(true))
	require.Equal(t, Crash, ExitCause(false))
	require.Contains(t, ExitMessage(137, true), "memory")
	require.NotContains(t, ExitMessage(137, false), "memory")
	require.Contains(t, ExitMessage(127, false), "not in the image")
	for _, c := range Causes {
		require.NotEmpty(t, c.Word(true))
	}
}

// mishapsOf makes mishaps from "cause@seconds ago", the newest first.
func mishapsOf(now time.Time, all ...any) (out []Mishap) {
	for i := 0; i < len(all); i += 2 {
		when := now.Add(-time.Duration(all[i+1].(int)) * time.Second)                     //nolint:forcetypeassert // a test's own table
		out = append(out, Mishap{Cause: all[i].(Cause), At: when, First: when, Times: 1}) //nolint:forcetypeassert // a test's own table
	}
	return out
}

func TestTheBackOffIsByCause(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	worker := func(made, ready time.Duration) Instance {
		return Instance{Life: Life{State: Running, Since: now.Add(-ready)}, Ready: true, CreatedAt: now.Add(-made)}
	}
	served := mishapsOf(now, Crash, 0, Crash, 5, Crash, 20)
	served[0].Served = Steady
	for name, c := range map[string]struct {
		mishaps []Mishap
		workers []Instance
		cause   Cause // "": no trouble
		times   int
		wait    time.Duration
		word    string
		only    bool // capacity
	}{
		"nothing":                           {},
		"one crash":                         {mishaps: mishapsOf(now, Crash, 0), cause: Crash, times: 1, wait: time.Second, word: "crash"},
		"three are a loop":                  {mishaps: mishapsOf(now, Crash, 0, Crash, 2, Crash, 4), cause: Crash, times: 3, wait: 4 * time.Second, word: "crash loop"},
		"it ends at five minutes":           {mishaps: mishapsOf(now, Crash, 0, Crash, 1, Crash, 2, Crash, 3, Crash, 4, Crash, 5, Crash, 6, Crash, 7, Crash, 8, Crash, 9, Crash, 10), cause: Crash, times: 11, wait: 5 * time.Minute, word: "crash loop"},
		"a wait passes":                     {mishaps: mishapsOf(now, Crash, 3, Crash, 9), cause: Crash, times: 2, wait: 0, word: "crash"},
		"an image waits longer":             {mishaps: mishapsOf(now, PullError, 0), cause: PullError, times: 1, wait: 15 * time.Second, word: "pull error"},
		"to ten minutes":                    {mishaps: mishapsOf(now, PullError, 0, PullError, 1, PullError, 2, PullError, 3, PullError, 4, PullError, 5, PullError, 6, PullError, 7), cause: PullError, times: 8, wait: 10 * time.Minute, word: "pull error"},
		"no capacity has a pace of its own": {mishaps: mishapsOf(now, NoCapacity, 0), cause: NoCapacity, times: 1, wait: 5 * time.Second, word: "no capacity", only: true},
		"and is no crash":                   {mishaps: mishapsOf(now, Crash, 0, NoCapacity, 5, NoCapacity, 9, NoCapacity, 12), cause: Crash, times: 1, wait: time.Second, word: "crash"},
		"nor does it hide one":              {mishaps: mishapsOf(now, NoCapacity, 0, Crash, 1, Crash, 2, Crash, 3, Crash, 4), cause: NoCapacity, times: 1, wait: 7 * time.Second, word: "no capacity"},
		"memory and probes count as crashes": {
			mishaps: mishapsOf(now, OutOfMemory, 0, FailingProbe, 3, Crash, 6), cause: OutOfMemory, times: 3, wait: 4 * time.Second, word: "out of memory",
		},
		"ten minutes of service end the row":   {mishaps: served, cause: Crash, times: 1, wait: time.Second, word: "crash"},
		"a worker since then that holds":       {mishaps: mishapsOf(now, Crash, 700, Crash, 800), workers: []Instance{worker(650*time.Second, 601*time.Second)}},
		"one that is too young does not count": {mishaps: mishapsOf(now, Crash, 1, Crash, 4), workers: []Instance{worker(60*time.Second, 55*time.Second)}, cause: Crash, times: 2, wait: time.Second, word: "crash"},
		"nor does one from before":             {mishaps: mishapsOf(now, Crash, 0, Crash, 4), workers: []Instance{worker(time.Hour, time.Hour)}, cause: Crash, times: 2, wait: 2 * time.Second, word: "crash"},
		"a place that was found":               {mishaps: mishapsOf(now, NoCapacity, 3), workers: []Instance{worker(2*time.Second, time.Second)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := TroubleOf(c.mishaps, c.workers, now)
			if c.cause == "" {
				require.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			require.Equal(t, c.cause, got.Cause)
			require.Equal(t, c.times, got.Times)
			require.Equal(t, c.wait, max(0, got.Until.Sub(now)))
			require.Equal(t, c.word, got.Word())
			require.Equal(t, c.only, got.Capacity)
		})
	}
}

func TestWhatWaitingDoesNotMendIsGivenUp(t *testing.T) {
	t.Parallel()
	code := 3
	crash := Mishap{Cause: Crash, Code: Unhealthy, ExitCode: &code, Message: "exit code 3", LastLines: "a\nno weights"}
	for name, c := range map[string]struct {
		mishaps []Mishap
		want    Code
		says    string
	}{
		"nothing":                      {},
		"no capacity, ever":            {mishaps: []Mishap{{Cause: NoCapacity, Code: Exhausted}, {Cause: NoCapacity, Code: Exhausted}, {Cause: NoCapacity, Code: Exhausted}, {Cause: NoCapacity, Code: Exhausted}}},
		"two crashes":                  {mishaps: []Mishap{crash, crash}},
		"three":                        {mishaps: []Mishap{crash, crash, crash}, want: Unhealthy, says: "crash loop): exit code 3; its last words: no weights"},
		"three with capacity between":  {mishaps: []Mishap{crash, {Cause: NoCapacity, Code: Exhausted}, crash}},
		"an image that is not there":   {mishaps: []Mishap{{Cause: PullError, Code: NotFound, Message: "no such image"}}, want: NotFound, says: "(pull error): no such image"},
		"a registry that may answer":   {mishaps: []Mishap{{Cause: PullError, Code: Unavailable}}},
		"one that does not":            {mishaps: []Mishap{{Cause: PullError, Code: Unavailable}, {Cause: PullError, Code: Unavailable}, {Cause: PullError, Code: Unavailable}}, want: Unhealthy, says: "pull error"},
		"no answer":                    {mishaps: []Mishap{{Cause: FailingProbe, Code: Unhealthy, Message: "it answers 503"}}, want: Unhealthy, says: "failing probe"},
		"three that ran and then fell": {mishaps: []Mishap{{Cause: Crash}, {Cause: OutOfMemory}, {Cause: Crash}}, want: Unhealthy, says: "crash loop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Hopeless(c.mishaps)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, CodeOf(err))
			require.Contains(t, err.Error(), c.says)
		})
	}
}

func TestTheEndOfALogIsKeptByWholeLines(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\nb", LastLines("a\nb\n\x00\n"))
	long := strings.Repeat("0123456789abcdef\n", 1000)
	got := LastLines(long)
	require.LessOrEqual(t, len(got), MaxLastLines)
	require.True(t, strings.HasPrefix(got, "0123"))
	require.LessOrEqual(t, len(LastLines(strings.Repeat("é", 5000))), MaxLastLines)
	require.NotEmpty(t, LastLines(strings.Repeat("é", 5000)))
}

// lived are mishaps of workers that were made and failed at these seconds of a minute.
func lived(minute time.Time, cause Cause, seconds ...[2]int) (all []Mishap) {
	for _, s := range seconds {
		made, failed := minute.Add(time.Duration(s[0])*time.Second), minute.Add(time.Duration(s[1])*time.Second)
		all = append(all, Mishap{Cause: cause, Made: made, At: failed, First: failed, Times: 1})
	}
	return all
}

// A worker that was made before anybody knew of the failure of another tells no more than that
// one did.
func TestMishapsSideBySideAreOne(t *testing.T) {
	t.Parallel()
	minute := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	eight := lived(minute, Crash, [][2]int{{0, 3}, {0, 3}, {0, 4}, {0, 5}, {0, 5}, {0, 6}, {0, 7}, {0, 8}}...)
	for name, c := range map[string]struct {
		mishaps  []Mishap
		times    int
		wait     time.Duration // after the last
		longer   bool
		hopeless bool
	}{
		"one":                             {mishaps: eight[:1], times: 1, wait: time.Second, longer: true},
		"eight at once":                   {mishaps: eight, times: 1, wait: time.Second},
		"and eight after them":            {mishaps: append(eight, lived(minute, Crash, [][2]int{{9, 11}, {9, 12}, {9, 13}, {9, 13}, {9, 13}, {9, 13}, {9, 13}, {9, 14}}...)...), times: 2, wait: 2 * time.Second},
		"the first of those":              {mishaps: append(eight, lived(minute, Crash, [2]int{9, 11})...), times: 2, wait: 2 * time.Second, longer: true},
		"one after the other":             {mishaps: lived(minute, Crash, [2]int{0, 1}, [2]int{2, 3}, [2]int{5, 6}), times: 3, wait: 4 * time.Second, longer: true, hopeless: true},
		"one beside a row of three":       {mishaps: lived(minute, Crash, [2]int{0, 1}, [2]int{2, 3}, [2]int{5, 6}, [2]int{0, 9}), times: 3, wait: 4 * time.Second, hopeless: true},
		"one that fell late among others": {mishaps: lived(minute, Crash, [2]int{0, 1}, [2]int{2, 3}, [2]int{0, 6}, [2]int{5, 7}), times: 3, wait: 4 * time.Second, longer: true, hopeless: true},
		"three of different causes":       {mishaps: append(lived(minute, Crash, [2]int{0, 1}, [2]int{0, 2}), lived(minute, OutOfMemory, [2]int{0, 3})...), times: 1, wait: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := c.mishaps[len(c.mishaps)-1].At
			got := TroubleOf(c.mishaps, nil, last)
			require.Equal(t, c.times, got.Times)
			require.Equal(t, c.wait, got.Until.Sub(last))
			require.Equal(t, c.times >= LoopAfter, got.Loop())
			require.Equal(t, c.longer, got.Longer)
			require.Equal(t, c.mishaps[0].At, got.Since, "the first of all")
			require.Equal(t, c.hopeless, Hopeless(c.mishaps) != nil)
		})
	}
}

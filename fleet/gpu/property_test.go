package gpu_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// counters draws what a driver may say of a counter.
func counters(t *rapid.T, name string, was gpu.Counter, largest uint64) gpu.Counter {
	switch rapid.IntRange(0, 11).Draw(t, name) {
	case 0:
		return gpu.Known(rapid.Uint64Range(0, largest).Draw(t, name+" value"))
	case 1:
		return gpu.Unsupported[uint64]()
	case 2:
		return gpu.Unreadable[uint64]("timeout")
	default:
		return was
	}
}

func flags(t *rapid.T, name string, was gpu.Flag) gpu.Flag {
	switch rapid.IntRange(0, 15).Draw(t, name) {
	case 0:
		return gpu.Known(true)
	case 1:
		return gpu.Known(false)
	case 2:
		return gpu.Unsupported[bool]()
	case 3:
		return gpu.Flag{}
	default:
		return was
	}
}

// sometimes is true once in n times.
func sometimes(t *rapid.T, n int, name string) bool { return rapid.IntRange(1, n).Draw(t, name) == n }

// examinations draws examinations of any condition, most of them not far from well.
func examinations() *rapid.Generator[gpu.Examination] {
	return rapid.Custom(func(t *rapid.T) gpu.Examination {
		level := rapid.SampledFrom(append(slices.Clone(gpu.Levels), "", gpu.LevelRigorous, gpu.LevelStandard)).Draw(t, "level")
		x := rapid.SampledFrom([]func() gpu.Examination{
			func() gpu.Examination { return passing(level) }, func() gpu.Examination { return gtx(level) }, t4, mig,
		}).Draw(t, "product")()
		x.Level = level
		for _, h := range []*gpu.Health{x.Before, x.After} {
			h.ECCCurrent, h.ECCPending = flags(t, "ecc", h.ECCCurrent), flags(t, "ecc pending", h.ECCPending)
			h.Volatile.Uncorrected = counters(t, "volatile", h.Volatile.Uncorrected, 2)
			h.Aggregate.Uncorrected = counters(t, "aggregate", h.Aggregate.Uncorrected, 2)
			h.Volatile.Corrected = counters(t, "corrected", h.Volatile.Corrected, 2000)
			h.Remap.Uncorrected = counters(t, "rows", h.Remap.Uncorrected, 600)
			h.Remap.Pending, h.Remap.Failed = flags(t, "pending", h.Remap.Pending), flags(t, "failed", h.Remap.Failed)
			h.SRAMThreshold, h.InfoROMValid = flags(t, "sram", h.SRAMThreshold), flags(t, "inforom", h.InfoROMValid)
			h.Memory.Used = counters(t, "used", h.Memory.Used, 64<<20)
			h.Throttle = counters(t, "throttle", h.Throttle, 0xff)
			if sometimes(t, 10, "recovery?") {
				h.Recovery = gpu.Known(rapid.IntRange(-1, 5).Draw(t, "recovery"))
			}
			h.Lost, h.ResetRequired = sometimes(t, 30, "lost"), sometimes(t, 30, "reset required")
		}
		if sometimes(t, 20, "no before") {
			x.Before = nil
		}
		if sometimes(t, 20, "no after") {
			x.After = nil
		}
		for range rapid.IntRange(0, 3).Draw(t, "events") {
			n := rapid.SampledFrom([]int{13, 31, 48, 63, 64, 74, 79, 92, 93, 94, 95, 154, 999}).Draw(t, "xid")
			x.Events = append(x.Events, xid(n, noon.Add(time.Duration(n)*time.Second)))
		}
		x.Retest, x.Missing, x.Hung = sometimes(t, 5, "retest"), sometimes(t, 30, "missing"), sometimes(t, 30, "hung")
		if sometimes(t, 20, "error") {
			x.Error = "?"
		}
		if sometimes(t, 20, "holder") {
			x.Holders = []gpu.Holder{{PID: 1}}
		}
		if r := x.Result; r != nil {
			if sometimes(t, 20, "no result") {
				x.Result = nil
			}
			r.Coverage = rapid.SampledFrom([]float64{r.Coverage, r.Coverage, r.Coverage, 0, 0.9, 0.95, 1, math.NaN(), math.Inf(1)}).Draw(t, "coverage")
			r.GBps *= rapid.SampledFrom([]float64{1, 1, 1, 0, 0.8, 0.9, 2, math.NaN()}).Draw(t, "bandwidth")
			r.Mismatches = rapid.SampledFrom([]uint64{0, 0, 0, 0, 1, math.MaxUint64}).Draw(t, "mismatches")
			r.CUDA = rapid.SampledFrom([]int{0, 0, 0, 0, 0, 2, 214, 700}).Draw(t, "cuda")
			r.Killed, r.Hung = sometimes(t, 30, "killed"), sometimes(t, 30, "unkillable")
			r.Moved = rapid.SampledFrom([]uint64{r.Moved, r.Moved, r.Moved, 0, math.MaxUint64}).Draw(t, "moved")
		}
		return x
	})
}

func histories() *rapid.Generator[gpu.History] {
	return rapid.Custom(func(t *rapid.T) (h gpu.History) {
		if rapid.Bool().Draw(t, "certified") {
			c := well("NVIDIA A100-SXM4-80GB", 81920)
			c.At = noon.Add(-10 * day)
			h.Certified = &c
		}
		for range rapid.IntRange(0, 2).Draw(t, "since") {
			h.Since = append(h.Since, xid(rapid.SampledFrom([]int{13, 48, 63, 74, 79, 92}).Draw(t, "xid"), noon.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "days"))*day)))
		}
		for range rapid.IntRange(0, 2).Draw(t, "uncorrected") {
			h.Uncorrected = append(h.Uncorrected, noon.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "days"))*day))
		}
		return h
	})
}

// reasons says, in its own words, why a GPU must not pass.
func reasons(x gpu.Examination, h gpu.History) (why []string) {
	must := func(ok bool, reason string) {
		if !ok {
			why = append(why, reason)
		}
	}
	must(!x.Missing && !x.Hung && x.Error == "" && len(x.Holders) == 0, "examination")
	must(slices.Contains(gpu.Levels, x.Level), "level")
	if x.Level != gpu.LevelNone {
		must(x.Before != nil && x.After != nil, "health")
	}
	for _, s := range []*gpu.Health{x.Before, x.After} {
		if s == nil {
			continue
		}
		must(!s.Lost && !s.ResetRequired && !gpu.Is(s.Remap.Failed) && !gpu.Is(s.Remap.Pending) && !gpu.Is(s.SRAMThreshold), "state")
		must(!gpu.Over(s.Remap.Uncorrected, 511), "rows")
		recovery, _ := s.Recovery.Get()
		must(recovery == 0, "recovery")
		if x.Type == "a100-80gb" && x.Level != gpu.LevelNone {
			must(gpu.Is(s.ECCCurrent), "A100 without ECC")
			for _, c := range []gpu.Counter{s.Remap.Uncorrected} {
				_, ok := c.Get()
				must(ok, "counter")
			}
			_, pending := s.Remap.Pending.Get()
			_, failed := s.Remap.Failed.Get()
			must(pending && failed, "flags")
		}
	}
	for _, e := range x.Events {
		must(!slices.Contains([]int{13, 31, 48, 63, 64, 74, 79, 94, 95}, e.Xid), "xid")
	}
	if !x.Retest {
		for _, e := range h.Since {
			must(!slices.Contains([]int{48, 63, 74, 79}, e.Xid), "earlier xid")
		}
	}
	if x.Before != nil && x.After != nil {
		must(!gpu.Over(gpu.Rise(x.Before.Volatile.Uncorrected, x.After.Volatile.Uncorrected), 0), "volatile")
		must(!gpu.Over(gpu.Rise(x.Before.Aggregate.Uncorrected, x.After.Aggregate.Uncorrected), 0), "aggregate")
	}
	if x.Level.Covers(gpu.LevelQuick) {
		r := x.Result
		if r == nil {
			return append(why, "no test")
		}
		least := 0.95
		if x.UUID != testUUID {
			least = 0.90
		} else if x.Before != nil && gpu.Is(x.Before.MIG) {
			least = 0.90
		}
		must(r.Coverage >= least && r.Mismatches == 0 && r.CUDA == 0 && !r.Killed && !r.Hung, "test")
		must(r.Level.Covers(x.Level), "test level")
	} else if x.Result != nil {
		must(x.Result.Mismatches == 0 && x.Result.CUDA == 0, "test")
	}
	return why
}

func TestWhatMustNotPassDoesNot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, h := examinations().Draw(t, "examination"), histories().Draw(t, "history")
		v := gpu.Decide(x, h, gpu.DefaultPolicy())
		if why := reasons(x, h); len(why) > 0 {
			require.False(t, v.Passed(), "%v: %+v", why, v)
		}
		require.Contains(t, gpu.Outcomes, v.Outcome)
		require.Equal(t, v.Rule, v.All[0])
		require.NotEmpty(t, v.Action)
		require.Equal(t, v, gpu.Decide(x, h, gpu.DefaultPolicy()), "the same input has the same answer")
		_, err := json.Marshal(v)
		require.NoError(t, err)
	})
}

// worse are facts that make any GPU worse, or leave it as bad as it is.
var worse = map[string]func(t *rapid.T, x *gpu.Examination, h *gpu.History){
	"an Xid": func(t *rapid.T, x *gpu.Examination, _ *gpu.History) {
		x.Events = append(slices.Clone(x.Events), xid(rapid.SampledFrom(gpu.Xids).Draw(t, "xid").Number, noon))
	},
	"an unknown Xid": func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) {
		x.Events = append(slices.Clone(x.Events), xid(4242, noon))
	},
	"an event": func(t *rapid.T, x *gpu.Examination, _ *gpu.History) {
		x.Events = append(slices.Clone(x.Events), kind(rapid.SampledFrom([]gpu.EventKind{
			gpu.EventUncorrected, gpu.EventRetired, gpu.EventRetireFailed, gpu.EventCorrectedStorm, gpu.EventUnavailable,
		}).Draw(t, "kind"), noon))
	},
	"an earlier Xid": func(t *rapid.T, _ *gpu.Examination, h *gpu.History) {
		h.Since = append(slices.Clone(h.Since), xid(rapid.SampledFrom(gpu.Xids).Draw(t, "xid").Number, noon.Add(-day)))
	},
	"an earlier error": func(_ *rapid.T, _ *gpu.Examination, h *gpu.History) {
		h.Uncorrected = append(slices.Clone(h.Uncorrected), noon.Add(-3*day))
	},
	"a holder": func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) {
		x.Holders = append(x.Holders, gpu.Holder{PID: 1})
	},
	"missing":   func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) { x.Missing = true },
	"hung":      func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) { x.Hung = true },
	"broken":    func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) { x.Error = "?" },
	"no reset":  func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) { x.ResetError = "?" },
	"lost":      spoil(func(h *gpu.Health) { h.Lost = true }),
	"stuck":     spoil(func(h *gpu.Health) { h.ResetRequired = true }),
	"pending":   spoil(func(h *gpu.Health) { h.Remap.Pending = gpu.Known(true) }),
	"failed":    spoil(func(h *gpu.Health) { h.Remap.Failed = gpu.Known(true) }),
	"threshold": spoil(func(h *gpu.Health) { h.SRAMThreshold = gpu.Known(true) }),
	"inforom":   spoil(func(h *gpu.Health) { h.InfoROMValid = gpu.Known(false) }),
	"rows":      spoil(func(h *gpu.Health) { h.Remap.Uncorrected = gpu.Known[uint64](700) }),
	"in use":    spoil(func(h *gpu.Health) { h.Memory.Used = gpu.Known[uint64](1 << 40) }),
	"throttled": spoil(func(h *gpu.Health) { h.Throttle = gpu.Known[uint64](gpu.ThrottlePowerCap) }),
	"a driver that asks for a reset": spoil(func(h *gpu.Health) {
		if r, _ := h.Recovery.Get(); r != 2 {
			h.Recovery = gpu.Known(1)
		}
	}),
	"uncorrected": spoil(func(h *gpu.Health) {
		n, _ := h.Volatile.Uncorrected.Get()
		h.Volatile.Uncorrected = gpu.Known(n + 1000)
	}),
	"mismatch":   scratch(func(r *gpu.Result) { r.Mismatches = max(r.Mismatches, 1) }),
	"killed":     scratch(func(r *gpu.Result) { r.Killed = true }),
	"unkillable": scratch(func(r *gpu.Result) { r.Hung = true }),
	"coverage":   scratch(func(r *gpu.Result) { r.Coverage *= 0.9 }),
	"slower":     scratch(func(r *gpu.Result) { r.GBps *= 0.9 }),
	"remanence":  scratch(func(r *gpu.Result) { r.Remanent++ }),
	"CUDA error": scratch(func(r *gpu.Result) {
		if r.CUDA == 0 {
			r.CUDA = 214
		}
	}),
}

// spoil changes the health after the test, if there is one.
func spoil(change func(*gpu.Health)) func(*rapid.T, *gpu.Examination, *gpu.History) {
	return func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) {
		if x.After != nil {
			h := *x.After
			change(&h)
			x.After = &h
		}
	}
}

func scratch(change func(*gpu.Result)) func(*rapid.T, *gpu.Examination, *gpu.History) {
	return func(_ *rapid.T, x *gpu.Examination, _ *gpu.History) {
		if x.Result != nil {
			r := *x.Result
			change(&r)
			x.Result = &r
		}
	}
}

func TestAWorseFactNeverHelps(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(worse))
	for name := range worse {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		x, h := examinations().Draw(t, "examination"), histories().Draw(t, "history")
		p := gpu.DefaultPolicy()
		before := gpu.Decide(x, h, p)
		name := rapid.SampledFrom(names).Draw(t, "fact")
		worse[name](t, &x, &h)
		after := gpu.Decide(x, h, p)
		require.LessOrEqual(t, slices.Index(gpu.Outcomes, after.Outcome), slices.Index(gpu.Outcomes, before.Outcome), "%s: %+v, then %+v", name, before, after)
	})
}

func TestAnExaminationSurvivesJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, h := examinations().Draw(t, "examination"), histories().Draw(t, "history")
		if r := x.Result; r != nil && (math.IsNaN(r.Coverage+r.GBps) || math.IsInf(r.Coverage, 0)) {
			r.Coverage, r.GBps = 0, 0
		}
		var again gpu.Examination
		var past gpu.History
		copied(t, x, &again)
		copied(t, h, &past)
		require.Equal(t, gpu.Decide(x, h, gpu.DefaultPolicy()), gpu.Decide(again, past, gpu.DefaultPolicy()))
	})
}

// FuzzDecide judges whatever a host may send.
func FuzzDecide(f *testing.F) {
	for _, level := range gpu.Levels {
		x, _ := json.Marshal(passing(level))
		f.Add(x, []byte(`{"uncorrected":["2026-02-01T00:00:00Z"]}`))
	}
	f.Add([]byte(`{"level":"none"}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, examination, history []byte) {
		var x gpu.Examination
		var h gpu.History
		if json.Unmarshal(examination, &x) != nil || json.Unmarshal(history, &h) != nil {
			return
		}
		v := gpu.Decide(x, h, gpu.DefaultPolicy())
		require.Contains(t, gpu.Outcomes, v.Outcome)
		require.NotEmpty(t, v.Message)
		if v.Passed() && x.Level != gpu.LevelNone {
			require.NotNil(t, x.Before)
			require.NotNil(t, x.After)
			require.Empty(t, x.Holders)
		}
		if x.Result != nil {
			require.Contains(t, gpu.Outcomes, gpu.JudgeScrub(*x.Result, gpu.DefaultPolicy()).Outcome)
		}
	})
}

// BenchmarkDecide judges an examination that passes, which asks every rule.
func BenchmarkDecide(b *testing.B) {
	x, p := passing(gpu.LevelRigorous), gpu.DefaultPolicy()
	c := well("NVIDIA A100-SXM4-80GB", 81920)
	h := gpu.History{Certified: &c, Since: []gpu.Event{xid(13, noon)}}
	b.ReportAllocs()
	for b.Loop() {
		if !gpu.Decide(x, h, p).Passed() {
			b.Fatal("it does not pass")
		}
	}
}

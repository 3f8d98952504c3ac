package gpu_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestXidsAreInOrder(t *testing.T) {
	t.Parallel()
	for i, x := range gpu.Xids {
		require.True(t, i == 0 || gpu.Xids[i-1].Number < x.Number, x.Number)
		require.Contains(t, gpu.XidClasses, x.Class)
		require.NotEmpty(t, x.Name)
		require.NotEmpty(t, x.Advice)
		require.Equal(t, x, gpu.XidOf(x.Number))
	}
	for _, n := range []int{-1, 0, 14, 47, 169, 1 << 40} {
		require.Equal(t, gpu.XidWarning, gpu.XidOf(n).Class)
	}
}

func TestReact(t *testing.T) {
	t.Parallel()
	group := func(do gpu.Do, victims gpu.Victims, numbers ...int) (all []reaction) {
		for _, n := range numbers {
			all = append(all, reaction{xid(n, noon), do, victims, gpu.XidOf(n).Rule()})
		}
		return all
	}
	for _, c := range slices.Concat(
		group(gpu.DoNothing, gpu.VictimsNone, 13, 31, 43, 45, 68),
		group(gpu.DoNote, gpu.VictimsNone, 63, 92, 93, 999),
		group(gpu.DoRead, gpu.VictimsNone, 154),
		group(gpu.DoReset, gpu.VictimsOne, 48, 94, 140, 171, 172),
		group(gpu.DoReset, gpu.VictimsAll, 95),
		group(gpu.DoReset, gpu.VictimsNone, 46, 62, 74, 109, 110, 119, 120, 136, 143, 155, 156, 158),
		group(gpu.DoQuarantine, gpu.VictimsNone, 54, 64, 157, 160, 161, 168),
		group(gpu.DoLost, gpu.VictimsAll, 79),
		[]reaction{
			{kind(gpu.EventCorrected, noon), gpu.DoNothing, gpu.VictimsNone, "corrected"},
			{kind(gpu.EventCorrectedStorm, noon), gpu.DoNote, gpu.VictimsNone, "corrected-storm"},
			{kind(gpu.EventUncorrected, noon), gpu.DoReset, gpu.VictimsOne, "uncorrectable-event"},
			{kind(gpu.EventRetired, noon), gpu.DoNote, gpu.VictimsNone, "retired-event"},
			{kind(gpu.EventRetireFailed, noon), gpu.DoQuarantine, gpu.VictimsNone, "retire-failed"},
			{kind(gpu.EventUnavailable, noon), gpu.DoLost, gpu.VictimsAll, "gpu-unavailable"},
			{kind(gpu.EventRecovery, noon), gpu.DoRead, gpu.VictimsNone, "recovery-changed"},
			{kind(gpu.EventAccessLost, noon), gpu.DoRecreate, gpu.VictimsOne, "access-lost"},
			{kind("aurora", noon), gpu.DoNote, gpu.VictimsNone, "event-unknown"},
		}) {
		r := gpu.React(c.event)
		require.Equal(t, c.do, r.Do, "%+v", c.event)
		require.Equal(t, c.victims, r.Victims, "%+v", c.event)
		require.Equal(t, c.rule, r.Rule)
		require.NotEmpty(t, r.Message)
		require.NotEmpty(t, r.Action)
		require.Contains(t, gpu.Dos, r.Do)
	}
	require.True(t, gpu.React(xid(63, noon)).Later)
	require.True(t, gpu.React(kind(gpu.EventRetired, noon)).Later)
	require.True(t, gpu.React(xid(92, noon)).Lower)
	require.True(t, gpu.React(xid(999, noon)).Lower)
	require.False(t, gpu.React(xid(13, noon)).Lower)
}

type reaction struct {
	event   gpu.Event
	do      gpu.Do
	victims gpu.Victims
	rule    string
}

func TestReactHealth(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		do   gpu.Do
		plan func(*gpu.Health)
	}{
		"pass":             {gpu.DoNothing, func(*gpu.Health) {}},
		"gpu-lost":         {gpu.DoLost, func(h *gpu.Health) { h.Lost, h.Remap.Failed = true, gpu.Known(true) }},
		"remap-failed":     {gpu.DoQuarantine, func(h *gpu.Health) { h.Remap.Failed, h.Recovery = gpu.Known(true), gpu.Known(2) }},
		"sram-threshold":   {gpu.DoQuarantine, func(h *gpu.Health) { h.SRAMThreshold = gpu.Known(true) }},
		"recovery-reboot":  {gpu.DoLost, func(h *gpu.Health) { h.Recovery, h.ResetRequired = gpu.Known(2), true }},
		"reset-required":   {gpu.DoReset, func(h *gpu.Health) { h.ResetRequired = true }},
		"recovery-reset":   {gpu.DoReset, func(h *gpu.Health) { h.Recovery = gpu.Known(4) }},
		"recovery-drain":   {gpu.DoDiagnose, func(h *gpu.Health) { h.Recovery = gpu.Known(3) }},
		"recovery-unknown": {gpu.DoDiagnose, func(h *gpu.Health) { h.Recovery = gpu.Known(9) }},
		"remap-pending":    {gpu.DoNote, func(h *gpu.Health) { h.Remap.Pending = gpu.Known(true) }},
	} {
		h := well("NVIDIA A100-SXM4-80GB", 81920)
		c.plan(&h)
		r := gpu.ReactHealth(h)
		require.Equal(t, rule, r.Rule)
		require.Equal(t, c.do, r.Do, rule)
		require.Equal(t, rule == "remap-pending", r.Later)
	}
}

// What the watch resets, quarantines or gives up, the verdict does not let pass either.
func TestTheWatchAndTheVerdictAgree(t *testing.T) {
	t.Parallel()
	want := map[gpu.Do]gpu.Outcome{gpu.DoReset: gpu.Reset, gpu.DoQuarantine: gpu.Quarantine, gpu.DoLost: gpu.Lost}
	for _, x := range gpu.Xids {
		e := passing(gpu.LevelRigorous)
		e.Events = []gpu.Event{xid(x.Number, noon)}
		if outcome, ok := want[gpu.React(e.Events[0]).Do]; ok {
			require.Equal(t, outcome, gpu.Decide(e, gpu.History{}, gpu.DefaultPolicy()).Outcome, x.Number)
		}
	}
}

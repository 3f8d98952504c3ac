package sim_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// A case is a fault, and what is to come of it.
type verdictCase struct {
	name   string
	params params
	want   gpu.Outcome
	then   gpu.Outcome // after a reset, if want is gpu.Reset
	during bool        // it happens while the memory is tested
}

// TestEveryFaultIsJudgedAndCured examines a GPU with each fault as before a thaw, and judges what was found.
func TestEveryFaultIsJudgedAndCured(t *testing.T) {
	t.Parallel()
	cases := []verdictCase{
		{name: "", want: gpu.Pass},
		{name: "access-lost", want: gpu.Pass},
		{name: "bank-exhausted", want: gpu.Quarantine},
		{name: "bank-low", want: gpu.Degraded},
		{name: "corrected-burst", want: gpu.Degraded},
		{name: "corrected-burst", params: params{"per-tb": "1"}, want: gpu.Pass},
		{name: "counter-unreadable", want: gpu.Inconclusive},
		{name: "counter-unreadable", params: params{"counter": "remap.uncorrected"}, want: gpu.Inconclusive},
		{name: "data-mismatch", want: gpu.Quarantine},
		{name: "data-mismatch-transient", want: gpu.Quarantine},
		{name: "ecc-off", want: gpu.Inconclusive},
		{name: "ecc-pending", want: gpu.Inconclusive},
		{name: "inforom-corrupt", want: gpu.Inconclusive},
		{name: "lost", want: gpu.Lost},
		{name: "lost", params: params{"missing": "true"}, want: gpu.Lost},
		{name: "lost-in-test", want: gpu.Lost},
		{name: "low-coverage", want: gpu.Inconclusive},
		{name: "mig-on", want: gpu.Inconclusive},
		{name: "mig-on", params: params{"slices": "true"}, want: gpu.Inconclusive},
		{name: "nvml-hang", want: gpu.Hung},
		{name: "nvml-hang", params: params{"calls": "2"}, want: gpu.Pass},
		{name: "recovery-action", params: params{"action": "1"}, want: gpu.Reset, then: gpu.Pass},
		{name: "recovery-action", params: params{"action": "2"}, want: gpu.Reboot},
		{name: "recovery-action", params: params{"action": "3"}, want: gpu.Inconclusive},
		{name: "recovery-action", params: params{"action": "4"}, want: gpu.Reset, then: gpu.Pass},
		{name: "remap-failed", want: gpu.Quarantine},
		{name: "remap-pending", want: gpu.Reset, then: gpu.Pass},
		{name: "reordered-uuids", want: gpu.Pass},
		{name: "repair-pending", want: gpu.Reset, then: gpu.Pass},
		{name: "reset-fails", want: gpu.Pass},
		{name: "reset-required", want: gpu.Reset, then: gpu.Pass},
		{name: "scrub-fails", want: gpu.Pass},
		{name: "slow-memory", want: gpu.Inconclusive},
		{name: "slow-memory", params: params{"percent": "92"}, want: gpu.Degraded},
		{name: "sram-threshold", want: gpu.Quarantine},
		{name: "stray-holder", want: gpu.Inconclusive},
		{name: "test-hangs", want: gpu.Inconclusive},
		{name: "throttled", want: gpu.Inconclusive},
		{name: "throttled", params: params{"percent": "100"}, want: gpu.Pass},
		{name: "uncorrected-contained", want: gpu.Reset, then: gpu.Pass},
		{name: "uncorrected-contained", params: params{"times": "2"}, want: gpu.Reset, then: gpu.Quarantine},
		{name: "uncorrected-contained", params: params{"when": "now"}, want: gpu.Reset, then: gpu.Pass},
		{name: "uncorrected-uncontained", want: gpu.Reset, then: gpu.Pass},
		{name: "xid", want: gpu.Inconclusive, during: true},
		{name: "xid", want: gpu.Pass},
		{name: "xid", params: params{"xid": "63"}, want: gpu.Reset, then: gpu.Pass, during: true},
		{name: "xid", params: params{"xid": "64"}, want: gpu.Quarantine, during: true},
		{name: "xid", params: params{"xid": "79"}, want: gpu.Lost, during: true},
		{name: "xid", params: params{"xid": "92"}, want: gpu.Degraded, during: true},
	}
	tried := map[string]bool{}
	for _, c := range cases {
		tried[c.name] = true
		name := c.name
		for k, v := range c.params {
			name += " " + k + "=" + v
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judged(t, c)
		})
	}
	for _, k := range sim.GPUFaults {
		require.True(t, tried[k.Name], k.Name)
	}
}

func judged(t *testing.T, c verdictCase) {
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb", "a100-80gb")
	well, err := g.Health(t.Context(), uuidOf(0))
	require.NoError(t, err)
	history := gpu.History{Certified: &well}
	events := heard(t, g)
	examine := func(retest bool, during func()) gpu.Verdict {
		var once sync.Once
		x, err := machine.Examine(t.Context(), g, machine.ExamineOptions{
			UUID: uuidOf(0), Type: "a100-80gb", Level: gpu.LevelRigorous, Purpose: gpu.ForThaw, Retest: retest,
			Settle: 20 * time.Millisecond, Answer: 50 * time.Millisecond, Events: events,
		}, func(p gpu.Progress) {
			if p.Phase != "processes and counters" && during != nil {
				once.Do(during)
			}
		})
		require.NoError(t, err)
		v := gpu.Decide(x, history, gpu.DefaultPolicy())
		t.Logf("%s by %s: %s (%v)", v.Outcome, v.Rule, v.Message, v.All)
		return v
	}
	inject := func() {
		if c.name != "" {
			require.NoError(t, g.Inject(t.Context(), uuidOf(0), c.name, c.params))
		}
	}
	var v gpu.Verdict
	if c.during {
		v = examine(false, inject)
	} else {
		inject()
		v = examine(false, nil)
	}
	require.Equal(t, c.want, v.Outcome)
	if c.want != gpu.Reset {
		return
	}
	require.NoError(t, g.Reset(t.Context(), uuidOf(0)))
	require.Equal(t, c.then, examine(true, nil).Outcome, "after the reset")
}

// heard keeps what the driver reports, as an agent does.
func heard(t *testing.T, g machine.GPUs) func(uuid string, since time.Time) []gpu.Event {
	t.Helper()
	var mu sync.Mutex
	var all []gpu.Event
	go func() {
		_ = g.Watch(t.Context(), func(e gpu.Event) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e)
		})
	}()
	time.Sleep(20 * time.Millisecond) // until it has begun
	return func(uuid string, since time.Time) []gpu.Event {
		mu.Lock()
		defer mu.Unlock()
		var found []gpu.Event
		for _, e := range all {
			if e.UUID == uuid && !e.At.Before(since) {
				found = append(found, e)
			}
		}
		return found
	}
}

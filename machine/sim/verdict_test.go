package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// Every fault that can be simulated has the verdict that its description promises, and what a
// reset does about it.
func TestEveryFaultHasItsVerdict(t *testing.T) {
	t.Parallel()
	type wanted struct {
		rule   string
		params params
		then   string // the rule after the reset
	}
	wants := map[string][]wanted{
		"access-lost":             {{rule: "pass"}}, // the container's trouble, not the GPU's
		"bank-exhausted":          {{rule: "bank-without-spares"}},
		"bank-low":                {{rule: "few-spare-rows"}},
		"corrected-burst":         {{rule: "corrected-rate"}, {rule: "pass", params: params{"per-tb": "1"}}},
		"counter-unreadable":      {{rule: "counters-unreadable"}, {rule: "counters-unreadable", params: params{"counter": "remap.uncorrected"}}},
		"data-mismatch":           {{rule: "mismatch"}},
		"data-mismatch-transient": {{rule: "mismatch"}},
		"ecc-off":                 {{rule: "ecc-off"}},
		"ecc-pending":             {{rule: "ecc-off"}},
		"inforom-corrupt":         {{rule: "inforom-corrupt"}},
		"lost":                    {{rule: "gpu-lost"}, {rule: "gpu-missing", params: params{"missing": "true"}}},
		"lost-in-test":            {{rule: "gpu-lost"}},
		"low-coverage":            {{rule: "coverage-low"}},
		"nvml-hang":               {{rule: "driver-hung"}, {rule: "pass", params: params{"calls": "2"}}}, // two of three
		"recovery-action": {
			{rule: "recovery-reset", then: "pass"},
			{rule: "recovery-reboot", params: params{"action": "2"}},
			{rule: "recovery-drain", params: params{"action": "3"}},
			{rule: "recovery-reset", params: params{"action": "4"}, then: "pass"},
		},
		"remap-failed":            {{rule: "remap-failed"}},
		"remap-pending":           {{rule: "remap-pending", then: "pass"}},
		"reordered-uuids":         {{rule: "pass"}},
		"repair-pending":          {{rule: "repair-pending", then: "pass"}},
		"reset-fails":             {{rule: "pass"}}, // until it needs one
		"reset-required":          {{rule: "reset-required", then: "pass"}},
		"scrub-fails":             {{rule: "pass"}}, // a scrub's business
		"slow-memory":             {{rule: "bandwidth-low"}, {rule: "bandwidth-reduced", params: params{"percent": "90"}}},
		"sram-threshold":          {{rule: "sram-threshold"}},
		"stray-holder":            {{rule: "holders"}},
		"test-hangs":              {{rule: "test-killed"}},
		"throttled":               {{rule: "bandwidth-low-throttled"}},
		"uncorrected-contained":   {{rule: "uncorrectable", then: "pass"}, {rule: "uncorrectable", params: params{"times": "2"}, then: "failed-retest"}},
		"uncorrected-uncontained": {{rule: "uncorrectable", then: "pass"}},
		"xid":                     {{rule: "pass"}}, // before anybody listened
	}
	for _, fault := range sim.GPUFaults {
		if fault.Name == "mig-on" { // which is the slices' to be examined
			continue
		}
		require.Contains(t, wants, fault.Name)
		for _, want := range wants[fault.Name] {
			t.Run(fault.Name+"/"+want.rule, func(t *testing.T) {
				t.Parallel()
				g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
				mustInject(t, g, uuidOf(0), fault.Name, want.params)
				h := gpu.History{}
				x := judgedExamination(t, g, false)
				v := gpu.Decide(x, h, gpu.DefaultPolicy())
				require.Equal(t, want.rule, v.Rule, "%+v", v)
				if want.then == "" {
					return
				}
				require.Equal(t, gpu.Reset, v.Outcome)
				require.NoError(t, g.Reset(t.Context(), uuidOf(0)))
				v = gpu.Decide(judgedExamination(t, g, true), h, gpu.DefaultPolicy())
				require.Equal(t, want.then, v.Rule, "%+v", v)
			})
		}
	}
}

func judgedExamination(t *testing.T, g machine.GPUs, retest bool) gpu.Examination {
	t.Helper()
	began := time.Now()
	x, err := machine.Examine(t.Context(), g, machine.ExamineOptions{
		UUID: uuidOf(0), Type: "a100-80gb", Level: gpu.LevelStandard, Purpose: gpu.ForThaw, Retest: retest,
		Settle: time.Millisecond, Answer: 100 * time.Millisecond, Deadline: 2 * time.Second,
	}, nothing)
	require.NoError(t, err)
	require.Less(t, time.Since(began), time.Minute)
	return x
}

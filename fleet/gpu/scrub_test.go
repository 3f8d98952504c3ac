package gpu_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestJudgeScrub(t *testing.T) {
	t.Parallel()
	decided := map[string]bool{}
	for _, c := range []struct {
		name    string
		rule    string
		outcome gpu.Outcome
		plan    func(*gpu.Result)
	}{
		{"proved", "scrubbed", gpu.Pass, func(*gpu.Result) {}},
		{"remanence", "remanence", gpu.Pass, func(r *gpu.Result) { r.Remanent, r.Phases = 5, []gpu.Phase{{Name: "audit", Found: 5}} }},
		{"unkillable", "scrub-unkillable", gpu.Hung, func(r *gpu.Result) { r.Hung, r.Killed = true, true }},
		{"not zero", "scrub-mismatch", gpu.Quarantine, func(r *gpu.Result) { r.Mismatches = 1 }},
		{"not zero, and broken off", "scrub-mismatch", gpu.Quarantine, func(r *gpu.Result) { r.Mismatches, r.Error = 1, "?" }},
		{"214", "scrub-uncorrectable", gpu.Reset, func(r *gpu.Result) { r.CUDA = 214 }},
		{"226", "scrub-uncorrectable", gpu.Reset, func(r *gpu.Result) { r.CUDA = 226 }},
		{"killed", "scrub-killed", gpu.Inconclusive, func(r *gpu.Result) { r.Killed = true }},
		{"CUDA", "scrub-broken", gpu.Inconclusive, func(r *gpu.Result) { r.CUDA = 2 }},
		{"no end", "scrub-broken", gpu.Inconclusive, func(r *gpu.Result) { r.EndedAt = time.Time{} }},
		{"coverage", "scrub-coverage-low", gpu.Inconclusive, func(r *gpu.Result) { r.Coverage = 0.949 }},
		{"just enough", "scrubbed", gpu.Pass, func(r *gpu.Result) { r.Coverage = 0.95 }},
		{"never read", "scrub-coverage-low", gpu.Inconclusive, func(r *gpu.Result) { r.Moved = r.Covered }},
		{"nothing at all", "scrub-broken", gpu.Inconclusive, func(r *gpu.Result) { *r = gpu.Result{} }},
	} {
		r := *passing(gpu.LevelStandard).Result
		r.Level = ""
		c.plan(&r)
		v := gpu.JudgeScrub(r, gpu.DefaultPolicy())
		require.Equal(t, c.rule, v.Rule, c.name)
		require.Equal(t, c.outcome, v.Outcome, c.name)
		decided[v.Rule] = true
	}
	for _, r := range gpu.ScrubRules() {
		require.True(t, decided[r.ID], r.ID)
	}
}

func TestASliceIsScrubbedByItsOwnMeasure(t *testing.T) {
	t.Parallel()
	r := *passing(gpu.LevelStandard).Result
	r.Coverage = 0.91
	require.False(t, gpu.JudgeScrub(r, gpu.DefaultPolicy()).Passed())
	require.True(t, gpu.JudgeScrub(r, gpu.DefaultPolicy().ForSlice()).Passed())
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	times := []time.Time{noon.Add(time.Hour), noon, noon.Add(5 * time.Minute), noon.Add(time.Hour + 11*time.Minute)}
	before := slices.Clone(times)
	require.Equal(t, []time.Time{noon, noon.Add(time.Hour), noon.Add(time.Hour + 11*time.Minute)}, gpu.Incidents(times, 10*time.Minute))
	require.Equal(t, before, times)
	require.Empty(t, gpu.Incidents(nil, 0))
}

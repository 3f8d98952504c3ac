package gpu_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestTheDefaultPolicyIsValidAndSurvivesJSON(t *testing.T) {
	t.Parallel()
	p := gpu.DefaultPolicy()
	require.NoError(t, p.Validate())
	b, err := json.Marshal(p)
	require.NoError(t, err)
	again, err := gpu.ParsePolicy(b)
	require.NoError(t, err)
	require.Equal(t, p, again)
	empty, err := gpu.ParsePolicy([]byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, p, empty)
	none, err := gpu.LoadPolicy("")
	require.NoError(t, err)
	require.Equal(t, p, none)
}

func TestAPolicySaysOnlyWhatIsDifferent(t *testing.T) {
	t.Parallel()
	p, err := gpu.ParsePolicy([]byte(`{"levels": {"thaw": {"other": "quick"}}, "window": "240h", "min_coverage": 0.9, "ecc_off": "allow"}`))
	require.NoError(t, err)
	want := gpu.DefaultPolicy()
	want.Levels.Thaw.Other, want.Window, want.MinCoverage, want.ECCOff = gpu.LevelQuick, gpu.Duration(10*day), 0.9, gpu.Allow
	require.Equal(t, want, p)

	file := filepath.Join(t.TempDir(), "policy.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"retries": 5}`), 0o600))
	p, err = gpu.LoadPolicy(file)
	require.NoError(t, err)
	require.Equal(t, 5, p.Retries)
	_, err = gpu.LoadPolicy(file + ".not")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestABadPolicySaysWhichFieldAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                                "the file is not JSON: it ends too soon (allowed: one JSON object)",
		`{`:                               "the file is not JSON: it ends too soon (allowed: one JSON object)",
		`{"window": }`:                    "the file is not JSON at byte 12 (allowed: one JSON object)",
		`[]`:                              "the file has the wrong type, array (allowed: an object)",
		`{} {}`:                           "the file goes on after its end (allowed: one JSON object)",
		`{"min_coverage": "all"}`:         "min_coverage has the wrong type, string (allowed: a number)",
		`{"min_coverage": 1.1}`:           "min_coverage is out of range (allowed: above 0, at most 1)",
		`{"min_coverage": 0}`:             "min_coverage is out of range (allowed: above 0, at most 1)",
		`{"retries": 1.5}`:                "retries has the wrong type, number 1.5 (allowed: a whole number)",
		`{"window": "a month"}`:           "window is not a duration (allowed: a text like 30s, 10m or 720h)",
		`{"window": 30}`:                  "window has the wrong type, number (allowed: a text like 30s, 10m or 720h)",
		`{"ecc_off": "maybe"}`:            "ecc_off is out of range (allowed: fail, allow)",
		`{"remanence": ""}`:               "remanence is out of range (allowed: report, fail)",
		`{"levels":{"thaw":{"other":1}}}`: "levels.thaw.other has the wrong type, number (allowed: none, counters, quick, standard, rigorous)",
		`{"levels":{"hand":{"a100_class":"all"}}}`: "levels.hand.a100_class is out of range (allowed: none, counters, quick, standard, rigorous)",
		`{"good_bandwidth": 0.5}`:                  "good_bandwidth is out of range (allowed: at least min_bandwidth)",
		`{"raise_without_ecc": 1}`:                 "raise_without_ecc has the wrong type, number (allowed: true, false)",
	} {
		_, err := gpu.ParsePolicy([]byte(in))
		require.EqualError(t, err, "the GPU policy is not valid: "+want, in)
	}
	_, err := gpu.ParsePolicy([]byte(`{"min_covrage": 0.9}`))
	require.ErrorContains(t, err, `"min_covrage" is not a field (allowed: levels.thaw.a100_class, levels.thaw.other, `)
	_, err = gpu.ParsePolicy([]byte(`{"retries": 11, "window": "0s"}`))
	require.ErrorContains(t, err, "window is out of range (allowed: above 0s)")
	require.ErrorContains(t, err, "retries is out of range (allowed: 0 to 10)")
}

func TestLevelFor(t *testing.T) {
	t.Parallel()
	p := gpu.DefaultPolicy()
	for _, c := range []struct {
		purpose gpu.Purpose
		typ     string
		level   gpu.Level
	}{
		{gpu.ForThaw, "a100-80gb", gpu.LevelRigorous},
		{gpu.ForThaw, "h200-141gb", gpu.LevelRigorous},
		{gpu.ForThaw, "a100-80gb-3g40gb", gpu.LevelRigorous},
		{gpu.ForThaw, "l4-24gb", gpu.LevelStandard},
		{gpu.ForThaw, "t4-16gb", gpu.LevelStandard},
		{gpu.ForThaw, "rtx4090-24gb", gpu.LevelRigorous}, // one more, without ECC
		{gpu.ForThaw, "r900-24gb", gpu.LevelRigorous},    // nobody knows
		{gpu.ForCreate, "a100-80gb", gpu.LevelQuick},
		{gpu.ForCreate, "rtx4090-24gb", gpu.LevelStandard},
		{gpu.ForWorker, "a100-80gb", gpu.LevelCounters},
		{gpu.ForWorker, "rtx4090-24gb", gpu.LevelQuick},
		{gpu.ForRelease, "l4-24gb", gpu.LevelRigorous},
		{gpu.ForHand, "l4-24gb", gpu.LevelStandard},
		{"", "l4-24gb", gpu.LevelRigorous},
	} {
		product, _ := gpu.ProductOfType(c.typ)
		require.Equal(t, c.level, p.LevelFor(c.purpose, product), "%+v", c)
	}
	p.Levels.Worker.Other = gpu.LevelNone
	product, _ := gpu.ProductOfType("rtx4090-24gb")
	require.Equal(t, gpu.LevelNone, p.LevelFor(gpu.ForWorker, product), "what is chosen not to be examined is not")
	p.RaiseWithoutECC = false
	require.Equal(t, gpu.LevelQuick, p.LevelFor(gpu.ForCreate, product))
}

func TestThresholdsAreThePolicys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		rule string
		plan func(x *gpu.Examination, h *gpu.History, p *gpu.Policy)
	}{
		{"coverage", "coverage-low", func(_ *gpu.Examination, _ *gpu.History, p *gpu.Policy) { p.MinCoverage = 0.98 }},
		{"bandwidth", "bandwidth-low", func(_ *gpu.Examination, _ *gpu.History, p *gpu.Policy) { p.BaselineShare, p.MinBandwidth = 1, 0.9 }},
		{"corrected", "corrected-rate", func(x *gpu.Examination, _ *gpu.History, p *gpu.Policy) {
			x.After.Volatile.Corrected, p.CorrectedPerTB = gpu.Known[uint64](1), 0
		}},
		{"idle", "memory-held", func(x *gpu.Examination, _ *gpu.History, p *gpu.Policy) {
			x.After.Memory.Used, p.IdleMemoryMiB = gpu.Known[uint64](1), 0
		}},
		{"window", "uncorrectable-repeated", func(_ *gpu.Examination, h *gpu.History, p *gpu.Policy) {
			h.Uncorrected, p.Window = []time.Time{noon.Add(-50 * day), noon.Add(-40 * day)}, gpu.Duration(60*day)
		}},
		{"events", "uncorrectable-repeated", func(_ *gpu.Examination, h *gpu.History, p *gpu.Policy) {
			h.Uncorrected, p.UncorrectableEvents = []time.Time{noon.Add(-day)}, 1
		}},
		{"links", "nvlink-repeated", func(_ *gpu.Examination, h *gpu.History, p *gpu.Policy) {
			h.LinkErrors, p.LinkEvents = []time.Time{noon.Add(-day)}, 1
		}},
	} {
		x, h, p := passing(gpu.LevelRigorous), gpu.History{}, gpu.DefaultPolicy()
		c.plan(&x, &h, &p)
		require.Equal(t, c.rule, gpu.Decide(x, h, p).Rule, c.what)
	}
}

func FuzzParsePolicy(f *testing.F) {
	b, _ := json.Marshal(gpu.DefaultPolicy())
	f.Add(b)
	f.Add([]byte(`{"levels":{"thaw":{"other":"quick"}},"window":"1h"}`))
	f.Add([]byte(`{"window":"x"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := gpu.ParsePolicy(in)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "the GPU policy is not valid: "), err)
			return
		}
		require.NoError(t, p.Validate())
		b, err := json.Marshal(p)
		require.NoError(t, err)
		again, err := gpu.ParsePolicy(b)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

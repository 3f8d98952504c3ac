package gpu_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestReport(t *testing.T) {
	t.Parallel()
	x := passing(gpu.LevelStandard)
	x.Simulated = true
	x.After.Volatile.Corrected, x.After.SRAMThreshold = gpu.Known[uint64](3), gpu.Unsupported[bool]()
	x.Before.SRAMThreshold = gpu.Unsupported[bool]()
	x.Result.Mismatches, x.Result.Phases[1].Seconds, x.Result.Phases[1].GBps = 1, 0.25, 1790
	x.Result.Records = []gpu.Mismatch{{Pattern: "hash", Offset: 4096, Bits: []int{17}, Hard: true}}
	x.Events = []gpu.Event{xid(94, noon)}
	x.Events[0].Message = "GPU 7:\x1b[31m red\nnext"
	got := gpu.Report(x, gpu.Decide(x, gpu.History{}, gpu.DefaultPolicy()))
	require.Equal(t, strings.TrimLeft(`
verdict        quarantine, rule mismatch
because        1 word of 16 bytes did not hold what was written, the first at offset 0x1000, bits [17], pattern hash, and its ECC did not notice
action         It is quarantined, by serial and UUID: nobody gets it any more. Run NVIDIA's field diagnostic, and return the board.
also           xid-94, pass
GPU            GPU-7a3c, a100-80gb, simulated
product        NVIDIA A100-SXM4-80GB, serial 1, bus 00000000:07:00.0
driver         580.65
examined       2026-03-01T12:00:00Z, for thaw, level standard, 1m0s
ECC            yes
corrected      0 → 3
  in its life  0
uncorrected    0
  in its life  0
rows replaced  0
row pending    no
row failed     no
SRAM limit     not there
MIG            no
tested         83.32 GB of 85.90 GB, 97.00 %, 4.00 TB moved, 1m0s, seed 0x7
speed          1794 GB/s, 88.0 % of its memory's peak
  audit        85.90 GB, 0.00 s, 0 GB/s
  hash         343.60 GB, 0.25 s, 1790 GB/s
before         0 words of 16 bytes not zero
wrong          1 word of 16 bytes
  at 0x1000    bits [17], pattern hash, again in a later pass
event          Xid 94 (contained memory error) at 2026-03-01T12:00:00Z, GPU 7: [31m red next
`, "\n"), got)
}

func TestAReportOfNothingIsAReport(t *testing.T) {
	t.Parallel()
	for _, x := range []gpu.Examination{{}, {Missing: true}, {Before: &gpu.Health{}}, {Result: &gpu.Result{Hung: true}}} {
		got := gpu.Report(x, gpu.Decide(x, gpu.History{}, gpu.DefaultPolicy()))
		require.Contains(t, got, "verdict")
		for line := range strings.Lines(got) {
			require.False(t, strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl), line)
		}
	}
}

func TestACertificateSaysWhatItDoesNotProve(t *testing.T) {
	t.Parallel()
	r := *passing(gpu.LevelStandard).Result
	r.Level = ""
	d := gpu.Device{UUID: testUUID, Serial: "165", BusID: "00000000:07:00.0", Product: "NVIDIA A100-SXM4-80GB", Driver: "580.65"}
	scrub := gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: testUUID, Result: r}
	c, err := gpu.Certify(scrub, d, gpu.JudgeScrub(r, gpu.DefaultPolicy()), false)
	require.NoError(t, err)
	require.Equal(t, r.Covered/16, c.Verified)
	require.Equal(t, []string{
		"2.58 GB of usable memory that no program can have: page tables, and what the scrub itself needed.",
		"Memory that the driver and the GPU's firmware keep for themselves.",
		"Pages and rows that the GPU uses no more.",
		"Shared memory, registers and caches: only a reset clears them for certain.",
	}, c.NotCovered)
	text := c.Text()
	require.Contains(t, text, "covered        83.32 GB of 85.90 GB, 97.00 %\n")
	require.Contains(t, text, "not covered    Pages and rows that the GPU uses no more.\n")

	s, err := gpu.Sign(testKey(), c)
	require.NoError(t, err)
	var again gpu.Certificate
	copied(t, c, &again)
	require.NoError(t, s.Verify(again))

	scrub.Result.SharedMem, scrub.Result.Audited = true, false
	d.MIG = true
	c, err = gpu.Certify(scrub, d, gpu.JudgeScrub(scrub.Result, gpu.DefaultPolicy()), true)
	require.NoError(t, err)
	require.Len(t, c.NotCovered, 7)
	require.Equal(t, "This GPU is simulated: there was no memory to overwrite.", c.NotCovered[0])
	require.NotContains(t, strings.Join(c.NotCovered, " "), "Shared memory")
}

func TestThereIsNoCertificateForWhatWasNotProved(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*gpu.Result){
		"mismatch": func(r *gpu.Result) { r.Mismatches = 1 },
		"coverage": func(r *gpu.Result) { r.Coverage = 0.5 },
		"killed":   func(r *gpu.Result) { r.Killed = true },
		"no end":   func(r *gpu.Result) { r.EndedAt = time.Time{} },
		"nothing":  func(r *gpu.Result) { r.Covered = 0 },
		"too much": func(r *gpu.Result) { r.Covered = r.Usable + 1 },
	} {
		r := *passing(gpu.LevelStandard).Result
		change(&r)
		_, err := gpu.Certify(gpu.Scrubbed{UUID: testUUID, Result: r}, gpu.Device{}, gpu.JudgeScrub(r, gpu.DefaultPolicy()), false)
		require.Error(t, err, what)
		_, err = gpu.Certify(gpu.Scrubbed{UUID: testUUID, Result: r}, gpu.Device{}, gpu.Verdict{Outcome: gpu.Pass}, false)
		if what != "coverage" {
			require.Error(t, err, "%s, whatever the verdict says", what)
		}
	}
}

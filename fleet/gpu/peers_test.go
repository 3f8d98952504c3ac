package gpu_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// What other operators' tools get wrong is right here.

func decided(t *testing.T, plan func(x *gpu.Examination, h *gpu.History)) gpu.Verdict {
	t.Helper()
	x, h := passing(gpu.LevelStandard), gpu.History{}
	plan(&x, &h)
	return gpu.Decide(x, h, gpu.DefaultPolicy())
}

// gpud's GetECCErrors ends at the first place that a GPU does not have (L1, from Turing on),
// and never reads DRAM and SRAM.
func TestAPlaceThatIsNotThereHidesNoOther(t *testing.T) {
	t.Parallel()
	v := decided(t, func(x *gpu.Examination, _ *gpu.History) {
		for _, h := range []*gpu.Health{x.Before, x.After} {
			h.Volatile.Uncorrected, h.Volatile.UncorrectedDRAM = gpu.Unsupported[uint64](), gpu.Unsupported[uint64]()
		}
		x.After.Volatile.UncorrectedSRAM = gpu.Known[uint64](1)
	})
	require.Equal(t, "uncorrectable", v.Rule)
}

// gpud's metric for uncorrectable rows is set from the correctable ones.
func TestRowsForCorrectedErrorsAreNotThoseForOthers(t *testing.T) {
	t.Parallel()
	v := decided(t, func(x *gpu.Examination, _ *gpu.History) { x.After.Remap.Corrected = gpu.Known[uint64](600) })
	require.Equal(t, gpu.Pass, v.Outcome)
	v = decided(t, func(x *gpu.Examination, _ *gpu.History) { x.After.Remap.Uncorrected = gpu.Known[uint64](600) })
	require.Equal(t, "remaps-exhausted", v.Rule)
}

// Azure's check_ecc asks for three columns and looks at the fourth: more than 512 rows never
// show.
func TestMoreThan512RowsAreTheEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{512, 513, 1 << 40} {
		v := decided(t, func(x *gpu.Examination, _ *gpu.History) { x.Before.Remap.Uncorrected = gpu.Known(n) })
		require.Equal(t, gpu.Quarantine, v.Outcome, n)
	}
}

// gcm lets a GPU pass that is held by processes which do not exist: zombies, or those of
// another namespace.
func TestAProcessThatDoesNotShowStillHoldsTheGPU(t *testing.T) {
	t.Parallel()
	v := decided(t, func(x *gpu.Examination, _ *gpu.History) {
		x.Before.Memory.Used, x.After.Memory.Used = gpu.Known[uint64](2<<30), gpu.Known[uint64](2<<30)
	})
	require.Equal(t, "memory-held", v.Rule)
	v = decided(t, func(x *gpu.Examination, _ *gpu.History) { x.Holders = []gpu.Holder{{PID: 99999}} })
	require.Equal(t, "holders", v.Rule)
}

// gpud #351: an RTX 4090 answers questions about rows with success and zeros, and has neither
// rows to replace nor ECC. Such answers are no proof.
func TestAZeroFromAGPUWithoutECCIsNoEvidence(t *testing.T) {
	t.Parallel()
	x := gtx(gpu.LevelCounters)
	zero, ok := x.After.Remap.Uncorrected.Get()
	require.True(t, ok)
	require.Zero(t, zero)
	require.Equal(t, "no-evidence", gpu.Decide(x, gpu.History{}, gpu.DefaultPolicy()).Rule)
}

// NVIDIA does not say whether the count of rows rises when a replacement is recorded or when
// the reset does it: neither makes a retest pass or fail.
func TestRowCountsDoNotSayWhetherAResetWorked(t *testing.T) {
	t.Parallel()
	for _, rows := range [][2]uint64{{0, 0}, {1, 1}, {0, 1}, {4, 5}} {
		v := decided(t, func(x *gpu.Examination, h *gpu.History) {
			c := well("NVIDIA A100-SXM4-80GB", 81920)
			h.Certified, h.Uncorrected = &c, []time.Time{noon.Add(-time.Minute)}
			x.Retest = true
			x.Before.Remap.Uncorrected, x.After.Remap.Uncorrected = gpu.Known(rows[0]), gpu.Known(rows[1])
		})
		require.Equal(t, gpu.Pass, v.Outcome, rows)
	}
}

// NVIDIA's recovery action raises the verdict, and never lowers it.
func TestTheRecoveryActionNeverLowersAVerdict(t *testing.T) {
	t.Parallel()
	for action, want := range map[int]gpu.Outcome{0: gpu.Pass, 1: gpu.Reset, 2: gpu.Reboot, 3: gpu.Inconclusive, 4: gpu.Reset, 5: gpu.Inconclusive} {
		alone := decided(t, func(x *gpu.Examination, _ *gpu.History) { x.After.Recovery = gpu.Known(action) })
		require.Equal(t, want, alone.Outcome, action)
		worse := decided(t, func(x *gpu.Examination, _ *gpu.History) {
			x.After.Recovery, x.After.Remap.Failed = gpu.Known(action), gpu.Known(true)
		})
		require.Equal(t, gpu.Quarantine, worse.Outcome, action)
	}
}

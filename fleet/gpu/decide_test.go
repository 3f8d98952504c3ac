package gpu_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const testUUID = "GPU-7a3c"

// well is the health of a GPU that has no fault.
func well(product string, memoryMB uint64) gpu.Health {
	zero := gpu.Known[uint64](0)
	none := gpu.Errors{Corrected: zero, Uncorrected: zero, CorrectedDRAM: zero, CorrectedSRAM: zero, UncorrectedDRAM: zero, UncorrectedSRAM: zero}
	return gpu.Health{
		At: noon, UUID: testUUID, Serial: "1", BusID: "00000000:07:00.0", Product: product, Driver: "580.65",
		MIG:        gpu.Known(false),
		Memory:     gpu.Memory{Total: gpu.Known(memoryMB << 20), Reserved: gpu.Known[uint64](500 << 20), Used: zero},
		ECCCurrent: gpu.Known(true), ECCPending: gpu.Known(true), Volatile: none, Aggregate: none,
		Remap: gpu.Remap{
			Corrected: zero, Uncorrected: zero, Pending: gpu.Known(false), Failed: gpu.Known(false), Banks: gpu.Known(gpu.Banks{Max: 640}),
		},
		Retired:       gpu.Retired{SingleBit: gpu.Unsupported[uint64](), DoubleBit: gpu.Unsupported[uint64](), Pending: gpu.Unsupported[bool]()},
		SRAMThreshold: gpu.Known(false), RepairPending: gpu.Unsupported[bool](), Recovery: gpu.Known(0), InfoROMValid: gpu.Known(true),
		Throttle: zero,
	}
}

// passing is an examination with nothing to complain about.
func passing(level gpu.Level) gpu.Examination {
	before, after := well("NVIDIA A100-SXM4-80GB", 81920), well("NVIDIA A100-SXM4-80GB", 81920)
	before.At, after.At = noon, noon.Add(time.Minute)
	x := gpu.Examination{
		Schema: gpu.SchemaVersion, UUID: testUUID, Type: "a100-80gb", Purpose: gpu.ForThaw, Level: level,
		StartedAt: noon, EndedAt: noon.Add(time.Minute), Before: &before, After: &after,
	}
	if level.Covers(gpu.LevelQuick) {
		const usable = 80 << 30
		x.Result = &gpu.Result{
			Level: level, Seed: 7, StartedAt: noon, EndedAt: noon.Add(time.Minute),
			Usable: usable, Covered: usable / 100 * 97, Coverage: 0.97, Moved: 4e12, GBps: 1800, Peak: 2039, Audited: true,
		}
	}
	return x
}

func TestAWellGPUPasses(t *testing.T) {
	t.Parallel()
	for _, level := range gpu.Levels[1:] {
		v := gpu.Decide(passing(level), gpu.History{}, gpu.DefaultPolicy())
		require.Equal(t, gpu.Pass, v.Outcome, v)
		require.Equal(t, "pass", v.Rule)
		require.Equal(t, []string{"pass"}, v.All)
	}
}

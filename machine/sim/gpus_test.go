package sim_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestSimulatedGPUsAreGPUs(t *testing.T) {
	t.Parallel()
	machinetest.GPUs(t, func(t *testing.T) machinetest.GPUFixture {
		g := mustGPUs(t, sim.GPUOptions{Seconds: 4}, "a100-80gb", "h100-80gb")
		return machinetest.GPUFixture{
			GPUs: g,
			Hold: func(t *testing.T, uuid string) { mustInject(t, g, uuid, "stray-holder", nil) },
			Hang: func(t *testing.T, uuid string) { mustInject(t, g, uuid, "nvml-hang", nil) },
			Lose: func(t *testing.T, uuid string) { mustInject(t, g, uuid, "lost", nil) },
			Stick: func(t *testing.T, uuid string, address uint64, bit int) {
				mustInject(t, g, uuid, "data-mismatch", params{"address": strconv.FormatUint(address, 10), "bit": strconv.Itoa(bit)})
			},
			Event: func(t *testing.T, uuid string) { mustInject(t, g, uuid, "xid", nil) },
			Slow:  func(*testing.T, string) (gpu.Level, string) { return gpu.LevelRigorous, "" },
		}
	})
}

type params = map[string]string

// uuidOf is the UUID of a GPU by its index.
func uuidOf(index int) string { return fmt.Sprintf("GPU-sim-%04d", index) }

func mustGPUs(t *testing.T, o sim.GPUOptions, types ...string) *sim.GPUs {
	t.Helper()
	var declared []fleet.GPUReport
	for i, kind := range types {
		declared = append(declared, fleet.GPUReport{Index: i, UUID: uuidOf(i), Serial: fmt.Sprintf("SIM%d", i), Type: kind, MemoryMB: 81920})
	}
	o.Devices = sim.DevicesOf(declared)
	if o.Seconds == 0 {
		o.Seconds = 0.05
	}
	g, err := sim.NewGPUs(o)
	require.NoError(t, err)
	return g
}

func mustInject(t *testing.T, g *sim.GPUs, uuid, name string, p params) {
	t.Helper()
	require.NoError(t, g.Inject(t.Context(), uuid, name, p))
}

// mustExamine examines the first GPU, with the events of the time.
func mustExamine(t *testing.T, g machine.GPUs, level gpu.Level) gpu.Examination {
	t.Helper()
	x, err := machine.Examine(t.Context(), g, machine.ExamineOptions{
		UUID: uuidOf(0), Level: level, Purpose: gpu.ForThaw, Settle: time.Millisecond, Answer: 20 * time.Millisecond,
	}, nothing)
	require.NoError(t, err)
	return x
}

func nothing(gpu.Progress) {}

// watching has what the driver reports in a channel.
func watching(t *testing.T, g machine.GPUs) <-chan gpu.Event {
	t.Helper()
	heard := make(chan gpu.Event, 1000)
	go func() { _ = g.Watch(t.Context(), func(e gpu.Event) { heard <- e }) }()
	time.Sleep(20 * time.Millisecond) // until it has begun
	return heard
}

// xids are those of the next events, in their order.
func xids(t *testing.T, heard <-chan gpu.Event, n int) []int {
	t.Helper()
	var numbers []int
	for len(numbers) < n {
		select {
		case e := <-heard:
			if e.Xid != 0 {
				numbers = append(numbers, e.Xid)
			}
		case <-time.After(5 * time.Second):
			require.Fail(t, "not told", "only %v", numbers)
		}
	}
	return numbers
}

func TestAnUncorrectableErrorRunsItsCourse(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]int{"uncorrected-contained": 94, "uncorrected-uncontained": 95} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
			heard := watching(t, g)
			mustInject(t, g, uuidOf(0), name, nil)
			h, err := g.Health(t.Context(), uuidOf(0))
			require.NoError(t, err)
			require.False(t, gpu.Is(h.Remap.Pending), "nobody has touched the row")

			x := mustExamine(t, g, gpu.LevelQuick)
			require.Equal(t, []int{48, 63, last}, xids(t, heard, 3))
			require.Equal(t, 214, x.Result.CUDA)
			require.False(t, x.Result.Whole())
			require.Equal(t, gpu.Known[uint64](1), gpu.Rise(x.Before.Volatile.UncorrectedDRAM, x.After.Volatile.UncorrectedDRAM))
			require.Equal(t, gpu.Known[uint64](1), gpu.Rise(x.Before.Aggregate.Uncorrected, x.After.Aggregate.Uncorrected))
			require.True(t, gpu.Is(x.After.Remap.Pending))
			require.Equal(t, gpu.Known[uint64](0), x.After.Remap.Uncorrected)

			require.NoError(t, g.Reset(t.Context(), uuidOf(0)))
			x = mustExamine(t, g, gpu.LevelQuick)
			require.True(t, x.Result.Whole())
			require.Equal(t, gpu.Known[uint64](0), x.After.Volatile.Uncorrected, "cleared by the reset")
			require.Equal(t, gpu.Known[uint64](1), x.After.Aggregate.Uncorrected, "for life")
			require.Equal(t, gpu.Known[uint64](1), x.After.Remap.Uncorrected)
			require.Equal(t, gpu.Known(false), x.After.Remap.Pending)
			require.Equal(t, gpu.Known(0), x.After.Recovery)
			require.Empty(t, g.Faults())
		})
	}
}

func TestAStuckBitIsFoundWhereItIs(t *testing.T) {
	t.Parallel()
	for _, stuck := range []string{"0", "1"} {
		for _, level := range []gpu.Level{gpu.LevelQuick, gpu.LevelStandard, gpu.LevelRigorous} {
			g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
			mustInject(t, g, uuidOf(0), "data-mismatch", params{"address": "0x123456780", "bit": "100", "stuck": stuck})
			x := mustExamine(t, g, level)
			require.True(t, x.Result.Whole())
			require.Positive(t, x.Result.Mismatches)
			for _, m := range x.Result.Records {
				require.EqualValues(t, 0x123456780, m.Offset)
				require.Equal(t, []int{100}, m.Bits)
				require.Equal(t, []int{100}, m.Again)
			}
			require.Equal(t, gpu.Known[uint64](0), gpu.Rise(x.Before.Volatile.Corrected, x.After.Volatile.Corrected), "ECC has not seen it")
		}
	}
}

func TestATransientMismatchIsReadRightAgain(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "rtx4090-24gb")
	mustInject(t, g, uuidOf(0), "data-mismatch-transient", params{"address": "4096", "bit": "3"})
	x := mustExamine(t, g, gpu.LevelStandard)
	require.EqualValues(t, 1, x.Result.Mismatches)
	require.Equal(t, []int{3}, x.Result.Records[0].Bits)
	require.Empty(t, x.Result.Records[0].Again)
	require.False(t, x.Result.Records[0].Hard)
	require.Equal(t, gpu.Known(false), x.After.ECCCurrent)
	require.True(t, x.After.Volatile.Uncorrected.Unsupported)
	require.Equal(t, gpu.Known[uint64](0), x.After.Remap.Uncorrected, "as a GeForce says")
	require.Zero(t, mustExamine(t, g, gpu.LevelStandard).Result.Mismatches)
}

// TestEveryFaultIsSeen injects each fault with its defaults, and looks at what an examination has of
// it.
func TestEveryFaultIsSeen(t *testing.T) {
	t.Parallel()
	sees := map[string]func(*testing.T, gpu.Examination){
		"access-lost":    func(t *testing.T, x gpu.Examination) { require.True(t, x.Result.Whole()) },
		"bank-exhausted": func(t *testing.T, x gpu.Examination) { require.Equal(t, 1, x.After.Remap.Banks.Value.None) },
		"bank-low":       func(t *testing.T, x gpu.Examination) { require.Equal(t, 1, x.After.Remap.Banks.Value.Low) },
		"corrected-burst": func(t *testing.T, x gpu.Examination) {
			require.True(t, gpu.Over(gpu.Rise(x.Before.Volatile.Corrected, x.After.Volatile.Corrected), x.Result.Moved/1e10), "more than 100 a TB")
			require.True(t, x.Result.Whole())
		},
		"counter-unreadable": func(t *testing.T, x gpu.Examination) { require.True(t, x.After.Aggregate.Uncorrected.Failed()) },
		"data-mismatch":      func(t *testing.T, x gpu.Examination) { require.Positive(t, x.Result.Mismatches) },
		"data-mismatch-transient": func(t *testing.T, x gpu.Examination) {
			require.EqualValues(t, 1, x.Result.Mismatches)
		},
		"ecc-off": func(t *testing.T, x gpu.Examination) {
			require.Equal(t, gpu.Known(false), x.After.ECCCurrent)
			require.True(t, x.After.Aggregate.Uncorrected.Unsupported)
		},
		"ecc-pending": func(t *testing.T, x gpu.Examination) {
			require.Equal(t, gpu.Known(true), x.After.ECCCurrent)
			require.Equal(t, gpu.Known(false), x.After.ECCPending)
		},
		"inforom-corrupt": func(t *testing.T, x gpu.Examination) {
			require.Equal(t, gpu.Known(false), x.After.InfoROMValid)
			require.True(t, x.After.Aggregate.Uncorrected.Failed())
		},
		"lost": func(t *testing.T, x gpu.Examination) {
			require.True(t, x.After.Lost)
			require.Nil(t, x.Result)
		},
		"lost-in-test": func(t *testing.T, x gpu.Examination) {
			require.False(t, x.Before.Lost)
			require.True(t, x.After.Lost)
			require.NotZero(t, x.Result.CUDA)
		},
		"low-coverage": func(t *testing.T, x gpu.Examination) { require.Less(t, x.Result.Coverage, 0.95) },
		"mig-on": func(t *testing.T, x gpu.Examination) {
			require.True(t, gpu.Is(x.Before.MIG))
			require.True(t, x.Before.Remap.Pending.Unsupported)
			require.Nil(t, x.Result)
			require.NotEmpty(t, x.Error)
		},
		"nvml-hang":       func(t *testing.T, x gpu.Examination) { require.True(t, x.Hung) },
		"recovery-action": func(t *testing.T, x gpu.Examination) { require.Equal(t, gpu.Known(1), x.After.Recovery) },
		"remap-failed":    func(t *testing.T, x gpu.Examination) { require.True(t, gpu.Is(x.After.Remap.Failed)) },
		"remap-pending":   func(t *testing.T, x gpu.Examination) { require.True(t, gpu.Is(x.After.Remap.Pending)) },
		"reordered-uuids": func(t *testing.T, x gpu.Examination) { require.True(t, x.Result.Whole()) },
		"repair-pending":  func(t *testing.T, x gpu.Examination) { require.True(t, gpu.Is(x.After.RepairPending)) },
		"reset-fails":     func(t *testing.T, x gpu.Examination) { require.True(t, x.Result.Whole()) },
		"reset-required":  func(t *testing.T, x gpu.Examination) { require.True(t, x.Before.ResetRequired) },
		"scrub-fails":     func(t *testing.T, x gpu.Examination) { require.Zero(t, x.Result.Mismatches) },
		"slow-memory":     func(t *testing.T, x gpu.Examination) { require.Less(t, x.Result.GBps, 0.85*0.87*x.Result.Peak) },
		"sram-threshold":  func(t *testing.T, x gpu.Examination) { require.True(t, gpu.Is(x.After.SRAMThreshold)) },
		"stray-holder":    func(t *testing.T, x gpu.Examination) { require.Equal(t, 4242, x.Holders[0].PID) },
		"test-hangs":      func(t *testing.T, x gpu.Examination) { require.True(t, x.Result.Killed) },
		"throttled":       func(t *testing.T, x gpu.Examination) { require.True(t, x.After.Throttled()) },
		"xid":             func(t *testing.T, x gpu.Examination) { require.True(t, x.Result.Whole()) },
		"uncorrected-contained": func(t *testing.T, x gpu.Examination) {
			require.Equal(t, 214, x.Result.CUDA)
			require.Equal(t, gpu.Known(0), x.After.Recovery)
		},
		"uncorrected-uncontained": func(t *testing.T, x gpu.Examination) {
			require.Equal(t, 214, x.Result.CUDA)
			require.Equal(t, gpu.Known(1), x.After.Recovery)
		},
	}
	for _, kind := range sim.GPUFaults {
		require.Contains(t, sees, kind.Name)
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, `^[A-Z].*\.$`, kind.Does, "a sentence")
			g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb", "a100-80gb")
			mustInject(t, g, uuidOf(0), kind.Name, nil)
			sees[kind.Name](t, mustExamine(t, g, gpu.LevelQuick))

			require.NoError(t, g.Heal(""))
			require.Empty(t, g.Faults())
			x := mustExamine(t, g, gpu.LevelQuick)
			require.True(t, x.Result.Whole())
			require.Zero(t, x.Result.Mismatches)
			require.Equal(t, gpu.Known[uint64](0), x.After.Aggregate.Uncorrected)
		})
	}
	require.Len(t, sim.GPUFaults, len(sees))
}

func TestWhatAResetCures(t *testing.T) {
	t.Parallel()
	cured := map[string]bool{"ecc-pending": true, "remap-pending": true, "repair-pending": true, "reset-required": true}
	for _, kind := range sim.GPUFaults {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
			mustInject(t, g, uuidOf(0), kind.Name, nil)
			if kind.Name == "nvml-hang" {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				require.ErrorIs(t, g.Reset(ctx, uuidOf(0)), context.DeadlineExceeded)
				return
			}
			before := g.Faults()
			err := machine.NewExclusive(g).Reset(t.Context(), uuidOf(0))
			switch kind.Name {
			case "stray-holder":
				require.Equal(t, fleet.Conflict, fleet.CodeOf(err))
				return
			case "reset-fails", "lost":
				require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
				return
			}
			require.NoError(t, err)
			if cured[kind.Name] || kind.Name == "reordered-uuids" || kind.Name == "recovery-action" {
				require.Empty(t, g.Faults())
			} else {
				require.Equal(t, before, g.Faults())
			}
		})
	}
}

func TestWhatIsWrongOutlivesAnAgent(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gpus.json")
	g := mustGPUs(t, sim.GPUOptions{File: file}, "a100-80gb", "a100-80gb")
	mustInject(t, g, uuidOf(0), "remap-pending", nil)
	mustInject(t, g, uuidOf(0), "uncorrected-contained", params{"when": "now"})
	mustInject(t, g, uuidOf(1), "data-mismatch", params{"bit": "9"})
	want, err := g.Health(t.Context(), uuidOf(0))
	require.NoError(t, err)
	require.NoError(t, g.Close())

	again := mustGPUs(t, sim.GPUOptions{File: file}, "a100-80gb", "a100-80gb", "a100-80gb")
	got, err := again.Health(t.Context(), uuidOf(0))
	require.NoError(t, err)
	want.At, got.At = time.Time{}, time.Time{}
	require.Equal(t, want, got)
	require.Equal(t, g.Faults(), again.Faults())
	require.Equal(t, "9", again.Faults()[uuidOf(1)][0].Params["bit"])
	devices, err := again.Devices(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 3)

	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err = sim.NewGPUs(sim.GPUOptions{File: file})
	require.ErrorContains(t, err, file)
}

func TestUUIDsAreInAnotherOrderAfterAReset(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gpus.json")
	g := mustGPUs(t, sim.GPUOptions{File: file}, "a100-80gb", "a100-80gb", "a100-80gb")
	mustInject(t, g, uuidOf(1), "reordered-uuids", nil)
	require.NoError(t, g.Reset(t.Context(), uuidOf(0)))
	g = mustGPUs(t, sim.GPUOptions{File: file}, "a100-80gb", "a100-80gb", "a100-80gb")
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	for i, d := range devices {
		require.Equal(t, i, d.Index)
		require.Equal(t, uuidOf(2-i), d.UUID)
	}
	require.Empty(t, g.Faults(), "once")
}

func TestAGPUThatIsMissingIsAFinding(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb", "a100-80gb")
	mustInject(t, g, uuidOf(0), "lost", params{"missing": "true"})
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 1)
	require.True(t, mustExamine(t, g, gpu.LevelCounters).Missing)
	require.NoError(t, g.Heal(uuidOf(0)))
	require.False(t, mustExamine(t, g, gpu.LevelCounters).Missing)
}

func TestWithoutECCTheTestSeesWhatECCWouldHave(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"uncorrected-contained", "corrected-burst"} {
		g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
		mustInject(t, g, uuidOf(0), "ecc-off", nil)
		mustInject(t, g, uuidOf(0), name, nil)
		x := mustExamine(t, g, gpu.LevelQuick)
		require.True(t, x.Result.Whole())
		require.Positive(t, x.Result.Mismatches, name)
	}
}

func TestAnInstanceLeavesDataUntilTheGPUIsScrubbed(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{})
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb", "a100-80gb")
	m := g.On(h.Open("hst_1"))
	heard := watching(t, g)
	require.NoError(t, m.Pull(t.Context(), image, nil))
	require.NoError(t, m.Create(t.Context(), fleet.ContainerSpec{
		Lease: fleet.Lease{ID: "op_1", InstanceID: "ins_1", HostID: "hst_1", Epoch: 1}, AccountID: "acc_1", Simulated: true,
		Spec: fleet.InstanceSpec{Image: image}, GPUs: []fleet.GPUReport{{UUID: uuidOf(0)}},
	}))
	holders, err := g.Holders(t.Context(), uuidOf(0))
	require.NoError(t, err)
	require.Empty(t, holders, "it does not run")
	require.Zero(t, mustExamine(t, g, gpu.LevelQuick).Result.Remanent)

	require.NoError(t, m.Start(t.Context(), "op_1"))
	holders, err = g.Holders(t.Context(), uuidOf(0))
	require.NoError(t, err)
	require.Equal(t, "op_1", holders[0].LeaseID)
	_, err = g.Scrub(t.Context(), uuidOf(0), 1, nothing)
	require.Equal(t, fleet.Conflict, fleet.CodeOf(err))
	mustInject(t, g, uuidOf(0), "uncorrected-contained", nil)
	require.Equal(t, []int{48, 63, 94}, xids(t, heard, 3), "the instance has touched it")

	require.NoError(t, m.Stop(t.Context(), "op_1", 0))
	require.NoError(t, g.Heal(""))
	mustInject(t, g, uuidOf(0), "scrub-fails", nil)
	r, err := g.Scrub(t.Context(), uuidOf(0), 1, nothing)
	require.NoError(t, err)
	require.Positive(t, r.Remanent)
	require.Positive(t, r.Mismatches)
	require.NoError(t, g.Heal(""))
	r, err = g.Scrub(t.Context(), uuidOf(0), 1, nothing)
	require.NoError(t, err)
	require.EqualValues(t, r.Covered/16, r.Remanent, "healing is no scrubbing")
	require.Zero(t, r.Mismatches)
	r, err = g.Scrub(t.Context(), uuidOf(0), 2, nothing)
	require.NoError(t, err)
	require.Zero(t, r.Remanent)
	require.NoError(t, m.Remove(t.Context(), "op_1"))
}

func TestAFaultThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "t4-16gb")
	for _, c := range []struct {
		name           string
		params         params
		field, allowed string
	}{
		{"gremlins", nil, "body.name", "access-lost, bank-exhausted"},
		{"", nil, "body.name", "xid"},
		{"remap-failed", params{"colour": "red"}, "body.params", "events"},
		{"scrub-fails", params{"x": "1"}, "body.params", "none"},
		{"data-mismatch", params{"bit": "128"}, "body.params.bit", "0 to 127"},
		{"data-mismatch", params{"bit": "-1"}, "body.params.bit", "0 to 127"},
		{"data-mismatch", params{"address": "0xffffffffff"}, "body.params.address", "0x"},
		{"data-mismatch", params{"address": "here"}, "body.params.address", "0 to"},
		{"recovery-action", params{"action": "5"}, "body.params.action", "1, 2, 3, 4"},
		{"stray-holder", params{"command": "a\nb"}, "body.params.command", "printed"},
		{"xid", params{"xid": "0"}, "body.params.xid", "1 to 999"},
	} {
		err := g.Inject(t.Context(), uuidOf(0), c.name, c.params)
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), "%v", c)
		var e *fleet.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.field, e.Fields[0].Field)
		require.Contains(t, e.Fields[0].Allowed, c.allowed)
	}
	require.Equal(t, fleet.NotFound, fleet.CodeOf(g.Inject(t.Context(), "GPU-none", "lost", nil)))
	require.Equal(t, fleet.NotFound, fleet.CodeOf(g.Heal("GPU-none")))
	require.Empty(t, g.Faults())
}

func TestAnExaminationEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nvml-hang"} {
		g := mustGPUs(t, sim.GPUOptions{Seconds: 60}, "a100-80gb")
		if name != "" {
			mustInject(t, g, uuidOf(0), name, nil)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := machine.Examine(ctx, g, machine.ExamineOptions{UUID: uuidOf(0), Level: gpu.LevelRigorous}, nothing)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(began), 1300*time.Millisecond)
	}
}

func TestAnExaminationKillsATestThatGoesOn(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{Seconds: 60}, "a100-80gb")
	x, err := machine.Examine(t.Context(), g, machine.ExamineOptions{UUID: uuidOf(0), Level: gpu.LevelRigorous, Deadline: 100 * time.Millisecond, Settle: time.Millisecond}, nothing)
	require.NoError(t, err)
	require.True(t, x.Result.Killed)
	require.False(t, x.Result.Hung)
	require.False(t, x.Result.Whole())
	require.NotNil(t, x.After)
}

func TestAHungDriverIsAskedThreeTimes(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
	mustInject(t, g, uuidOf(0), "nvml-hang", params{"calls": "2"})
	x := mustExamine(t, g, gpu.LevelQuick)
	require.False(t, x.Hung, "%+v", x)
	require.True(t, x.Result.Whole())
	mustInject(t, g, uuidOf(0), "nvml-hang", params{"calls": "3"})
	x = mustExamine(t, g, gpu.LevelQuick)
	require.True(t, x.Hung)
	require.Nil(t, x.Result)
}

func TestAnExaminationHasTheEventsOfItsTime(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{}, "a100-80gb")
	asked := ""
	x, err := machine.Examine(t.Context(), g, machine.ExamineOptions{
		UUID: uuidOf(0), Level: gpu.LevelCounters, Purpose: gpu.ForWorker,
		Events: func(uuid string, since time.Time) []gpu.Event {
			asked = uuid
			return []gpu.Event{{UUID: uuid, At: since, Kind: gpu.EventXid, Xid: 13}}
		},
	}, nil)
	require.NoError(t, err)
	require.Equal(t, uuidOf(0), asked)
	require.Equal(t, 13, x.Events[0].Xid)
	require.Equal(t, x.StartedAt, x.Events[0].At)
	require.Nil(t, x.Result)
	require.NotNil(t, x.After)
	x, err = machine.Examine(t.Context(), g, machine.ExamineOptions{UUID: uuidOf(0), Level: gpu.LevelNone}, nil)
	require.NoError(t, err)
	require.Nil(t, x.Before)
}

func TestOneCallerAtATimeHasAGPU(t *testing.T) {
	t.Parallel()
	g := mustGPUs(t, sim.GPUOptions{Seconds: 2}, "a100-80gb", "a100-80gb")
	e := machine.NewExclusive(g)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			x, err := machine.Examine(t.Context(), e, machine.ExamineOptions{UUID: uuidOf(0), Level: gpu.LevelQuick, Settle: time.Millisecond}, nil)
			require.NoError(t, err)
			require.True(t, x.Result.Whole(), "%d: %+v", i, x)
		})
		group.Go(func() {
			_, err := e.Scrub(t.Context(), uuidOf(0), 1, nothing)
			require.NoError(t, err)
			require.NoError(t, e.Reset(t.Context(), uuidOf(0)))
		})
	}
	group.Wait()

	ctx, release, err := e.Hold(t.Context(), uuidOf(0))
	require.NoError(t, err)
	_, err = e.Scrub(ctx, uuidOf(0), 1, nothing)
	require.NoError(t, err, "whoever has the turn")
	_, err = e.Scrub(ctx, uuidOf(1), 1, nothing)
	require.NoError(t, err, "another GPU")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = e.Scrub(short, uuidOf(0), 1, nothing)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	_, err = e.Scrub(t.Context(), uuidOf(0), 1, nothing)
	require.NoError(t, err)
}

package machinetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A GPUFixture is a set of GPUs, well and unused, and what can be done to them. What a driver's
// test cannot bring about is nil, and what needs it is skipped.
type GPUFixture struct {
	GPUs machine.GPUs // two at least; the suite closes them

	Hold  func(t *testing.T, uuid string)                             // has a process that is none of ours open it
	Hang  func(t *testing.T, uuid string)                             // has the driver not answer for it
	Lose  func(t *testing.T, uuid string)                             // has it fall off the bus
	Stick func(t *testing.T, uuid string, address uint64, bit int)    // has a bit of its memory be 1 always
	Event func(t *testing.T, uuid string)                             // has the driver report Xid 13 of it
	Slow  func(t *testing.T, uuid string) (level gpu.Level, s string) // has a test of that level take a second at least; s is why it cannot
}

// GPUs tries the contract of machine.GPUs. Every test has GPUs of its own.
func GPUs(t *testing.T, open func(t *testing.T) GPUFixture) {
	for name, test := range map[string]func(*testing.T, GPUFixture){
		"GPUs are listed by index":                        gpusListed,
		"health says something of every counter":          gpuHealth,
		"a GPU that is not there is not found":            gpuNotFound,
		"a call whose caller has gone is not made":        gpuCancelled,
		"a test covers the memory, and finds it well":     gpuTest,
		"a test that there is not is invalid":             gpuTestInvalid,
		"a test is cancelled within a second":             gpuTestCancelled,
		"GPUs are tested side by side":                    gpuTestParallel,
		"a stuck bit is found where it is":                gpuTestFinds,
		"a scrub leaves zeros":                            gpuScrub,
		"a reset leaves a GPU that can be tested":         gpuReset,
		"a GPU that somebody has open is left alone":      gpuHeld,
		"a driver that hangs is given up on":              gpuHangs,
		"a lost GPU is a finding":                         gpuLost,
		"a watch tells what happens, and ends when told":  gpuWatch,
		"an examination of a well GPU has all that there": gpuExamined,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			t.Cleanup(func() { require.NoError(t, f.GPUs.Close()) })
			test(t, f)
		})
	}
}

func nothing(gpu.Progress) {}

// mustGPU is one of the GPUs.
func mustGPU(t *testing.T, f GPUFixture) string {
	t.Helper()
	devices, err := f.GPUs.Devices(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, devices)
	return devices[0].UUID
}

func gpusListed(t *testing.T, f GPUFixture) {
	devices, err := f.GPUs.Devices(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(devices), 2)
	seen := map[string]bool{}
	for i, d := range devices {
		require.Equal(t, i, d.Index)
		require.NotEmpty(t, d.UUID)
		require.NotEmpty(t, d.Product)
		require.NotEmpty(t, d.BusID)
		require.Positive(t, d.MemoryMB)
		require.False(t, seen[d.UUID], "UUIDs differ")
		seen[d.UUID] = true
	}
	again, err := f.GPUs.Devices(t.Context())
	require.NoError(t, err)
	require.Equal(t, devices, again)
}

func gpuHealth(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	h, err := f.GPUs.Health(t.Context(), uuid)
	require.NoError(t, err)
	require.Equal(t, uuid, h.UUID)
	require.WithinDuration(t, time.Now(), h.At, time.Minute)
	require.False(t, h.Lost)
	require.False(t, h.ResetRequired)
	for name, c := range map[string]gpu.Counter{
		"total": h.Memory.Total, "reserved": h.Memory.Reserved, "used": h.Memory.Used,
		"corrected": h.Volatile.Corrected, "uncorrected": h.Volatile.Uncorrected, "uncorrected DRAM": h.Volatile.UncorrectedDRAM,
		"corrected in all": h.Aggregate.Corrected, "uncorrected in all": h.Aggregate.Uncorrected, "uncorrected SRAM in all": h.Aggregate.UncorrectedSRAM,
		"rows": h.Remap.Uncorrected, "pages": h.Retired.DoubleBit, "throttle": h.Throttle,
	} {
		require.False(t, c.Failed(), "%s: %s", name, c.Error)
	}
	for name, v := range map[string]gpu.Flag{
		"MIG": h.MIG, "ECC": h.ECCCurrent, "ECC pending": h.ECCPending, "remap pending": h.Remap.Pending, "remap failed": h.Remap.Failed,
		"SRAM": h.SRAMThreshold, "repair": h.RepairPending, "InfoROM": h.InfoROMValid,
	} {
		require.False(t, v.Failed(), "%s: %s", name, v.Error)
	}
	require.True(t, gpu.Over(h.Memory.Total, 0))
}

func gpuNotFound(t *testing.T, f GPUFixture) {
	const none = "GPU-00000000-dead-beef-0000-000000000000"
	_, err := f.GPUs.Health(t.Context(), none)
	requireCode(t, fleet.NotFound, err)
	_, err = f.GPUs.Holders(t.Context(), none)
	requireCode(t, fleet.NotFound, err)
	_, err = f.GPUs.Test(t.Context(), gpu.Test{UUID: none, Level: gpu.LevelQuick}, nothing)
	requireCode(t, fleet.NotFound, err)
	_, err = f.GPUs.Scrub(t.Context(), none, 1, nothing)
	requireCode(t, fleet.NotFound, err)
	requireCode(t, fleet.NotFound, f.GPUs.Reset(t.Context(), none))

	x, err := machine.Examine(t.Context(), f.GPUs, machine.ExamineOptions{UUID: none, Level: gpu.LevelQuick}, nothing)
	require.NoError(t, err, "a finding")
	require.True(t, x.Missing)
}

func gpuCancelled(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Devices": func() error { _, err := f.GPUs.Devices(ctx); return err },
		"Health":  func() error { _, err := f.GPUs.Health(ctx, uuid); return err },
		"Holders": func() error { _, err := f.GPUs.Holders(ctx, uuid); return err },
		"Test": func() error {
			_, err := f.GPUs.Test(ctx, gpu.Test{UUID: uuid, Level: gpu.LevelQuick}, nothing)
			return err
		},
		"Scrub": func() error { _, err := f.GPUs.Scrub(ctx, uuid, 1, nothing); return err },
		"Reset": func() error { return f.GPUs.Reset(ctx, uuid) },
		"Watch": func() error { return f.GPUs.Watch(ctx, func(gpu.Event) {}) },
	} {
		require.ErrorIs(t, call(), context.Canceled, name)
	}
}

func gpuTest(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	moved := uint64(0)
	for _, level := range []gpu.Level{gpu.LevelQuick, gpu.LevelStandard} {
		var mu sync.Mutex
		var heard []gpu.Progress
		began := time.Now()
		r, err := f.GPUs.Test(t.Context(), gpu.Test{UUID: uuid, Level: level, Seed: 42}, func(p gpu.Progress) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, p)
		})
		require.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		require.True(t, r.Whole(), "%+v", r)
		require.Equal(t, level, r.Level)
		require.EqualValues(t, 42, r.Seed)
		require.True(t, r.Audited)
		require.Zero(t, r.Mismatches)
		require.Empty(t, r.Records)
		require.GreaterOrEqual(t, r.Coverage, 0.95)
		require.LessOrEqual(t, r.Coverage, 1.0)
		require.InDelta(t, float64(r.Covered)/float64(r.Usable), r.Coverage, 0.001)
		require.Greater(t, r.Moved, moved, "more than the level before")
		require.False(t, r.EndedAt.Before(r.StartedAt))
		moved = r.Moved
		var bytes uint64
		for _, p := range r.Phases {
			require.NotEmpty(t, p.Name)
			require.Zero(t, p.Found)
			bytes += p.Bytes
		}
		require.Equal(t, r.Moved, bytes)
		require.Equal(t, f.GPUs.Simulated(), r.Simulated)
		require.NotEmpty(t, heard)
		require.LessOrEqual(t, len(heard), 2+int(10*time.Since(began).Seconds()), "ten times a second at most")
		for i, p := range heard {
			require.NotEmpty(t, p.Phase)
			require.True(t, i == 0 || p.Percent >= heard[i-1].Percent, "%v", heard)
			require.LessOrEqual(t, p.Percent, 100.0)
		}
	}
}

func gpuTestInvalid(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	for _, level := range []gpu.Level{"", "none", "counters", "harder"} {
		_, err := f.GPUs.Test(t.Context(), gpu.Test{UUID: uuid, Level: level}, nothing)
		requireCode(t, fleet.Invalid, err)
	}
}

func gpuTestCancelled(t *testing.T, f GPUFixture) {
	if f.Slow == nil {
		t.Skip("no test of these GPUs can be made to last")
	}
	uuid := mustGPU(t, f)
	level, why := f.Slow(t, uuid)
	if why != "" {
		t.Skip(why)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began, once := make(chan struct{}), sync.Once{}
	ended := make(chan error, 1)
	go func() {
		_, err := f.GPUs.Test(ctx, gpu.Test{UUID: uuid, Level: level, Seconds: 60}, func(gpu.Progress) { once.Do(func() { close(began) }) })
		ended <- err
	}()
	select {
	case <-began:
	case err := <-ended:
		require.Fail(t, "it has ended", "%v", err)
	case <-time.After(patience):
		require.Fail(t, "it does not begin")
	}
	cancel()
	at := time.Now()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		require.Fail(t, "it does not end")
	}
	require.Less(t, time.Since(at), time.Second)
	r, err := f.GPUs.Scrub(t.Context(), uuid, 1, nothing)
	require.NoError(t, err, "the GPU is free at once")
	require.True(t, r.Whole())
}

func gpuTestParallel(t *testing.T, f GPUFixture) {
	devices, err := f.GPUs.Devices(t.Context())
	require.NoError(t, err)
	results, errs := make([]gpu.Result, len(devices)), make([]error, len(devices))
	var group sync.WaitGroup
	for i, d := range devices {
		group.Go(func() {
			results[i], errs[i] = f.GPUs.Test(t.Context(), gpu.Test{UUID: d.UUID, Level: gpu.LevelQuick, Seed: uint64(i)}, nothing) //nolint:gosec // an index
		})
	}
	group.Wait()
	for i := range devices {
		require.NoError(t, errs[i])
		require.True(t, results[i].Whole())
		require.Zero(t, results[i].Mismatches)
		require.EqualValues(t, i, results[i].Seed)
	}
}

func gpuTestFinds(t *testing.T, f GPUFixture) {
	if f.Stick == nil {
		t.Skip("no bit of these GPUs can be made stick")
	}
	uuid := mustGPU(t, f)
	const address, bit = 0x1230, 77
	f.Stick(t, uuid, address, bit)
	for _, level := range []gpu.Level{gpu.LevelQuick, gpu.LevelStandard} {
		r, err := f.GPUs.Test(t.Context(), gpu.Test{UUID: uuid, Level: level, Seed: 7}, nothing)
		require.NoError(t, err)
		require.True(t, r.Whole(), "%+v", r)
		require.Positive(t, r.Mismatches)
		require.NotEmpty(t, r.Records)
		require.LessOrEqual(t, len(r.Records), 64)
		var found uint64
		for _, m := range r.Records {
			require.EqualValues(t, address, m.Offset)
			require.Equal(t, []int{bit}, m.Bits)
			require.Equal(t, []int{bit}, m.Again)
			require.Equal(t, []string{"0000000000000000", "0000000000002000"}, m.XOR)
			require.NotEmpty(t, m.Pattern)
		}
		for _, p := range r.Phases {
			found += p.Found
		}
		require.Equal(t, r.Mismatches, found)
		if level == gpu.LevelStandard {
			require.True(t, r.Records[0].Hard, "it failed again in a later pass")
		}
	}
}

func gpuScrub(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	r, err := f.GPUs.Scrub(t.Context(), uuid, 99, nothing)
	require.NoError(t, err)
	require.True(t, r.Whole(), "%+v", r)
	require.Empty(t, r.Level)
	require.EqualValues(t, 99, r.Seed)
	require.True(t, r.Audited)
	require.Zero(t, r.Mismatches)
	require.GreaterOrEqual(t, r.Coverage, 0.95)
	require.GreaterOrEqual(t, r.Moved, 3*r.Covered)
	again, err := f.GPUs.Scrub(t.Context(), uuid, 100, nothing)
	require.NoError(t, err)
	require.True(t, again.Audited)
	require.Zero(t, again.Remanent, "the one before has left zeros")
}

func gpuReset(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	err := f.GPUs.Reset(t.Context(), uuid)
	if fleet.Is(err, fleet.Unsupported) {
		t.Skipf("these GPUs cannot be reset: %v", err)
	}
	require.NoError(t, err)
	h, err := f.GPUs.Health(t.Context(), uuid)
	require.NoError(t, err)
	require.False(t, h.ResetRequired)
	r, err := f.GPUs.Test(t.Context(), gpu.Test{UUID: uuid, Level: gpu.LevelQuick}, nothing)
	require.NoError(t, err)
	require.True(t, r.Whole())
}

func gpuHeld(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	holders, err := f.GPUs.Holders(t.Context(), uuid)
	require.NoError(t, err)
	require.Empty(t, holders)
	if f.Hold == nil {
		t.Skip("nobody can hold these GPUs")
	}
	f.Hold(t, uuid)
	holders, err = f.GPUs.Holders(t.Context(), uuid)
	require.NoError(t, err)
	require.NotEmpty(t, holders)
	require.Positive(t, holders[0].PID)
	_, err = f.GPUs.Test(t.Context(), gpu.Test{UUID: uuid, Level: gpu.LevelQuick}, nothing)
	requireCode(t, fleet.Conflict, err)
	_, err = f.GPUs.Scrub(t.Context(), uuid, 1, nothing)
	requireCode(t, fleet.Conflict, err)
	requireCode(t, fleet.Conflict, f.GPUs.Reset(t.Context(), uuid))
	_, err = f.GPUs.Health(t.Context(), uuid)
	require.NoError(t, err, "asking disturbs nobody")

	x, err := machine.Examine(t.Context(), f.GPUs, machine.ExamineOptions{UUID: uuid, Level: gpu.LevelQuick}, nothing)
	require.NoError(t, err)
	require.Equal(t, holders, x.Holders)
	require.Nil(t, x.Result, "it is not tested")
}

func gpuHangs(t *testing.T, f GPUFixture) {
	if f.Hang == nil {
		t.Skip("this driver cannot be made hang")
	}
	uuid := mustGPU(t, f)
	f.Hang(t, uuid)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := f.GPUs.Health(ctx, uuid)
	require.True(t, errors.Is(err, context.DeadlineExceeded) || fleet.Is(err, fleet.Unavailable), "%v", err)
	require.Less(t, time.Since(began), 2*time.Second)
}

func gpuLost(t *testing.T, f GPUFixture) {
	if f.Lose == nil {
		t.Skip("these GPUs cannot be lost")
	}
	uuid := mustGPU(t, f)
	f.Lose(t, uuid)
	h, err := f.GPUs.Health(t.Context(), uuid)
	require.NoError(t, err)
	require.True(t, h.Lost)
	require.False(t, gpu.Is(h.ECCCurrent))
	require.True(t, h.Volatile.Uncorrected.Failed(), "what cannot be read is not zero")
}

func gpuWatch(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard, ended := make(chan gpu.Event, 1000), make(chan error, 1)
	go func() { ended <- f.GPUs.Watch(ctx, func(e gpu.Event) { heard <- e }) }()
	if f.Event != nil {
		// What happens before the watch has begun is not told: go on until it is.
		require.Eventually(t, func() bool {
			f.Event(t, uuid)
			return len(heard) > 0
		}, patience, 20*time.Millisecond)
		e := <-heard
		require.Equal(t, uuid, e.UUID)
		require.Equal(t, gpu.EventXid, e.Kind)
		require.Equal(t, 13, e.Xid)
		require.NotEmpty(t, e.Source)
		require.WithinDuration(t, time.Now(), e.At, time.Minute)
	}
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		require.Fail(t, "the watch does not end")
	}
}

func gpuExamined(t *testing.T, f GPUFixture) {
	uuid := mustGPU(t, f)
	x, err := machine.Examine(t.Context(), f.GPUs, machine.ExamineOptions{
		UUID: uuid, Level: gpu.LevelQuick, Purpose: gpu.ForThaw, Seed: 5, Settle: 10 * time.Millisecond,
	}, nothing)
	require.NoError(t, err)
	require.Equal(t, gpu.SchemaVersion, x.Schema)
	require.Equal(t, f.GPUs.Simulated(), x.Simulated)
	require.NotNil(t, x.Before)
	require.NotNil(t, x.After)
	require.NotNil(t, x.Result)
	require.True(t, x.Result.Whole())
	require.False(t, x.Hung || x.Missing)
	require.Empty(t, x.Error)
	require.False(t, x.EndedAt.Before(x.Result.EndedAt))
}

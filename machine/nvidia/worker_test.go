package nvidia

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// workers run the real kelvin-gpu on a fake driver with those faults.
func workers(t testing.TB, faults ...string) *Workers {
	t.Helper()
	return &Workers{
		Program: fakecuda.Program(t), Locks: Locks{Dir: t.TempDir()}, Stall: 20 * time.Second,
		Env: append([]string{"LD_LIBRARY_PATH=" + fakecuda.Library(t), "CUDA_MPS_PIPE_DIRECTORY=" + t.TempDir(), "FAKECUDA_MB=48", "FAKECUDA_USED_MB=0"}, faults...),
	}
}

// script is a kelvin-gpu that does what a shell script says: 3 is where lines go.
func script(t testing.TB, lines ...string) *Workers {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kelvin-gpu")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700))
	return &Workers{Program: path, Locks: Locks{Dir: t.TempDir()}, Stall: 20 * time.Second}
}

// says is a shell command that says a line.
func says(t testing.TB, l wire.Line) string {
	t.Helper()
	b, err := json.Marshal(l)
	require.NoError(t, err)
	return "echo '" + string(b) + "' >&3"
}

func TestAHealthyGPUPasses(t *testing.T) {
	t.Parallel()
	for _, job := range []Job{
		{Level: gpu.LevelQuick, Seed: 5}, {Level: gpu.LevelStandard, Seed: 6}, {Level: gpu.LevelRigorous, Seed: 7, Seconds: 1}, {Scrub: true, Seed: 8},
	} {
		t.Run(fmt.Sprint(job.Level, job.Scrub), func(t *testing.T) {
			t.Parallel()
			w := workers(t, "FAKECUDA_SLOW=5000")
			w.Temperature = func(context.Context, string) (int, bool) { return 71, true }
			var seen []gpu.Progress
			job.UUID = fakecuda.Device
			r, err := w.Run(t.Context(), job, func(p gpu.Progress) { seen = append(seen, p) })
			require.NoError(t, err)
			require.True(t, r.Whole(), r.Error)
			require.Zero(t, r.Mismatches)
			require.True(t, r.Audited)
			require.GreaterOrEqual(t, r.Coverage, 0.95)
			require.Equal(t, job.Level, r.Level)
			require.Equal(t, job.Seed, r.Seed)
			require.Equal(t, 71, r.MaxMemoryTemperature)
			require.NotEmpty(t, r.Phases)
			if job.Level == gpu.LevelStandard {
				require.NotEmpty(t, seen)
			}
		})
	}
}

func TestFaultsAreFoundThroughTheProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		check func(t *testing.T, r gpu.Result)
	}{
		"a stuck bit": {"FAKECUDA_STUCK=1048579:3:1", func(t *testing.T, r gpu.Result) {
			require.True(t, r.Whole(), r.Error)
			require.Len(t, r.Records, 1)
			require.EqualValues(t, 1048576, r.Records[0].Offset)
			require.Equal(t, []int{27}, r.Records[0].Bits)
			require.True(t, r.Records[0].Hard)
		}},
		"an address line": {"FAKECUDA_ALIAS=22", func(t *testing.T, r gpu.Result) {
			require.True(t, r.Whole(), r.Error)
			require.Greater(t, r.Mismatches, uint64(10000))
			require.Len(t, r.Records, 64)
		}},
		"what another left": {"FAKECUDA_DIRT=4096:32", func(t *testing.T, r gpu.Result) {
			require.True(t, r.Whole(), r.Error)
			require.EqualValues(t, 2, r.Remanent)
			require.Zero(t, r.Mismatches)
		}},
		"an uncorrectable error": {"FAKECUDA_RC=cuStreamSynchronize:214:3", func(t *testing.T, r gpu.Result) {
			require.Equal(t, 214, r.CUDA)
			require.False(t, r.Whole())
		}},
		"one that only the end tells": {"FAKECUDA_RC=cuMemFree_v2:214", func(t *testing.T, r gpu.Result) {
			require.Equal(t, 214, r.CUDA)
			require.False(t, r.Whole())
		}},
		"less memory than there should be": {"FAKECUDA_ROOM_MB=36", func(t *testing.T, r gpu.Result) {
			require.False(t, r.Whole())
			require.InDelta(t, 0.75, r.Coverage, 0.001)
			require.Equal(t, "it covered 75.0 % of the usable memory, less than 95 %", r.Error)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := workers(t, c.fault).Test(t.Context(), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick, Seed: 3}, nil)
			require.NoError(t, err)
			c.check(t, r)
		})
	}
}

func TestAHungDriverIsKilled(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"cuInit", "cuMemAlloc_v2:2", "cuStreamSynchronize:3", "cuLaunchKernel:5", "cuMemFree_v2", "cuDevicePrimaryCtxRelease_v2"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := workers(t, "FAKECUDA_HANG="+call)
			w.Stall = 1500 * time.Millisecond
			begun := time.Now()
			r, err := w.Test(t.Context(), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick, Seed: 3}, nil)
			require.NoError(t, err)
			require.Less(t, time.Since(begun), 8*time.Second)
			require.True(t, r.Killed)
			require.False(t, r.Hung)
			require.False(t, r.Whole())
			require.Contains(t, r.Error, "no progress")
			requireFree(t, w)
		})
	}
}

// requireFree requires that the GPU can be had again, and nothing works on it.
func requireFree(t *testing.T, w *Workers) {
	t.Helper()
	lock, err := Locks{Dir: w.Locks.Dir, Wait: 2 * time.Second}.Take(t.Context(), fakecuda.Device)
	require.NoError(t, err)
	require.Zero(t, lock.read())
	lock.Release()
}

func TestCancelEndsATest(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{"in good order": "FAKECUDA_SLOW=5000", "while the driver hangs": "FAKECUDA_HANG=cuStreamSynchronize:4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workers(t, fault)
			ctx, cancel := context.WithCancel(t.Context())
			var at time.Time
			time.AfterFunc(time.Second, func() { at = time.Now(); cancel() })
			_, err := w.Test(ctx, gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelRigorous, Seconds: 60}, nil)
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, time.Since(at), time.Second, "100 ms, on a machine with nothing else to do")
			requireFree(t, w)
		})
	}
}

func TestTooLittleTimeIsAKill(t *testing.T) {
	t.Parallel()
	w := workers(t, "FAKECUDA_SLOW=5000")
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	_, err := w.Test(ctx, gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelRigorous, Seconds: 60}, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireFree(t, w)
}

func TestWhatDoesNotListenIsKilled(t *testing.T) {
	t.Parallel()
	w := script(t, `trap '' TERM INT HUP`, `while :; do sleep 1; done`)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := w.Test(ctx, gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick}, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 3*time.Second)
	requireFree(t, w)
}

func TestWhatCannotBeKilledIsHung(t *testing.T) {
	t.Parallel()
	w := script(t, `trap '' TERM INT HUP`, `while :; do sleep 0.1; done`)
	w.Stall, w.Polite, w.Unkillable = 200*time.Millisecond, 50*time.Millisecond, 200*time.Millisecond
	pids := make(chan int, 1)
	w.kill = func(pid int) { pids <- pid } // as for a process that waits for its driver in the kernel
	r, err := w.Test(t.Context(), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick}, nil)
	require.NoError(t, err)
	require.True(t, r.Hung)
	require.True(t, r.Killed)
	require.False(t, r.Whole())

	// Nobody else gets the GPU while the process is there; then they do.
	_, err = Locks{Dir: w.Locks.Dir, Wait: 100 * time.Millisecond}.Take(t.Context(), fakecuda.Device)
	require.True(t, fleet.Is(err, fleet.Conflict), "%v", err)
	end(<-pids)
	requireFree(t, w)
}

// An agent that is gone has left a process behind, which the next one ends.
func TestStraysAreReaped(t *testing.T) {
	t.Parallel()
	locks := Locks{Dir: t.TempDir()}
	stray := exec.Command("sleep", "300")
	stray.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, stray.Start())
	gone := make(chan struct{})
	go func() { defer close(gone); _ = stray.Wait() }()
	note, err := json.Marshal(worker{PID: stray.Process.Pid, Start: startOf(stray.Process.Pid)})
	require.NoError(t, err)
	path := filepath.Join(locks.Dir, strings.ToLower(fakecuda.Device)+".lock")
	require.NoError(t, os.WriteFile(path, note, 0o600))
	require.NoError(t, locks.Reap(t.Context()))
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Fatal("it lives")
	}

	// Another process that has the number now is left alone, and so is rubbish.
	other := exec.Command("sleep", "300")
	require.NoError(t, other.Start())
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	note, err = json.Marshal(worker{PID: other.Process.Pid, Start: startOf(other.Process.Pid) + 1})
	require.NoError(t, err)
	for _, content := range [][]byte{note, []byte(`{"pid":1,"start":1}`), []byte("rubbish"), nil} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		lock, err := locks.Take(t.Context(), fakecuda.Device)
		require.NoError(t, err)
		lock.Release()
	}
	require.NotZero(t, startOf(other.Process.Pid))
	require.NoError(t, Locks{Dir: filepath.Join(locks.Dir, "none")}.Reap(t.Context()))
}

func TestOneAtATimeOnAGPU(t *testing.T) {
	t.Parallel()
	locks := Locks{Dir: t.TempDir(), Wait: 50 * time.Millisecond}
	first, err := locks.Take(t.Context(), "GPU-1")
	require.NoError(t, err)
	_, err = locks.Take(t.Context(), "GPU-1")
	require.True(t, fleet.Is(err, fleet.Conflict), "%v", err)
	other, err := locks.Take(t.Context(), "GPU-2")
	require.NoError(t, err)
	other.Release()
	first.Release()
	again, err := locks.Take(t.Context(), "GPU-1")
	require.NoError(t, err)
	again.Release()
}

func TestEightGPUsAtOnce(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 8 {
		all = append(all, fmt.Sprintf("GPU-%08d-0000-0000-0000-00000000000a", i))
	}
	w := workers(t, "FAKECUDA_DEVICES="+strings.Join(all, ","), "FAKECUDA_MB=48",
		"FAKECUDA_STUCK=3#65536:1:1;5#131072:0:0", "FAKECUDA_RC=6#cuStreamSynchronize:214:2", "FAKECUDA_HANG=7#cuStreamSynchronize:3")
	w.Stall = 8 * time.Second
	results := make([]gpu.Result, 8)
	var wait sync.WaitGroup
	begun := time.Now()
	for i, uuid := range all {
		wait.Go(func() {
			r, err := w.Test(t.Context(), gpu.Test{UUID: uuid, Level: gpu.LevelQuick, Seed: uint64(i)}, nil)
			if err != nil {
				r.Error = err.Error()
			}
			results[i] = r
		})
	}
	wait.Wait()
	require.GreaterOrEqual(t, time.Since(begun), 700*time.Millisecond, "their starts are staggered")
	for i, r := range results {
		require.EqualValues(t, i, r.Seed)
		switch i {
		case 3, 5:
			require.True(t, r.Whole(), r.Error)
			require.Len(t, r.Records, 1)
			require.EqualValues(t, map[int]uint64{3: 65536, 5: 131072}[i], r.Records[0].Offset)
		case 6:
			require.Equal(t, 214, r.CUDA)
		case 7:
			require.True(t, r.Killed)
		default:
			require.True(t, r.Whole(), r.Error)
			require.Zero(t, r.Mismatches)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		w    *Workers
		test gpu.Test
		code fleet.Code
		text string
	}{
		"no driver":        {workers(t, "LD_LIBRARY_PATH=/nonexistent"), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick}, fleet.Unsupported, "no CUDA driver"},
		"no such GPU":      {workers(t), gpu.Test{UUID: "GPU-77777777-0000-0000-0000-000000000001", Level: gpu.LevelQuick}, fleet.NotFound, "error 100"},
		"no program":       {&Workers{Program: "/nonexistent/kelvin-gpu", Locks: Locks{Dir: t.TempDir()}}, gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick}, fleet.Unsupported, "start /nonexistent/kelvin-gpu"},
		"no UUID":          {workers(t), gpu.Test{UUID: "0", Level: gpu.LevelQuick}, fleet.Invalid, "is not the UUID"},
		"a path":           {workers(t), gpu.Test{UUID: "GPU-../../etc/passwd", Level: gpu.LevelQuick}, fleet.Invalid, "is not the UUID"},
		"two GPUs":         {workers(t), gpu.Test{UUID: fakecuda.Device + "," + fakecuda.Device, Level: gpu.LevelQuick}, fleet.Invalid, "is not the UUID"},
		"no test":          {workers(t), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelCounters}, fleet.Invalid, "quick, standard or rigorous"},
		"an unknown level": {workers(t), gpu.Test{UUID: fakecuda.Device, Level: "thorough"}, fleet.Invalid, "quick, standard or rigorous"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.w.Test(t.Context(), c.test, nil)
			require.ErrorContains(t, err, c.text)
			require.True(t, fleet.Is(err, c.code), "%v", err)
		})
	}
}

// A child that lies is not believed, whatever it claims.
func TestLiesAreNotBelieved(t *testing.T) {
	t.Parallel()
	const size = 1 << 30
	bare := strings.TrimPrefix(fakecuda.Device, "GPU-")
	honest := func() []wire.Line {
		now := time.Now().UTC()
		return []wire.Line{
			{Hello: &wire.Hello{Version: wire.Version, UUID: bare}},
			{Alloc: &wire.Alloc{Free: size, Usable: size, Covered: size, Chunks: 1}},
			{Result: &gpu.Result{
				Level: gpu.LevelQuick, Seed: 9, StartedAt: now, EndedAt: now, Usable: size, Covered: size, Coverage: 1, Moved: 11 * size,
				Audited: true, Phases: []gpu.Phase{{Name: "all", Bytes: 11 * size, Seconds: 1}},
			}},
		}
	}
	run := func(t *testing.T, lines []wire.Line, more ...string) gpu.Result {
		commands := []string{"sleep 0.05"}
		for _, l := range lines {
			commands = append(commands, says(t, l))
		}
		r, err := script(t, append(commands, more...)...).Test(t.Context(), gpu.Test{UUID: fakecuda.Device, Level: gpu.LevelQuick, Seed: 9}, nil)
		require.NoError(t, err)
		return r
	}
	t.Run("the truth is", func(t *testing.T) {
		t.Parallel()
		r := run(t, honest())
		require.True(t, r.Whole(), r.Error)
	})
	for name, c := range map[string]struct {
		change func(lines []wire.Line) []wire.Line
		text   string
	}{
		"too little covered": {func(l []wire.Line) []wire.Line {
			l[1].Alloc.Covered, l[2].Result.Covered = size/2, size/2
			return l
		}, "it covered 50.0 % of the usable memory"},
		"nothing covered": {func(l []wire.Line) []wire.Line {
			l[1].Alloc.Covered, l[2].Result.Covered, l[2].Result.Coverage = 0, 0, 1
			return l
		}, "it covered 0.0 %"},
		"no memory at all": {func(l []wire.Line) []wire.Line {
			l[1].Alloc.Covered, l[1].Alloc.Usable, l[2].Result.Covered, l[2].Result.Usable = 0, 0, 0, 0
			return l
		}, "it covered 0.0 %"},
		"more covered than taken": {func(l []wire.Line) []wire.Line { l[1].Alloc.Covered = size / 2; return l }, "it covered"},
		"no result":               {func(l []wire.Line) []wire.Line { return l[:2] }, "without a result"},
		"nothing":                 {func([]wire.Line) []wire.Line { return nil }, "without a result"},
		"only a result":           {func(l []wire.Line) []wire.Line { return l[2:] }, "did not say which GPU"},
		"no memory taken":         {func(l []wire.Line) []wire.Line { return []wire.Line{l[0], l[2]} }, "did not say which GPU"},
		"another GPU":             {func(l []wire.Line) []wire.Line { l[0].Hello.UUID = "7" + bare[1:]; return l }, "another GPU"},
		"another version":         {func(l []wire.Line) []wire.Line { l[0].Hello.Version = 2; return l }, "another version"},
		"another level":           {func(l []wire.Line) []wire.Line { l[2].Result.Level = gpu.LevelStandard; return l }, "level \"standard\""},
		"another seed":            {func(l []wire.Line) []wire.Line { l[2].Result.Seed = 1; return l }, "seed 1"},
		"no level":                {func(l []wire.Line) []wire.Line { l[2].Result.Level = ""; return l }, "level \"\""},
		"too little moved": {func(l []wire.Line) []wire.Line {
			l[2].Result.Moved, l[2].Result.Phases[0].Bytes = 10*size, 10*size
			return l
		}, "less than 11 times"},
		"phases that moved less": {func(l []wire.Line) []wire.Line { l[2].Result.Phases = nil; return l }, "its phases moved 0 bytes"},
		"errors of a phase":      {func(l []wire.Line) []wire.Line { l[2].Result.Phases[0].Found = 3; return l }, "found 3 errors"},
		"no audit":               {func(l []wire.Line) []wire.Line { l[2].Result.Audited = false; return l }, "did not read before"},
		"faster than memory": {func(l []wire.Line) []wire.Line {
			l[1].Alloc.Covered, l[1].Alloc.Usable, l[2].Result.Covered, l[2].Result.Usable = size<<12, size<<12, size<<12, size<<12
			l[2].Result.Moved, l[2].Result.Phases[0].Bytes = 11*size<<12, 11*size<<12
			return l
		}, "it moved"},
		"errors that it forgot": {func(l []wire.Line) []wire.Line {
			return []wire.Line{l[0], l[1], {Mismatch: &gpu.Mismatch{Offset: 16, Bits: []int{1}}}, l[2]}
		}, "found 0 errors, not"},
		"talk after the result": {func(l []wire.Line) []wire.Line { return append(l, wire.Line{Progress: &gpu.Progress{}}) }, "talks on"},
		"two beginnings":        {func(l []wire.Line) []wire.Line { return append(l[:1], l...) }, "began twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, c.change(honest()))
			require.False(t, r.Whole())
			require.Contains(t, r.Error, c.text)
		})
	}
	t.Run("errors stay found", func(t *testing.T) {
		t.Parallel()
		l := honest()
		r := run(t, []wire.Line{l[0], l[1], {Mismatch: &gpu.Mismatch{Offset: 16, Bits: []int{1}}}, l[2]})
		require.EqualValues(t, 1, r.Mismatches)
		require.Len(t, r.Records, 1)
	})
	for name, c := range map[string]struct{ command, text string }{
		"rubbish":           {"echo rubbish >&3", "did not make sense"},
		"an endless line":   {"head -c 1000000 /dev/zero | tr '\\0' x >&3", "did not make sense"},
		"a bad end":         {"kill -SEGV $$", "segmentation fault"},
		"a status of a bug": {"exit 3", "exit status 3"},
		"half a line":       {"printf '{\"result\":' >&3", "did not make sense"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := honest()
			if strings.Contains(c.command, "exit") || strings.Contains(c.command, "kill") {
				r := run(t, l, c.command) // after a whole result
				require.False(t, r.Whole())
				require.Contains(t, r.Error, c.text)
				return
			}
			r := run(t, l[:2], c.command)
			require.False(t, r.Whole())
			require.Contains(t, r.Error, c.text)
		})
	}
}

func TestTheEnvironmentNamesOneGPU(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "CUDA_VISIBLE_DEVICES=0,1", "CUDA_LAUNCH_BLOCKING=1", "NVIDIA_VISIBLE_DEVICES=all", "CUDA_MPS_PIPE_DIRECTORY=/x"}, "GPU-1", []string{"A=b"})
	require.Equal(t, []string{"PATH=/bin", "CUDA_MPS_PIPE_DIRECTORY=/x", "A=b", "CUDA_VISIBLE_DEVICES=GPU-1", "CUDA_CACHE_DISABLE=1", "CUDA_DEVICE_ORDER=PCI_BUS_ID"}, got)
}

func TestDeadlineIsByLevelAndSize(t *testing.T) {
	t.Parallel()
	const h200 = 146e9
	for name, c := range map[string]struct {
		job         Job
		bytes       uint64
		least, most time.Duration
	}{
		"before its memory is known": {Job{Level: gpu.LevelQuick}, 0, 90 * time.Second, 90 * time.Second},
		"quick":                      {Job{Level: gpu.LevelQuick}, h200, 2 * time.Minute, 3 * time.Minute},
		"standard":                   {Job{Level: gpu.LevelStandard}, h200, 5 * time.Minute, 6 * time.Minute},
		"rigorous":                   {Job{Level: gpu.LevelRigorous, Seconds: 60}, h200, 8 * time.Minute, 11 * time.Minute},
		"scrub":                      {Job{Scrub: true}, h200, 100 * time.Second, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.job.deadline(c.bytes)
			require.GreaterOrEqual(t, got, c.least)
			require.LessOrEqual(t, got, c.most)
		})
	}
}

package memtest

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// realGPU is the UUID of a GPU of this machine that nobody uses: GPU_TEST=1 takes the first that
// nvidia-smi lists, GPU_TEST=GPU-… names one. Nothing of its settings is changed.
func realGPU(t *testing.T) string {
	t.Helper()
	which := os.Getenv("GPU_TEST")
	if which == "" {
		t.Skip("needs a real GPU that nobody uses: GPU_TEST=1, or GPU_TEST=<its UUID>")
	}
	if which == "1" {
		out, err := exec.Command("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader").Output()
		require.NoError(t, err)
		which, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	}
	return which
}

// onGPU runs a worker on a real GPU.
func onGPU(t *testing.T, uuid string, args ...string) told {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], args...), stderr: &strings.Builder{}}
	c.Env = append(os.Environ(), "MEMTEST_WORKER=1", "CUDA_VISIBLE_DEVICES="+uuid, "CUDA_CACHE_DISABLE=1", "CUDA_DEVICE_ORDER=PCI_BUS_ID")
	c.start(t)
	return c.listen(t, nil)
}

// The figures of docs/gpu-figures.md, for its table, and what must hold of them.
func TestFiguresOfARealGPU(t *testing.T) {
	uuid := realGPU(t)
	for _, l := range [][]string{
		{"test", "--level", "quick"},
		{"test", "--level", "quick", "--chunk", "1048576"},
		{"test", "--level", "standard"},
		{"scrub"},
		{"test", "--level", "rigorous"},
	} {
		all := onGPU(t, uuid, l...)
		require.NoError(t, all.err, all.stderr)
		r := all.result
		require.True(t, r.Whole(), r.Error)
		require.Zero(t, r.Mismatches, text(r))
		t.Logf("%s: hello %+v", strings.Join(l, " "), *all.hello)
		t.Logf("  memory %+v", *all.alloc)
		t.Logf("  took %s in all, %s in the run; covered %.2f %%; moved %.2f TB; remanent words %d; copy %.0f GB/s; peak %.0f GB/s; shared memory %v",
			all.took.Round(time.Millisecond), r.EndedAt.Sub(r.StartedAt).Round(time.Millisecond), 100*r.Coverage, float64(r.Moved)/1e12,
			r.Remanent, r.Copy, r.Peak, r.SharedMem)
		for _, p := range r.Phases {
			t.Logf("  %-14s %8.3f s %8.1f GB/s %6.1f %% of peak", p.Name, p.Seconds, p.GBps, 100*p.GBps/r.Peak)
		}
		require.GreaterOrEqual(t, r.Coverage, 0.95)
		if l[0] == "scrub" {
			require.True(t, r.SharedMem)
		} else {
			require.GreaterOrEqual(t, r.GBps, 0.87*min(r.Peak, r.Copy/0.87), "the target: 87 % of the peak, or all that a copy does")
		}
	}
}

// Each operation by itself, ten times over all of the memory.
func TestOperationsOfARealGPU(t *testing.T) {
	uuid := realGPU(t)
	t.Setenv("CUDA_VISIBLE_DEVICES", uuid)
	done := make(chan struct{})
	go func() { // a thread of its own: the context is the thread's
		defer close(done)
		d, err := openDevice()
		if !assertNoError(t, err) {
			return
		}
		r := &run{device: d, Job: Job{Level: gpu.LevelQuick, Chunk: defaultChunk, Launch: defaultLaunch}, say: func(wire.Line) {}, phases: map[string]int{}, begun: time.Now()}
		if !assertNoError(t, r.take()) {
			return
		}
		hash, board := Pattern{"hash", Hash, 3}, Pattern{"board", Checkerboard, every(0x0f)}
		for range 10 {
			assertNoError(t, r.passes(context.Background(), []Pass{
				{Phase: "fill constant", Op: Fill, Pattern: zero},
				{Phase: "check constant", Op: Check, Pattern: zero},
				{Phase: "invert constant", Op: Invert, Pattern: zero},
				{Phase: "fill hash", Op: Fill, Pattern: hash},
				{Phase: "check hash", Op: Check, Pattern: hash},
				{Phase: "invert hash", Op: Invert, Pattern: hash},
				{Phase: "fill hash down", Op: Fill, Pattern: hash, Down: true},
				{Phase: "check hash down", Op: Check, Pattern: hash, Down: true},
				{Phase: "fill board", Op: Fill, Pattern: board},
				{Phase: "check board", Op: Check, Pattern: board},
			}))
			assertNoError(t, r.copySpeed(context.Background()))
		}
		for _, p := range r.result.Phases {
			t.Logf("%-16s %8.1f GB/s %6.1f %% of peak", p.Name, p.GBps, 100*p.GBps/d.peak)
		}
		t.Logf("copy             %8.1f GB/s %6.1f %% of peak", r.result.Copy, 100*r.result.Copy/d.peak)
		begun := time.Now()
		assertNoError(t, d.close(r.chunks))
		t.Logf("memory given back in %s", time.Since(begun))
		if r.result.Mismatches != 0 {
			t.Errorf("mismatches: %s", text(r.found.all))
		}
	}()
	<-done
}

func assertNoError(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// How long after a cancel, and after a kill, the memory is free again.
func TestEndsOnARealGPU(t *testing.T) {
	uuid := realGPU(t)
	for name, end := range map[string]func(c *child){
		"cancel": func(c *child) { _ = c.stdin.Close() },
		"kill":   func(c *child) { _ = c.Process.Kill() },
	} {
		c := &child{Cmd: exec.Command(os.Args[0], "test", "--level", "rigorous"), stderr: &strings.Builder{}}
		c.Env = append(os.Environ(), "MEMTEST_WORKER=1", "CUDA_VISIBLE_DEVICES="+uuid)
		c.start(t)
		time.AfterFunc(5*time.Second, func() { end(c) })
		var at time.Time
		time.AfterFunc(5*time.Second, func() { at = time.Now() })
		all := c.listen(t, nil)
		t.Logf("%s: process gone after %s", name, time.Since(at).Round(time.Millisecond))
		for {
			out, err := exec.Command("nvidia-smi", "--id="+uuid, "--query-gpu=memory.used", "--format=csv,noheader,nounits").Output()
			require.NoError(t, err)
			used, err := strconv.Atoi(strings.TrimSpace(string(out)))
			require.NoError(t, err)
			if used < 1024 {
				break
			}
			require.Less(t, time.Since(at), time.Minute, "%d MiB are still in use", used)
		}
		t.Logf("%s: memory free after %s, as nvidia-smi tells it", name, time.Since(at).Round(time.Millisecond))
		if all.result != nil {
			require.False(t, all.result.Whole())
		}
	}
}

package memtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// The test's own program is the worker, too, when it is told to be.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Getenv("MEMTEST_WORKER") == "1" {
		err := map[string]func([]string) error{"test": Test, "scrub": Scrub}[os.Args[1]](os.Args[2:])
		linger, _ := time.ParseDuration(os.Getenv("MEMTEST_LINGER")) // as on a busy machine
		time.Sleep(linger)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(70)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A told is all that a worker said.
type told struct {
	hello      *wire.Hello
	alloc      *wire.Alloc
	progress   []gpu.Progress
	mismatches []gpu.Mismatch
	result     *gpu.Result
	took       time.Duration
	stderr     string
	err        error
}

// A child is a worker that runs.
type child struct {
	*exec.Cmd
	stdin  io.WriteCloser
	lines  *os.File
	stderr *strings.Builder
}

// mustStart starts a worker with faults.
func mustStart(t testing.TB, faults []string, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], args...), stderr: &strings.Builder{}}
	c.Env = append(os.Environ(), "MEMTEST_WORKER=1", "CUDA_VISIBLE_DEVICES="+fakecuda.Device, "CUDA_MPS_PIPE_DIRECTORY="+t.TempDir(),
		"LD_LIBRARY_PATH="+fakecuda.Library(t))
	c.Env = append(c.Env, faults...)
	c.start(t)
	return c
}

// start starts it, with a pipe to listen at.
func (c *child) start(t testing.TB) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	c.ExtraFiles, c.lines, c.Stderr = []*os.File{w}, r, c.stderr
	c.stdin, err = c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	require.NoError(t, w.Close())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = r.Close() })
}

// listen reads what a worker says until its end.
func (c *child) listen(t testing.TB, seen func(wire.Line)) told {
	t.Helper()
	begun := time.Now()
	var all told
	for lines := wire.NewReader(bufio.NewReader(c.lines)); ; {
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch {
		case l.Hello != nil:
			all.hello = l.Hello
		case l.Alloc != nil:
			all.alloc = l.Alloc
		case l.Progress != nil:
			all.progress = append(all.progress, *l.Progress)
		case l.Mismatch != nil:
			all.mismatches = append(all.mismatches, *l.Mismatch)
		case l.Result != nil:
			all.result = l.Result
		}
		if seen != nil {
			seen(l)
		}
	}
	all.err = c.Wait()
	all.took, all.stderr = time.Since(begun), c.stderr.String()
	return all
}

// mustRun runs a worker to its end.
func mustRun(t testing.TB, faults []string, args ...string) told {
	t.Helper()
	return mustStart(t, faults, args...).listen(t, nil)
}

func text(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

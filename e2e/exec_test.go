package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
)

// stream runs the command line with input, and returns its output as it was and its exit code.
func (s *stack) stream(in io.Reader, out io.Writer, args ...string) (stderr string, code int) {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), binary(s.TB, "kelvin"), args...)
	cmd.Env = append(os.Environ(), "KELVIN_SERVER="+s.api, "KELVIN_API_KEY="+s.key)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &errs
	_ = cmd.Run() // its code says how it went
	return errs.String(), cmd.ProcessState.ExitCode()
}

// forget has the kernel note anew what a part holds at the most.
func (s *stack) forget(part string) {
	s.Helper()
	require.NoError(s, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.parts[part].cmd.Process.Pid), []byte("5"), 0))
}

// memory is what a part has held at the most since then, in MiB.
func (s *stack) memory(part string) (peak int) {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.parts[part].cmd.Process.Pid))
	require.NoError(s, err)
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &peak); err == nil {
			return peak / 1024
		}
	}
	s.Fatal("the kernel does not say")
	return 0
}

// Commands run in a real container and end with their caller; files come and go, also large
// ones, without filling anybody's memory.
func TestExecAndCopy(t *testing.T) {
	s := newStack(t)
	s.must("instance", "create", "box", "--image", "kelvin/echo:latest", "--gpus", "1", "--port", "8080", "--probe-path", "/healthz", "--disk-path", "/workspace", "--wait")
	id := s.instance("box").ID
	require.Eventually(t, func() bool { _, err := s.kelvin("instance", "stats", "box"); return err == nil }, 20*time.Second, 100*time.Millisecond)
	run := func(in string, args ...string) (out, errs string, code int) {
		var text bytes.Buffer
		errs, code = s.stream(strings.NewReader(in), &text, args...)
		return text.String(), errs, code
	}
	processes := func() int {
		var stats api.Stats
		require.NoError(t, s.get("/v1/instances/"+id+"/stats", &stats))
		return stats.Processes
	}

	out, errs, code := run("", "instance", "exec", "box", "--", "/kelvin", "--version")
	require.Zero(t, code, errs)
	require.Contains(t, out, "kelvin")
	_, errs, code = run("", "instance", "exec", "box", "--", "/kelvin", "no-such-command")
	require.Equal(t, 2, code, errs)
	out, errs, code = run("", "instance", "exec", "box", "--", "/nothing")
	require.Contains(t, []int{126, 127}, code, out+errs)
	_, errs, code = run("", "instance", "ssh", "box")
	require.Contains(t, []int{126, 127}, code, errs)
	require.Contains(t, errs, "Is there a shell in its image?")

	t.Run("a command ends with its caller", func(t *testing.T) {
		before := processes()
		cmd := exec.CommandContext(t.Context(), binary(t, "kelvin"), "instance", "exec", "-i=false", "-e", "PORT=9999", "box", "--", "/kelvin", "echo")
		cmd.Env = append(os.Environ(), "KELVIN_SERVER="+s.api, "KELVIN_API_KEY="+s.key)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return processes() > before }, 20*time.Second, 50*time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		require.Eventually(t, func() bool { return processes() <= before }, 20*time.Second, 50*time.Millisecond)
	})

	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "in", "sub"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in", "sub", "run.sh"), []byte("#!/bin/sh\n"), 0o755)) //nolint:gosec // it is to keep its mode
	require.NoError(t, os.Symlink("sub/run.sh", filepath.Join(dir, "in", "link")))
	then := time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "in", "sub", "run.sh"), then, then))
	s.must("instance", "cp", filepath.Join(dir, "in"), "box:/workspace")
	s.must("instance", "cp", "box:/workspace/in", filepath.Join(dir, "out"))
	info, err := os.Stat(filepath.Join(dir, "out", "sub", "run.sh"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode())
	require.True(t, then.Equal(info.ModTime()))
	link, err := os.Readlink(filepath.Join(dir, "out", "link"))
	require.NoError(t, err)
	require.Equal(t, "sub/run.sh", link)

	t.Run("large files are streamed", func(t *testing.T) {
		const size = 200 << 20
		large := filepath.Join(dir, "large")
		f, err := os.Create(large)
		require.NoError(t, err)
		sum := sha256.New()
		_, err = io.CopyN(io.MultiWriter(f, sum), rand.NewChaCha8([32]byte{1}), size)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		before := map[string]int{}
		for _, part := range []string{"server", "agent"} {
			s.forget(part)
			before[part] = s.memory(part)
		}
		began := time.Now()
		s.must("instance", "cp", large, "box:/workspace/large")
		up := time.Since(began)
		began = time.Now()
		s.must("instance", "cp", "box:/workspace/large", filepath.Join(dir, "back"))
		down := time.Since(began)
		back, err := os.Open(filepath.Join(dir, "back"))
		require.NoError(t, err)
		defer back.Close()
		same := sha256.New()
		_, err = io.Copy(same, back)
		require.NoError(t, err)
		require.Equal(t, sum.Sum(nil), same.Sum(nil))
		t.Logf("200 MiB in: %.0f MiB/s, out: %.0f MiB/s", 200/up.Seconds(), 200/down.Seconds())
		for part, held := range before {
			now := s.memory(part)
			t.Logf("%s: %d MiB before, at most %d MiB", part, held, now)
			require.Less(t, now-held, 64, "%s holds what it passes on", part)
		}
	})

	s.must("instance", "stop", "box", "--wait")
	status, text, err := s.do(http.MethodGet, "/v1/instances/"+id+"/files?path=/workspace/in/link", "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "a stopped server has its files: %s", text)
	out, err = s.kelvin("instance", "exec", "box", "--", "/kelvin", "--version")
	require.Error(t, err)
	require.Contains(t, out, "the instance is stopped")
	out = s.must("event", "ls", "--resource", "box")
	require.Contains(t, out, "instance.exec")
	require.Contains(t, out, "instance.copied")

	// Workers of endpoints are instances, too.
	s.must("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "1", "--wait")
	var workers api.List[api.Instance]
	require.NoError(t, s.get("/v1/instances?endpoint="+s.endpoint("hello").ID, &workers))
	out, errs, code = run("", "instance", "exec", workers.Items[0].Name, "--", "/kelvin", "--version")
	require.Zero(t, code, errs)
	require.Contains(t, out, "kelvin")
	s.must("endpoint", "rm", "hello", "--yes", "--wait")
	s.must("instance", "rm", "box", "--yes", "--wait")
	s.requireClean()
}

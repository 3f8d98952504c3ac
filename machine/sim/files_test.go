package sim_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestFilesOutliveCrashesAndPowerCuts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := mustHost(t, sim.Options{Dir: dir})
	m := h.Open("hst_1")
	c := mustCreateWith(t, m, "op_1", func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	require.NoError(t, m.Start(t.Context(), "op_1"))
	mustExec(t, m, 0, "write", "/workspace/kept", "on", "the", "disk")
	mustExec(t, m, 0, "write", "/etc/deep/kept", "in the root")
	mustExec(t, m, 0, "sh", "-c", "write /opt/kept by a shell")
	files, err := m.Files(t.Context(), "op_1")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(files.Data, dir) && strings.HasPrefix(files.Root, dir), "%v", files)
	require.FileExists(t, filepath.Join(files.Root, "etc", "deep", "kept"))

	for _, fail := range []func(){func() { h.Crash("op_1", 1) }, func() { h.PowerOff(); h.PowerOn() }} {
		fail()
		require.NoError(t, m.Start(t.Context(), "op_1"))
		require.Equal(t, "on the disk", mustGet(t, c.Ports[0].Host, "/files/kept"))
		require.Equal(t, "on the disk", mustExec(t, m, 0, "cat", "/workspace/kept"))
		require.Equal(t, "in the root", mustExec(t, m, 0, "cat", "/etc/../etc/deep/kept"))
	}
	require.Equal(t, "deep\n", mustExec(t, m, 0, "ls", "/etc"))
	mustExec(t, m, 0, "rm", "/etc/deep")
	mustExec(t, m, 1, "cat", "/etc/deep/kept")
	require.NoError(t, m.Remove(t.Context(), "op_1"))
	require.Empty(t, h.Left(""))
	left, err := os.ReadDir(filepath.Join(dir, "containers"))
	require.NoError(t, err)
	require.Empty(t, left)
	h.Close()
	require.NoDirExists(t, filepath.Join(dir, "containers"))
}

func TestPathsDoNotLeadOutOfAContainer(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{Dir: t.TempDir()})
	m := h.Open("hst_1")
	mustCreateWith(t, m, "op_1", func(c *fleet.ContainerSpec) { c.Spec.DiskPath, c.Spec.ReadOnly = "/workspace", true })
	require.NoError(t, m.Start(t.Context(), "op_1"))
	mustExec(t, m, 1, "cat", "/../../../../../../etc/hosts")
	mustExec(t, m, 0, "ln", "/etc", "/workspace/out")
	mustExec(t, m, 1, "cat", "/workspace/out/hosts")
	mustExec(t, m, 1, "write", "/workspace/out/hosts", "text")
	mustExec(t, m, 1, "write", "/etc/hosts", "text")
	mustExec(t, m, 0, "write", "/tmp/file", "text")
	mustExec(t, m, 1, "write", "/workspaces", "text")
}

func TestAMachineClearsUpWhatAnEarlierOneLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600))
	first := sim.NewHost(sim.Options{Dir: dir})
	mustCreate(t, first.Open("hst_1"), "op_1")
	require.DirExists(t, filepath.Join(dir, "containers", "op_1"))
	// It dies without a word.
	second := mustHost(t, sim.Options{Dir: dir})
	mustCreate(t, second.Open("hst_1"), "op_2")
	require.NoDirExists(t, filepath.Join(dir, "containers", "op_1"))
	require.FileExists(t, filepath.Join(dir, "mine"))
}

func TestFaultsStrikeTheVerbsOfFreezing(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{})
	m := h.Open("hst_1")
	mustRun(t, m, "op_1")
	d, err := m.Inspect(t.Context(), "op_1")
	require.NoError(t, err)
	for verb, call := range map[string]func() error{
		"Files":     func() error { _, err := m.Files(t.Context(), "op_1"); return err },
		"HasImage":  func() error { _, err := m.HasImage(t.Context(), d.ImageID); return err },
		"SaveImage": func() error { _, err := m.SaveImage(t.Context(), d.ImageID); return err },
		"LoadImage": func() error { return m.LoadImage(t.Context(), d.ImageID, strings.NewReader("")) },
		"Pause":     func() error { return m.Pause(t.Context(), "op_1") },
		"Unpause":   func() error { return m.Unpause(t.Context(), "op_1") },
	} {
		require.NoError(t, call(), verb)
		h.Inject(sim.Fault{Verb: verb, Code: fleet.Exhausted})
		require.Equal(t, fleet.Exhausted, fleet.CodeOf(call()), verb)
		h.Heal()
		h.PowerOff()
		require.Equal(t, fleet.Unavailable, fleet.CodeOf(call()), verb)
		h.PowerOn()
		require.NoError(t, m.Start(t.Context(), "op_1"))
	}
}

func TestAStreamBreaksWithItsMachine(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{})
	m := h.Open("hst_1")
	mustCreate(t, m, "op_1")
	files, err := m.Files(t.Context(), "op_1")
	require.NoError(t, err)
	stream, err := m.SaveImage(t.Context(), files.ImageID)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, stream, 1000)
	require.NoError(t, err)
	h.PowerOff()
	_, err = io.Copy(io.Discard, stream)
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))

	// Another machine knows the image by the same ID.
	other := mustHost(t, sim.Options{}).Open("hst_2")
	mustPull(t, other)
	here, err := other.HasImage(t.Context(), files.ImageID)
	require.NoError(t, err)
	require.True(t, here)
}

func TestWhatIsPausedCanCrash(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{Behaviours: []sim.Behaviour{{Lease: "op_2", ExitAfter: fleet.Duration(50 * time.Millisecond), ExitCode: 3}}})
	m := h.Open("hst_1")
	mustRun(t, m, "op_1")
	require.NoError(t, m.Pause(t.Context(), "op_1"))
	h.Crash("op_1", 9)
	d, err := m.Inspect(t.Context(), "op_1")
	require.NoError(t, err)
	require.False(t, d.Running || d.Paused)
	require.Equal(t, 9, d.ExitCode)

	mustRun(t, m, "op_2")
	require.NoError(t, m.Pause(t.Context(), "op_2"))
	time.Sleep(100 * time.Millisecond)
	d, err = m.Inspect(t.Context(), "op_2")
	require.NoError(t, err)
	require.True(t, d.Running, "its time stands still")
	require.NoError(t, m.Unpause(t.Context(), "op_2"))
	require.Eventually(t, func() bool {
		d, err = m.Inspect(t.Context(), "op_2")
		return err == nil && !d.Running
	}, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, 3, d.ExitCode)
}

// mustExec runs a command in the container of op_1, which ends with that code.
func mustExec(t *testing.T, m machine.Machine, code int, command ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got, err := m.Exec(t.Context(), "op_1", machine.Exec{Command: command, Stdout: &out, Stderr: &errs})
	require.NoError(t, err)
	require.Equal(t, code, got, "%v: %s", command, errs.String())
	return out.String()
}

func mustPull(t *testing.T, m machine.Machine) {
	t.Helper()
	require.NoError(t, m.Pull(t.Context(), image, nil))
}

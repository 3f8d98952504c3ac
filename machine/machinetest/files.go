package machinetest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// mustFiles is where a container's files lie; ok is false on a machine that says it cannot
// tell, which then has to stand by it.
func (h *host) mustFiles(t *testing.T, c fleet.ContainerSpec) (files machine.Files, ok bool) {
	t.Helper()
	info, err := h.Info(t.Context())
	require.NoError(t, err)
	files, err = h.Files(t.Context(), c.Lease.ID)
	if !info.Archives {
		requireCode(t, fleet.Unsupported, err)
		return files, false
	}
	require.NoError(t, err)
	return files, true
}

// mustExec runs a command that ends well, and returns its output.
func (h *host) mustExec(t *testing.T, c fleet.ContainerSpec, words ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: h.fixture.Command(words...), Stdout: &out, Stderr: &errs})
	require.NoError(t, err)
	require.Zero(t, code, "%s: %s", words, errs.String())
	return out.String()
}

func filesLie(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	h.mustExec(t, c, "write", "/workspace/kept", "on the disk")
	h.mustExec(t, c, "write", "/changed", "in the root")
	while, ok := h.mustFiles(t, c)
	if !ok {
		return
	}
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	files, _ := h.mustFiles(t, c)
	require.Equal(t, while, files, "they stay where they were")
	require.Equal(t, h.mustInspect(t, c).ImageID, files.ImageID)
	require.NoError(t, machine.CheckImageID(files.ImageID))
	requireFile(t, filepath.Join(files.Data, "kept"), "on the disk")
	requireFile(t, filepath.Join(files.Root, "changed"), "in the root")
	require.NoFileExists(t, filepath.Join(files.Root, "workspace", "kept"))

	plain := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.ReadOnly = true })
	bare, _ := h.mustFiles(t, plain)
	require.Equal(t, machine.Files{ImageID: files.ImageID}, bare, "it has no disk, and changes nothing")

	require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	require.NoDirExists(t, files.Data)
	require.NoDirExists(t, files.Root)
}

func filesStart(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	files, ok := h.mustFiles(t, c)
	if !ok {
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(files.Data, "kept"), []byte("on the disk"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(files.Root, "opt", "deep"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(files.Root, "opt", "deep", "changed"), []byte("in the root"), 0o600))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Equal(t, "on the disk", mustGet(t, c, "/files/kept"))
	require.Equal(t, "on the disk", h.mustExec(t, c, "cat", "/workspace/kept"))
	require.Equal(t, "in the root", h.mustExec(t, c, "cat", "/opt/deep/changed"))
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
	require.Equal(t, "in the root", h.mustExec(t, c, "cat", "/opt/deep/changed"))
}

func filesNowhere(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	_, err := h.Files(t.Context(), "op_none")
	requireCode(t, fleet.NotFound, err)
}

func requireFile(t *testing.T, name, content string) {
	t.Helper()
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
}

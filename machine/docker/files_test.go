package docker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

func TestCopiedFoldersMakeTheSameContainer(t *testing.T) {
	t.Parallel()
	ref := mustFilesImage(t)
	e, host := mustHost(t, docker.Options{})
	if info, err := e.Info(t.Context()); err == nil && !info.Archives {
		t.Skip("needs an engine with overlay2 on this machine, and the right to look into its folders")
	}
	one := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.Spec.Image, c.Spec.DiskPath = ref, "/workspace" })
	id := mustInspect(t, e, one).ImageID
	mustExec(t, e, one, 0, "/kelvin", "awkward", "/")
	mustExec(t, e, one, 0, "/kelvin", "awkward", "/workspace")
	// The engine makes /etc anew in every container; its times are kept only where something
	// in it was changed.
	mustExec(t, e, one, 0, "/kelvin", "write", "/etc/changed", "changed")
	want := mustExec(t, e, one, 0, "/kelvin", "describe", "/")
	// What the test is about has to be there.
	for _, sign := range []string{`"/new again"`, " 2 links, as", `"/workspace/new again"`, "1000:2000", "user.kelvin=", "sparse", "-> \"nowhere\"", "prw-------"} {
		require.Contains(t, want, sign)
	}
	require.NoError(t, e.Stop(t.Context(), one.Lease.ID, time.Minute))
	from, err := e.Files(t.Context(), one.Lease.ID)
	require.NoError(t, err)
	requireWhiteouts(t, from.Root)

	// The name means another image by now.
	require.NoError(t, e.BuildFromBinary(t.Context(), ref, binary, nil))
	two := mustCreate(t, e, host, func(c *fleet.ContainerSpec) { c.ImageID, c.Spec.Image, c.Spec.DiskPath = id, ref, "/workspace" })
	to, err := e.Files(t.Context(), two.Lease.ID)
	require.NoError(t, err)
	require.Equal(t, id, to.ImageID)
	mustCopy(t, from.Root, to.Root)
	mustCopy(t, from.Data, to.Data)
	require.NoError(t, e.Start(t.Context(), two.Lease.ID))
	mustGet(t, two, "/healthz")
	require.Equal(t, want, mustExec(t, e, two, 0, "/kelvin", "describe", "/"))

	// And it lives on: what was removed can come back, what is there can go.
	mustExec(t, e, two, 0, "/kelvin", "write", "/image/removed", "again")
	mustExec(t, e, two, 0, "/kelvin", "write", "/image/again/inner", "again")
	require.NoError(t, e.Stop(t.Context(), two.Lease.ID, time.Minute))
	require.NoError(t, e.Start(t.Context(), two.Lease.ID))
	mustGet(t, two, "/healthz")
	require.Equal(t, "again", mustExec(t, e, two, 0, "/kelvin", "cat", "/image/removed"))
	mustExec(t, e, two, 1, "/kelvin", "cat", "/image/again/inner folder/file")
}

// requireWhiteouts sees that the changed part of a root filesystem says what is deleted as
// overlayfs does, which machine.Files promises.
func requireWhiteouts(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"image/removed", "image/removed folder", "image/from"} {
		var stat unix.Stat_t
		require.NoError(t, unix.Lstat(filepath.Join(root, name), &stat), name)
		require.Equal(t, uint32(unix.S_IFCHR), stat.Mode&unix.S_IFMT, name)
		require.Zero(t, stat.Rdev, name)
	}
	opaque := make([]byte, 1)
	_, err := unix.Lgetxattr(filepath.Join(root, "image", "again"), "trusted.overlay.opaque", opaque)
	require.NoError(t, err)
	require.Equal(t, "y", string(opaque))
}

// mustCopy makes one folder like another, in all that cp knows of.
func mustCopy(t *testing.T, from, to string) {
	t.Helper()
	old, err := os.ReadDir(to)
	require.NoError(t, err)
	for _, entry := range old {
		require.NoError(t, os.RemoveAll(filepath.Join(to, entry.Name())))
	}
	out, err := exec.CommandContext(t.Context(), "cp", "-a", from+"/.", to).CombinedOutput()
	require.NoError(t, err, string(out))
}

// mustFilesImage is an image with files to change, in its root and where a disk will be.
func mustFilesImage(t *testing.T) string {
	t.Helper()
	ref := mustName(t)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(h tar.Header, content string) {
		h.ModTime, h.Size = time.Unix(1_600_000_000, 0), int64(len(content))
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		require.NoError(t, err)
	}
	program, err := os.ReadFile(binary)
	require.NoError(t, err)
	add(tar.Header{Name: "kelvin", Mode: 0o755}, string(program))
	add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, "")
	for _, dir := range []string{"", "workspace/"} {
		for _, folder := range []string{"image/", "image/removed folder/", "image/again/", "image/again/inner folder/"} {
			add(tar.Header{Typeflag: tar.TypeDir, Name: dir + folder, Mode: 0o755}, "")
		}
		for _, file := range []string{"config", "mode", "removed", "from", "untouched", "removed folder/file", "again/inner", "again/inner folder/file"} {
			add(tar.Header{Name: dir + "image/" + file, Mode: 0o644, Uid: 33}, "of the image: "+file)
		}
	}
	require.NoError(t, w.Close())
	body, err := raw.ImageImport(t.Context(), image.ImportSource{Source: &layer, SourceName: "-"}, ref, image.ImportOptions{
		Changes: []string{`ENTRYPOINT ["/kelvin"]`},
	})
	require.NoError(t, err)
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	require.NoError(t, err)
	mustVanish(t, mustImage(t, ref))
	return ref
}

func TestALoadedImageTakesNoNames(t *testing.T) {
	t.Parallel()
	e, _ := mustHost(t, docker.Options{})
	ref, other := mustFresh(t, 0), mustFresh(t, 0)
	id := mustImage(t, ref)
	named, both := mustSaveRaw(t, ref), mustSaveRaw(t, ref, other)
	_, err := raw.ImageRemove(t.Context(), ref, image.RemoveOptions{PruneChildren: true})
	require.NoError(t, err)
	require.Equal(t, fleet.Invalid, fleet.CodeOf(e.LoadImage(t.Context(), id, bytes.NewReader(both))), "two images")
	_, err = raw.ImageInspect(t.Context(), id)
	require.Error(t, err)
	require.NoError(t, e.LoadImage(t.Context(), id, bytes.NewReader(named)))
	loaded, err := raw.ImageInspect(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, loaded.RepoTags)
}

func TestASaveThatTheEngineBreaksOffIsNoImage(t *testing.T) {
	t.Parallel()
	e, _ := mustHost(t, docker.Options{})
	id := mustImage(t, mustFresh(t, 0))
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := e.SaveImage(ctx, id)
	require.NoError(t, err)
	defer stream.Close()
	_, err = io.CopyN(io.Discard, stream, 1000)
	require.NoError(t, err)
	cancel()
	_, err = io.Copy(io.Discard, stream)
	require.ErrorIs(t, err, context.Canceled)
}

func mustSaveRaw(t testing.TB, refs ...string) []byte {
	t.Helper()
	body, err := raw.ImageSave(t.Context(), refs)
	require.NoError(t, err)
	defer body.Close()
	saved, err := io.ReadAll(body)
	require.NoError(t, err)
	return saved
}

func mustInspect(t *testing.T, e *docker.Engine, c fleet.ContainerSpec) machine.Container {
	t.Helper()
	d, err := e.Inspect(t.Context(), c.Lease.ID)
	require.NoError(t, err)
	return d
}

package machinetest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// packedAt is when the files of these tests were changed.
var packedAt = time.Date(2020, 2, 29, 12, 30, 0, 0, time.UTC)

// An entry of an archive, as far as these tests go.
type entry struct {
	Name, Link, Text string
	Type             byte
	Mode             int64
	Modified         time.Time
}

func archive(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		require.NoError(t, w.WriteHeader(&tar.Header{
			Typeflag: e.Type, Name: e.Name, Linkname: e.Link, Mode: e.Mode, ModTime: e.Modified, Size: int64(len(e.Text)), Devmajor: 1, Devminor: 3,
		}))
		_, err := w.Write([]byte(e.Text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func mustEntries(t *testing.T, from io.Reader) map[string]entry {
	t.Helper()
	found, in := map[string]entry{}, tar.NewReader(from)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		found[h.Name] = entry{h.Name, h.Linkname, string(text), h.Typeflag, h.Mode & 0o777, h.ModTime.UTC()}
	}
}

func folder(name string) entry {
	return entry{Name: name, Type: tar.TypeDir, Mode: 0o750, Modified: packedAt}
}

func file(name, text string) entry {
	return entry{Name: name, Text: text, Type: tar.TypeReg, Mode: 0o640, Modified: packedAt}
}

func copies(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	lease, ctx := c.Lease.ID, t.Context()
	sent := []entry{
		folder("d/"), file("d/f", "hello"), folder("d/empty/"), file("d/deep/er/f", strings.Repeat("x", 100_000)),
		{Name: "d/link", Link: "f", Type: tar.TypeSymlink, Mode: 0o777, Modified: packedAt},
		{Name: "to-d", Link: "d", Type: tar.TypeSymlink, Mode: 0o777, Modified: packedAt},
	}
	got := func(path string) map[string]entry {
		t.Helper()
		out, err := h.CopyFrom(ctx, lease, path)
		require.NoError(t, err)
		defer out.Close()
		return mustEntries(t, out)
	}
	for _, dir := range []string{"/workspace", "/tmp/"} {
		require.NoError(t, h.CopyTo(ctx, lease, dir, bytes.NewReader(archive(t, sent...))))
		require.NoError(t, h.CopyTo(ctx, lease, dir, bytes.NewReader(archive(t, file("d/f", "again")))), "a file is replaced")
		found := got(strings.TrimRight(dir, "/") + "/d")
		for _, e := range append(sent[:5:5], file("d/f", "again")) {
			if e.Name == "d/f" && e.Text != "again" {
				continue
			}
			there, ok := found[e.Name]
			require.True(t, ok, e.Name)
			if e.Type == tar.TypeSymlink || e.Name == "d/" { // a link's own time is not kept everywhere; the folder has been written to
				there.Modified = e.Modified
			}
			require.Equal(t, e, there)
		}
	}
	require.Equal(t, map[string]entry{"f": file("f", "again")}, got("/workspace/d/f"))
	require.Equal(t, byte(tar.TypeSymlink), got("/workspace/to-d")["to-d"].Type, "a link is a link")
	require.Equal(t, "again", got("/workspace/to-d/")["to-d/f"].Text, "unless it is followed")
	require.Equal(t, "again", got("/workspace/to-d/.")["to-d/f"].Text)

	require.NoError(t, h.Stop(ctx, lease, patience))
	require.Equal(t, "again", got("/workspace/d/f")["f"].Text, "a stopped container has its files")
	require.NoError(t, h.CopyTo(ctx, lease, "/workspace", bytes.NewReader(archive(t, file("late", "while it was stopped")))))
	require.NoError(t, h.Start(ctx, lease))
	require.Equal(t, "while it was stopped", got("/workspace/late")["late"].Text)

	out, err := h.CopyFrom(ctx, lease, "/")
	require.NoError(t, err)
	first, err := tar.NewReader(out).Next()
	require.NoError(t, err)
	require.Contains(t, []string{".", "./"}, first.Name)
	require.NoError(t, out.Close(), "one need not read all of it")
}

func copiesRefused(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath, c.Spec.ReadOnly = "/workspace", true })
	lease, ctx := c.Lease.ID, t.Context()
	good := archive(t, file("f", strings.Repeat("hello", 1000)))
	require.NoError(t, h.CopyTo(ctx, lease, "/workspace", bytes.NewReader(good)))
	for name, try := range map[string]struct {
		lease, dir string
		body       []byte
		want       fleet.Code
	}{
		"no container":          {"op_none", "/workspace", good, fleet.NotFound},
		"no folder":             {lease, "/workspace/none", good, fleet.NotFound},
		"a file as a folder":    {lease, "/workspace/f", good, fleet.Invalid},
		"a path from nowhere":   {lease, "workspace", good, fleet.Invalid},
		"no path":               {lease, "", good, fleet.Invalid},
		"a zero byte":           {lease, "/work\x00space", good, fleet.Invalid},
		"a read-only root":      {lease, "/", good, fleet.Invalid},
		"no tar":                {lease, "/workspace", []byte(strings.Repeat("no tar ", 1000)), fleet.Invalid},
		"nothing":               {lease, "/workspace", nil, fleet.Invalid},
		"half of one":           {lease, "/workspace", good[:600], fleet.Invalid},
		"a name that leads out": {lease, "/workspace", archive(t, file("../f", "x")), fleet.Invalid},
		"a link that leads out": {lease, "/workspace", archive(t, entry{Name: "l", Link: "../../etc/passwd", Type: tar.TypeLink}), fleet.Invalid},
		"a device":              {lease, "/workspace", archive(t, entry{Name: "null", Type: tar.TypeChar, Mode: 0o666}), fleet.Invalid},
		"a disk":                {lease, "/workspace", archive(t, entry{Name: "sda", Type: tar.TypeBlock, Mode: 0o666}), fleet.Invalid},
		"a file over a folder":  {lease, "/", archive(t, file("workspace", "x")), fleet.Invalid},
	} {
		err := h.CopyTo(ctx, try.lease, try.dir, bytes.NewReader(try.body))
		require.Error(t, err, name)
		require.Equal(t, try.want, fleet.CodeOf(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "overlay", "the host's paths are its own")
	}
	broken := errors.New("the wire is cut")
	err := h.CopyTo(ctx, lease, "/workspace", io.MultiReader(bytes.NewReader(good[:600]), failing{broken}))
	require.ErrorIs(t, err, broken)

	for path, want := range map[string]fleet.Code{
		"/workspace/none": fleet.NotFound, "/none/": fleet.NotFound, "/workspace/f/": fleet.Invalid, "workspace/f": fleet.Invalid,
	} {
		_, err := h.StatPath(ctx, lease, path)
		requireCode(t, want, err)
		_, err = h.CopyFrom(ctx, lease, path)
		requireCode(t, want, err)
	}
	_, err = h.StatPath(ctx, "op_none", "/")
	requireCode(t, fleet.NotFound, err)
	_, err = h.CopyFrom(ctx, "op_none", "/")
	requireCode(t, fleet.NotFound, err)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func statsPaths(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	require.NoError(t, h.CopyTo(t.Context(), c.Lease.ID, "/workspace", bytes.NewReader(archive(t,
		folder("d/"), file("d/f", "hello"), entry{Name: "to-d", Link: "d", Type: tar.TypeSymlink, Mode: 0o777},
	))))
	for path, want := range map[string]struct {
		name string
		mode fs.FileMode
	}{
		"/workspace/d": {"d", fs.ModeDir | 0o750}, "/workspace/d/": {"d", fs.ModeDir | 0o750}, "/workspace/to-d/": {"to-d", fs.ModeDir | 0o750},
		"/workspace/../workspace/./d/f": {"f", 0o640}, "/workspace/to-d": {"to-d", fs.ModeSymlink | 0o777},
	} {
		found, err := h.StatPath(t.Context(), c.Lease.ID, path)
		require.NoError(t, err, path)
		require.Equal(t, want.name, found.Name, path)
		require.Equal(t, want.mode, found.Mode, path)
		if want.mode.IsRegular() {
			require.EqualValues(t, 5, found.Bytes)
			require.True(t, packedAt.Equal(found.Modified), found.Modified)
		}
		if want.mode&fs.ModeSymlink != 0 {
			require.Equal(t, "/workspace/d", found.Link)
		}
	}
}

func copyCancelled(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	defer write.Close()
	go func() {
		_, _ = write.Write(archive(t, file("f", strings.Repeat("x", 1<<20)))[:1<<19])
		cancel()
	}()
	time.AfterFunc(patience/2, cancel) // however slowly a busy engine reads
	ended := make(chan error, 1)
	go func() { ended <- h.CopyTo(ctx, c.Lease.ID, "/workspace", read) }()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		t.Fatal("the copy goes on without its caller")
	}
}

package machine_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func mustTar(t *testing.T, entries ...tar.Header) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = "evil"
			h.Size = int64(len(text))
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &out
}

func same(name string) (string, error) { return name, nil }

func mustRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func TestUnpackWritesNowhereElse(t *testing.T) {
	t.Parallel()
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	link := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
	}
	hard := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to}
	}
	for name, entries := range map[string][]tar.Header{
		"a name above":               {file("../secret")},
		"a name above, hidden":       {file("a/../../secret")},
		"through a link above":       {link("l", ".."), file("l/secret")},
		"through an absolute link":   {link("l", "/tmp"), file("l/secret")},
		"through two links":          {link("a", "b"), link("b", ".."), file("a/secret")},
		"a hard link to above":       {hard("h", "../secret"), file("h")},
		"a hard link through a link": {link("l", ".."), hard("h", "l/secret"), file("h")},
		"a folder over a link":       {link("l", ".."), {Typeflag: tar.TypeDir, Name: "l/", Mode: 0o777}, file("l/secret")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			secret, inside := filepath.Join(dir, "secret"), filepath.Join(dir, "in")
			require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
			require.NoError(t, os.Mkdir(inside, 0o700))
			require.Error(t, machine.Unpack(mustRoot(t, inside), mustTar(t, entries...), same))
			text, err := os.ReadFile(secret)
			require.NoError(t, err)
			require.Equal(t, "secret", string(text))
			info, err := os.Stat(dir)
			require.NoError(t, err)
			require.NotEqual(t, fs.FileMode(0o777), info.Mode().Perm())
		})
	}
}

func TestUnpackReplacesALinkAndDoesNotWriteThroughIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other"), []byte("kept"), 0o600))
	require.NoError(t, os.Link(filepath.Join(dir, "other"), filepath.Join(dir, "hard")))
	entries := mustTar(
		t, tar.Header{Typeflag: tar.TypeSymlink, Name: "soft", Linkname: "other"}, tar.Header{Typeflag: tar.TypeReg, Name: "soft"},
		tar.Header{Typeflag: tar.TypeReg, Name: "hard"}, tar.Header{Typeflag: tar.TypeChar, Name: "device"},
		tar.Header{Typeflag: tar.TypeReg, Name: "lends", Mode: 0o6755},
	)
	require.NoError(t, machine.Unpack(mustRoot(t, dir), entries, same))
	text, err := os.ReadFile(filepath.Join(dir, "other"))
	require.NoError(t, err)
	require.Equal(t, "kept", string(text))
	require.NoFileExists(t, filepath.Join(dir, "device"))
	info, err := os.Stat(filepath.Join(dir, "lends"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o755), info.Mode(), "without the bits that lend the owner's rights")
}

func TestWhatIsPackedComesOutTheSame(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	at := time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, os.MkdirAll(filepath.Join(from, "x", "read-only"), 0o755))
	for name, mode := range map[string]fs.FileMode{"x/.hidden": 0o600, "x/run": 0o755, "x/read-only/f": 0o400} {
		p := filepath.Join(from, name)
		require.NoError(t, os.WriteFile(p, []byte(name), mode))
		require.NoError(t, os.Chtimes(p, at, at))
	}
	require.NoError(t, os.Symlink("run", filepath.Join(from, "x", "link")))
	listener, err := net.Listen("unix", filepath.Join(from, "x", "socket"))
	require.NoError(t, err)
	defer listener.Close()
	require.NoError(t, os.Chtimes(filepath.Join(from, "x", "read-only"), at, at))
	require.NoError(t, os.Chmod(filepath.Join(from, "x", "read-only"), 0o500))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(from, "x", "read-only"), 0o700) }) //nolint:gosec // a folder
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(to, "y", "read-only"), 0o700) })   //nolint:gosec // a folder

	for name, as := range map[string]string{"x": "y", ".": "all"} {
		var skipped []string
		read, write := io.Pipe()
		go func() {
			_ = write.CloseWithError(machine.Pack(write, mustRoot(t, from), name, as, func(name string) { skipped = append(skipped, name) }))
		}()
		require.NoError(t, machine.Unpack(mustRoot(t, to), read, same))
		require.Equal(t, []string{"x/socket"}, skipped)
	}
	for _, base := range []string{"y", "all/x"} {
		for name, mode := range map[string]fs.FileMode{".hidden": 0o600, "run": 0o755, "read-only/f": 0o400, "read-only": fs.ModeDir | 0o500} {
			info, err := os.Stat(filepath.Join(to, base, name))
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode(), name)
			require.True(t, at.Equal(info.ModTime()), name)
		}
		target, err := os.Readlink(filepath.Join(to, base, "link"))
		require.NoError(t, err)
		require.Equal(t, "run", target)
	}
}

func TestSiftKeepsOutWhatAContainerCouldNotMake(t *testing.T) {
	t.Parallel()
	read := func(from io.Reader) ([]*tar.Header, error) {
		sifted := machine.Sift(from)
		defer sifted.Close()
		var found []*tar.Header
		for in := tar.NewReader(sifted); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				return found, nil
			}
			if err != nil {
				return found, err
			}
			found = append(found, h)
		}
	}
	for name, h := range map[string]tar.Header{
		"a device": {Typeflag: tar.TypeChar, Name: "null"}, "a disk": {Typeflag: tar.TypeBlock, Name: "sda"},
		"a name that leads out": {Typeflag: tar.TypeReg, Name: "a/../../b"}, "a link that leads out": {Typeflag: tar.TypeLink, Name: "l", Linkname: "../b"},
	} {
		_, err := read(mustTar(t, h))
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), name)
	}
	found, err := read(mustTar(t, tar.Header{
		Typeflag: tar.TypeReg, Name: "/etc/" + strings.Repeat("long/", 60) + "f", Uid: 1000, ModTime: time.Unix(1, 0),
		PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "all of them"},
	}))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, 1000, found[0].Uid)
	require.Equal(t, "/etc/"+strings.Repeat("long/", 60)+"f", found[0].Name)
	for name := range found[0].PAXRecords {
		require.NotContains(t, name, "xattr")
	}
	broken := errors.New("the wire is cut")
	_, err = read(io.MultiReader(io.LimitReader(mustTar(t, tar.Header{Typeflag: tar.TypeReg, Name: "f"}), 514), brokenReader{broken}))
	require.ErrorIs(t, err, broken)
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

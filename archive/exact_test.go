package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestEverythingComesBackAsItWas(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	awkward(t, dir)
	want := listing(t, dir)
	quiet()
	saved := mustSave(t, a, "1", dir)
	require.Equal(t, want, listing(t, dir), "saving changes nothing")
	require.EqualValues(t, len(want)-1, saved.Files)
	verified, err := a.Verify(t.Context(), "snp_1", nil)
	require.NoError(t, err)
	require.Positive(t, verified.Bytes)

	b, target := beside(t, a), filepath.Join(disk(t), "made", "by restore")
	restored := mustRestore(t, b, "1", target)
	require.Equal(t, want, listing(t, target))
	require.Equal(t, saved.Bytes, restored.Bytes)
	require.NoError(t, b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil))

	// Once more, there is nothing to do.
	restored = mustRestore(t, b, "1", target)
	require.Zero(t, restored.BytesFetched)
	require.Zero(t, restored.FilesChanged)
	require.Equal(t, want, listing(t, target))
}

func TestRestoreChangesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	awkward(t, dir)
	want := listing(t, dir)
	quiet()
	mustSave(t, a, "1", dir)
	b, target := beside(t, a), disk(t)
	mustRestore(t, b, "1", target)
	in := func(name string) string { return filepath.Join(target, name) }

	// A tenant did all this.
	f, err := os.OpenFile(in("large"), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("changed"), 5<<20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Truncate(in("exactly two chunks"), chunkSize+1))
	require.NoError(t, os.RemoveAll(in("deep0")))
	write(t, in("deep0"), "a file where a directory was")
	require.NoError(t, os.Remove(in("plain")))
	write(t, in("plain/is a directory now/x"), "x")
	require.NoError(t, os.Remove(in("link")))
	require.NoError(t, os.Symlink("elsewhere", in("link")))
	require.NoError(t, os.Remove(in("hard/two")))
	write(t, in("hard/two"), noise(3, 3<<20))
	require.NoError(t, unix.Lsetxattr(in("attributes"), "user.new", []byte("x"), 0))
	require.NoError(t, unix.Lremovexattr(in("opaque"), "trusted.overlay.opaque"))
	require.NoError(t, os.Chmod(in("owned"), 0o600))
	require.NoError(t, os.Remove(in("whiteout")))
	require.NoError(t, unix.Mknod(in("whiteout"), unix.S_IFCHR, int(unix.Mkdev(1, 3))))
	sparse(t, in("sparse"), 100<<20, map[int64]string{50 << 20: "not a hole", 5<<20 + 100: noise(4, 10000)})
	write(t, in("new/and/deep"), "to be removed")
	require.NotEqual(t, want, listing(t, target))

	restored := mustRestore(t, b, "1", target)
	require.Equal(t, want, listing(t, target))
	require.Less(t, restored.BytesFetched, int64(12<<20), "of the large file only a chunk")
	require.NoError(t, b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil))

	// Whoever lost its memory reads what is there, but fetches nothing that is.
	c := beside(t, a)
	restored = mustRestore(t, c, "1", target)
	require.Zero(t, restored.BytesFetched)
	require.Zero(t, restored.FilesChanged)
	require.Equal(t, want, listing(t, target))
}

func TestCompareFindsEveryDifference(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	awkward(t, dir)
	quiet()
	mustSave(t, a, "1", dir)
	b, target := beside(t, a), disk(t)
	mustRestore(t, b, "1", target)
	in := func(name string) string { return filepath.Join(target, name) }
	times := func(name string) (restore func()) {
		var st unix.Stat_t
		require.NoError(t, unix.Lstat(in(name), &st))
		return func() {
			require.NoError(t, unix.UtimesNanoAt(unix.AT_FDCWD, in(name), []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW))
		}
	}
	for name, change := range map[string]func() (says string){
		"content of the same size and time": func() string {
			defer times("large")()
			f, err := os.OpenFile(in("large"), os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{1, 2, 3}, 7<<20)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			return `"large" has other content near byte 7340032`
		},
		"a hole": func() string {
			defer times("sparse")()
			f, err := os.OpenFile(in("sparse"), os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{1}, 30<<20)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			return `"sparse" has other content near byte 31457280`
		},
		"size": func() string {
			require.NoError(t, os.Truncate(in("plain"), 3))
			return `"plain" has 3 bytes instead of 5`
		},
		"mode":  func() string { require.NoError(t, os.Chmod(in("plain"), 0o600)); return `"plain" has mode 100600` },
		"owner": func() string { require.NoError(t, os.Lchown(in("link"), 1, 2)); return `"link" is owned by 1:2` },
		"time": func() string {
			require.NoError(t, os.Chtimes(in("opaque"), times0, times0))
			return `"opaque" was changed`
		},
		"target": func() string {
			require.NoError(t, os.Remove(in("link up")))
			require.NoError(t, os.Symlink("x", in("link up")))
			return `"link up" points elsewhere`
		},
		"attribute": func() string {
			require.NoError(t, unix.Lsetxattr(in("ping"), "user.x", nil, 0))
			return `"ping" has other extended`
		},
		"device": func() string {
			require.NoError(t, os.Remove(in("null")))
			require.NoError(t, unix.Mknod(in("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))))
			return `"null" is another device`
		},
		"kind": func() string {
			require.NoError(t, os.Remove(in("fifo")))
			write(t, in("fifo"), "")
			return `"fifo" is another kind`
		},
		"missing": func() string { require.NoError(t, os.Remove(in("plain"))); return `"plain" is missing` },
		"too many": func() string {
			write(t, in("new\nname"), "x")
			return `"new\nname" is not in it`
		},
		"hard links": func() string {
			defer times("a hard")()
			defer times("a hard/three")()
			require.NoError(t, os.Remove(in("a hard/three")))
			write(t, in("a hard/three"), noise(3, 3<<20))
			return `has other hard links`
		},
	} {
		says := change()
		err := b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil)
		requireCode(t, err, "conflict")
		require.ErrorContains(t, err, says, name)
		mustRestore(t, b, "1", target)
		require.NoError(t, b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil), name)
	}
}

func TestManySmallFiles(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	files := 100_000
	if testing.Short() {
		files = 10_000
	}
	for i := range files {
		if i%1000 == 0 {
			require.NoError(t, os.Mkdir(filepath.Join(dir, fmt.Sprint(i/1000)), 0o755))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i/1000), fmt.Sprint(i)), fmt.Appendf(nil, "file %d", i), 0o644))
	}
	quiet()
	saved := mustSave(t, a, "1", dir)
	require.EqualValues(t, files+files/1000, saved.Files)
	t.Logf("saved in %v", saved.Took)
	again := mustSave(t, a, "1", dir)
	require.Zero(t, again.BytesRead)
	t.Logf("saved again in %v", again.Took)

	b, target := beside(t, a), disk(t)
	restored := mustRestore(t, b, "1", target)
	t.Logf("restored in %v", restored.Took)
	require.NoError(t, b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil))
	restored = mustRestore(t, b, "1", target)
	t.Logf("restored again in %v", restored.Took)
	require.Zero(t, restored.FilesChanged)
	content, err := os.ReadFile(filepath.Join(target, "7", "7777"))
	require.NoError(t, err)
	require.Equal(t, "file 7777", string(content))
}

// TestWhatIsNotKept is what doc.go says.
func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	a, data, root := mustArchive(t), disk(t), disk(t)
	write(t, filepath.Join(data, "file"), "x")
	require.NoError(t, os.Link(filepath.Join(data, "file"), filepath.Join(root, "file"))) // across trees
	require.NoError(t, os.Chtimes(filepath.Join(data, "file"), times0, times0))
	require.NoError(t, unix.Lsetxattr(filepath.Join(data, "file"), "security.other", []byte("the host's"), 0))
	sparse(t, filepath.Join(data, "sparse"), 10<<20, map[int64]string{1 << 20: string(make([]byte, 1<<20))}) // zeros that are not a hole
	stat := func(dir, name string) (st unix.Stat_t) {
		require.NoError(t, unix.Lstat(filepath.Join(dir, name), &st))
		return st
	}
	_, err := a.Save(t.Context(), snapshot("1"), Saving{Trees: Trees{"data": data, "root": root}, Stopped: true})
	require.NoError(t, err)
	data2, root2 := disk(t), disk(t)
	_, err = a.Restore(t.Context(), "snp_1", Restoring{Trees: Trees{"data": data2, "root": root2}})
	require.NoError(t, err)

	require.EqualValues(t, 2, stat(data, "file").Nlink)
	require.EqualValues(t, 1, stat(data2, "file").Nlink, "links across trees become files")
	require.NotEqual(t, stat(data, "file").Ino, stat(data2, "file").Ino, "inodes")
	require.NotEqual(t, stat(data, "file").Ctim, stat(data2, "file").Ctim, "change times")
	require.NotEqual(t, stat(data, "file").Atim, stat(data2, "file").Atim, "access times")
	_, err = unix.Lgetxattr(filepath.Join(data2, "file"), "security.other", nil)
	require.ErrorIs(t, err, unix.ENODATA, "attributes of the host")
	require.Less(t, stat(data2, "sparse").Blocks, stat(data, "sparse").Blocks, "zeros of a sparse file become holes")
	for name, tree := range map[string]string{"data": data2, "root": root2} {
		require.NoError(t, a.Compare(t.Context(), "snp_1", Trees{name: tree}, nil))
	}
}

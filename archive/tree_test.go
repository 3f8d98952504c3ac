package archive

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const testKey = "a key that is long enough"

func mustOpen(t testing.TB, url, cache string) *Archive {
	t.Helper()
	a, err := Open(t.Context(), Options{URL: url, Key: testKey, CacheDir: cache, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close(t.Context())) })
	a.lockSettles = 10 * time.Millisecond
	return a
}

// mustArchive is an archive of its own.
func mustArchive(t testing.TB) *Archive {
	t.Helper()
	return mustOpen(t, "file://"+t.TempDir(), t.TempDir())
}

// beside is another agent with the same archive.
func beside(t testing.TB, a *Archive) *Archive {
	t.Helper()
	return mustOpen(t, a.options.URL, t.TempDir())
}

func snapshot(id string) Snapshot { return Snapshot{ID: "snp_" + id, InstanceID: "ins_1"} }

func mustSave(t testing.TB, a *Archive, id, dir string) Saved {
	t.Helper()
	saved, err := a.Save(t.Context(), snapshot(id), Saving{Trees: Trees{"data": dir}, Stopped: true})
	require.NoError(t, err)
	return saved
}

func mustRestore(t testing.TB, a *Archive, id, dir string) Restored {
	t.Helper()
	restored, err := a.Restore(t.Context(), "snp_"+id, Restoring{Trees: Trees{"data": dir}})
	require.NoError(t, err)
	return restored
}

var times0 = time.Unix(1, 1)

func requireCode(t testing.TB, err error, code fleet.Code) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, fleet.CodeOf(err), err.Error())
}

// disk is an empty directory on a file system that tells every change.
func disk(t testing.TB) string {
	t.Helper()
	if dir := t.TempDir(); tellsChanges(dir) {
		return dir
	}
	dir, err := os.MkdirTemp("/var/tmp", "kelvin-archive-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	if !tellsChanges(dir) {
		t.Skip("needs a directory on ext4, xfs, btrfs, f2fs, zfs or overlayfs")
	}
	return dir
}

// quiet waits until what changed has a change time of its own.
func quiet() { time.Sleep(2 * slack) }

func write(t testing.TB, path string, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// noise is content that repeats nowhere, the same for a seed.
func noise(seed uint64, n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = r.Read(b)
	return string(b)
}

// needsRoot skips what only root can do: devices, owners, trusted attributes.
func needsRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for devices, owners and attributes of the system")
	}
}

// awkward fills a directory with everything that a file system has.
func awkward(t testing.TB, dir string) {
	t.Helper()
	needsRoot(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("plain"), "hello")
	write(t, in("empty file"), "")
	write(t, in("large"), noise(1, 21<<20+17))
	write(t, in("exactly two chunks"), noise(2, 2*chunkSize))
	write(t, in("-rf"), "leading dash")
	write(t, in("new\nline"), "x")
	write(t, in("not \xff\xfe UTF-8"), "x")
	write(t, in(strings.Repeat("n", 255)), "long name")
	write(t, in(" space \t'\"$(reboot)`*?"), "x")
	write(t, in("../"+filepath.Base(dir)+"/dots..."), "x")
	require.NoError(t, os.MkdirAll(in("empty directory"), 0o755))
	deep := dir
	for i := range 40 {
		deep = filepath.Join(deep, fmt.Sprintf("deep%d", i))
	}
	write(t, filepath.Join(deep, "bottom"), "deep")

	for i, mode := range []uint32{0o000, 0o4755, 0o2755, 0o1777, 0o7777, 0o400} {
		name := in(fmt.Sprintf("mode%d", i))
		write(t, name, fmt.Sprint(mode))
		require.NoError(t, unix.Chmod(name, mode))
		require.NoError(t, os.Mkdir(name+".d", 0o755))
		write(t, name+".d/within", "x")
		require.NoError(t, unix.Chmod(name+".d", mode))
	}
	write(t, in("owned"), "x")
	require.NoError(t, os.Chown(in("owned"), 12345, 54321))
	write(t, in("owned and setuid"), "x")
	require.NoError(t, os.Chown(in("owned and setuid"), 4000000000, 1))
	require.NoError(t, unix.Chmod(in("owned and setuid"), 0o6755))

	require.NoError(t, os.Symlink("plain", in("link")))
	require.NoError(t, os.Symlink("/etc/passwd", in("link out")))
	require.NoError(t, os.Symlink("../../../../..", in("link up")))
	require.NoError(t, os.Symlink("nowhere\n\xff", in("link dangling")))
	require.NoError(t, os.Symlink(strings.Repeat("l", 4000), in("link long")))
	require.NoError(t, os.Lchown(in("link"), 77, 78))

	write(t, in("hard/one"), noise(3, 3<<20))
	require.NoError(t, os.Link(in("hard/one"), in("hard/two")))
	require.NoError(t, os.MkdirAll(in("a hard"), 0o755))
	require.NoError(t, os.Link(in("hard/one"), in("a hard/three")))
	require.NoError(t, os.Link(in("link"), in("hard/link")))

	require.NoError(t, unix.Mkfifo(in("fifo"), 0o640))
	require.NoError(t, unix.Mknod(in("whiteout"), unix.S_IFCHR, 0))
	require.NoError(t, unix.Mknod(in("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	require.NoError(t, unix.Mknod(in("block"), unix.S_IFBLK|0o660, int(unix.Mkdev(300, 70000))))
	require.NoError(t, unix.Mknod(in("socket"), unix.S_IFSOCK|0o755, 0))
	require.NoError(t, os.Link(in("whiteout"), in("whiteout again")))

	sparse(t, in("sparse"), 100<<20, map[int64]string{0: "begin", 5<<20 + 100: noise(4, 10000), 99 << 20: "end"})
	sparse(t, in("sparse without data"), 1<<40, nil)
	sparse(t, in("sparse at the end"), 64<<20+3, map[int64]string{1000: "x"})
	write(t, in("zeros"), string(make([]byte, 3<<20)))

	attribute := func(name, key, value string) {
		require.NoError(t, unix.Lsetxattr(in(name), key, []byte(value), 0))
	}
	write(t, in("attributes"), "x")
	attribute("attributes", "user.one", "1")
	attribute("attributes", "user.binary", "\x00\xff\n")
	attribute("attributes", "user.empty", "")
	attribute("attributes", "user.large", noise(5, 2000))
	attribute("attributes", "trusted.overlay.metacopy", "")
	require.NoError(t, os.Mkdir(in("opaque"), 0o755))
	attribute("opaque", "trusted.overlay.opaque", "y")
	attribute("opaque", "user.on.directory", "yes")
	attribute("link", "trusted.on.link", "yes")
	attribute("null", "trusted.on.device", "yes")
	write(t, in("ping"), "x")
	require.NoError(t, os.Chown(in("ping"), 5, 5))
	// cap_net_raw=ep, revision 2
	attribute("ping", "security.capability", "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	require.NoError(t, os.Mkdir(in("access list"), 0o750))
	// user::rwx user:1000:rwx group::r-x mask::rwx other::---, as access and as default
	list := "\x02\x00\x00\x00" + "\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x07\x00\xe8\x03\x00\x00" + "\x04\x00\x05\x00\xff\xff\xff\xff" +
		"\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
	attribute("access list", "system.posix_acl_access", list)
	attribute("access list", "system.posix_acl_default", list)
	write(t, in("access list/inherits"), "x")
	require.NoError(t, os.Mkdir(in("access list/plain"), 0o755))
	require.NoError(t, unix.Lremovexattr(in("access list/plain"), "system.posix_acl_default"))

	times := func(name string, sec, nsec int64) {
		require.NoError(t, unix.UtimesNanoAt(unix.AT_FDCWD, in(name), []unix.Timespec{{Sec: 1, Nsec: 2}, {Sec: sec, Nsec: nsec}}, unix.AT_SYMLINK_NOFOLLOW))
	}
	times("plain", 1234567890, 123456789)
	times("empty file", 0, 1)
	times("owned", -5, 7)
	times("attributes", 9999999999, 999999999)
	times("link", 1111111111, 111111111)
	times("fifo", 1222222222, 222222222)
	times("whiteout", 1333333333, 333333333)
	times("empty directory", 1444444444, 444444444)
	times("hard", 1555555555, 555555555)
	times("deep0/deep1", 1666666666, 666666666)
	times("mode0.d", 1777777777, 777777777)
	times(".", 1888888888, 888888888)
}

func sparse(t testing.TB, path string, size int64, parts map[int64]string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	for at, part := range parts {
		_, err := f.WriteAt([]byte(part), at)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

// listing describes a directory in full, by other means than the package's. Hard links show as
// the first of their names.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	first := map[uint64]string{}
	var visit func(path string)
	visit = func(path string) {
		var st unix.Stat_t
		require.NoError(t, unix.Lstat(path, &st))
		line := fmt.Sprintf("mode %o owner %d:%d time %d.%09d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec)
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		kind := st.Mode & unix.S_IFMT
		if kind != unix.S_IFDIR && st.Nlink > 1 {
			if first[st.Ino] == "" {
				first[st.Ino] = name
			}
			line += fmt.Sprintf(" is %q of %d", first[st.Ino], st.Nlink)
		}
		buffer := make([]byte, 1<<16)
		n, err := unix.Llistxattr(path, buffer)
		require.NoError(t, err)
		var attributes []string
		for key := range strings.SplitSeq(string(buffer[:n]), "\x00") {
			if key != "" {
				value := make([]byte, 1<<16)
				n, err := unix.Lgetxattr(path, key, value)
				require.NoError(t, err)
				attributes = append(attributes, fmt.Sprintf("%s=%q", key, value[:n]))
			}
		}
		slices.Sort(attributes)
		line += fmt.Sprintf(" attributes %d", len(attributes))
		for _, key := range []string{"trusted.", "user.", "security.", "system."} {
			for _, a := range attributes {
				if strings.HasPrefix(a, key) {
					sum := sha256.Sum256([]byte(a))
					line += fmt.Sprintf(" %s:%x", strings.SplitN(a, "=", 2)[0], sum[:4])
				}
			}
		}
		switch kind {
		case unix.S_IFREG:
			line += fmt.Sprintf(" size %d sparse %t", st.Size, st.Blocks*512 < st.Size)
			if st.Size < 1<<30 {
				content, err := os.ReadFile(path)
				require.NoError(t, err)
				line += fmt.Sprintf(" content %x", sha256.Sum256(content))
			}
		case unix.S_IFLNK:
			target, err := os.Readlink(path)
			require.NoError(t, err)
			line += fmt.Sprintf(" to %q", target)
		case unix.S_IFCHR, unix.S_IFBLK:
			line += fmt.Sprintf(" device %d", st.Rdev)
		}
		all[name] = line
		if kind == unix.S_IFDIR {
			entries, err := os.ReadDir(path)
			require.NoError(t, err)
			for _, e := range entries {
				visit(filepath.Join(path, e.Name()))
			}
		}
	}
	visit(dir)
	return all
}

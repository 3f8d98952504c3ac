package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kopia/kopia/repo/blob"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// child is the environment variable that makes this test a child process: it saves a
// directory, as an agent would, until it is done or killed.
const child = "KELVIN_ARCHIVE_TEST_CHILD"

type childSaving struct {
	URL, Cache, ID, Instance, Dir string

	RateLimit int64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(child); text != "" {
		os.Exit(runChild(text))
	}
	os.Exit(m.Run())
}

func runChild(text string) int {
	var s childSaving
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		fmt.Println(err)
		return 1
	}
	ctx := context.Background()
	a, err := Open(ctx, Options{URL: s.URL, Key: testKey, CacheDir: s.Cache})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	a.checkpoint = 200 * time.Millisecond
	saved, err := a.Save(ctx, Snapshot{ID: "snp_" + s.ID, InstanceID: s.Instance}, Saving{
		Trees: Trees{"data": s.Dir}, Stopped: true, RateLimit: s.RateLimit,
		Progress: func(p Progress) { fmt.Println("progress", p.Bytes) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("read", saved.BytesRead)
	return 0
}

func startChild(t *testing.T, s childSaving) (*exec.Cmd, *lines) {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(exe)
	c.Env = append(os.Environ(), child+"="+string(text))
	out := &lines{}
	c.Stdout, c.Stderr = out, out
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c, out
}

// lines is what a child says.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

func (l *lines) progress() (n int64) {
	all := l.all()
	_, _ = fmt.Sscanf(all[len(all)-1], "progress %d", &n)
	return n
}

func TestASaveGoesOnAfterItWasKilled(t *testing.T) {
	t.Parallel()
	a, dir, cache := mustArchive(t), disk(t), t.TempDir()
	write(t, filepath.Join(dir, "one large file"), noise(1, 160<<20))
	for i := range 500 {
		write(t, filepath.Join(dir, fmt.Sprintf("%03d", i)), noise(uint64(i), 40<<10))
	}
	const total = 160<<20 + 500*40<<10
	quiet()
	s := childSaving{URL: a.options.URL, Cache: cache, ID: "1", Instance: "ins_1", Dir: dir, RateLimit: 40 << 20}
	c, out := startChild(t, s)
	require.Eventually(t, func() bool { return out.progress() > 120<<20 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, c.Process.Kill())
	require.Error(t, c.Wait())

	s.RateLimit = 0
	c, out = startChild(t, s)
	require.NoError(t, c.Wait(), "%q", out.all())
	all := out.all()
	var read int64
	_, err := fmt.Sscanf(all[len(all)-1], "read %d", &read)
	require.NoError(t, err)
	require.Less(t, read, int64(total-60<<20), "most of what was read before it was killed is not read again")
	_, err = a.Verify(t.Context(), "snp_1", nil)
	require.NoError(t, err)
	target := disk(t)
	mustRestore(t, a, "1", target)
	require.Equal(t, listing(t, dir), listing(t, target))
}

func TestARestoreGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	a, dir, target := mustArchive(t), disk(t), disk(t)
	for i := range 40 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), noise(uint64(i), 1<<20))
	}
	quiet()
	mustSave(t, a, "1", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := a.Restore(ctx, "snp_1", Restoring{Trees: Trees{"data": target}, RateLimit: 30 << 20, Progress: func(p Progress) {
		if p.Bytes > 20<<20 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	restored := mustRestore(t, beside(t, a), "1", target) // another process, which knows nothing
	require.Less(t, restored.BytesFetched, int64(21<<20))
	require.Equal(t, listing(t, dir), listing(t, target))
}

func TestTwoProcessesSaveAtOnce(t *testing.T) {
	t.Parallel()
	url := "file://" + t.TempDir() // nobody has made the archive yet
	var children []*exec.Cmd
	var outs []*lines
	var dirs []string
	for i := range 3 {
		dir := disk(t)
		write(t, filepath.Join(dir, "shared"), noise(1, 20<<20))
		write(t, filepath.Join(dir, "own"), noise(uint64(100+i), 20<<20))
		for j := range 300 {
			write(t, filepath.Join(dir, fmt.Sprint(j)), fmt.Sprint(i%2, j))
		}
		dirs = append(dirs, dir)
	}
	quiet()
	for i, dir := range dirs {
		c, out := startChild(t, childSaving{URL: url, Cache: t.TempDir(), ID: fmt.Sprint(i), Instance: fmt.Sprint("ins_", i), Dir: dir})
		children, outs = append(children, c), append(outs, out)
	}
	for i, c := range children {
		require.NoError(t, c.Wait(), "%q", outs[i].all())
	}
	a := mustOpen(t, url, t.TempDir())
	for i, dir := range dirs {
		_, err := a.Verify(t.Context(), fmt.Sprint("snp_", i), nil)
		require.NoError(t, err)
		target := disk(t)
		mustRestore(t, a, fmt.Sprint(i), target)
		require.Equal(t, listing(t, dir), listing(t, target))
	}
}

func TestManyMakeTheArchiveAtOnce(t *testing.T) {
	t.Parallel()
	url := "file://" + t.TempDir()
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		cache := t.TempDir()
		all.Go(func() {
			a, err := Open(t.Context(), Options{URL: url, Key: testKey, CacheDir: cache})
			if err == nil {
				_, err = a.Save(t.Context(), snapshot(fmt.Sprint(i)), Saving{Trees: Trees{"data": cache}})
			}
			if err == nil {
				err = a.Close(t.Context())
			}
			errs[i] = err
		})
	}
	all.Wait()
	a := mustOpen(t, url, t.TempDir())
	for i, err := range errs {
		require.NoError(t, err)
		_, err = a.Verify(t.Context(), fmt.Sprint("snp_", i), nil)
		require.NoError(t, err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	a := mustArchive(t)
	cache := t.TempDir()
	for _, c := range []struct {
		name    string
		options Options
		says    string
	}{
		{"short key", Options{URL: a.options.URL, Key: "short", CacheDir: cache}, "at least 16"},
		{"no cache", Options{URL: a.options.URL, Key: testKey}, "cache directory"},
		{"wrong key", Options{URL: a.options.URL, Key: testKey + "!", CacheDir: cache}, "the key is not the one it was made with"},
		{"no URL", Options{Key: testKey, CacheDir: cache}, "not with file:, s3: or kopia:"},
		{"no scheme", Options{URL: "/var/archive", Key: testKey, CacheDir: cache}, "not with file:"},
		{"not a URL", Options{URL: "file://%zz", Key: testKey, CacheDir: cache}, "cannot be read"},
		{"relative", Options{URL: "file://archive", Key: testKey, CacheDir: cache}, "file:///directory"},
		{"no bucket", Options{URL: "s3:///x", Key: testKey, CacheDir: cache}, "s3://bucket/prefix"},
		{"unknown option", Options{URL: "s3://b?colour=red", Key: testKey, CacheDir: cache}, `not "colour"`},
		{"no description", Options{URL: "kopia:///nowhere.json", Key: testKey, CacheDir: cache}, "description of the archive's storage"},
	} {
		_, err := Open(t.Context(), c.options)
		requireCode(t, err, fleet.Invalid)
		require.ErrorContains(t, err, c.says, c.name)
	}
	// What was given to it by mistake is not in the error.
	_, err := Open(t.Context(), Options{URL: "secret://user:password@host", Key: testKey, CacheDir: cache})
	require.NotContains(t, err.Error(), "password")

	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "in the way")
	_, err = Open(t.Context(), Options{URL: "file://" + file, Key: testKey, CacheDir: cache})
	requireCode(t, err, fleet.Unavailable)

	// A storage that is there, and a description of it.
	description := filepath.Join(t.TempDir(), "storage.json")
	write(t, description, fmt.Sprintf(`{"type": "filesystem", "config": {"path": %q}}`, t.TempDir()))
	b := mustOpen(t, "kopia://"+description, t.TempDir())
	dir := disk(t)
	write(t, filepath.Join(dir, "x"), "x")
	mustSave(t, b, "1", dir)
	mustHave(t, b, "1", "x", "x")
}

func TestCallsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	ctx := t.Context()
	_, err := a.Save(ctx, Snapshot{ID: "1", InstanceID: "ins_1"}, Saving{Trees: Trees{"data": dir}})
	requireCode(t, err, fleet.Invalid)
	_, err = a.Save(ctx, Snapshot{ID: "snp_1"}, Saving{Trees: Trees{"data": dir}})
	requireCode(t, err, fleet.Invalid)
	_, err = a.Save(ctx, snapshot("1"), Saving{})
	requireCode(t, err, fleet.Invalid)
	_, err = a.Save(ctx, snapshot("1"), Saving{Trees: Trees{"../x": dir}})
	requireCode(t, err, fleet.Invalid)
	_, err = a.Save(ctx, snapshot("1"), Saving{Trees: Trees{"data": filepath.Join(dir, "nowhere")}})
	requireCode(t, err, fleet.NotFound)
	_, err = a.Find(ctx, "snp_1")
	requireCode(t, err, fleet.NotFound)
	_, err = a.Verify(ctx, "snp_1", nil)
	requireCode(t, err, fleet.NotFound)
	_, err = a.Restore(ctx, "snp_1", Restoring{Trees: Trees{"data": dir}})
	requireCode(t, err, fleet.NotFound)
	requireCode(t, a.Compare(ctx, "snp_1", Trees{"data": dir}, nil), fleet.NotFound)
	require.NoError(t, a.Drop(ctx, "snp_1"))

	mustSave(t, a, "1", dir)
	_, err = a.Restore(ctx, "snp_1", Restoring{Trees: Trees{"root": dir}})
	requireCode(t, err, fleet.NotFound)
	info, err := a.Find(ctx, "snp_1")
	require.NoError(t, err)
	require.Equal(t, snapshot("1"), info.Snapshot)
	require.WithinDuration(t, time.Now(), info.SavedAt, time.Minute)
	require.NoError(t, a.Drop(ctx, "snp_1"))
	_, err = a.Find(ctx, "snp_1")
	requireCode(t, err, fleet.NotFound)
}

func TestUnreadableIsAnErrorNotALoss(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Log("root reads everything: the awkward directories have what nobody else could")
		a, dir := mustArchive(t), disk(t)
		write(t, filepath.Join(dir, "closed/file"), "x")
		require.NoError(t, os.Chmod(filepath.Join(dir, "closed"), 0))
		mustSave(t, a, "1", dir)
		mustHave(t, a, "1", "closed/file", "x")
		return
	}
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "closed/file"), "x")
	require.NoError(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	defer func() { _ = os.Chmod(filepath.Join(dir, "closed"), 0o700) }()
	_, err := a.Save(t.Context(), snapshot("1"), Saving{Trees: Trees{"data": dir}})
	requireCode(t, err, fleet.Unavailable)
	require.ErrorContains(t, err, `"closed"`)
}

func TestNothingLeavesTheTree(t *testing.T) {
	t.Parallel()
	a, dir, outside := mustArchive(t), disk(t), disk(t)
	write(t, filepath.Join(outside, "precious"), "untouched")
	write(t, filepath.Join(outside, "sub/precious"), "untouched")
	write(t, filepath.Join(dir, "d/sub/precious"), "overwritten")
	write(t, filepath.Join(dir, "d/precious"), "overwritten")
	write(t, filepath.Join(dir, "file"), "overwritten")
	mustSave(t, a, "1", dir)

	// The tenant of the target puts links where the snapshot has directories and files, and
	// another name of a file that is not his.
	target := disk(t)
	require.NoError(t, os.Symlink(outside, filepath.Join(target, "d")))
	require.NoError(t, os.Link(filepath.Join(outside, "precious"), filepath.Join(target, "file")))
	require.NoError(t, os.Symlink(outside, filepath.Join(target, "to be deleted")))
	before := listing(t, outside)
	mustRestore(t, a, "1", target)
	require.Equal(t, "untouched", mustRead(t, filepath.Join(outside, "precious")))
	require.Equal(t, "untouched", mustRead(t, filepath.Join(outside, "sub/precious")))
	require.Equal(t, listing(t, dir), listing(t, target))
	require.Len(t, listing(t, outside), len(before))

	// And while it is saved, he exchanges a directory for a link: no file of the host comes in.
	source := disk(t)
	write(t, filepath.Join(source, "d/precious"), "his own")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = os.Rename(filepath.Join(source, "d"), filepath.Join(source, "e"))
			_ = os.Symlink(outside, filepath.Join(source, "d"))
			_ = os.Remove(filepath.Join(source, "d"))
			_ = os.Rename(filepath.Join(source, "e"), filepath.Join(source, "d"))
		}
	}()
	for range 20 {
		_, err := a.Save(t.Context(), snapshot("2"), Saving{Trees: Trees{"data": source}})
		require.NoError(t, err)
		restored := disk(t)
		mustRestore(t, a, "2", restored)
		require.NoError(t, filepath.WalkDir(restored, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				require.Equal(t, "his own", mustRead(t, path))
			}
			return err
		}))
	}
	stop()
	<-done
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestADeepTree(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	const depth = 700 // deeper than any path may be long
	at, err := openTop(dir)
	require.NoError(t, err)
	for range depth {
		require.NoError(t, unix.Mkdirat(at, "deeper", 0o755))
		next, err := openAt(at, "deeper", unix.O_PATH|unix.O_DIRECTORY, 0)
		require.NoError(t, err)
		require.NoError(t, unix.Close(at))
		at = next
	}
	require.NoError(t, unix.Mknodat(at, "bottom", unix.S_IFREG|0o644, 0))
	require.NoError(t, unix.Close(at))
	saved := mustSave(t, a, "1", dir)
	require.EqualValues(t, depth+1, saved.Files)
	target := disk(t)
	mustRestore(t, a, "1", target)
	require.NoError(t, a.Compare(t.Context(), "snp_1", Trees{"data": target}, nil))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "deeper")))
	mustSave(t, a, "2", dir)
	mustRestore(t, a, "2", target) // and away with it
	require.Len(t, listing(t, target), 1)
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"a bit": func(path string) error {
			content, err := os.ReadFile(path)
			if err == nil {
				content[len(content)/2] ^= 1
				err = os.WriteFile(path, content, 0o600)
			}
			return err
		},
		"the end":   func(path string) error { return os.Truncate(path, 100_000) },
		"all of it": os.Remove,
	} {
		a, dir := mustArchive(t), disk(t)
		write(t, filepath.Join(dir, "large"), noise(1, 30<<20))
		mustSave(t, a, "1", dir)
		_, err := a.Verify(t.Context(), "snp_1", nil)
		require.NoError(t, err)
		storage, _ := a.directory()
		var largest string
		var size int64
		require.NoError(t, filepath.WalkDir(storage, func(path string, d os.DirEntry, err error) error {
			if info, err := d.Info(); err == nil && d.Type().IsRegular() && info.Size() > size {
				largest, size = path, info.Size()
			}
			return err
		}))
		require.NoError(t, spoil(largest))
		b := beside(t, a)
		_, err = b.Verify(t.Context(), "snp_1", nil)
		requireCode(t, err, fleet.Conflict)
		require.ErrorContains(t, err, "damaged", name)
		_, err = b.Restore(t.Context(), "snp_1", Restoring{Trees: Trees{"data": disk(t)}})
		requireCode(t, err, fleet.Conflict)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	a := mustArchive(t)
	ctx := t.Context()
	content := noise(1, 30<<20)
	opened := 0
	open := func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(strings.NewReader(content)), nil
	}
	has, err := a.HasImage(ctx, "sha256:1")
	require.NoError(t, err)
	require.False(t, has)
	_, _, err = a.OpenImage(ctx, "sha256:1")
	requireCode(t, err, fleet.NotFound)
	var last Progress
	require.NoError(t, a.SaveImage(ctx, "sha256:1", open, func(p Progress) { last = p }))
	require.EqualValues(t, len(content), last.Bytes)
	require.NoError(t, a.SaveImage(ctx, "sha256:1", open, nil))
	require.Equal(t, 1, opened)

	b := beside(t, a)
	has, err = b.HasImage(ctx, "sha256:1")
	require.NoError(t, err)
	require.True(t, has)
	r, size, err := b.OpenImage(ctx, "sha256:1")
	require.NoError(t, err)
	require.EqualValues(t, len(content), size)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.True(t, content == string(got))

	// A stream that breaks off is no image, and one that hangs can be cancelled.
	err = a.SaveImage(ctx, "sha256:2", func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(content), broken{})), nil
	}, nil)
	require.Error(t, err)
	hanging, _ := net.Pipe()
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err = a.SaveImage(soon, "sha256:2", func() (io.ReadCloser, error) { return hanging, nil }, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begin), 2*time.Second)
	has, err = a.HasImage(ctx, "sha256:2")
	require.NoError(t, err)
	require.False(t, has)

	// A snapshot without its image is not whole.
	dir := disk(t)
	write(t, filepath.Join(dir, "x"), "x")
	for _, c := range []struct {
		image string
		code  fleet.Code
	}{{"sha256:1", ""}, {"sha256:2", fleet.NotFound}} {
		_, err = a.Save(ctx, Snapshot{ID: "snp_1", InstanceID: "ins_1", ImageID: c.image}, Saving{Trees: Trees{"data": dir, "root": dir}})
		require.NoError(t, err)
		_, err = a.Verify(ctx, "snp_1", nil)
		require.Equal(t, c.code != "", err != nil)
		if err != nil {
			requireCode(t, err, c.code)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("the engine is gone") }

func TestCollect(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	ctx := t.Context()
	image := func(id string, seed uint64) {
		require.NoError(t, a.SaveImage(ctx, id, func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(noise(seed, 18<<20))), nil
		}, nil))
	}
	save := func(id, image string, seed uint64) {
		write(t, filepath.Join(dir, "file"), noise(seed, 20<<20))
		_, err := a.Save(ctx, Snapshot{ID: id, InstanceID: "ins_1", ImageID: image}, Saving{Trees: Trees{"data": dir}})
		require.NoError(t, err)
	}
	image("sha256:kept", 1)
	image("sha256:gone", 2)
	image("sha256:alone", 3)
	save("snp_kept", "sha256:kept", 10)
	save("snp_gone", "sha256:gone", 11)
	keep := map[string]bool{"snp_kept": true}

	// Nothing younger than the grace goes.
	collected, err := a.Collect(ctx, keep, time.Hour)
	require.NoError(t, err)
	require.Zero(t, collected)
	for _, id := range []string{"snp_kept", "snp_gone"} {
		_, err = a.Verify(ctx, id, nil)
		require.NoError(t, err)
	}

	// Later it does, but not at once from the storage.
	a.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	before := storageSize(t, a)
	collected, err = a.Collect(ctx, keep, time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, collected.Snapshots)
	require.Equal(t, 2, collected.Images)
	require.Greater(t, collected.Bytes, int64(55<<20))
	_, err = a.Find(ctx, "snp_gone")
	requireCode(t, err, fleet.NotFound)
	require.InDelta(t, before, storageSize(t, a), 1<<20)

	// What is wanted again meanwhile comes back.
	time.Sleep(2100 * time.Millisecond) // the library marks in seconds
	save("snp_again", "", 11)
	keep["snp_again"] = true
	collected, err = a.Collect(ctx, keep, 0)
	require.NoError(t, err)
	require.Zero(t, collected.Snapshots)
	require.Less(t, storageSize(t, a), before-36<<20, "the images' contents are gone")
	b := beside(t, a)
	for id := range keep {
		_, err = b.Verify(ctx, id, nil)
		require.NoError(t, err)
	}
	mustRestore(t, b, "again", disk(t))

	// Another one who collects is not disturbed.
	text, err := json.Marshal(holder{Who: "another", Until: time.Now().Add(4 * time.Hour)})
	require.NoError(t, err)
	storage, err := openStorage(ctx, a.options.URL, repositoryPart)
	require.NoError(t, err)
	require.NoError(t, storage.PutBlob(ctx, lockBlob, blobText(text), blob.PutOptions{}))
	collected, err = a.Collect(ctx, nil, 0)
	require.NoError(t, err)
	require.Zero(t, collected)
	require.NoError(t, storage.DeleteBlob(ctx, lockBlob))
	collected, err = a.Collect(ctx, nil, 0)
	require.NoError(t, err)
	require.Equal(t, 2, collected.Snapshots)
	require.NoError(t, storage.Close(ctx))
}

func TestCollectForgetsDirectoriesThatAreGone(t *testing.T) {
	t.Parallel()
	a, here := mustArchive(t), disk(t)
	gone := filepath.Join(disk(t), "gone")
	write(t, filepath.Join(gone, "x"), "x")
	mustSave(t, a, "1", here)
	mustSave(t, a, "2", gone)
	old, fresh := a.memoryFile("old")+journalSuffix, a.memoryFile("fresh")+journalSuffix
	write(t, old, "")
	write(t, fresh, "")
	require.NoError(t, os.Chtimes(old, times0, times0))
	require.NoError(t, os.RemoveAll(gone))
	_, err := a.Collect(t.Context(), nil, time.Hour)
	require.NoError(t, err)
	require.FileExists(t, a.memoryFile(here)+memorySuffix)
	require.FileExists(t, fresh)
	require.NoFileExists(t, a.memoryFile(gone)+memorySuffix)
	require.NoFileExists(t, old)
}

func storageSize(t *testing.T, a *Archive) (size int64) {
	t.Helper()
	dir, _ := a.directory()
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if info, err := d.Info(); err == nil && d.Type().IsRegular() {
			size += info.Size()
		}
		return err
	}))
	return size
}

func TestCollectWhileSaving(t *testing.T) {
	t.Parallel()
	a := mustArchive(t)
	b := beside(t, a)
	ctx := t.Context()
	done := make(chan error)
	go func() {
		for range 15 {
			if _, err := b.Collect(ctx, nil, time.Hour); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range 15 {
		dir := disk(t)
		write(t, filepath.Join(dir, "shared"), noise(1, 3<<20))
		write(t, filepath.Join(dir, "own"), noise(uint64(i), 3<<20))
		mustSave(t, a, fmt.Sprint(i), dir)
		require.NoError(t, a.Drop(ctx, fmt.Sprint("snp_", i-1)))
	}
	require.NoError(t, <-done)
	_, err := beside(t, a).Verify(ctx, "snp_14", nil)
	require.NoError(t, err)
}

func TestAFullDiskIsExhausted(t *testing.T) {
	t.Parallel()
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=20m"); err != nil {
		t.Skipf("needs to mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(small, unix.MNT_DETACH) })
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "large"), noise(1, 60<<20))
	mustSave(t, a, "1", dir)
	_, err := a.Restore(t.Context(), "snp_1", Restoring{Trees: Trees{"data": filepath.Join(small, "x")}})
	requireCode(t, err, fleet.Exhausted)
	require.NoError(t, os.RemoveAll(filepath.Join(small, "x")))

	b := mustOpen(t, "file://"+small, t.TempDir())
	_, err = b.Save(t.Context(), snapshot("1"), Saving{Trees: Trees{"data": dir}})
	requireCode(t, err, fleet.Exhausted)
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "file"), noise(1, 11<<20))
	a.limiter = newLimiter(5 << 20)
	begin := time.Now()
	mustSave(t, a, "1", dir)
	require.Greater(t, time.Since(begin), 1900*time.Millisecond)
	begin = time.Now()
	mustRestore(t, a, "1", disk(t))
	require.Greater(t, time.Since(begin), 1900*time.Millisecond)
}

// TestABucket speaks to what answers as S3 does.
func TestABucket(t *testing.T) {
	bucket := &bucketServer{objects: map[string][]byte{}}
	server := httptest.NewServer(bucket)
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "an-id-of-a-key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-a-key")
	url := "s3://bucket/some/prefix?tls=off&region=us-east-1&endpoint=" + strings.TrimPrefix(server.URL, "http://")
	cache := t.TempDir()
	a := mustOpen(t, url, cache)
	dir := disk(t)
	write(t, filepath.Join(dir, "large"), noise(1, 5<<20))
	for i := range 100 {
		write(t, filepath.Join(dir, "small", fmt.Sprint(i)), fmt.Sprint(i))
	}
	mustSave(t, a, "1", dir)
	_, err := a.Verify(t.Context(), "snp_1", nil)
	require.NoError(t, err)
	b, target := beside(t, a), disk(t)
	bucket.reads = 0
	mustRestore(t, b, "1", target)
	require.Less(t, bucket.reads, 30, "not one for each file")
	require.NoError(t, b.Compare(t.Context(), "snp_1", Trees{"data": target}, nil))
	_, err = b.Verify(t.Context(), "snp_1", nil)
	require.NoError(t, err)
	for name, content := range bucket.objects {
		require.True(t, strings.HasPrefix(name, "some/prefix/repository/"), name)
		require.NotContains(t, string(content), noise(1, 100))
	}
	require.NoError(t, filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			require.NotContains(t, mustRead(t, path), "of-a-key")
			require.NotContains(t, mustRead(t, path), testKey)
		}
		return err
	}))
	for name, content := range bucket.objects { // it loses what is in the cache
		if len(content) > 1<<20 {
			delete(bucket.objects, name)
		}
	}
	_, err = b.Verify(t.Context(), "snp_1", nil)
	requireCode(t, err, fleet.Conflict)
	server.Close()
	_, err = Open(t.Context(), Options{URL: url, Key: testKey, CacheDir: t.TempDir()})
	requireCode(t, err, fleet.Unavailable)
}

// bucketServer is the part of S3 that an archive uses.
type bucketServer struct {
	mu      sync.Mutex
	objects map[string][]byte
	reads   int
}

func (s *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	switch {
	case r.Method == http.MethodGet && name == "" && r.URL.Query().Has("location"):
		_, _ = io.WriteString(w, `<LocationConstraint>us-east-1</LocationConstraint>`)
	case r.Method == http.MethodGet && name == "":
		_, _ = io.WriteString(w, `<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>`)
		for key, content := range s.objects {
			if strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				_, _ = fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><LastModified>%s</LastModified></Contents>`,
					key, len(content), time.Now().UTC().Format(time.RFC3339))
			}
		}
		_, _ = io.WriteString(w, `</ListBucketResult>`)
	case r.Method == http.MethodPut:
		content, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
			content = unchunk(content)
		}
		s.objects[name] = content
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodDelete:
		delete(s.objects, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.reads++
		content, found := s.objects[name]
		if !found {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
			return
		}
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, r, "", time.Now(), bytes.NewReader(content))
	}
}

// unchunk takes the signatures out of an upload: size;chunk-signature=…, content, again.
func unchunk(in []byte) (out []byte) {
	for {
		line, rest, found := bytes.Cut(in, []byte("\r\n"))
		var size int
		if _, err := fmt.Sscanf(string(line), "%x", &size); !found || err != nil || size == 0 {
			return out
		}
		out = append(out, rest[:size]...)
		in = rest[size+2:]
	}
}

package archive

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// readSoFar is what this process has read from files, as the kernel counts it.
func readSoFar(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	require.NoError(t, err)
	_, err = fmt.Sscanf(string(text), "rchar: %d", &n)
	require.NoError(t, err)
	return n
}

// Not parallel: it counts what the process reads.
func TestUnchangedFilesAreNotReadAgain(t *testing.T) {
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "large"), noise(1, 50<<20))
	write(t, filepath.Join(dir, "log"), noise(2, 5<<20))
	for i := range 100 {
		write(t, filepath.Join(dir, "small", fmt.Sprint(i)), fmt.Sprint(i))
	}
	quiet()
	first := mustSave(t, a, "1", dir)
	require.Equal(t, first.Bytes, first.BytesRead)
	require.Greater(t, first.BytesNew, int64(55<<20))

	f, err := os.OpenFile(filepath.Join(dir, "log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("one line more\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	write(t, filepath.Join(dir, "small", "new"), "new")
	require.NoError(t, os.Rename(filepath.Join(dir, "small", "7"), filepath.Join(dir, "small", "renamed")))
	require.NoError(t, os.Remove(filepath.Join(dir, "small", "8")))
	quiet()

	before := readSoFar(t)
	next := mustSave(t, a, "1", dir)
	read := readSoFar(t) - before
	require.EqualValues(t, 5<<20+14+3+1, next.BytesRead, "the log, the new file and the renamed one")
	require.Less(t, next.BytesNew, int64(2<<20), "of the log only the last chunk is new")
	require.Less(t, read, int64(8<<20), "as the kernel counts it")

	// A snapshot of its own, later: nothing is read.
	again := mustSave(t, a, "2", dir)
	require.Zero(t, again.BytesRead)
	require.Less(t, again.BytesNew, int64(100<<10))

	want := listing(t, dir)
	for _, id := range []string{"1", "2"} {
		target := disk(t)
		mustRestore(t, a, id, target)
		require.Equal(t, want, listing(t, target))
	}
}

func TestWhatWasRestoredIsNotReadAgain(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "large"), noise(1, 20<<20))
	write(t, filepath.Join(dir, "small"), "x")
	require.NoError(t, os.Link(filepath.Join(dir, "large"), filepath.Join(dir, "same")))
	mustSave(t, a, "1", dir)

	// It migrates, changes a little, and migrates back.
	b, there := beside(t, a), disk(t)
	mustRestore(t, b, "1", there)
	compared := func(id string) (bytes int64) {
		require.NoError(t, b.Compare(t.Context(), "snp_"+id, Trees{"data": there}, func(p Progress) { bytes = p.BytesTotal }))
		return bytes
	}
	require.EqualValues(t, 20<<20+1, compared("1"))
	require.Zero(t, compared("1"), "what was compared is not read again")
	write(t, filepath.Join(there, "small"), "changed")
	quiet()
	saved := mustSave(t, b, "2", there)
	require.EqualValues(t, len("changed"), saved.BytesRead)

	restored := mustRestore(t, a, "2", dir)
	require.EqualValues(t, len("changed"), restored.BytesFetched)
	require.Equal(t, listing(t, there), listing(t, dir))
}

func TestAChangeThatHidesIsFound(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	path := filepath.Join(dir, "file")
	write(t, path, "before")
	require.NoError(t, os.Chtimes(path, times0, times0))
	quiet()
	mustSave(t, a, "1", dir)
	write(t, path, "after!") // as long, and as old
	require.NoError(t, os.Chtimes(path, times0, times0))
	saved := mustSave(t, a, "1", dir)
	require.EqualValues(t, 6, saved.BytesRead)

	// The same within one step of the clock: what has just changed is not trusted.
	for i := range 20 {
		write(t, path, fmt.Sprintf("%06d", i))
		mustSave(t, a, "1", dir)
		write(t, path, fmt.Sprintf("%06d", i+1))
		require.NoError(t, os.Chtimes(path, times0, times0))
		mustSave(t, a, "1", dir)
		mustHave(t, a, "1", "file", fmt.Sprintf("%06d", i+1))
	}
}

// mustHave checks a file of a snapshot.
func mustHave(t *testing.T, a *Archive, id, name, content string) {
	t.Helper()
	target := disk(t)
	mustRestore(t, a, id, target)
	found, err := os.ReadFile(filepath.Join(target, name))
	require.NoError(t, err)
	require.Equal(t, content, string(found))
	require.NoError(t, os.RemoveAll(target))
}

func TestWritesThroughAMappingAreFound(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	path := filepath.Join(dir, "mapped")
	write(t, path, "------")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	mapping, err := unix.Mmap(int(f.Fd()), 0, 6, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	copy(mapping, "first")
	quiet()
	save := func() Saved {
		saved, err := a.Save(t.Context(), snapshot("1"), Saving{Trees: Trees{"data": dir}})
		require.NoError(t, err)
		return saved
	}
	save()
	copy(mapping, "second") // of a page that was dirty already, which nobody is told of
	quiet()
	require.EqualValues(t, 6, save().BytesRead)
	mustHave(t, a, "1", "mapped", "second")
	require.NoError(t, unix.Munmap(mapping))
	require.NoError(t, f.Close())
}

func TestSavingWhatRuns(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	for i := range 200 {
		write(t, filepath.Join(dir, "d", fmt.Sprint(i)), noise(uint64(i), 1000))
	}
	write(t, filepath.Join(dir, "large"), noise(1, 40<<20))
	ctx, stop := context.WithCancel(t.Context())
	var line int
	done := make(chan struct{})
	go func() { // appends, replaces, removes, truncates, turns files into directories and links
		defer close(done)
		f, err := os.Create(filepath.Join(dir, "appended"))
		if err != nil {
			return
		}
		defer func() { _ = f.Close() }()
		for i := 0; ctx.Err() == nil; i++ {
			line++
			_, _ = fmt.Fprintf(f, "%d\n", line)
			name := filepath.Join(dir, "d", fmt.Sprint(i%200))
			switch i % 5 {
			case 0:
				_ = os.WriteFile(name+".new", []byte("replaced"), 0o644)
				_ = os.Rename(name+".new", name)
			case 1:
				_ = os.RemoveAll(name)
			case 2:
				_ = os.Truncate(name, 10)
			case 3:
				_ = os.RemoveAll(name)
				_ = os.MkdirAll(filepath.Join(name, "x"), 0o755)
			case 4:
				_ = os.RemoveAll(name)
				_ = os.Symlink("/etc/passwd", name)
			}
			_ = os.Truncate(filepath.Join(dir, "large"), 40<<20-int64(i%7)*100_000)
		}
	}()
	for range 5 {
		_, err := a.Save(t.Context(), snapshot("1"), Saving{Trees: Trees{"data": dir}})
		require.NoError(t, err)
		_, err = a.Verify(t.Context(), "snp_1", nil)
		require.NoError(t, err)
		target := disk(t)
		mustRestore(t, a, "1", target) // it hangs together: no file longer than its content
		content, err := os.ReadFile(filepath.Join(target, "appended"))
		require.NoError(t, err)
		for i, text := range strings.Split(strings.TrimSpace(string(content)), "\n") {
			if i < strings.Count(string(content), "\n") {
				require.Equal(t, fmt.Sprint(i+1), text)
			}
		}
	}
	stop()
	<-done
	quiet()
	saved := mustSave(t, a, "1", dir)
	require.Zero(t, saved.Changed)
	target := disk(t)
	mustRestore(t, a, "1", target)
	require.Equal(t, listing(t, dir), listing(t, target))
}

func TestAChangeOfWhatIsStoppedIsAnError(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	write(t, filepath.Join(dir, "large"), noise(1, 60<<20))
	quiet()
	changed := false
	_, err := a.Save(t.Context(), snapshot("1"), Saving{
		Trees: Trees{"data": dir}, Stopped: true, RateLimit: 60 << 20,
		Progress: func(p Progress) {
			if p.Phase == "saving" && p.Bytes > 0 && !changed {
				changed = true
				require.NoError(t, os.Chtimes(filepath.Join(dir, "large"), times0, times0))
			}
		},
	})
	requireCode(t, err, fleet.Unavailable)
	require.ErrorContains(t, err, `"large"`)
	_, err = a.Find(t.Context(), "snp_1")
	requireCode(t, err, fleet.NotFound)
}

func TestProgressAndCancel(t *testing.T) {
	t.Parallel()
	a, dir := mustArchive(t), disk(t)
	for i := range 30 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), noise(uint64(i), 1<<20))
	}
	quiet()
	cancelled := func(call func(ctx context.Context, rate int64, tell func(Progress)) error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var at time.Time
		var last Progress
		err := call(ctx, 10<<20, func(p Progress) {
			last = p
			if p.Bytes > 5<<20 && at.IsZero() {
				at = time.Now()
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, time.Since(at), time.Second)
		require.EqualValues(t, 30<<20, last.BytesTotal)
		require.EqualValues(t, 30, last.FilesTotal)
		require.Positive(t, last.Files)
		require.InDelta(t, 10<<20, last.Rate, 5<<20)
		require.InDelta(t, 2, last.Left().Seconds(), 2)
		require.InDelta(t, 20, last.Step().Percent, 20)
	}
	cancelled(func(ctx context.Context, rate int64, tell func(Progress)) error {
		_, err := a.Save(ctx, snapshot("1"), Saving{Trees: Trees{"data": dir}, RateLimit: rate, Progress: tell})
		return err
	})
	mustSave(t, a, "1", dir)
	target := disk(t)
	cancelled(func(ctx context.Context, rate int64, tell func(Progress)) error {
		_, err := a.Restore(ctx, "snp_1", Restoring{Trees: Trees{"data": target}, RateLimit: rate, Progress: tell})
		return err
	})
	var last Progress
	_, err := a.Restore(t.Context(), "snp_1", Restoring{Trees: Trees{"data": target}, Progress: func(p Progress) { last = p }})
	require.NoError(t, err)
	require.Equal(t, last.BytesTotal, last.Bytes)
	require.Equal(t, last.FilesTotal, last.Files)
	require.Equal(t, listing(t, dir), listing(t, target))
}

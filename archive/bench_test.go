package archive

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The benchmarks work on KELVIN_BENCH_BYTES of files (default 512 MiB; the target speaks of
// 10 GiB): half of it large files of noise, the rest in small ones. What else copies files
// (tar, cp -a) does so in the same run: ratios above 1 mean that the archive is faster.
func benchBytes(b *testing.B) int64 {
	b.Helper()
	text := os.Getenv("KELVIN_BENCH_BYTES")
	if text == "" {
		return 512 << 20
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(b, err)
	return n
}

// mustFill makes a directory of n bytes.
func mustFill(b *testing.B, n int64) string {
	b.Helper()
	dir := disk(b)
	const large, small = 64 << 20, 160 << 10
	var done int64
	for i := 0; done < n/2; i++ {
		write(b, filepath.Join(dir, fmt.Sprint("large", i)), noise(uint64(i), large))
		done += large
	}
	for i := 0; done < n; i++ {
		write(b, filepath.Join(dir, fmt.Sprint("small", i/200), fmt.Sprint(i)), noise(uint64(1<<16+i), small))
		done += small
	}
	quiet()
	return dir
}

// timed returns how long the call took. What is dirty is written out before it.
func timed(b *testing.B, call func()) time.Duration {
	b.Helper()
	require.NoError(b, exec.Command("sync").Run())
	begin := time.Now()
	call()
	return time.Since(begin)
}

func run(b *testing.B, script string, args ...string) {
	b.Helper()
	out, err := exec.Command("sh", append([]string{"-ec", script, "sh"}, args...)...).CombinedOutput()
	require.NoError(b, err, "%s", out)
}

func speed(b *testing.B, bytes int64, took time.Duration, name string) {
	b.Helper()
	b.ReportMetric(float64(bytes)/1e6/took.Seconds(), name)
}

// BenchmarkSaveNew is of data that the archive has never seen, beside tar | tar into a directory.
func BenchmarkSaveNew(b *testing.B) {
	dir, bytes := mustFill(b, benchBytes(b)), benchBytes(b)
	var ours, theirs time.Duration
	for b.Loop() {
		a, copied := mustArchive(b), disk(b)
		ours += timed(b, func() { mustSave(b, a, "1", dir) })
		theirs += timed(b, func() { run(b, `tar -C "$1" -cf - . | tar -C "$2" -xf -`, dir, copied) })
		require.NoError(b, os.RemoveAll(copied))
	}
	speed(b, bytes*int64(b.N), ours, "MB/s")
	speed(b, bytes*int64(b.N), theirs, "tar-MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-tar")
}

// BenchmarkSaveUnchanged is a pass over files that have not changed, beside tar to nowhere,
// which only reads them.
func BenchmarkSaveUnchanged(b *testing.B) {
	a, dir, bytes := mustArchive(b), mustFill(b, benchBytes(b)), benchBytes(b)
	mustSave(b, a, "1", dir)
	var ours, theirs time.Duration
	for b.Loop() {
		ours += timed(b, func() { require.Zero(b, mustSave(b, a, "1", dir).BytesRead) })
		theirs += timed(b, func() { run(b, `tar -C "$1" -cf - . | cat >/dev/null`, dir) })
	}
	speed(b, bytes*int64(b.N), ours, "MB/s")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/pass")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-tar")
}

// BenchmarkSaveChanged is a pass over files of which one in a hundred has changed.
func BenchmarkSaveChanged(b *testing.B) {
	a, dir, bytes := mustArchive(b), mustFill(b, benchBytes(b)), benchBytes(b)
	mustSave(b, a, "1", dir)
	var took time.Duration
	round := 0
	for b.Loop() {
		round++
		f, err := os.OpenFile(filepath.Join(dir, "large0"), os.O_WRONLY, 0)
		require.NoError(b, err)
		_, err = f.WriteAt([]byte(noise(uint64(round), int(min(bytes/100, 64<<20)))), 0)
		require.NoError(b, err)
		require.NoError(b, f.Close())
		quiet()
		took += timed(b, func() { mustSave(b, a, "1", dir) })
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/pass")
}

// BenchmarkRestore is into an empty directory, beside cp -a.
func BenchmarkRestore(b *testing.B) {
	a, dir, bytes := mustArchive(b), mustFill(b, benchBytes(b)), benchBytes(b)
	mustSave(b, a, "1", dir)
	var ours, theirs, again, compared time.Duration
	for b.Loop() {
		target, copied := disk(b), disk(b)
		ours += timed(b, func() { mustRestore(b, a, "1", target) })
		theirs += timed(b, func() { run(b, `cp -a "$1/." "$2"`, dir, copied) })
		compared += timed(b, func() { require.NoError(b, a.Compare(b.Context(), "snp_1", Trees{"data": target}, nil)) })
		again += timed(b, func() { require.Zero(b, mustRestore(b, a, "1", target).FilesChanged) })
		require.NoError(b, os.RemoveAll(target))
		require.NoError(b, os.RemoveAll(copied))
	}
	speed(b, bytes*int64(b.N), ours, "MB/s")
	speed(b, bytes*int64(b.N), theirs, "cp-MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-cp")
	speed(b, bytes*int64(b.N), compared, "compare-MB/s")
	b.ReportMetric(float64(again.Milliseconds())/float64(b.N), "ms/again")
}

// BenchmarkVerify reads and checks all of a snapshot.
func BenchmarkVerify(b *testing.B) {
	a, dir, bytes := mustArchive(b), mustFill(b, benchBytes(b)), benchBytes(b)
	mustSave(b, a, "1", dir)
	var took time.Duration
	for b.Loop() {
		took += timed(b, func() {
			_, err := a.Verify(b.Context(), "snp_1", nil)
			require.NoError(b, err)
		})
	}
	speed(b, bytes*int64(b.N), took, "MB/s")
}

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
)

// benchBytes is how much data is moved: KELVIN_BENCH_BYTES, or 1 GiB. The target is stated for
// ten.
func benchBytes(b *testing.B) int64 {
	text := os.Getenv("KELVIN_BENCH_BYTES")
	if text == "" {
		return 1 << 30
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(b, err)
	return n
}

const benchFile = 1 << 20

// fill writes files of a MiB that do not compress.
func fill(b *testing.B, dir string, size int64) []string {
	b.Helper()
	source := rand.NewChaCha8([32]byte{1})
	buf := make([]byte, benchFile)
	var files []string
	for i := range size / benchFile {
		_, _ = source.Read(buf) // it never fails
		path := filepath.Join(dir, fmt.Sprintf("%05d", i))
		require.NoError(b, os.WriteFile(path, buf, 0o644))
		files = append(files, path)
	}
	return files
}

// change rewrites one file in a hundred, over and over, each once in ten seconds, until stop
// is closed.
func change(files []string, stop <-chan struct{}) {
	source := rand.NewChaCha8([32]byte{2})
	buf := make([]byte, benchFile)
	few := files[:max(1, len(files)/100)]
	tick := time.NewTicker(10 * time.Second / time.Duration(len(few)))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-tick.C:
			_, _ = source.Read(buf)
			_ = os.WriteFile(few[i%len(few)], buf, 0o644) // it may have moved away
		}
	}
}

// BenchmarkMigrate moves a running server to another host and back, while one file in a
// hundred changes, and freezes and thaws it. The downtime is set beside that of the same
// made by hand in the same run: stop, copy, start. The targets: at most 5 s, and a tenth.
func BenchmarkMigrate(b *testing.B) {
	size := benchBytes(b)
	s := newStack(b)
	two := s.addHost("two")
	s.must("host", "cordon", two.id)
	s.must("instance", "create", "box", "--image", s.countingImage(), "--gpus", "1", "--port", "8080", "--probe-path", "/healthz",
		"--disk-path", "/workspace", "--command", "exec /kelvin echo", "--wait")
	s.must("host", "uncordon", two.id)
	box := s.server("box")
	files := fill(b, where(b, s.on(box), s.lease(box))["data"], size)

	var total, down, byHand, freeze, thaw []time.Duration
	b.ResetTimer()
	for range b.N {
		box = s.server("box")
		files = within(where(b, s.on(box), s.lease(box))["data"], files)
		stop := make(chan struct{})
		go change(files, stop)
		began := time.Now()
		op := s.operate("box", "migrate", nil)
		total, down = append(total, time.Since(began)), append(down, time.Duration(op.Downtime))
		close(stop)

		byHand = append(byHand, s.byHand(b, s.server("box")))

		began = time.Now()
		s.operate("box", "freeze", nil)
		freeze = append(freeze, time.Since(began))
		began = time.Now()
		s.operate("box", "thaw", nil)
		thaw = append(thaw, time.Since(began))
	}
	b.StopTimer()
	rate := func(d time.Duration) float64 { return float64(size) / 1e6 / d.Seconds() }
	b.ReportMetric(median(total).Seconds(), "migrate-s")
	b.ReportMetric(median(down).Seconds(), "downtime-s")
	b.ReportMetric(median(byHand).Seconds(), "stop-copy-start-s")
	b.ReportMetric(float64(median(down))/float64(median(byHand)), "downtime-ratio")
	b.ReportMetric(rate(median(freeze)), "freeze-MB/s")
	b.ReportMetric(rate(median(thaw)), "thaw-MB/s")
}

// within are the same files below another folder.
func within(dir string, files []string) []string {
	moved := make([]string, len(files))
	for i, f := range files {
		moved[i] = filepath.Join(dir, filepath.Base(f))
	}
	return moved
}

// byHand stops a container, copies its disk and starts it: the downtime of who moves it
// without Kelvin.
func (s *stack) byHand(b *testing.B, box api.Instance) time.Duration {
	engine, lease := s.on(box), s.lease(box)
	data, to := where(b, engine, lease)["data"], b.TempDir()
	grace := 10
	began := time.Now()
	require.NoError(b, engine.ContainerStop(b.Context(), "kelvin-"+lease, container.StopOptions{Timeout: &grace}))
	copied := exec.CommandContext(b.Context(), "sh", "-c", `tar -C "$1" -cf - . | tar -C "$2" -xf -`, "copy", data, to)
	out, err := copied.CombinedOutput()
	require.NoError(b, err, "%s", out)
	require.NoError(b, engine.ContainerStart(b.Context(), "kelvin-"+lease, container.StartOptions{}))
	for {
		resp, err := http.Get(fmt.Sprintf("http://%s:%d/healthz", box.Address, box.Ports[0].Host))
		if err == nil {
			_ = resp.Body.Close()
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

package docker_test

import (
	"io"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine/docker"
)

// BenchmarkStartStop starts and stops a container through the driver and, in turns, by the
// same calls made by hand. ratio is the driver's time over the other.
func BenchmarkStartStop(b *testing.B) {
	e, host := mustHost(b, docker.Options{})
	c := mustStart(b, e, host, nil)
	ctx, id, kill := b.Context(), "kelvin-"+c.Lease.ID, 0
	require.NoError(b, e.Stop(ctx, c.Lease.ID, 0))
	var driver, byHand time.Duration
	for b.Loop() {
		begun := time.Now()
		require.NoError(b, e.Start(ctx, c.Lease.ID))
		require.NoError(b, e.Stop(ctx, c.Lease.ID, 0))
		driver += time.Since(begun)

		begun = time.Now()
		require.NoError(b, raw.ContainerStart(ctx, id, container.StartOptions{}))
		require.NoError(b, raw.ContainerStop(ctx, id, container.StopOptions{Timeout: &kill}))
		byHand += time.Since(begun)
	}
	b.ReportMetric(float64(driver)/float64(byHand), "ratio")
	b.ReportMetric(float64(driver.Milliseconds())/float64(b.N), "driver-ms/op")
	b.ReportMetric(float64(byHand.Milliseconds())/float64(b.N), "by-hand-ms/op")
}

// BenchmarkSaveImage reads an image of 200 MB through the driver, which checks it on the way,
// and in turns from the engine itself. ratio is the driver's time over the other.
func BenchmarkSaveImage(b *testing.B) {
	e, _ := mustHost(b, docker.Options{})
	ref := mustFresh(b, 200<<20)
	id, bytes := mustImage(b, ref), int64(0)
	var driver, byHand time.Duration
	for b.Loop() {
		begun := time.Now()
		stream, err := e.SaveImage(b.Context(), id)
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, stream)
		require.NoError(b, err)
		require.NoError(b, stream.Close())
		driver += time.Since(begun)
		bytes += n

		begun = time.Now()
		mustSaveRaw(b, id)
		byHand += time.Since(begun)
	}
	b.ReportMetric(float64(driver)/float64(byHand), "ratio")
	b.ReportMetric(float64(bytes)/1e6/driver.Seconds(), "driver-MB/s")
}

package docker_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

func TestAnImageBuiltFromABinaryAnswersInEveryWay(t *testing.T) {
	t.Parallel()
	ref := mustName(t)
	e, host := mustHost(t, docker.Options{Images: map[string]docker.ImageBuilder{ref: docker.FromBinary(binary, "/kelvin")}})
	var last fleet.Progress
	require.NoError(t, e.Pull(t.Context(), ref, func(p fleet.Progress) { last = p }))
	require.Equal(t, 100.0, last.Percent)
	c := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.Spec.Image = ref })
	address := "127.0.0.1:" + strconv.Itoa(c.Ports[0].Host)

	require.Contains(t, mustGet(t, c, "/"), c.Lease.InstanceID)

	events, err := http.Get("http://" + address + "/sse?n=3&every=10ms")
	require.NoError(t, err)
	defer events.Body.Close()
	require.Equal(t, "text/event-stream", events.Header.Get("Content-Type"))
	var data int
	for lines := bufio.NewScanner(events.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			data++
		}
	}
	require.Equal(t, 3, data)

	socket, _, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", nil)
	require.NoError(t, err)
	defer func() { _ = socket.CloseNow() }()
	require.NoError(t, socket.Write(t.Context(), websocket.MessageText, []byte("hello")))
	_, message, err := socket.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "hello", string(message))
}

func TestAnImageIsBuiltAgainOnlyForAnotherBinary(t *testing.T) {
	t.Parallel()
	ref := mustName(t)
	e, _ := mustHost(t, docker.Options{})
	require.NoError(t, e.BuildFromBinary(t.Context(), ref, binary, nil))
	first := mustImage(t, ref)
	require.NoError(t, e.BuildFromBinary(t.Context(), ref, binary, nil))
	require.Equal(t, first, mustImage(t, ref))

	newer := filepath.Join(t.TempDir(), "workload")
	data, err := os.ReadFile(binary)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(newer, append(data, "newer"...), 0o755))
	require.NoError(t, e.BuildFromBinary(t.Context(), ref, newer, nil))
	require.NotEqual(t, first, mustImage(t, ref))
	_, err = raw.ImageInspect(t.Context(), first)
	require.Error(t, err, "the older one is not left without a name")
}

func TestAnImageCannotBeBuiltFromWhatIsNoStaticBinary(t *testing.T) {
	t.Parallel()
	e, _ := mustHost(t, docker.Options{})
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("no binary"), 0o755))
	for _, file := range []string{text, "/no/such/file"} {
		require.Equal(t, fleet.Unsupported, fleet.CodeOf(e.BuildFromBinary(t.Context(), mustName(t), file, nil)))
	}
}

func TestAPullAddsUpItsLayers(t *testing.T) {
	t.Parallel()
	r := mustRegistry(t)
	r.push(t, "some", "v1", 3<<20, 5<<20, 100)
	ref := r.name("some:v1")
	mustVanish(t, ref)
	e, _ := mustHost(t, docker.Options{})
	var reports []fleet.Progress
	begun := time.Now()
	require.NoError(t, e.Pull(t.Context(), ref, func(p fleet.Progress) { reports = append(reports, p) }))
	require.NotEmpty(t, reports)
	require.LessOrEqual(t, len(reports), int(time.Since(begun)/(100*time.Millisecond))+2)
	for i, p := range reports[1:] {
		require.GreaterOrEqual(t, p.Percent, reports[i].Percent)
	}
	last := reports[len(reports)-1]
	require.Equal(t, 100.0, last.Percent)
	require.Equal(t, last.Total, last.Done)
	require.GreaterOrEqual(t, last.Total, int64(8<<20))

	r.Close()
	require.NoError(t, e.Pull(t.Context(), ref, nil), "nobody is asked for what is here")
}

func TestTheLatestImageIsAskedForWhileARegistryAnswers(t *testing.T) {
	t.Parallel()
	r := mustRegistry(t)
	r.push(t, "some", "latest", 1000)
	ref := r.name("some")
	mustVanish(t, ref)
	e, _ := mustHost(t, docker.Options{})
	require.NoError(t, e.Pull(t.Context(), ref, nil))
	first := mustImage(t, ref)
	mustVanish(t, first)

	r.push(t, "some", "latest", 2000)
	require.NoError(t, e.Pull(t.Context(), ref, nil))
	second := mustImage(t, ref)
	require.NotEqual(t, first, second)

	r.Close()
	require.NoError(t, e.Pull(t.Context(), ref, nil), "what is here will do")
	require.Equal(t, second, mustImage(t, ref))
}

func TestARegistryThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	r := mustRegistry(t)
	r.Close()
	e, _ := mustHost(t, docker.Options{})
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(e.Pull(t.Context(), r.name("some:v1"), nil)))
	require.Equal(t, fleet.Invalid, fleet.CodeOf(e.Pull(t.Context(), "Not An Image", nil)))
}

// mustFresh makes an image of the workload that nobody else has, with that many bytes more.
func mustFresh(t testing.TB, more int) string {
	t.Helper()
	ref := mustName(t)
	other := filepath.Join(t.TempDir(), "workload")
	data, err := os.ReadFile(binary)
	require.NoError(t, err)
	noise := make([]byte, more)
	_, err = rand.Read(noise)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(other, slices.Concat(data, []byte(ref), noise), 0o755))
	e, _ := mustHost(t, docker.Options{})
	require.NoError(t, e.BuildFromBinary(t.Context(), ref, other, nil))
	mustVanish(t, mustImage(t, ref)) // it may lose its name
	return ref
}

// mustName is a reference for an image of the test's own, which goes with it.
func mustName(t testing.TB) string {
	t.Helper()
	ref := "kelvin/driver-test:" + fleet.NewID("t_", time.Now())
	mustVanish(t, ref)
	return ref
}

// mustVanish removes an image when the test ends, if it is there.
func mustVanish(t testing.TB, ref string) {
	t.Helper()
	t.Cleanup(func() {
		// It may never have been made.
		_, _ = raw.ImageRemove(context.Background(), ref, image.RemoveOptions{Force: true, PruneChildren: true})
	})
}

func mustImage(t testing.TB, ref string) string {
	t.Helper()
	i, err := raw.ImageInspect(t.Context(), ref)
	require.NoError(t, err)
	return i.ID
}

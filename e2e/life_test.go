package e2e

import (
	"archive/tar"
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
)

// server finds a server by name.
func (s *stack) server(name string) api.Instance {
	s.Helper()
	var all api.List[api.Instance]
	require.NoError(s, s.get("/v1/instances?name="+name, &all))
	require.Len(s, all.Items, 1)
	return all.Items[0]
}

// operate does an operation on an instance, and waits for its end.
func (s *stack) operate(name, operation string, body any) cost {
	s.Helper()
	id := s.server(name).ID
	op := s.accept(http.MethodPost, "/v1/instances/"+id+"/"+operation, fleet.NewID("key", time.Now()), body)
	op = s.await(op.ID, 10*time.Minute)
	require.Equal(s, api.OperationDone, op.State, "%s: %s %s", operation, op.Code, op.Message)
	var c cost
	require.NoError(s, s.get("/v1/operations/"+op.ID, &c))
	return c
}

// cost is what an operation took.
type cost struct {
	Downtime   fleet.Duration `json:"downtime"`
	MovedBytes int64          `json:"moved_bytes"`
}

// on is the engine of the host where an instance lives.
func (s *stack) on(inst api.Instance) *docker.Client {
	if inst.HostID == s.host {
		return s.engine
	}
	for _, h := range s.hosts {
		if h.id == inst.HostID {
			return h.engine
		}
	}
	require.Fail(s, "it lives nowhere", inst.HostID)
	return nil
}

// lease is the lease under whose name the container of an instance is.
func (s *stack) lease(inst api.Instance) string {
	s.Helper()
	found, err := s.on(inst).ContainerList(context.WithoutCancel(s.Context()), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelInstance+"="+inst.ID))})
	require.NoError(s, err)
	require.Len(s, found, 1)
	return found[0].Labels[machine.LabelLease]
}

// much is how much data a test moves: a little, or KELVIN_E2E_BYTES.
func much(t testing.TB) (files int, size int64) {
	if text := os.Getenv("KELVIN_E2E_BYTES"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		return 5000, n
	}
	return 1000, 64 << 20
}

// counting is a program that appends the next number to a file every ten milliseconds, goes
// on where it was, and answers HTTP.
const counting = `(i=$(sed -n '$=' /workspace/numbers 2>/dev/null); i=${i:-0}; while :; do echo $i >> /workspace/numbers; i=$((i+1)); sleep 0.01; done) & exec /kelvin echo`

// countingImage has a shell, to count with, and the demo workload.
func (s *stack) countingImage(others ...*second) string {
	s.Helper()
	return s.makeImage("e2e-counting", func(to io.Writer) error {
		program, err := os.ReadFile(binary(s.TB, "kelvin"))
		if err != nil {
			return err
		}
		layer := tar.NewWriter(to)
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "kelvin", Mode: 0o755, Size: int64(len(program)), ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
		if _, err := layer.Write(program); err != nil {
			return err
		}
		if err := layer.Flush(); err != nil { // not closed: what follows goes on
			return err
		}
		return machinetest.WriteShell(to)
	}, others...)
}

// A server's whole life, on two hosts: frozen and thawed on the other with every file as it
// was, and moved back while it runs and people use it.
func TestAServersWholeLife(t *testing.T) {
	s := newStack(t)
	two := s.addHost("two")
	s.must("host", "cordon", two.id)
	s.must("instance", "create", "box", "--image", s.countingImage(), "--gpus", "2", "--port", "8080", "--probe-path", "/healthz",
		"--disk-path", "/workspace", "--command", counting, "--wait")
	box := s.server("box")
	require.Equal(t, s.host, box.HostID)
	lease := s.lease(box)
	files, size := much(t)
	awkward(t, s.engine, "kelvin-"+lease, "/workspace/stuff", files/2, size/2)
	awkward(t, s.engine, "kelvin-"+lease, "/stuff", files/2, size/2)
	before := where(t, s.engine, lease)
	sparse(t, before["data"])
	sparse(t, before["root"])
	s.must("instance", "stop", "box", "--wait") // so that nothing changes what is compared
	want := map[string]map[string]string{}
	for tree, dir := range before {
		want[tree] = picture(t, dir)
	}
	require.Greater(t, len(want["data"]), files/2)
	require.Greater(t, len(want["root"]), files/2)

	began := time.Now()
	op := s.operate("box", "freeze", nil)
	t.Logf("frozen in %s: %d bytes read", time.Since(began).Round(time.Millisecond), op.MovedBytes)
	box = s.server("box")
	require.Equal(t, fleet.Frozen, box.State)
	require.Empty(t, box.HostID)
	s.requireClean() // containers, volumes, networks and GPUs of the host are free

	s.must("host", "uncordon", two.id)
	s.must("host", "cordon", s.host)
	began = time.Now()
	s.operate("box", "thaw", nil)
	t.Logf("thawed in %s", time.Since(began).Round(time.Millisecond))
	box = s.server("box")
	require.Equal(t, two.id, box.HostID)
	status, _ := fetch(t, box.URL)
	require.Equal(t, http.StatusOK, status)
	for tree, dir := range where(t, two.engine, s.lease(box)) {
		// The program has gone on counting; all else is as it was.
		ours := []string{"numbers", "tmp"}
		got, was := picture(t, dir, ours...), without(want[tree], ours...)
		requireSame(t, was, got)
	}

	// Back again, while it counts and people use it.
	s.must("host", "uncordon", s.host)
	address := box.Ports[0].Address
	visitors := []*visitor{visiting(box.URL), visiting("http://" + address)}
	time.Sleep(time.Second)
	began = time.Now()
	op = s.operate("box", "migrate", nil)
	took := time.Since(began)
	time.Sleep(time.Second)
	box = s.server("box")
	require.Equal(t, s.host, box.HostID)
	for _, v := range visitors {
		v.end()
		require.Empty(t, v.failures, "who comes during the pause waits")
		t.Logf("%d requests, the longest took %s", v.asked, v.longest)
		require.Less(t, v.longest, time.Duration(op.Downtime)+time.Second)
	}
	t.Logf("migrated in %s, %s of them down, %d bytes read", took.Round(time.Millisecond), op.Downtime, op.MovedBytes)
	require.NotZero(t, op.Downtime)
	gone, err := two.engine.ContainerList(t.Context(), container.ListOptions{All: true})
	require.NoError(t, err)
	require.Empty(t, gone)

	s.must("instance", "stop", "box", "--wait")
	requireCounted(t, filepath.Join(where(t, s.engine, s.lease(box))["data"], "numbers"))

	s.must("instance", "rm", "box", "--yes", "--wait")
	s.requireClean()
}

// without is a picture without some names.
func without(files map[string]string, names ...string) map[string]string {
	kept := map[string]string{}
	for name, what := range files {
		skip := false
		for _, n := range names {
			skip = skip || name == n || strings.HasPrefix(name, n+"/")
		}
		if !skip {
			kept[name] = what
		}
	}
	return kept
}

// requireCounted checks that a file has every number from 0 on, once.
func requireCounted(t testing.TB, path string) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	next := 0
	for lines := bufio.NewScanner(f); lines.Scan(); next++ {
		require.Equal(t, strconv.Itoa(next), lines.Text())
	}
	require.Greater(t, next, 100)
}

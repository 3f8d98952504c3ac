package e2e

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// requireSound checks that the audit finds nothing, once all has had time to settle: what
// is on its way out is found until it is out.
func (s *stack) requireSound() {
	s.Helper()
	time.Sleep(12 * time.Second) // what is wrong for less is none of its business
	audit := func() ([]byte, error) {
		return exec.CommandContext(context.WithoutCancel(s.Context()), binary(s.TB, "kelvin"), "audit", "--store", s.store, "--temporal", s.temporal, "--grace", "10s").CombinedOutput()
	}
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(2 * time.Second) {
		said, err := audit()
		if err == nil {
			return
		}
		require.True(s, time.Now().Before(end), "%s", said)
	}
}

// A host is emptied while people use what runs there: a server moves, workers are replaced
// one by one, what is stopped moves, too; and then the host is retired. The worker process
// is killed meanwhile.
func TestAHostIsEmptiedAndRetired(t *testing.T) {
	s := newStack(t)
	two := s.addHost("two")
	s.must("host", "cordon", two.id)
	image := s.countingImage(two)
	for _, name := range []string{"box", "still"} {
		s.must("instance", "create", name, "--image", image, "--gpus", "1", "--port", "8080", "--probe-path", "/healthz",
			"--disk-path", "/workspace", "--command", counting, "--wait")
	}
	s.must("instance", "stop", "still", "--wait")
	s.must("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "2", "--wait")
	ep, box := s.endpoint("hello"), s.server("box")
	s.must("host", "uncordon", two.id)
	require.Len(t, s.containers(), 4)

	visitors := []*visitor{visiting(ep.URL), visiting(box.URL)}
	time.Sleep(time.Second)
	began := time.Now()
	require.Contains(t, s.must("host", "drain", "one", "--parallel", "2"), "draining")
	time.Sleep(2 * time.Second)
	s.kill("worker")
	time.Sleep(time.Second)
	s.start("worker")
	t.Log(s.must("host", "drain", "one", "--wait", "--timeout", "4m"))
	t.Logf("drained in %s", time.Since(began).Round(100*time.Millisecond))
	time.Sleep(time.Second)
	for _, v := range visitors {
		v.end()
		require.Empty(t, v.failures, "a drain loses no request")
		t.Logf("%d requests, the longest took %s", v.asked, v.longest)
	}

	require.Empty(t, s.containers())
	for name, state := range map[string]fleet.State{"box": fleet.Running, "still": fleet.Stopped} {
		inst := s.server(name)
		require.Equal(t, two.id, inst.HostID)
		require.Equal(t, state, inst.State)
	}
	require.Equal(t, "2/2 Ready", s.endpoint("hello").Status)
	s.must("instance", "stop", "box", "--wait")
	requireCounted(t, filepath.Join(where(t, two.engine, s.lease(s.server("box")))["data"], "numbers"))
	s.requireSound()

	s.must("host", "retire", "one", "--yes")
	require.NotContains(t, s.must("host", "ls"), "one ")
	var gpus api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus", &gpus))
	require.Len(t, gpus.Items, 8)
	require.Eventually(t, func() bool { // its token is void: the agent hears so
		var h api.Host
		return s.get("/v1/hosts/"+s.host, &h) == nil && !h.Connected
	}, 30*time.Second, 100*time.Millisecond)
	s.requireSound()
	s.must("endpoint", "rm", "hello", "--yes", "--wait")
	for _, name := range []string{"box", "still"} {
		s.must("instance", "rm", name, "--yes", "--wait")
	}
	left, err := two.engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+two.id))})
	require.NoError(t, err)
	require.Empty(t, left)
}

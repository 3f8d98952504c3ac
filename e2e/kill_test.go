package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Any process is killed with -9 in the middle of a create and of a stop. After its restart
// every operation ends as it should, no container is left over or doubled, no GPU has two
// holders.
func TestKillAnything(t *testing.T) {
	s := newStack(t)
	s.must("instance", "create", "warm-up", "--image", "kelvin/echo:latest", "--gpus", "1", "--wait") // the image is built once
	s.must("instance", "rm", "warm-up", "--yes", "--wait")

	for _, victim := range []string{"worker", "agent", "server", "temporal"} {
		// Early, in the middle, late: the delays of a create that takes about a second.
		for _, delay := range []time.Duration{50 * time.Millisecond, 350 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s after %s", victim, delay), func(t *testing.T) {
				name := fmt.Sprintf("%s-%d", victim, delay.Milliseconds())
				spec := map[string]any{
					"name": name, "data_center": "us-east", "image": "kelvin/echo:latest", "gpus": 2, "ports": []int{8080}, "probe_path": "/healthz",
					"env": map[string]string{"ECHO_START_DELAY": "400ms"},
				}
				created := s.accept(http.MethodPost, "/v1/instances", "create-"+name, spec)
				resumed := s.interrupt(t, victim, delay, created)
				require.Equal(t, "done", string(resumed.State), resumed.Message)
				s.requireOne(t, created.ResourceID, true)

				stopped := s.accept(http.MethodPost, "/v1/instances/"+created.ResourceID+"/stop", "stop-"+name, map[string]any{})
				resumed = s.interrupt(t, victim, delay, stopped)
				require.Equal(t, "done", string(resumed.State), resumed.Message)
				s.requireOne(t, created.ResourceID, false)

				gone := s.accept(http.MethodPost, "/v1/instances/"+created.ResourceID+"/terminate", "rm-"+name, map[string]any{"confirm": name})
				require.Equal(t, "done", string(s.await(gone.ID, time.Minute).State))
				s.requireClean()
			})
		}
	}
}

// interrupt kills a part while an operation runs, starts it again after a second, and
// waits for the operation. How long that took after the restart is reported.
func (s *stack) interrupt(t *testing.T, victim string, delay time.Duration, op api.Operation) api.Operation {
	t.Helper()
	time.Sleep(delay)
	s.kill(victim)
	time.Sleep(time.Second)
	s.start(victim)
	restarted := time.Now()
	ended := s.await(op.ID, time.Minute)
	t.Logf("%s: %s %.1f s after the restart of %s", op.Name, ended.State, time.Since(restarted).Seconds(), victim)
	return ended
}

// requireOne checks that an instance has one container, running or not, and two GPUs that
// are nobody else's.
func (s *stack) requireOne(t *testing.T, id string, running bool) {
	t.Helper()
	containers := s.containers()
	require.Len(t, containers, 1)
	require.Equal(t, id, containers[0].Labels[machine.LabelInstance])
	require.Equal(t, running, containers[0].State == "running", containers[0].Status)
	var gpus api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus", &gpus))
	held := 0
	for _, g := range gpus.Items {
		if g.State == fleet.GPUFree {
			require.Empty(t, g.InstanceID)
			continue
		}
		require.Equal(t, id, g.InstanceID)
		held++
	}
	require.Equal(t, 2, held)
}

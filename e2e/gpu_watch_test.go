package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// gpuOf is the one GPU of an instance.
func (s *stack) gpuOf(instanceID string) api.GPU {
	s.Helper()
	var all api.List[api.GPU]
	require.NoError(s, s.get("/v1/gpus", &all))
	for _, g := range all.Items {
		if g.InstanceID == instanceID {
			return g
		}
	}
	require.Fail(s, "no GPU", "of %s", instanceID)
	return api.GPU{}
}

// plant has something go wrong with a simulated GPU.
func (s *stack) plant(g api.GPU, fault string, params ...string) {
	s.Helper()
	args := []string{"sim", "fault", "add", g.HostID, g.UUID, fault} // indexes change
	for _, p := range params {
		args = append(args, "--param", p)
	}
	s.must(args...)
}

// becomes waits until a GPU is in a state that nothing is done with any more.
func (s *stack) becomes(id string, state fleet.GPUState) (g api.GPUDetail) {
	s.Helper()
	require.Eventually(s, func() bool {
		g = api.GPUDetail{}
		return s.get("/v1/gpus/"+id, &g) == nil && g.State == state
	}, 2*time.Minute, 200*time.Millisecond, "GPU %s does not become %s", id, state)
	return g
}

// A GPU that people use reports an error of its memory: within seconds it is in the record, the server
// on it moves while it answers, and the GPU is reset, tested and free again, on probation. An
// application's own mistake changes nothing. A GPU whose board is bad is quarantined, and the
// worker on it is replaced before it goes.
func TestWhatGPUsReportIsActedOn(t *testing.T) {
	s := newStack(t)
	two := s.addHost("two")
	image := s.countingImage(two)
	s.must("instance", "create", "box", "--image", image, "--gpus", "1", "--port", "8080", "--probe-path", "/healthz",
		"--disk-path", "/workspace", "--command", counting, "--wait")
	s.must("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "1", "--wait")
	box, ep := s.server("box"), s.endpoint("hello")
	visitors := []*visitor{visiting(ep.URL), visiting(box.URL)}
	time.Sleep(time.Second)

	first := s.gpuOf(box.ID)
	s.plant(first, "xid", "xid=13")
	heard := func(xid int) func() bool {
		return func() bool {
			var events api.List[api.GPUEvent]
			require.NoError(t, s.get("/v1/gpus/"+first.ID+"/events", &events))
			for _, e := range events.Items {
				if e.Xid == xid {
					return true
				}
			}
			return false
		}
	}
	require.Eventually(t, heard(13), 10*time.Second, 50*time.Millisecond)
	s.plant(first, "uncorrected-contained", "when=now")
	began := time.Now()
	require.Eventually(t, heard(94), 10*time.Second, 50*time.Millisecond)
	t.Logf("in the record after %s", time.Since(began).Round(10*time.Millisecond))
	require.Eventually(t, func() bool { return s.server("box").HostID != box.HostID }, 2*time.Minute, 200*time.Millisecond, "it moves")
	well := s.becomes(first.ID, fleet.GPUFree)
	require.False(t, well.ProbationUntil.IsZero(), "it was reset")
	t.Logf("well again after %s", time.Since(began).Round(100*time.Millisecond))

	var workers []string
	var all api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus", &all))
	for _, g := range all.Items {
		if g.InstanceID != "" && g.InstanceID != box.ID {
			workers = append(workers, g.ID)
			s.plant(g, "remap-failed", "events=true")
		}
	}
	require.Len(t, workers, 1)
	s.becomes(workers[0], fleet.GPUQuarantined)
	require.Eventually(t, func() bool {
		var g api.GPUDetail
		return s.get("/v1/gpus/"+workers[0], &g) == nil && g.InstanceID == "" && s.endpoint("hello").Status == "1/1 Ready"
	}, 2*time.Minute, 200*time.Millisecond, "another worker takes the place")
	time.Sleep(time.Second)
	for _, v := range visitors {
		v.end()
		require.Empty(t, v.failures, "nobody notices")
		t.Logf("%d requests, the longest took %s", v.asked, v.longest)
	}
	s.requireSound()
	s.must("endpoint", "rm", "hello", "--yes", "--wait")
	s.must("instance", "rm", "box", "--yes", "--wait")
}

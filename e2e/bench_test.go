package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
)

// BenchmarkStartStop measures what Kelvin adds to the start of a stopped server, to a stop
// without requests and to a restart, over the same calls to Docker made by hand, one after
// the other in the same run. The target is at most 250 ms.
func BenchmarkStartStop(b *testing.B) {
	s := newStack(b)
	box := s.box("kelvin/echo:latest")
	twin, url := s.twin()
	grace := 10
	byHand := map[string]func(){
		"stop": func() {
			require.NoError(b, s.engine.ContainerStop(b.Context(), twin, container.StopOptions{Timeout: &grace}))
		},
		"start": func() {
			s.startByHand(twin, url)
		},
	}
	byHand["restart"] = func() { byHand["stop"](); byHand["start"]() }
	byHand["start"]()

	took := map[string][]time.Duration{}
	b.ResetTimer()
	for range b.N {
		for _, verb := range []string{"stop", "start", "restart"} {
			took[verb] = append(took[verb], s.timed(box.ID, verb))
			began := time.Now()
			byHand[verb]()
			took[verb+" by hand"] = append(took[verb+" by hand"], time.Since(began))
		}
	}
	b.StopTimer()
	for _, verb := range []string{"start", "stop", "restart"} {
		kelvin, hand := median(took[verb]), median(took[verb+" by hand"])
		b.ReportMetric(ms(kelvin-hand), verb+"-added-ms")
		b.ReportMetric(ms(hand), verb+"-by-hand-ms")
	}
}

// BenchmarkWake measures the first request to an endpoint without workers, from its sending to
// its answer, beside making and starting the same container by hand in the same run.
func BenchmarkWake(b *testing.B) {
	s := newStack(b)
	var woken, byHand []time.Duration
	b.ResetTimer()
	for i := range b.N {
		name := fmt.Sprint("nap-", i)
		op := s.accept(http.MethodPost, "/v1/endpoints", name, map[string]any{"name": name, "quick_deploy": "echo", "active_workers": 0, "max_workers": 1})
		require.Equal(b, api.OperationDone, s.await(op.ID, time.Minute).State)
		c := newCrowd(s.endpoint(name).URL, 1)
		time.Sleep(300 * time.Millisecond) // the gateway hears of it; a request to ask whether it has would wake the endpoint
		c.once(1, time.Millisecond)
		require.Empty(b, c.failures)
		woken = append(woken, c.took[0])

		began := time.Now()
		twin, url := s.twin()
		s.startByHand(twin, url)
		byHand = append(byHand, time.Since(began))
		require.NoError(b, s.engine.ContainerRemove(b.Context(), twin, container.RemoveOptions{Force: true}))
		s.must("endpoint", "rm", name, "--yes", "--wait")
	}
	b.StopTimer()
	b.ReportMetric(ms(median(woken)), "wake-ms")
	b.ReportMetric(ms(median(byHand)), "container-ms")
	b.ReportMetric(ms(median(woken)-median(byHand)), "added-ms")
}

// startByHand starts a container, and waits until it answers.
func (s *stack) startByHand(id, url string) {
	require.NoError(s, s.engine.ContainerStart(s.Context(), id, container.StartOptions{}))
	for {
		resp, err := visit.Get(url)
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// BenchmarkOperation measures a whole operation whose steps cost nothing themselves: a
// restart on a simulated machine, seven steps. The target for six is at most 100 ms.
func BenchmarkOperation(b *testing.B) {
	s := newStack(b, "--machine", "sim")
	box := s.box("kelvin/echo:latest")
	var took []time.Duration
	b.ResetTimer()
	for range b.N {
		took = append(took, s.timed(box.ID, "restart"))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(ms(median(took)), "p50-ms")
	b.ReportMetric(ms(took[len(took)*95/100]), "p95-ms")
}

// twin makes a container like the one there is, beside Kelvin, and says where it answers.
func (s *stack) twin() (id, url string) {
	like, err := s.engine.ContainerInspect(s.Context(), s.containers()[0].ID)
	require.NoError(s, err)
	like.Config.Labels = nil
	_, port, err := net.SplitHostPort(free(s))
	require.NoError(s, err)
	like.HostConfig.PortBindings = nat.PortMap{"8080/tcp": {{HostIP: "127.0.0.1", HostPort: port}}}
	made, err := s.engine.ContainerCreate(s.Context(), like.Config, like.HostConfig, nil, nil, "")
	require.NoError(s, err)
	s.Cleanup(func() {
		_ = s.engine.ContainerRemove(context.Background(), made.ID, container.RemoveOptions{Force: true})
	})
	return made.ID, "http://127.0.0.1:" + port + "/healthz"
}

// box makes a server that runs and answers.
func (s *stack) box(image string) api.Instance {
	op := s.accept(http.MethodPost, "/v1/instances", "box", map[string]any{
		"name": "box", "data_center": "us-east", "image": image, "gpus": 1, "ports": []int{8080}, "probe_path": "/healthz",
	})
	require.Equal(s, "done", string(s.await(op.ID, time.Minute).State))
	var box api.Instance
	require.NoError(s, s.get("/v1/instances/"+op.ResourceID, &box))
	return box
}

// timed runs an operation, from the request to the end that the record has of it.
func (s *stack) timed(id, verb string) time.Duration {
	began := time.Now()
	status, text, err := s.do(http.MethodPost, "/v1/instances/"+id+"/"+verb, fmt.Sprint(verb, began.UnixNano()), map[string]any{})
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, status, "%s", text)
	var op api.Operation
	require.NoError(s, json.Unmarshal(text, &op))
	ended := s.await(op.ID, time.Minute)
	require.Equal(s, "done", string(ended.State), ended.Message)
	return ended.EndedAt.Sub(began)
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

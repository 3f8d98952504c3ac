package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func vllmPlan() api.EndpointPlan {
	return api.EndpointPlan{
		Spec:   fleet.EndpointSpec{ActiveWorkers: 1, MaxWorkers: 3, GPUsPerWorker: 1, GPUType: "l4-24gb", Image: "vllm/vllm-openai:v1"},
		Memory: &api.PlanMemory{MemoryNeed: fleet.MemoryNeed{Weights: 15000, Cache: 1000, Overhead: 2048}, Total: 18048},
		Types: []api.PlanType{
			{Type: "l4-24gb", Market: fleet.OnDemand, MemoryMB: 23034, Fits: true, Free: 2, PerHour: new(fleet.Money(430_000))},
			{Type: "t4-16gb", Market: fleet.OnDemand, MemoryMB: 15360},
		},
		Price:    api.PlanPrice{Currency: "USD", Example: true, Worker: new(fleet.Money(430_000)), Active: new(fleet.Money(430_000)), Max: new(fleet.Money(1_290_000))},
		Warnings: []string{"look out"},
	}
}

func TestADeployShowsItsPriceFirst(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("GET /v1/quick-deploys/{name}", 200, api.QuickDeploy{Name: "vllm", Title: "vLLM"})
	w.answers("POST /v1/endpoint-plans", 200, vllmPlan())
	shown := w.mustRun("deploy", "vllm", "--dry-run", "--param", "model=x/y-7B", "--max", "3")
	for _, part := range []string{"0.43 USD an hour for each worker; 0.43 to 1.29 in all (example prices)", "too small", "look out", "no price", "2 free"} {
		require.Contains(t, shown, part)
	}
	ask := sent[api.EndpointPlanAsk](t, w, "POST", "/v1/endpoint-plans")
	require.Equal(t, "vllm", ask.QuickDeploy)
	require.Equal(t, map[string]string{"model": "x/y-7B"}, ask.Params)
	require.Equal(t, 3, *ask.MaxWorkers)

	r := w.run("deploy", "vllm", "--name", "chat")
	require.Equal(t, exitUsage, r.exit, "nobody can be asked")
	require.Contains(t, r.err, "at 0.43 to 1.29 USD an hour (example prices)")
	require.Contains(t, r.err, "--yes")
	r = w.run("deploy", "vllm", "--param", "model")
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "allowed: name=value")

	w.answers("POST /v1/endpoints", 202, api.Operation{ID: id("op_", 1), Name: "create", ResourceID: id("ep_", 1), ResourceName: "chat"})
	require.Contains(t, w.mustRun("deploy", "vllm", "--name", "chat", "--yes"), id("op_", 1))
	made := sent[api.EndpointCreate](t, w, "POST", "/v1/endpoints")
	require.Equal(t, "chat", made.Name)
	require.Equal(t, "vllm", made.QuickDeploy)
}

func TestPricesAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/prices", 200, fleet.ExamplePrices())
	shown := w.mustRun("price", "ls")
	require.Contains(t, shown, "USD/H (EXAMPLE PRICES)")
	require.Contains(t, shown, "1.49")
}

package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAnEndpointIsPlannedWithItsPrice(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.Prices = fleet.ExamplePrices()
	plan := func(body string) EndpointPlan {
		return must[EndpointPlan](w, call{as: "bob", do: "POST /v1/endpoint-plans", body: body})
	}

	p := plan(`{"quick_deploy":"vllm","active_workers":1,"max_workers":3}`)
	require.Equal(t, "a100-80gb", p.Spec.GPUType, "the cheapest that the model fits on")
	require.True(t, p.Types[0].Fits)
	require.Equal(t, fleet.Money(1_490_000), *p.Price.Worker)
	require.Equal(t, fleet.Money(1_490_000), *p.Price.Active)
	require.Equal(t, fleet.Money(3*1_490_000), *p.Price.Max)
	require.True(t, p.Price.Example)
	require.Positive(t, p.Memory.Weights)
	require.Equal(t, p.Memory.MemoryNeed.Total(), p.Memory.Total)
	require.Empty(t, p.Warnings)

	spot := plan(`{"quick_deploy":"vllm","spot":{"market":"spot"}}`)
	require.Equal(t, fleet.Money(745_000), *spot.Price.Worker)
	open := plan(`{"image":"kelvin/echo:latest"}`)
	require.Nil(t, open.Price.Worker)
	require.Contains(t, open.Warnings[0], "left open")
	odd := plan(`{"image":"kelvin/echo:latest","gpu_type":"b300-288gb"}`)
	require.Nil(t, odd.Price.Worker)
	require.Equal(t, []string{"nobody has set a price for b300-288gb", "this data center has no b300-288gb now"}, odd.Warnings)

	for body, field := range map[string]string{
		`{"quick_deploy":"vllm","params":{"model":"meta-llama/Llama-3.1-70B-Instruct"}}`:                        "body.gpus_per_worker",
		`{"quick_deploy":"vllm","params":{"model":"meta-llama/Llama-3.1-70B-Instruct"},"gpu_type":"a100-80gb"}`: "body.gpu_type",
		`{"quick_deploy":"vllm","gpu_type":"t4-16gb"}`:                                                          "body.gpu_type",
		`{"quick_deploy":"vllm","params":{"quantization":"fp2"}}`:                                               "body.params.quantization",
		`{"image":"kelvin/echo:latest","params":{"model":"x"}}`:                                                 "body.params",
		`{"quick_deploy":"nothing"}`:                                                                            "body.quick_deploy",
	} {
		problem := w.call(call{as: "bob", do: "POST /v1/endpoint-plans", body: body}).problem(t)
		require.Equal(t, fleet.Invalid, problem.Code, body)
		require.Equal(t, field, problem.Fields[0].Field, body)
		require.NotEmpty(t, problem.Fields[0].Allowed)
		if field != "body.quick_deploy" {
			create := `{"name":"e",` + body[1:]
			require.Equal(t, fleet.Invalid, w.call(call{as: "bob", do: "POST /v1/endpoints", key: "-", body: create}).problem(t).Code, "nor is it made")
		}
	}
	guessed := plan(`{"quick_deploy":"vllm","params":{"model":"someone/new-200B"},"gpu_type":"a100-80gb"}`)
	require.Contains(t, guessed.Warnings[0], "going by the model's name")
	unknown := plan(`{"quick_deploy":"vllm","params":{"model":"someone/new"},"gpu_type":"a100-80gb"}`)
	require.Nil(t, unknown.Memory)
	require.Contains(t, unknown.Warnings[0], "nothing is known")

	op := must[Operation](w, call{as: "bob", do: "POST /v1/endpoints", key: "-", body: `{"name":"chat","quick_deploy":"vllm","params":{"context_length":"4096"}}`})
	made := must[Endpoint](w, call{as: "bob", do: "GET /v1/endpoints/" + op.ResourceID})
	require.Equal(t, "4096", made.Spec.Env["CONTEXT_LENGTH"])
	require.Equal(t, "a100-80gb", made.Spec.GPUType)
	require.Len(t, must[fleet.PriceList](w, call{as: "bob", do: "GET /v1/prices"}).Prices, 16)
	require.NotEmpty(t, must[QuickDeploy](w, call{as: "bob", do: "GET /v1/quick-deploys/vllm"}).Params)
}

package fleet

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMoneyIsWritten(t *testing.T) {
	t.Parallel()
	for amount, text := range map[Money]string{0: "0.00", 1: "0.000001", 1_490_000: "1.49", 10_000_000: "10.00", -250_000: "-0.25", 1_234_500: "1.2345"} {
		require.Equal(t, text, amount.String())
	}
	require.Equal(t, Money(2_980_000), Money(1_490_000).Times(2))
	require.Equal(t, Money(math.MaxInt64), Money(math.MaxInt64).Times(3), "it never wraps")
}

func TestThePriceOfADataCenterComesFirst(t *testing.T) {
	t.Parallel()
	l := PriceList{Currency: "EUR", Prices: []Price{
		{GPUType: "l4-24gb", Market: OnDemand, PerHour: 1},
		{GPUType: "l4-24gb", Market: OnDemand, PerHour: 2, DataCenter: "us-east"},
		{GPUType: "l4-24gb", Market: Spot, PerHour: 3},
	}}
	require.NoError(t, l.Validate())
	for _, c := range []struct {
		dc, typ string
		market  Market
		per     Money
		ok      bool
	}{
		{"us-east", "l4-24gb", OnDemand, 2, true},
		{"us-east", "l4-24gb", "", 2, true},
		{"us-west", "l4-24gb", OnDemand, 1, true},
		{"us-east", "l4-24gb", Spot, 3, true},
		{"us-east", "t4-16gb", OnDemand, 0, false},
		{"us-east", "", OnDemand, 0, false},
	} {
		per, ok := l.GPUHour(c.dc, c.typ, c.market)
		require.Equal(t, c.per, per)
		require.Equal(t, c.ok, ok)
	}
	l.Prices = append(l.Prices, l.Prices[0], Price{GPUType: "L4", Market: "free", PerHour: -1})
	err := l.Validate()
	require.True(t, Is(err, Invalid))
	var fields []string
	for _, f := range wrongFields(err) {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"prices[3]", "prices[4].gpu_type", "prices[4].market", "prices[4].per_hour_micros"}, fields)
	require.NoError(t, ExamplePrices().Validate())
	require.True(t, ExamplePrices().Example)
}

func TestTheMemoryOfAModelIsTold(t *testing.T) {
	t.Parallel()
	m, ok := FindModel("meta-llama/Llama-3.1-8B-Instruct")
	require.True(t, ok)
	need := m.Need("none", 8192, 1)
	require.InDelta(t, 15_317, need.Weights, 2)
	require.Equal(t, int64(1024), need.Cache, "128 KiB for each token, as its makers say")
	require.True(t, need.Fits(23_034, 1), "an L4 has room for it")
	require.False(t, need.Fits(15_360, 1), "a T4 has not")
	require.False(t, m.Need("none", 131_072, 1).Fits(23_034, 1), "with its full context an L4 has not")
	require.True(t, m.Need("awq", 8192, 1).Fits(15_360, 1), "quantized, a T4 has")

	big, ok := FindModel("meta-llama/llama-3.1-70b-instruct")
	require.True(t, ok, "case does not count")
	require.False(t, big.Need("none", 8192, 1).Fits(81_920, 1))
	require.True(t, big.Need("none", 8192, 2).Fits(81_920, 2))

	for name, billions := range map[string]float64{
		"someone/new-model-13B-chat": 13, "llama3.2:3b": 3, "qwen2.5:0.5b": 0.5, "x/8x22B": 8 * 22 * 0.84, "my-org/tuned-7b": 7,
	} {
		m, ok := FindModel(name)
		require.True(t, ok, name)
		require.True(t, m.Guessed)
		require.InDelta(t, billions, m.Billions, 0.01, name)
	}
	for _, name := range []string{"", "gpt2", "some/abc", "0b", "model-b", "x-999999999b"} {
		_, ok := FindModel(name)
		require.False(t, ok, name)
	}
	require.Equal(t, int64(76_293), GPUMemory("a100-80gb"))
	require.Zero(t, GPUMemory("h100"))
}

func TestAQuickDeployTakesParameters(t *testing.T) {
	t.Parallel()
	vllm, _ := FindQuickDeploy("vllm")
	spec, err := vllm.With(nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"MODEL": "Qwen/Qwen2.5-7B-Instruct", "HF_TOKEN": "", "QUANTIZATION": "", "CONTEXT_LENGTH": "8192"}, spec.Env)
	spec, err = vllm.With(map[string]string{"model": "microsoft/phi-4", "quantization": "fp8", "context_length": "4096", "token": "hf_x"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"MODEL": "microsoft/phi-4", "HF_TOKEN": "hf_x", "QUANTIZATION": "fp8", "CONTEXT_LENGTH": "4096"}, spec.Env)
	require.Equal(t, "Qwen/Qwen2.5-7B-Instruct", vllm.Spec.Env["MODEL"], "the catalogue stays as it is")
	need, ok := vllm.Memory(spec.Defaults())
	require.True(t, ok)
	require.InDelta(t, 14_680, need.Weights, 10)

	for params, field := range map[[2]string]string{
		{"model", ""}:             "body.params.model",
		{"model", "--evil"}:       "body.params.model",
		{"model", "a\nb"}:         "body.params.model",
		{"quantization", "fp2"}:   "body.params.quantization",
		{"context_length", "12k"}: "body.params.context_length",
		{"context_length", "1"}:   "body.params.context_length",
		{"size", "1"}:             "body.params.size",
	} {
		_, err := vllm.With(map[string]string{params[0]: params[1]})
		require.True(t, Is(err, Invalid), params)
		require.Equal(t, field, wrongFields(err)[0].Field)
		require.NotEmpty(t, wrongFields(err)[0].Allowed)
	}
	for _, q := range QuickDeploys {
		spec, err := q.With(nil)
		require.NoError(t, err, q.Name)
		require.NoError(t, spec.Defaults().Validate(q.Name))
		for _, p := range q.Params {
			require.Contains(t, spec.Env, p.Env)
			require.NotEmpty(t, p.Title)
		}
		if len(q.Params) > 0 {
			_, ok := q.Memory(spec.Defaults())
			require.True(t, ok, q.Name)
		}
	}
}

func wrongFields(err error) []FieldError {
	e, _ := errors.AsType[*Error](err)
	return e.Fields
}

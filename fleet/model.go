package fleet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A Model is what the memory that a language model needs follows from.
type Model struct {
	Name     string
	Billions float64 // parameters
	Layers   int
	KVHeads  int
	HeadDim  int
	Guessed  bool // from its name: nobody has looked
}

// models are well-known ones, as their config.json on Hugging Face says.
var models = []Model{
	{"Qwen/Qwen2.5-0.5B-Instruct", 0.49, 24, 2, 64, false},
	{"Qwen/Qwen2.5-1.5B-Instruct", 1.54, 28, 2, 128, false},
	{"Qwen/Qwen2.5-3B-Instruct", 3.09, 36, 2, 128, false},
	{"Qwen/Qwen2.5-7B-Instruct", 7.62, 28, 4, 128, false},
	{"Qwen/Qwen2.5-14B-Instruct", 14.77, 48, 8, 128, false},
	{"Qwen/Qwen2.5-32B-Instruct", 32.76, 64, 8, 128, false},
	{"Qwen/Qwen2.5-72B-Instruct", 72.71, 80, 8, 128, false},
	{"Qwen/Qwen3-8B", 8.19, 36, 8, 128, false},
	{"Qwen/Qwen3-14B", 14.77, 40, 8, 128, false},
	{"Qwen/Qwen3-32B", 32.76, 64, 8, 128, false},
	{"meta-llama/Llama-3.1-8B-Instruct", 8.03, 32, 8, 128, false},
	{"meta-llama/Llama-3.1-70B-Instruct", 70.55, 80, 8, 128, false},
	{"meta-llama/Llama-3.1-405B-Instruct", 405.85, 126, 8, 128, false},
	{"meta-llama/Llama-3.2-1B-Instruct", 1.24, 16, 8, 64, false},
	{"meta-llama/Llama-3.2-3B-Instruct", 3.21, 28, 8, 128, false},
	{"meta-llama/Llama-3.3-70B-Instruct", 70.55, 80, 8, 128, false},
	{"mistralai/Mistral-7B-Instruct-v0.3", 7.25, 32, 8, 128, false},
	{"mistralai/Mixtral-8x7B-Instruct-v0.1", 46.7, 32, 8, 128, false},
	{"microsoft/phi-4", 14.66, 40, 10, 128, false},
	{"google/gemma-2-9b-it", 9.24, 42, 8, 256, false},
	{"google/gemma-2-27b-it", 27.23, 46, 16, 128, false},
}

// sizeOf finds 7B, 0.5b or 8x7B in the name of a model.
var sizeOf = regexp.MustCompile(`(?i)(?:^|[-_:/ ])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?:$|[-_:. ])`)

// FindModel is the model of that name, or one that is like what its name says; false when
// nothing is known of it.
func FindModel(name string) (Model, bool) {
	for _, m := range models {
		if strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	found := sizeOf.FindStringSubmatch(name)
	if found == nil {
		return Model{}, false
	}
	m := Model{Name: name, KVHeads: 8, HeadDim: 128, Guessed: true}
	m.Billions, _ = strconv.ParseFloat(found[2], 64)
	if found[1] != "" { // experts share what is not theirs
		experts, _ := strconv.ParseFloat(found[1], 64)
		m.Billions *= experts * 0.84
	}
	if m.Billions == 0 || m.Billions > 10_000 {
		return Model{}, false
	}
	switch {
	case m.Billions < 10:
		m.Layers = 32
	case m.Billions < 20:
		m.Layers = 48
	case m.Billions < 50:
		m.Layers = 64
	default:
		m.Layers = 80
	}
	return m, true
}

// Quantizations are how weights can be stored, with the bytes of a parameter: what a format
// keeps in full, such as scales and embeddings, is in the numbers.
var Quantizations = map[string]float64{
	"none": 2, "fp8": 1.05, "int8": 1.05, "awq": 0.62, "gptq": 0.62, "bitsandbytes": 0.62, "q4": 0.62, "q8": 1.1,
}

// A MemoryNeed is the GPU memory that a model needs to serve at least one request of its full
// context, in MiB.
type MemoryNeed struct {
	Weights  int64 `json:"weights_mb"`
	Cache    int64 `json:"cache_mb" doc:"Keys and values of one request of the full context. More memory serves more at a time"`
	Overhead int64 `json:"overhead_mb" doc:"Of the driver and of the server, on all GPUs of a worker together"`
	Guessed  bool  `json:"guessed,omitempty" doc:"The model is not known: its size is what its name says"`
}

// Total is all of it.
func (n MemoryNeed) Total() int64 { return n.Weights + n.Cache + n.Overhead }

// overheadMB is what CUDA and a server take of each GPU beside weights and cache.
const overheadMB = 2048

// usablePercent is the share of a GPU's memory that model servers use by default.
const usablePercent = 90

// Need is the memory that a model needs with a quantization, for a context of so many tokens,
// on so many GPUs.
func (m Model) Need(quantization string, context, gpus int) MemoryNeed {
	bytes, ok := Quantizations[quantization]
	if !ok {
		bytes = Quantizations["none"]
	}
	const mib = 1 << 20
	return MemoryNeed{
		Weights:  int64(math.Ceil(m.Billions * 1e9 * bytes / mib)),
		Cache:    int64(math.Ceil(2 * 2 * float64(m.Layers) * float64(m.KVHeads) * float64(m.HeadDim) * float64(context) / mib)),
		Overhead: overheadMB * int64(max(gpus, 1)),
		Guessed:  m.Guessed,
	}
}

// Fits reports whether it fits on so many GPUs of so much memory each, in MiB.
func (n MemoryNeed) Fits(memoryMB int64, gpus int) bool {
	return n.Total() <= memoryMB*int64(gpus)*usablePercent/100
}

// memoryOf finds the memory in the name of a GPU type.
var memoryOf = regexp.MustCompile(`-(\d{1,4})gb$`)

// GPUMemory is the memory of a GPU of that type in MiB, as its name says; 0: it does not say.
func GPUMemory(gpuType string) int64 {
	found := memoryOf.FindStringSubmatch(gpuType)
	if found == nil {
		return 0
	}
	gb, _ := strconv.ParseInt(found[1], 10, 64)
	return gb * 1e9 / (1 << 20)
}

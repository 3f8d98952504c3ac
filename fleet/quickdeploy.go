package fleet

import "slices"

// A QuickDeploy is a named starting point for an endpoint: what a request leaves out, it
// fills in.
type QuickDeploy struct {
	Name        string // echo
	Title       string
	Description string
	Verified    bool     // our tests run it; the others nobody has run there
	Fill        []string // variables in Spec.Env to look at before deploying, such as the model
	Params      []Param
	Spec        EndpointSpec
}

// A Param is something to choose before deploying. It becomes a variable of the workers'.
type Param struct {
	Name    string    `json:"name" example:"model"`
	Title   string    `json:"title"`
	Kind    ParamKind `json:"kind" enum:"text,choice,number,secret"`
	Default string    `json:"default,omitempty"`
	Choices []string  `json:"choices,omitempty" doc:"Of a choice: what it can be. Of a text: some that are known"`
	Min     int       `json:"min,omitempty" doc:"Of a number"`
	Max     int       `json:"max,omitempty" doc:"Of a number"`
	Help    string    `json:"help,omitempty"`
	Env     string    `json:"env" doc:"The variable that it sets"`
	none    string    // the choice that leaves the variable empty
}

// ParamKind is what a parameter is.
type ParamKind string

// The kinds of a parameter.
const (
	ParamText   ParamKind = "text"
	ParamChoice ParamKind = "choice"
	ParamNumber ParamKind = "number"
	ParamSecret ParamKind = "secret"
)

// QuickDeploys are all of them. Their images are pinned by tag, so that an endpoint made
// today is the same tomorrow. Variables that hold a secret are named, and empty.
var QuickDeploys = []QuickDeploy{
	{
		Name: "echo", Title: "Echo", Verified: true,
		Description: "Answers every request with what it was asked, and needs no GPU memory: for trying out endpoints, scaling and draining.",
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1,
			Image: "kelvin/echo:latest", Port: 8080, ProbePath: "/healthz",
		},
	},
	{
		Name: "vllm", Title: "vLLM",
		Description: "Serves a language model with the OpenAI API: /v1/chat/completions. MODEL is a name on Hugging Face; models that are gated there need HF_TOKEN.",
		Fill:        []string{"MODEL", "HF_TOKEN"},
		Params:      languageModel("none", "fp8", "awq", "gptq", "bitsandbytes"),
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 64,
			Image: "vllm/vllm-openai:v0.26.0", Port: 8000, ProbePath: "/health",
			Command: `exec vllm serve "$MODEL" --host 0.0.0.0 --port "$PORT" --tensor-parallel-size "$KELVIN_GPU_COUNT" ${QUANTIZATION:+--quantization "$QUANTIZATION"} ${CONTEXT_LENGTH:+--max-model-len "$CONTEXT_LENGTH"}`,
			Env:     map[string]string{"MODEL": "Qwen/Qwen2.5-7B-Instruct", "HF_TOKEN": "", "QUANTIZATION": "", "CONTEXT_LENGTH": "8192"},
		},
	},
	{
		Name: "sglang", Title: "SGLang",
		Description: "Serves a language model with the OpenAI API and fast structured output. MODEL is a name on Hugging Face; models that are gated there need HF_TOKEN.",
		Fill:        []string{"MODEL", "HF_TOKEN"},
		Params:      languageModel("none", "fp8", "awq", "gptq", "bitsandbytes"),
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 64,
			Image: "lmsysorg/sglang:v0.5.17", Port: 30000, ProbePath: "/health",
			Command: `exec python3 -m sglang.launch_server --model-path "$MODEL" --host 0.0.0.0 --port "$PORT" --tp-size "$KELVIN_GPU_COUNT" ${QUANTIZATION:+--quantization "$QUANTIZATION"} ${CONTEXT_LENGTH:+--context-length "$CONTEXT_LENGTH"}`,
			Env:     map[string]string{"MODEL": "Qwen/Qwen2.5-7B-Instruct", "HF_TOKEN": "", "QUANTIZATION": "", "CONTEXT_LENGTH": "8192"},
		},
	},
	{
		Name: "ollama", Title: "Ollama",
		Description: "Serves quantized models from Ollama's library. MODEL is fetched when a worker starts, before the worker is ready.",
		Fill:        []string{"MODEL"},
		Params: []Param{{
			Name: "model", Title: "Model", Kind: ParamText, Default: "llama3.2:3b", Env: "MODEL",
			Choices: []string{"llama3.2:3b", "llama3.1:8b", "qwen2.5:7b", "qwen2.5:14b", "qwen2.5:32b", "llama3.3:70b"},
			Help:    "Name and tag in Ollama's library",
		}},
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 4,
			Image: "ollama/ollama:0.33.3", Port: 11434, ProbePath: "/",
			// The library is asked on a port of its own first, so that the probe finds no
			// worker before its model is there.
			Command: `OLLAMA_HOST=127.0.0.1:11435 ollama serve & loader=$!
export OLLAMA_HOST=127.0.0.1:11435
until ollama list >/dev/null 2>&1; do sleep 1; done
ollama pull "$MODEL" || exit 1
kill "$loader"; wait "$loader"
OLLAMA_HOST="0.0.0.0:$PORT" exec ollama serve`,
			Env: map[string]string{"MODEL": "llama3.2:3b"},
		},
	},
	{
		Name: "comfyui", Title: "ComfyUI",
		Description: "Node graphs for image and video models, with its own web page. Mount a volume over /opt/ComfyUI/models to keep models.",
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 1,
			Image: "ghcr.io/saladtechnologies/comfyui-api:comfy0.8.2-torch2.8.0-cuda12.6-runtime", Port: 8188, ProbePath: "/system_stats",
			Command: `cd /opt/ComfyUI && exec python main.py --listen 0.0.0.0 --port "$PORT"`,
		},
	},
	{
		Name: "whisper", Title: "Whisper",
		Description: "Speech to text over HTTP: POST /asr. ASR_MODEL is tiny, base, small, medium or large-v3.",
		Fill:        []string{"ASR_MODEL"},
		Params: []Param{{
			Name: "model", Title: "Model", Kind: ParamChoice, Default: "base", Env: "ASR_MODEL",
			Choices: []string{"tiny", "base", "small", "medium", "large-v3"}, Help: "Larger ones are slower and hear better",
		}},
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 1,
			Image: "onerahmet/openai-whisper-asr-webservice:v1.9.1-gpu", Port: 9000, ProbePath: "/docs",
			Env: map[string]string{"ASR_MODEL": "base", "ASR_ENGINE": "faster_whisper"},
		},
	},
}

// FindQuickDeploy returns the quick deploy of that name.
func FindQuickDeploy(name string) (QuickDeploy, bool) {
	i := slices.IndexFunc(QuickDeploys, func(q QuickDeploy) bool { return q.Name == name })
	if i < 0 {
		return QuickDeploy{}, false
	}
	return QuickDeploys[i], true
}

// languageModel are the parameters of a server of language models.
func languageModel(quantizations ...string) []Param {
	known := make([]string, len(models))
	for i, m := range models {
		known[i] = m.Name
	}
	return []Param{
		{Name: "model", Title: "Model", Kind: ParamText, Default: "Qwen/Qwen2.5-7B-Instruct", Choices: known, Env: "MODEL", Help: "A name on Hugging Face"},
		{Name: "quantization", Title: "Quantization", Kind: ParamChoice, Default: "none", none: "none", Choices: quantizations, Env: "QUANTIZATION", Help: "How the weights are stored. awq and gptq need a model that was stored so"},
		{Name: "context_length", Title: "Context length", Kind: ParamNumber, Default: "8192", Min: 256, Max: 1 << 20, Env: "CONTEXT_LENGTH", Help: "Tokens of a request and its answer together, at the most"},
		{Name: "token", Title: "Token", Kind: ParamSecret, Env: "HF_TOKEN", Help: "Of Hugging Face, for models that are gated there"},
	}
}

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
	Spec        EndpointSpec
}

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
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 64,
			Image: "vllm/vllm-openai:v0.26.0", Port: 8000, ProbePath: "/health",
			Command: `exec vllm serve "$MODEL" --host 0.0.0.0 --port "$PORT" --tensor-parallel-size "$KELVIN_GPU_COUNT"`,
			Env:     map[string]string{"MODEL": "Qwen/Qwen2.5-7B-Instruct", "HF_TOKEN": ""},
		},
	},
	{
		Name: "sglang", Title: "SGLang",
		Description: "Serves a language model with the OpenAI API and fast structured output. MODEL is a name on Hugging Face; models that are gated there need HF_TOKEN.",
		Fill:        []string{"MODEL", "HF_TOKEN"},
		Spec: EndpointSpec{
			ActiveWorkers: 1, GPUsPerWorker: 1, TargetConcurrency: 64,
			Image: "lmsysorg/sglang:v0.5.17", Port: 30000, ProbePath: "/health",
			Command: `exec python3 -m sglang.launch_server --model-path "$MODEL" --host 0.0.0.0 --port "$PORT" --tp-size "$KELVIN_GPU_COUNT"`,
			Env:     map[string]string{"MODEL": "Qwen/Qwen2.5-7B-Instruct", "HF_TOKEN": ""},
		},
	},
	{
		Name: "ollama", Title: "Ollama",
		Description: "Serves quantized models from Ollama's library. MODEL is fetched when a worker starts, before the worker is ready.",
		Fill:        []string{"MODEL"},
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

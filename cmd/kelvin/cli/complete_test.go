package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// completions are what the shell is offered for a command line whose last word is begun.
func (w *world) completions(line ...string) []string {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(w.mustRun(append([]string{"__complete"}, line...)...)), "\n")
	require.Equal(w.t, ":4", lines[len(lines)-1], "no files are offered")
	return lines[:len(lines)-1]
}

func TestNamesStatesAndFlagsAreCompleted(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	require.Equal(t, []string{"llama\trunning", "日本語 echo\tstopping → stopped"}, w.completions("endpoint", "show", ""))
	require.Equal(t, []string{"llama\trunning"}, w.completions("endpoint", "stop", ""), "only what can be stopped")
	require.Equal(t, []string{"notebook\trunning"}, w.completions("instance", "restart", ""))
	require.Equal(t, []string{"a\tready"}, w.completions("host", "cordon", ""))
	require.Empty(t, w.completions("host", "uncordon", ""))
	require.Empty(t, w.completions("endpoint", "show", "llama", ""), "one argument is enough")
	require.Equal(t, []string{id("op_", 7) + "\tstop endpoint llama"}, w.completions("op", "cancel", ""), "only what is open")
	require.Equal(t, []string{"llama\trunning", "日本語 echo\tstopping → stopped", "notebook\trunning", "llama-1\tlost"}, w.completions("event", "ls", "--resource", ""))

	require.Equal(t, []string{"vllm\tvLLM"}, w.completions("endpoint", "create", "x", "--quick-deploy", ""))
	require.Equal(t, []string{"us-east", "eu-west"}, w.completions("endpoint", "create", "x", "--data-center", ""))
	require.Equal(t, []string{"a100-80gb", "h100-80gb"}, w.completions("endpoint", "create", "x", "--gpu-type", ""))
	require.Len(t, w.completions("instance", "ls", "--state", ""), len(fleet.InstanceStates)-1, "all but absent")
	require.Len(t, w.completions("gpu", "ls", "--state", ""), len(fleet.GPUStates))
	require.Equal(t, formats, w.completions("me", "-o", ""))
}

func TestContextsAreCompletedFromTheirFile(t *testing.T) {
	t.Parallel()
	w, path := alone(t)
	require.NoError(t, saveContext(path, "dev", Context{Server: "http://d"}))
	require.Equal(t, []string{"dev\thttp://d"}, w.completions("context", "use", ""))
	require.Equal(t, []string{"dev\thttp://d"}, w.completions("me", "--context", ""))
}

func TestCompletionIsSilentAndQuickWhenTheServerIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("GET /v1/endpoints", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	began := time.Now()
	require.Empty(t, w.completions("endpoint", "show", ""))
	require.Less(t, time.Since(began), 10*completionTimeout)
	w.server.CloseClientConnections()
	delete(w.env, "KELVIN_SERVER")
	require.Empty(t, w.completions("endpoint", "show", ""))
}

package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestEveryTableLooksAsItShould(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"endpoint_ls":       {"endpoint", "ls"},
		"endpoint_show":     {"endpoint", "show", id("ep_", 1)},
		"instance_ls":       {"instance", "ls"},
		"instance_show":     {"instance", "show", "notebook"},
		"instance_stats":    {"instance", "stats", "notebook"},
		"operation_ls":      {"operation", "ls"},
		"operation_show":    {"operation", "show", id("op_", 7)},
		"event_ls":          {"event", "ls"},
		"host_ls":           {"host", "ls"},
		"host_show":         {"host", "show", "a"},
		"gpu_ls":            {"gpu", "ls"},
		"gpu_show":          {"gpu", "show", id("gpu_", 1)},
		"gpu_history":       {"gpu", "history", "gpu-abcdef01"},
		"gpu_report":        {"gpu", "report", id("dgn_", 1)},
		"quick_deploy_ls":   {"quick-deploy", "ls"},
		"quick_deploy_show": {"quick-deploy", "show", "vllm"},
		"template_ls":       {"template", "ls"},
		"template_show":     {"template", "show", "ssh"},
		"attachment_ls":     {"instance", "template", "ls", "notebook"},
		"me":                {"me"},
		"endpoint_ls_yaml":  {"endpoint", "ls", "-o", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := stocked(newWorld(t))
			out := w.mustRun(args...)
			golden(t, name, strings.ReplaceAll(out, w.server.URL, "http://127.0.0.1:8080"))
			require.NotContains(t, out, "\x1b")
		})
	}
}

func TestJSONIsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("GET /v1/endpoints/{id}", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(`{"id":"ep_1","name":"x","of_a_newer_server":[1]}`))
	})
	out := w.mustRun("endpoint", "show", id("ep_", 1), "-o", "json")
	require.JSONEq(t, `{"id":"ep_1","name":"x","of_a_newer_server":[1]}`, out)

	w = stocked(newWorld(t))
	var list []api.Endpoint
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("endpoint", "ls", "-o", "json")), &list))
	require.Equal(t, []api.Endpoint{llama(), stoppingEcho()}, list)
}

func TestAnEmptyListIsAnEmptyArrayOrSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/endpoints", 200, page[api.Endpoint]())
	require.JSONEq(t, "[]", w.mustRun("ep", "ls", "-o", "json"))
	require.Empty(t, w.mustRun("ep", "ls", "-o", "name"))
	r := w.run("ep", "ls")
	require.Empty(t, r.out)
	require.Equal(t, "None.\n", r.err)
}

func TestYAMLReadsBackAsTheSameValue(t *testing.T) {
	t.Parallel()
	text := `{"yes":"true","number":"1","null":"null","empty":{},"none":[],"date":"2026-01-01","lines":"a\nb\n","list":[{"a":1.5,"b":null,"c":false}],"tab":"a\tb"," odd: #":"- x"}`
	var out strings.Builder
	require.NoError(t, writeYAML(&out, []byte(text)))
	require.True(t, strings.HasPrefix(out.String(), "\"yes\": \"true\"\n"), out.String())
	var got, want map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(out.String()), &got))
	require.NoError(t, yaml.Unmarshal([]byte(text), &want))
	require.Equal(t, want, got)
}

func TestNamesAreWhatOtherCommandsTake(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	require.Equal(t, "llama\n日本語 echo\n", w.mustRun("endpoint", "ls", "-o", "name"))
	require.Equal(t, id("op_", 7)+"\n"+id("op_", 7)+"\n", w.mustRun("operation", "ls", "-o", "name"))
	require.Equal(t, id("evt_", 1)+"\n", w.mustRun("event", "ls", "-o", "name"))
}

func TestTablesCanComeWithoutHeaders(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	out := w.mustRun("endpoint", "ls", "--no-headers")
	require.Equal(t, 2, strings.Count(out, "\n"))
	require.NotContains(t, out, "STATE")
}

func TestListsFollowEveryPageUpToTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("GET /v1/instances", func(rw http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "ins_b", "ins_b": "ins_c", "ins_c": ""}
		after := r.URL.Query().Get("after")
		answer(rw, 200, api.List[api.Instance]{Items: []api.Instance{{ID: "ins_" + after, Name: "n" + after}}, Next: next[after]})
	})
	require.Equal(t, "n\nnins_b\nnins_c\n", w.mustRun("instance", "ls", "-o", "name", "--all", "--servers", "--state", "running"))
	require.Equal(t, []string{
		"GET /v1/instances?all=true&limit=200&servers=true&state=running",
		"GET /v1/instances?after=ins_b&all=true&limit=200&servers=true&state=running",
		"GET /v1/instances?after=ins_c&all=true&limit=200&servers=true&state=running",
	}, w.requests())
	require.Equal(t, "n\nnins_b\n", w.mustRun("instance", "ls", "-o", "name", "--limit", "2"))
	require.Equal(t, "GET /v1/instances?after=ins_b&limit=1", w.requests()[4])
}

func TestRelativeTimesAreShort(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]time.Duration{
		"now": 0, "5s ago": 5 * time.Second, "1m30s ago": 90 * time.Second, "2m ago": 2 * time.Minute, "45m ago": 45*time.Minute + 10*time.Second,
		"1h30m ago": 90 * time.Minute, "26h ago": 26 * time.Hour, "12d ago": 300 * time.Hour, "in 13s": -13 * time.Second, "in 2h": -2 * time.Hour,
	} {
		require.Equal(t, text, ago(testNow.Add(-d), testNow))
	}
	require.Empty(t, ago(time.Time{}, testNow))
}

func TestStatesAreAPairOnlyWhileTheyMove(t *testing.T) {
	t.Parallel()
	require.Equal(t, "running", heading(fleet.Running, fleet.Running))
	require.Equal(t, "stopping → stopped", heading(fleet.Stopping, fleet.Stopped))
}

func TestTextFromElsewhereCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\ufffd[2Jb\ufffdc\ufffd", clean("a\x1b[2Jb\nc\u202e"))
	require.Equal(t, "abc…", cut("abcdef", 4))
	require.Equal(t, "日…", cut("日本語", 4))
	require.Equal(t, "日本語", cut("日本語", 6))
}

package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// sent decodes the body of the last request of a kind, strictly.
func sent[T any](t *testing.T, w *world, method, path string) T {
	t.Helper()
	var body T
	for _, a := range w.asked {
		if a.method == method && a.uri == path {
			in := json.NewDecoder(bytes.NewReader([]byte(a.body)))
			in.DisallowUnknownFields()
			require.NoError(t, in.Decode(&body))
			require.NotEmpty(t, a.key)
			return body
		}
	}
	require.Fail(t, "no such request", "%s %s in %v", method, path, w.requests())
	return body
}

func TestCreateSendsWhatWasGivenAndNothingElse(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	accepted := stopOperation(api.OperationPending)
	accepted.Name, accepted.ResourceID = "create", id("ep_", 1)
	w.answers("POST /v1/endpoints", 202, accepted)
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file, []byte("# secrets\n\nA=from file\r\nB= spaces and = and 'quotes'\n"), 0o600))
	w.env["PASSED"] = "on"
	out := w.mustRun("endpoint", "create", "llama", "--image", "llama:3", "--active", "0", "--max", "5", "--gpus", "2", "--gpu-type", "a100-80gb",
		"--port", "8000", "--command", "serve", "--shell", "/bin/bash", "--env", "A=1,2", "--env", "PASSED", "--env-file", file, "--volume", "v",
		"--mount-path", "/data", "--target-concurrency", "64", "--data-center", "us-east", "--label", "team=ml", "--drain-timeout", "90s")
	got := sent[api.EndpointCreate](t, w, "POST", "/v1/endpoints")
	drain := fleet.Duration(90e9)
	require.Equal(t, api.EndpointCreate{Name: "llama", EndpointFields: api.EndpointFields{
		Image: ptr("llama:3"), ActiveWorkers: ptr(0), MaxWorkers: ptr(5), GPUsPerWorker: ptr(2), GPUType: ptr("a100-80gb"), Port: ptr(8000),
		Command: ptr("serve"), Shell: ptr("/bin/bash"), Env: &map[string]string{"A": "1,2", "B": " spaces and = and 'quotes'", "PASSED": "on"},
		Volume: ptr("v"), MountPath: ptr("/data"), TargetConcurrency: ptr(64), DataCenter: ptr("us-east"), Labels: &map[string]string{"team": "ml"}, DrainTimeout: &drain,
	}}, got)
	golden(t, "endpoint_create", out)
}

func ptr[T any](v T) *T { return &v }

func TestVariablesAddToThoseOfAQuickDeploy(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/endpoints", 202, stopOperation(api.OperationPending))
	w.mustRun("endpoint", "create", "x", "--quick-deploy", "vllm", "-e", "HF_TOKEN=t")
	require.Equal(t, api.EndpointCreate{Name: "x", QuickDeploy: "vllm", EndpointFields: api.EndpointFields{
		Env: &map[string]string{"MODEL": "qwen", "HF_TOKEN": "t"},
	}}, sent[api.EndpointCreate](t, w, "POST", "/v1/endpoints"))
}

func TestUpdateChangesOnlyWhatIsNamed(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("PATCH /v1/endpoints/{id}", 202, stopOperation(api.OperationPending))
	w.mustRun("endpoint", "update", "llama", "--max", "9", "--env", "B=2", "--unset-env", "A", "--unset-label", "team", "--name", "lama", "--volume", "")
	require.Equal(t, api.EndpointPatch{Name: ptr("lama"), EndpointFields: api.EndpointFields{
		MaxWorkers: ptr(9), Env: &map[string]string{"MODEL": "llama", "B": "2"}, Labels: &map[string]string{}, Volume: ptr(""),
	}}, sent[api.EndpointPatch](t, w, "PATCH", "/v1/endpoints/"+id("ep_", 1)))
}

func TestOptionsOfScalingAddToThoseThereAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	there := llama()
	there.Spec.Scaling = fleet.ScalingSpec{Policy: "fast", DownCount: 3, Hold: fleet.Duration(2 * time.Minute)}
	w.answers("GET /v1/endpoints/{id}", 200, there)
	w.answers("GET /v1/endpoints", 200, page(there))
	w.answers("PATCH /v1/endpoints/{id}", 202, stopOperation(api.OperationPending))
	w.mustRun("endpoint", "update", "llama", "--up-percent", "400", "--down-count", "0", "--down-percent", "25", "--low-percent", "60", "--zero-hold", "5m",
		"--queue-drain", "20s", "--min-arrivals", "-1", "--cancel-after", "-1s")
	require.Equal(t, api.EndpointPatch{EndpointFields: api.EndpointFields{Scaling: &fleet.ScalingSpec{
		Policy: "fast", UpPercent: 400, DownPercent: 25, LowPercent: 60, Hold: fleet.Duration(2 * time.Minute), ZeroHold: fleet.Duration(5 * time.Minute),
		Drain: fleet.Duration(20 * time.Second), MinArrivals: -1, CancelAfter: fleet.Duration(-time.Second),
	}}}, sent[api.EndpointPatch](t, w, "PATCH", "/v1/endpoints/"+id("ep_", 1)))
}

func TestCreateInstanceSendsItsSpec(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/instances", 202, stopOperation(api.OperationPending))
	w.mustRun("instance", "create", "nb", "--image", "jupyter", "--port", "8888", "--port", "22", "--disk-path", "/workspace", "--gpus", "0",
		"--stop-timeout", "30s", "--recover", "wait", "--snapshot-every", "1d12h", "--protected", "--read-only", "--env", "A=1", "--label", "a=b", "--probe-path", "/up", "--cpus", "1.5", "--memory-mb", "512")
	require.Equal(t, api.InstanceCreate{Name: "nb", InstanceSpec: fleet.InstanceSpec{
		Image: "jupyter", Ports: []int{8888, 22}, DiskPath: "/workspace", StopTimeout: fleet.Duration(30e9), Protected: true, ReadOnly: true,
		Env: map[string]string{"A": "1"}, Labels: map[string]string{"a": "b"}, ProbePath: "/up", Recover: "wait", SnapshotEvery: fleet.Duration(36 * time.Hour), CPUs: 1.5, MemoryMB: 512,
	}}, sent[api.InstanceCreate](t, w, "POST", "/v1/instances"))
}

func TestEveryFieldOfASpecHasAFlag(t *testing.T) {
	t.Parallel()
	root := newRoot()
	AddTo(root)
	for kind, spec := range map[string]any{"endpoint": api.EndpointFields{}, "instance": fleet.InstanceSpec{}} {
		cmd, _, err := root.Find([]string{kind, "create"})
		require.NoError(t, err)
		for _, field := range reflect.VisibleFields(reflect.TypeOf(spec)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			names := []string{name}
			if of := field.Type; of.Kind() == reflect.Pointer && of.Elem().Kind() == reflect.Struct { // a group of options
				names = nil
				for _, option := range reflect.VisibleFields(of.Elem()) {
					under, _, _ := strings.Cut(option.Tag.Get("json"), ",")
					names = append(names, name+"."+under)
				}
			}
			for _, name := range names {
				flag := flagsOfFields[name]
				require.NotEmpty(t, flag, "no flag for %s", name)
				require.NotNil(t, cmd.Flags().Lookup(flag), "%s create has no --%s", kind, flag)
			}
		}
	}
	require.Equal(t, "--env HOME", flagOf("env.HOME"))
	require.Equal(t, "--port 1", flagOf("ports[1]"))
	require.Equal(t, "--template 1", flagOf("templates[1].name"))
	require.Equal(t, "--template-param keys", flagOf("templates[1].parameters.keys"))
	require.Equal(t, "--template-param", flagOf("templates[1].parameters"))
}

func TestTerminateConfirmsByName(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/instances/{id}/terminate", 202, stopOperation(api.OperationPending))
	w.mustRun("instance", "rm", "notebook", "--yes")
	require.Equal(t, api.InstanceTerminate{Confirm: api.Confirm{Confirm: "notebook"}}, sent[api.InstanceTerminate](t, w, "POST", "/v1/instances/"+id("ins_", 1)+"/terminate"))

	w.answers("DELETE /v1/endpoints/{id}", 202, stopOperation(api.OperationPending))
	w.mustRun("endpoint", "delete", "llama", "-y")
	require.Contains(t, w.requests(), "DELETE /v1/endpoints/"+id("ep_", 1))
}

func TestCordonKeepsNewWorkOffAHost(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	h := hostA()
	h.State = fleet.HostCordoned
	w.answers("POST /v1/hosts/{id}/cordon", 200, h)
	require.Equal(t, "host a: cordoned\n", w.mustRun("host", "cordon", "a"))
	require.NotEmpty(t, w.asked[1].key)
}

func TestLogsPassTheirFlagsOnAndPrintWhatComes(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("GET /v1/endpoints/{id}/logs", 200, "llama-1 | hello")
	require.Equal(t, "\"llama-1 | hello\"\n", w.mustRun("endpoint", "logs", id("ep_", 1), "-f", "-n", "10", "--since", "10m"))
	require.Equal(t, "GET /v1/endpoints/"+id("ep_", 1)+"/logs?follow=true&since=2026-03-01T11%3A50%3A00Z&tail=10", w.requests()[1])
	w.mustRun("endpoint", "logs", id("ep_", 1), "-t", "--since", "2h", "--until", "2026-03-01T11:30:00Z")
	require.Equal(t, "GET /v1/endpoints/"+id("ep_", 1)+"/logs?since=2026-03-01T10%3A00%3A00Z&timestamps=true&until=2026-03-01T11%3A30%3A00Z", w.requests()[3])
}

func TestWhatIsGoneIsFoundByItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := notebook()
	gone.State = fleet.Terminated
	w.mux.HandleFunc("GET /v1/instances", func(rw http.ResponseWriter, r *http.Request) {
		if r.FormValue("all") != "true" {
			answer(rw, 200, page[api.Instance]())
			return
		}
		answer(rw, 200, page(gone))
	})
	w.answers("GET /v1/endpoints", 200, page[api.Endpoint]())
	w.answers("GET /v1/instances/{id}/logs", 200, "last words")
	w.answers("GET /v1/events", 200, page[api.Event]())
	require.Equal(t, "\"last words\"\n", w.mustRun("instance", "logs", "notebook"))
	w.mustRun("event", "ls", "--resource", "notebook")
	require.Contains(t, w.requests(), "GET /v1/events?limit=50&resource="+gone.ID)
	require.Equal(t, exitNotFound, w.run("instance", "logs", "never").exit)
	require.Equal(t, exitNotFound, w.run("event", "ls", "--resource", "never").exit)
}

func TestDestroyingNeedsYesWhereNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.in = strings.NewReader("notebook\n")
	r := w.run("instance", "rm", "notebook")
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "--yes")
	require.Len(t, w.requests(), 1, "nothing but the look-up")
}

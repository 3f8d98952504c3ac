package api

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestEndpointIsCreatedWithDefaults(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	got := w.call(call{as: "alice", do: "POST /v1/endpoints", key: "first", body: map[string]any{"name": "llama", "image": "kelvin/echo:latest"}})
	require.Equal(t, http.StatusAccepted, got.status, string(got.body))

	op := must[Operation](w, call{as: "alice", do: "GET " + got.header.Get("Location")})
	require.Equal(t, fleet.OperationID(w.account["alice"], "first"), op.ID)
	require.Equal(t, OperationPending, op.State)
	require.Equal(t, "llama", op.ResourceName)
	require.Contains(t, op.TemporalURL, "http://127.0.0.1:8233/namespaces/default/workflows?query=")
	require.Equal(t, []string{op.ID}, w.started.starts)

	e := must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + op.ResourceID})
	require.Equal(t, fleet.Provisioning, e.State)
	require.Equal(t, fleet.Running, e.Target)
	require.Equal(t, op.ID, e.OperationID)
	require.Equal(t, []string{"stop", "delete"}, e.Legal)
	require.Equal(t, "0/0 Provisioning", e.Status)
	require.Equal(t, "http://"+strings.Replace(e.ID, "_", "-", 1)+".us-east.localhost:8080", e.URL)
	require.Equal(t, fleet.EndpointSpec{ActiveWorkers: 1, Image: "kelvin/echo:latest"}.Defaults(), e.Spec)
}

func TestQuickDeployFillsInWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "-", body: map[string]any{
		"name": "chat", "quick_deploy": "vllm", "active_workers": 0, "max_workers": 3, "env": map[string]string{"MODEL": "some/other"},
	}})
	spec := must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + op.ResourceID}).Spec
	quick, ok := fleet.FindQuickDeploy("vllm")
	require.True(t, ok)
	want := quick.Spec
	want.ActiveWorkers, want.MaxWorkers, want.Env = 0, 3, map[string]string{"MODEL": "some/other"}
	require.Equal(t, want.Defaults(), spec)
	require.NotEqual(t, "some/other", quick.Spec.Env["MODEL"], "the catalogue is as it was")

	listed := must[List[QuickDeploy]](w, call{as: "viewer", do: "GET /v1/quick-deploys"})
	require.Len(t, listed.Items, len(fleet.QuickDeploys))
	one := must[QuickDeploy](w, call{as: "viewer", do: "GET /v1/quick-deploys/echo"})
	require.True(t, one.Verified)
	require.Equal(t, 8080, one.Spec.Port)
}

func TestPatchChangesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	created := must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "-", body: map[string]any{
		"name": "chat", "image": "a:1", "env": map[string]string{"A": "1", "B": "2"}, "max_workers": 4,
	}})
	w.mustEnd(created.ID, fleet.Done)
	before := must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + created.ResourceID})

	op := must[Operation](w, call{as: "alice", do: "PATCH /v1/endpoints/" + created.ResourceID, key: "-", body: map[string]any{
		"name": "talk", "image": "a:2", "active_workers": 0, "env": map[string]string{"B": "3"},
	}})
	require.Equal(t, "update", op.Name)
	require.NoError(t, w.Store.SetRevision(t.Context(), created.ResourceID, 2))
	w.mustEnd(op.ID, fleet.Done)

	after := must[Endpoint](w, call{as: "alice", do: "GET /v1/endpoints/" + created.ResourceID})
	want := before.Spec
	want.Image, want.ActiveWorkers, want.Env = "a:2", 0, map[string]string{"B": "3"}
	require.Equal(t, want, after.Spec)
	require.Equal(t, "talk", after.Name)
	require.Equal(t, 2, after.Revision)
	require.Equal(t, "0/0 Idle", after.Status)
	require.Equal(t, []string{"stop", "update", "delete"}, after.Legal)
}

func TestHundredEqualCreatesMakeOneEndpoint(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	answers := make([]answer, 100)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			// The same request, however it is spaced.
			body := fmt.Sprintf(`{"name":"one",%s"image":"a:1"}`, strings.Repeat(" ", i%3))
			answers[i] = w.call(call{as: "alice", do: "POST /v1/endpoints", key: "same", body: body})
		})
	}
	all.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.Equal(t, string(answers[0].body), string(a.body))
		require.Equal(t, answers[0].header.Get("Location"), a.header.Get("Location"))
	}
	require.Len(t, must[List[Endpoint]](w, call{as: "alice", do: "GET /v1/endpoints"}).Items, 1)
	require.Len(t, w.started.starts, 1)

	// However far it is, and whatever its endpoint is called by now.
	op := must[Operation](w, call{as: "alice", do: "GET " + answers[0].header.Get("Location")})
	w.mustEnd(op.ID, fleet.Done)
	must[Operation](w, call{as: "alice", do: "PATCH /v1/endpoints/" + op.ResourceID, key: "-", body: map[string]string{"name": "other"}})
	again := w.call(call{as: "alice", do: "POST /v1/endpoints", key: "same", body: `{"name":"one","image":"a:1"}`})
	require.Equal(t, string(answers[0].body), string(again.body))
}

func TestOperationIsAcceptedThoughTemporalDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.started.broken = errors.New("no connection")
	op := w.mustEndpoint("alice", "later")
	pending, err := w.Store.PendingOperations(t.Context(), -time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, pending, 1, "the outbox finds it")
	require.Equal(t, op.ID, pending[0].ID)
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	var made []string
	for i := range 5 {
		made = append(made, w.mustEndpoint("alice", fmt.Sprintf("e%d", i)).ResourceID)
	}
	var got []string
	path := "GET /v1/endpoints?limit=2"
	pages := 0
	for next := ""; ; pages++ {
		page := must[List[Endpoint]](w, call{as: "alice", do: path + next})
		for _, e := range page.Items {
			got = append(got, e.ID)
		}
		if page.Next == "" {
			break
		}
		next = "&after=" + page.Next
	}
	require.ElementsMatch(t, made, got)
	require.Equal(t, 2, pages)
	named := must[List[Endpoint]](w, call{as: "alice", do: "GET /v1/endpoints?name=e3"})
	require.Len(t, named.Items, 1)
	require.Empty(t, named.Next)

	operations := must[List[Operation]](w, call{as: "alice", do: "GET /v1/operations?limit=4&open=true"})
	require.Len(t, operations.Items, 4)
	require.Equal(t, "e4", operations.Items[0].ResourceName, "newest first")
	rest := must[List[Operation]](w, call{as: "alice", do: "GET /v1/operations?limit=4&after=" + operations.Next})
	require.Len(t, rest.Items, 1)
	require.Empty(t, rest.Next)

	events := must[List[Event]](w, call{as: "alice", do: "GET /v1/events?resource=" + made[0]})
	require.Equal(t, "operation.accepted", events.Items[0].Name)
}

func TestViewersSeeNamesOfVariablesOnly(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "-", body: map[string]any{
		"name": "secretive", "image": "a:1", "env": map[string]string{"TOKEN": "hush"},
	}})
	worker, _, err := w.Store.CreateInstance(t.Context(), store.Ask{AccountID: w.account["alice"], Actor: "autoscaler", Key: "w", Digest: "w"},
		store.NewInstance{Name: "w-1", Spec: fleet.EndpointSpec{Image: "a:1", Env: map[string]string{"TOKEN": "hush"}}.Defaults().Worker(), EndpointID: op.ResourceID, Revision: 1})
	require.NoError(t, err)
	for _, path := range []string{"/v1/endpoints", "/v1/endpoints/" + op.ResourceID, "/v1/instances", "/v1/instances/" + worker.ResourceID} {
		seen := w.call(call{as: "viewer", do: "GET " + path})
		require.Contains(t, string(seen.body), `"TOKEN":"***"`, path)
		require.NotContains(t, string(seen.body), "hush", path)
		require.Contains(t, string(w.call(call{as: "alice", do: "GET " + path}).body), `"TOKEN":"hush"`, path)
	}
}

func TestFieldsOfAnEndpointAreThoseOfItsSpec(t *testing.T) {
	t.Parallel()
	fields, spec := reflect.TypeFor[EndpointFields](), reflect.TypeFor[fleet.EndpointSpec]()
	require.Equal(t, spec.NumField(), fields.NumField())
	for i := range spec.NumField() {
		want, got := spec.Field(i), fields.Field(i)
		require.Equal(t, want.Name, got.Name)
		require.Equal(t, reflect.PointerTo(want.Type), got.Type, want.Name)
		name, _, _ := strings.Cut(want.Tag.Get("json"), ",")
		require.Equal(t, name+",omitempty", got.Tag.Get("json"))
		for _, tag := range []string{"minimum", "maximum", "minLength", "maxLength", "doc", "example"} {
			require.Equal(t, want.Tag.Get(tag), got.Tag.Get(tag), "%s of %s", tag, want.Name)
		}
	}
}

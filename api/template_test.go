package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestTemplatesOfAnAccount(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	body := map[string]any{"name": "tools", "steps": []map[string]any{{"name": "install", "command": "apt-get install -y htop"}}}
	made := must[Template](w, call{as: "alice", do: "POST /v1/templates", key: "-", body: body})
	require.Equal(t, fleet.DefaultStepTimeout, made.Steps[0].Timeout)
	require.Equal(t, made, must[Template](w, call{as: "alice", do: "POST /v1/templates", key: "-", body: body}), "a repeated request")
	listed := must[List[Template]](w, call{as: "viewer", do: "GET /v1/templates"}).Items
	require.Len(t, listed, len(fleet.Templates)+1)
	require.True(t, listed[0].BuiltIn)
	require.Equal(t, made, listed[len(listed)-1])
	require.Len(t, must[List[Template]](w, call{as: "bob", do: "GET /v1/templates"}).Items, len(fleet.Templates))
	for _, do := range []string{"GET", "PUT", "DELETE"} {
		c := call{as: "bob", do: do + " /v1/templates/tools"}
		if do != "GET" {
			c.key = "-"
		}
		if do == "PUT" {
			c.body = map[string]any{"steps": body["steps"]}
		}
		require.Equal(t, http.StatusNotFound, w.call(c).status, do)
	}
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: "DELETE /v1/templates/tools", key: "-"}).status)

	changed := must[Template](w, call{as: "alice", do: "PUT /v1/templates/tools", key: "-", body: map[string]any{"services": []map[string]any{{"name": "run", "command": "sleep 1"}}}})
	require.NotEqual(t, made.Version, changed.Version)
	require.Empty(t, changed.Steps)
	require.Equal(t, http.StatusNoContent, w.call(call{as: "alice", do: "DELETE /v1/templates/tools", key: "-"}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "alice", do: "GET /v1/templates/tools"}).status)
}

func TestTemplatesOfAServer(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := must[Operation](w, call{as: "alice", do: "POST /v1/instances", key: "-", body: map[string]any{
		"name": "notebook", "image": "kelvin/echo:latest",
		"templates": []map[string]any{{"name": "jupyter", "parameters": map[string]string{"token": "open-sesame"}}},
	}})
	inst := w.mustRun(op)
	path := "/v1/instances/" + inst.ID
	shown := must[Instance](w, call{as: "alice", do: "GET " + path})
	require.Equal(t, []int{8888}, shown.Spec.Ports)
	require.Equal(t, "open-sesame", shown.Spec.Templates[0].Parameters["token"])
	require.NotZero(t, shown.Spec.Templates[0].AttachedAt)
	seen := w.call(call{as: "viewer", do: "GET " + path})
	require.NotContains(t, string(seen.body), "open-sesame")
	require.Contains(t, string(seen.body), `"token":"***"`)

	spec := must[fleet.ContainerSpec](w, call{as: "host", do: "GET /v1/agent/leases/" + inst.Home.ID})
	require.Equal(t, "open-sesame", spec.Templates[0].Parameters["token"])
	require.Equal(t, "jupyter", spec.Templates[0].Spec.Services[0].Name)

	now := must[Instance](w, call{as: "alice", do: "POST " + path + "/templates/hello", key: "-"})
	require.Len(t, now.Spec.Templates, 2)
	now = must[Instance](w, call{as: "alice", do: "POST " + path + "/templates/hello", key: "-", body: Attach{Parameters: map[string]string{"greeting": "hi"}}})
	require.Equal(t, "hi", now.Spec.Templates[1].Parameters["greeting"])
	for _, name := range []string{"jupyter", "hello", "none"} {
		now = must[Instance](w, call{as: "alice", do: "DELETE " + path + "/templates/" + name, key: "-"})
	}
	require.Empty(t, now.Spec.Templates)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "alice", do: "POST " + path + "/templates/none", key: "-"}).status)
	require.Equal(t, http.StatusForbidden, w.call(call{as: "viewer", do: "POST " + path + "/templates/hello", key: "-"}).status)
}

package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestKeysOfAnEndpointAreShownOnce(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	ep := w.mustEndpoint("alice", "llama").ResourceID
	path := "/v1/endpoints/" + ep + "/keys"
	got := w.call(call{as: "alice", do: "POST " + path, key: "-", body: EndpointKeyCreate{Name: "web-shop"}})
	require.Equal(t, http.StatusCreated, got.status, string(got.body))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	made := must[EndpointKeyCreated](w, call{as: "alice", do: "POST " + path, key: "-", body: EndpointKeyCreate{Name: "phone"}})
	require.Regexp(t, "^kep_", made.Secret)

	listed := w.call(call{as: "viewer", do: "GET " + path})
	require.Equal(t, http.StatusOK, listed.status)
	require.NotContains(t, string(listed.body), "kep_")
	keys := must[List[EndpointKey]](w, call{as: "alice", do: "GET " + path}).Items
	require.Len(t, keys, 2)
	require.Contains(t, keys, made.EndpointKey)

	for _, c := range []struct {
		call
		status int
		code   fleet.Code
	}{
		{call{as: "alice", do: "POST " + path, key: "-", body: EndpointKeyCreate{Name: "phone"}}, 409, fleet.Conflict},
		{call{as: "alice", do: "POST " + path, key: "-", body: EndpointKeyCreate{}}, 422, fleet.Invalid},
		{call{as: "alice", do: "POST " + path, body: EndpointKeyCreate{Name: "x"}}, 422, fleet.Invalid},
		{call{as: "viewer", do: "POST " + path, key: "-", body: EndpointKeyCreate{Name: "x"}}, 403, fleet.Forbidden},
		{call{as: "viewer", do: "DELETE " + path + "/" + made.ID, key: "-"}, 403, fleet.Forbidden},
		{call{as: "bob", do: "POST " + path, key: "-", body: EndpointKeyCreate{Name: "x"}}, 404, fleet.NotFound},
		{call{as: "bob", do: "GET " + path}, 404, fleet.NotFound},
		{call{as: "bob", do: "DELETE " + path + "/" + made.ID, key: "-"}, 404, fleet.NotFound},
		{call{as: "alice", do: "DELETE " + path + "/key_1", key: "-"}, 422, fleet.Invalid},
	} {
		got := w.call(c.call)
		require.Equal(t, c.status, got.status, "%s as %s: %s", c.do, c.as, got.body)
		require.Equal(t, c.code, got.problem(t).Code)
	}
	require.Equal(t, http.StatusNoContent, w.call(call{as: "alice", do: "DELETE " + path + "/" + made.ID, key: "-"}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "alice", do: "DELETE " + path + "/" + made.ID, key: "-"}).status)
	require.Len(t, must[List[EndpointKey]](w, call{as: "alice", do: "GET " + path}).Items, 1)
}

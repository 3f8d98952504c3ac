package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAControllerIsLookedAtAndChanged(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	list := must[List[Controller]](w, call{as: "viewer", do: "GET /v1/controllers"})
	require.Len(t, list.Items, 1)
	path := "/v1/controllers/" + list.Items[0].DataCenter
	require.Equal(t, list.Items[0], must[Controller](w, call{as: "viewer", do: "GET " + path}))

	c := must[Controller](w, call{as: "alice", do: "POST " + path + "/up", key: "-"})
	require.NotEqual(t, fleet.ControllerDown, c.State)
	c = must[Controller](w, call{as: "alice", do: "PATCH " + path, key: "-", body: `{"autostop":"30m","paused":true}`})
	require.Equal(t, fleet.Duration(30*time.Minute), c.Autostop.After)
	require.True(t, c.Autostop.Paused)
	c = must[Controller](w, call{as: "alice", do: "POST " + path + "/down", key: "-"})
	require.Equal(t, fleet.ControllerDown, c.State)
	require.Equal(t, fleet.Duration(30*time.Minute), c.Autostop.After, "settings are kept")

	op := must[Operation](w, call{as: "bob", do: "POST /v1/endpoints", key: "-", body: `{"name":"e","image":"kelvin/echo:latest"}`})
	c = must[Controller](w, call{as: "viewer", do: "GET " + path})
	require.Equal(t, fleet.ControllerStarting, c.State, "a submission starts it")
	require.Equal(t, 1, c.Endpoints)
	p := w.call(call{as: "alice", do: "POST " + path + "/down", key: "-"}).problem(t)
	require.Equal(t, fleet.Conflict, p.Code)
	require.Contains(t, p.Detail, "1 endpoints")
	require.NotEmpty(t, op.ID)

	p = w.call(call{as: "alice", do: "PATCH " + path, key: "-", body: `{"autostop":"5s"}`}).problem(t)
	require.Equal(t, fleet.Invalid, p.Code)
	require.Equal(t, "body.autostop", p.Fields[0].Field)
	require.Equal(t, 404, w.call(call{as: "alice", do: "POST /v1/controllers/mars/up", key: "-"}).status)
	require.Equal(t, 403, w.call(call{as: "bob", do: "POST " + path + "/up", key: "-"}).status, "not for tenants")
	require.Equal(t, 403, w.call(call{as: "bob", do: "GET " + path}).status)
}

package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAVolumeIsMadeListedAndDeleted(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	v := must[Volume](w, call{as: "bob", do: "POST /v1/volumes", key: "-", body: `{"name":"models"}`})
	require.Equal(t, fleet.VolumeReady, v.State)
	require.Equal(t, "us-east", v.DataCenter)
	require.Equal(t, 201, w.call(call{as: "bob", do: "POST /v1/volumes", key: "-", body: `{"name":"models"}`}).status, "again is no error")
	must[Operation](w, call{as: "bob", do: "POST /v1/endpoints", key: "-", body: `{"name":"e","image":"kelvin/echo:latest","volume":"models","mount_path":"/data"}`})
	got := must[Volume](w, call{as: "bob", do: "GET /v1/volumes/" + v.ID})
	require.Equal(t, []string{"e"}, got.Users)
	require.Equal(t, []Volume{got}, must[List[Volume]](w, call{as: "bob", do: "GET /v1/volumes?data_center=us-east"}).Items)
	require.Empty(t, must[List[Volume]](w, call{as: "alice", do: "GET /v1/volumes"}).Items, "others see none of it")
	require.Equal(t, 404, w.call(call{as: "alice", do: "DELETE /v1/volumes/" + v.ID, key: "-"}).status)
	p := w.call(call{as: "bob", do: "DELETE /v1/volumes/" + v.ID, key: "-"}).problem(t)
	require.Equal(t, fleet.Conflict, p.Code)
	require.Contains(t, p.Detail, "mounted by e")
	p = w.call(call{as: "bob", do: "POST /v1/instances", key: "-", body: `{"name":"s","image":"kelvin/echo:latest","volume":"nope","mount_path":"/data"}`}).problem(t)
	require.Equal(t, "body.volume", p.Fields[0].Field)
	require.Equal(t, "models", p.Fields[0].Allowed)
	p = w.call(call{as: "bob", do: "POST /v1/volumes", key: "-", body: `{"name":"../etc"}`}).problem(t)
	require.Equal(t, "body.name", p.Fields[0].Field)

	free := must[Volume](w, call{as: "bob", do: "POST /v1/volumes", key: "-", body: `{"name":"free"}`})
	gone := must[Volume](w, call{as: "bob", do: "DELETE /v1/volumes/" + free.ID, key: "-"})
	require.Equal(t, fleet.VolumeDeleting, gone.State)
	require.Equal(t, []string{free.ID}, w.started.volumes)
}

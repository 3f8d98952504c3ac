package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func idleController() api.Controller {
	return api.Controller{
		DataCenter: "us-east", State: fleet.ControllerUp, Since: testNow.Add(-time.Hour), Actor: "submission",
		Autostop: api.Autostop{After: fleet.Duration(10 * time.Minute), IdleSince: testNow.Add(-time.Minute), StopsAt: testNow.Add(9 * time.Minute)},
		Gateways: []api.ControllerGateway{{ID: id("gw_", 1), Name: "gw-1", Live: true, SeenAt: testNow}},
	}
}

func TestAControllerIsShownWithItsCountdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/controllers", 200, api.List[api.Controller]{Items: []api.Controller{idleController()}})
	w.answers("GET /v1/controllers/{dc}", 200, idleController())
	require.Contains(t, w.mustRun("controller", "ls"), "in 9m0s")
	shown := w.mustRun("controller", "show", "us-east")
	require.Contains(t, shown, "in 9m0s")
	require.Contains(t, shown, "live, seen")
}

func TestAControllerIsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	down, paused := idleController(), idleController()
	down.State, down.Autostop.StopsAt = fleet.ControllerDown, time.Time{}
	paused.Autostop.Paused, paused.Autostop.StopsAt = true, time.Time{}
	w.answers("POST /v1/controllers/{dc}/down", 200, down)
	require.Equal(t, "controller us-east: down, autostop after 10m0s\n", w.mustRun("controller", "down", "us-east"))
	w.answers("PATCH /v1/controllers/{dc}", 200, paused)
	require.Equal(t, "controller us-east: up, autostop paused\n", w.mustRun("controller", "pause", "us-east"))
	require.Equal(t, api.ControllerPatch{Paused: new(true)}, sent[api.ControllerPatch](t, w, "PATCH", "/v1/controllers/us-east"))

	w = newWorld(t)
	w.answers("PATCH /v1/controllers/{dc}", 200, idleController())
	w.mustRun("controller", "autostop", "us-east", "30m")
	require.Equal(t, api.ControllerPatch{Autostop: new(fleet.Duration(30 * time.Minute))}, sent[api.ControllerPatch](t, w, "PATCH", "/v1/controllers/us-east"))
	r := w.run("controller", "autostop", "us-east", "soon")
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "allowed: 1m to 168h")
}

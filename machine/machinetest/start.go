package machinetest

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func startAnswers(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	before := time.Now().Add(-time.Minute) // the engine's clock may be another
	c := h.mustStart(t, func(c *fleet.ContainerSpec) {
		c.EndpointID, c.Simulated = "ep_1", true
		c.GPUs = []fleet.GPUReport{{UUID: "GPU-1", Type: "a100-80gb"}, {UUID: "GPU-2", Type: "a100-80gb"}}
	})
	var self struct {
		Instance, Endpoint, Hostname string
		GPUs                         []string
		Simulated                    bool
	}
	require.NoError(t, json.Unmarshal([]byte(mustGet(t, c, "/")), &self))
	require.Equal(t, c.Lease.InstanceID, self.Instance)
	require.Equal(t, "ep_1", self.Endpoint)
	require.Equal(t, []string{"GPU-1", "GPU-2"}, self.GPUs)
	require.True(t, self.Simulated)
	require.Equal(t, fleet.HostLabel(c.Lease.InstanceID), self.Hostname)

	d := h.mustInspect(t, c)
	require.True(t, d.Running)
	require.Equal(t, c.Ports, d.Ports)
	require.True(t, d.StartedAt.After(before))
	require.Zero(t, d.EndedAt)
}

func startRepeats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	before := h.mustInspect(t, c)
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Equal(t, before, h.mustInspect(t, c))
	requireCode(t, fleet.NotFound, h.Start(t.Context(), "op_none"))
}

func startAgain(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	require.Contains(t, mustGet(t, c, "/counter"), `"count":1`)
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	ended := h.mustInspect(t, c)
	require.False(t, ended.Running)
	require.False(t, ended.EndedAt.Before(ended.StartedAt))

	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Contains(t, mustGet(t, c, "/counter"), `"count":1`, "it is another process")
	again := h.mustInspect(t, c)
	require.True(t, again.StartedAt.After(ended.StartedAt))
	require.Equal(t, ended.EngineID, again.EngineID)
}

func startPortTaken(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, nil)
	taken, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(c.Ports[0].Host))
	require.NoError(t, err)
	requireCode(t, fleet.Exhausted, h.Start(t.Context(), c.Lease.ID))
	require.False(t, h.mustInspect(t, c).Running)
	require.NoError(t, taken.Close())
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))

	// And when another container has it.
	rival := h.mustCreate(t, func(r *fleet.ContainerSpec) { r.Ports = c.Ports })
	requireCode(t, fleet.Exhausted, h.Start(t.Context(), rival.Lease.ID))
	mustGet(t, c, "/healthz")
}

func startCommand(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.Shell, c.Spec.Command = f.Shell, "exit 3" })
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Equal(t, 3, h.mustEnd(t, c).ExitCode)
}

func startWithoutShell(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.Shell, c.Spec.Command = "/no/such/shell", "exit 3" })
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Contains(t, []int{126, 127}, h.mustEnd(t, c).ExitCode)
	require.Contains(t, mustRead(t, h, c, machine.LogOptions{}), "/no/such/shell", "the log says what is missing")
}

func environment(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, func(c *fleet.ContainerSpec) {
		c.Spec.Env = map[string]string{
			"GREETING": "hello world", "NVIDIA_VISIBLE_DEVICES": "all", "KELVIN_INSTANCE_ID": "ins_forged",
		}
	})
	var out bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("env"), Stdout: &out})
	require.NoError(t, err)
	require.Zero(t, code)
	seen := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Contains(t, seen, "GREETING=hello world")
	require.Contains(t, seen, "PORT=8080")
	for name, value := range machine.Environment(c) {
		require.Contains(t, seen, name+"="+value)
	}
	require.Contains(t, seen, "NVIDIA_VISIBLE_DEVICES=void")
	require.NotContains(t, seen, "NVIDIA_VISIBLE_DEVICES=all")
	require.NotContains(t, seen, "KELVIN_INSTANCE_ID=ins_forged")
}

func diskLives(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	response, err := http.Post(url(c, "/files?name=kept&bytes=1000"), "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusCreated, response.StatusCode)
	content := mustGet(t, c, "/files/kept")
	require.Len(t, content, 1000)

	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.Equal(t, content, mustGet(t, c, "/files/kept"))

	require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	require.Empty(t, f.Left(t, h.id))
	require.NoError(t, h.Create(t.Context(), c))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.JSONEq(t, `[]`, mustGet(t, c, "/files"))
}

package machinetest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// mustPause starts a container and pauses it.
func (h *host) mustPause(t *testing.T) fleet.ContainerSpec {
	t.Helper()
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	require.NoError(t, h.Pause(t.Context(), c.Lease.ID))
	require.True(t, h.mustInspect(t, c).Paused)
	return c
}

func pauseHolds(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	before := h.mustInspect(t, c)
	require.False(t, before.Paused)
	end := mustBegin(t, c, "/slow?for=500ms&every=100ms")
	ended := make(chan string, 1)
	go func() {
		body, _ := end() // an early end is seen in it
		ended <- body
	}()
	for range 2 {
		require.NoError(t, h.Pause(t.Context(), c.Lease.ID))
	}
	paused := h.mustInspect(t, c)
	require.True(t, paused.Paused)
	require.True(t, paused.Running)
	require.Equal(t, before.StartedAt, paused.StartedAt)

	impatient := http.Client{Timeout: time.Second}
	response, err := impatient.Get(url(c, "/healthz"))
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err, "nobody answers")
	require.Empty(t, ended, "nor ends what was begun")
	_, err = h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("true")})
	requireCode(t, fleet.Conflict, err)

	for range 2 {
		require.NoError(t, h.Unpause(t.Context(), c.Lease.ID))
	}
	require.Equal(t, before, h.mustInspect(t, c))
	mustGet(t, c, "/healthz")
	select {
	case body := <-ended:
		require.Contains(t, body, "done after")
	case <-time.After(patience):
		t.Fatal("what was begun does not end")
	}
}

func pauseStop(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustPause(t)
	begun := time.Now()
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	require.Less(t, time.Since(begun), patience)
	d := h.mustInspect(t, c)
	require.False(t, d.Running)
	require.False(t, d.Paused)
	require.Zero(t, d.ExitCode, "it was asked, not killed")
	require.NoError(t, h.Unpause(t.Context(), c.Lease.ID))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
}

func pauseRemove(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustPause(t)
	require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	_, err := h.Inspect(t.Context(), c.Lease.ID)
	requireCode(t, fleet.NotFound, err)
	require.Empty(t, f.Left(t, h.id))
}

func pauseStart(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustPause(t)
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.False(t, h.mustInspect(t, c).Paused)
	mustGet(t, c, "/healthz")
}

func pauseRefused(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	requireCode(t, fleet.NotFound, h.Pause(t.Context(), "op_none"))
	requireCode(t, fleet.NotFound, h.Unpause(t.Context(), "op_none"))
	c := h.mustCreate(t, nil)
	requireCode(t, fleet.Conflict, h.Pause(t.Context(), c.Lease.ID))
	require.NoError(t, h.Unpause(t.Context(), c.Lease.ID))
	require.False(t, h.mustInspect(t, c).Running)
}

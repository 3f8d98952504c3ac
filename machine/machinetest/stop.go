package machinetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func stopGraceful(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	end := mustBegin(t, c, "/slow?for=1s&every=100ms")
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	d := h.mustInspect(t, c)
	require.False(t, d.Running)
	require.Zero(t, d.ExitCode)
	body, err := end()
	require.NoError(t, err)
	require.Contains(t, body, "done after 1s")
	mustGoUnanswered(t, c, "/")
}

func stopKills(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	end := mustBegin(t, c, "/slow?for=60s&every=100ms") // longer than it is given
	begun := time.Now()
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, time.Second))
	require.GreaterOrEqual(t, time.Since(begun), time.Second)
	require.Less(t, time.Since(begun), 8*time.Second)
	d := h.mustInspect(t, c)
	require.False(t, d.Running)
	require.Equal(t, 137, d.ExitCode)
	require.False(t, d.OOMKilled)
	body, _ := end() // how a connection breaks is the proxy's affair
	require.NotContains(t, body, "done")
}

func stopCancelled(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	end := mustBegin(t, c, "/slow?for=60s&every=100ms")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	require.ErrorIs(t, h.Stop(ctx, c.Lease.ID, 2*time.Second), context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 1500*time.Millisecond)
	require.True(t, h.mustInspect(t, c).Running)
	require.Equal(t, 137, h.mustEnd(t, c).ExitCode)
	_, _ = end() // it was cut off
}

func stopRepeats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	require.NoError(t, h.Stop(t.Context(), "op_none", time.Second))
	c := h.mustCreate(t, nil)
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, time.Second), "it has never run")
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	before := h.mustInspect(t, c)
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	require.Equal(t, before, h.mustInspect(t, c))
}

func removeRepeats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	require.NoError(t, h.Remove(t.Context(), "op_none"))
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.DiskPath = "/workspace" })
	stays := h.mustStart(t, nil)
	require.NotEmpty(t, f.Left(t, h.id))
	for range 2 {
		require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
		_, err := h.Inspect(t.Context(), c.Lease.ID)
		requireCode(t, fleet.NotFound, err)
	}
	mustGet(t, stays, "/healthz")
	require.NoError(t, h.Remove(t.Context(), stays.Lease.ID))
	require.Empty(t, f.Left(t, h.id))
}

func crash(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	mustGoUnanswered(t, c, "/crash?code=7")
	d := h.mustEnd(t, c)
	require.Equal(t, 7, d.ExitCode)
	require.False(t, d.OOMKilled)
	require.True(t, d.EndedAt.After(d.StartedAt))
}

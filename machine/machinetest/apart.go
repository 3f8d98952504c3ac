package machinetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func hostsApart(t *testing.T, f Fixture) {
	here, there := mustHost(t, f), mustHost(t, f)
	c := here.mustStart(t, nil)
	theirs := there.mustCreate(t, nil)

	all, err := here.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, []machine.Container{here.mustInspect(t, c)}, all)
	all, err = there.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, []machine.Container{there.mustInspect(t, theirs)}, all)

	_, err = there.Inspect(t.Context(), c.Lease.ID)
	requireCode(t, fleet.NotFound, err)
	requireCode(t, fleet.NotFound, there.Start(t.Context(), c.Lease.ID))
	_, err = there.Logs(t.Context(), c.Lease.ID, machine.LogOptions{})
	requireCode(t, fleet.NotFound, err)
	_, err = there.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("true")})
	requireCode(t, fleet.NotFound, err)
	_, err = there.Stats(t.Context(), c.Lease.ID)
	requireCode(t, fleet.NotFound, err)
	_, err = there.Files(t.Context(), c.Lease.ID)
	requireCode(t, fleet.NotFound, err)
	requireCode(t, fleet.NotFound, there.Pause(t.Context(), c.Lease.ID))
	requireCode(t, fleet.NotFound, there.Unpause(t.Context(), c.Lease.ID))
	require.NoError(t, there.Stop(t.Context(), c.Lease.ID, 0))
	require.NoError(t, there.Remove(t.Context(), c.Lease.ID))
	stolen := c
	stolen.Lease.HostID = there.id
	requireCode(t, fleet.Conflict, there.Create(t.Context(), stolen))
	require.True(t, here.mustInspect(t, c).Running)
	mustGet(t, c, "/healthz")
}

func closeLeaves(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	other := f.Open(h.id)
	_, err := other.Inspect(t.Context(), c.Lease.ID)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	mustGet(t, c, "/healthz")
	require.True(t, h.mustInspect(t, c).Running)
}

func cancelled(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Info":    func() error { _, err := h.Info(ctx); return err },
		"Create":  func() error { return h.Create(ctx, h.spec(t)) },
		"Start":   func() error { return h.Start(ctx, c.Lease.ID) },
		"Stop":    func() error { return h.Stop(ctx, c.Lease.ID, time.Minute) },
		"Remove":  func() error { return h.Remove(ctx, c.Lease.ID) },
		"Inspect": func() error { _, err := h.Inspect(ctx, c.Lease.ID); return err },
		"List":    func() error { _, err := h.List(ctx); return err },
		"Logs":    func() error { _, err := h.Logs(ctx, c.Lease.ID, machine.LogOptions{}); return err },
		"Stats":   func() error { _, err := h.Stats(ctx, c.Lease.ID); return err },
		"Exec": func() error {
			_, err := h.Exec(ctx, c.Lease.ID, machine.Exec{Command: f.Command("true")})
			return err
		},
		"StatPath":  func() error { _, err := h.StatPath(ctx, c.Lease.ID, "/tmp"); return err },
		"CopyTo":    func() error { return h.CopyTo(ctx, c.Lease.ID, "/tmp", strings.NewReader("")) },
		"CopyFrom":  func() error { _, err := h.CopyFrom(ctx, c.Lease.ID, "/tmp"); return err },
		"Pause":     func() error { return h.Pause(ctx, c.Lease.ID) },
		"Unpause":   func() error { return h.Unpause(ctx, c.Lease.ID) },
		"Files":     func() error { _, err := h.Files(ctx, c.Lease.ID); return err },
		"HasImage":  func() error { _, err := h.HasImage(ctx, absent); return err },
		"SaveImage": func() error { _, err := h.SaveImage(ctx, absent); return err },
		"LoadImage": func() error { return h.LoadImage(ctx, absent, strings.NewReader("")) },
		"Watch":     func() error { return h.Watch(ctx, func(string) {}) },
	} {
		require.ErrorIs(t, call(), context.Canceled, name)
	}
	require.True(t, h.mustInspect(t, c).Running)

	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := h.Exec(ctx, c.Lease.ID, machine.Exec{Command: f.Command("sleep", "60s")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func watch(t *testing.T, f Fixture) {
	here, there := mustHost(t, f), mustHost(t, f)
	c, theirs := here.mustCreate(t, nil), there.mustCreate(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, ended := make(chan string, 1000), make(chan error, 1)
	go func() { ended <- here.Watch(ctx, func(lease string) { changes <- lease }) }()

	// What happened before the engine began to tell is not told: start until it is.
	require.Eventually(t, func() bool {
		require.NoError(t, there.Start(t.Context(), theirs.Lease.ID))
		require.NoError(t, there.Stop(t.Context(), theirs.Lease.ID, 0))
		require.NoError(t, here.Start(t.Context(), c.Lease.ID))
		require.NoError(t, here.Stop(t.Context(), c.Lease.ID, 0))
		return len(changes) > 0
	}, patience, 10*time.Millisecond)
	require.Equal(t, c.Lease.ID, mustHear(t, changes))
	time.Sleep(200 * time.Millisecond)
	for len(changes) > 0 {
		require.Equal(t, c.Lease.ID, <-changes, "another host's is not told")
	}

	require.NoError(t, here.Start(t.Context(), c.Lease.ID))
	require.Equal(t, c.Lease.ID, mustHear(t, changes), "a start")
	require.NoError(t, here.Stop(t.Context(), c.Lease.ID, 0))
	require.Equal(t, c.Lease.ID, mustHear(t, changes), "an end")

	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		t.Fatal("the watch goes on without its caller")
	}
}

func mustHear(t *testing.T, changes <-chan string) string {
	t.Helper()
	select {
	case lease := <-changes:
		return lease
	case <-time.After(patience):
		t.Fatal("nothing was told")
		return ""
	}
}

package machinetest

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func logs(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	mustGet(t, c, "/gpus")
	mustGet(t, c, "/counter")
	// The program writes of a request when it has answered.
	require.Eventually(t, func() bool {
		return strings.Contains(mustRead(t, h, c, machine.LogOptions{}), "/counter")
	}, patience, 10*time.Millisecond)

	whole := mustRead(t, h, c, machine.LogOptions{})
	require.True(t, strings.HasPrefix(whole, "echo: listening on port 8080\n"), whole)
	require.Less(t, strings.Index(whole, "/gpus"), strings.Index(whole, "/counter"), "oldest first")
	last := mustRead(t, h, c, machine.LogOptions{Tail: 1})
	require.Equal(t, 1, strings.Count(last, "\n"))
	require.Contains(t, last, "/counter")
	require.Empty(t, mustRead(t, h, c, machine.LogOptions{Since: time.Now().Add(time.Hour)}))

	stamp, _, _ := strings.Cut(mustRead(t, h, c, machine.LogOptions{Timestamps: true, Tail: 1}), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)

	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	require.Contains(t, mustRead(t, h, c, machine.LogOptions{Follow: true}), "echo: ended", "what has ended is not waited for")
	_, err = h.Logs(t.Context(), "op_none", machine.LogOptions{})
	requireCode(t, fleet.NotFound, err)
}

func logsFollow(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	log, err := h.Logs(t.Context(), c.Lease.ID, machine.LogOptions{Follow: true})
	require.NoError(t, err)
	defer log.Close()
	read := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(log)
		read <- string(text)
	}()
	mustGet(t, c, "/gpus")
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	select {
	case text := <-read:
		require.Contains(t, text, "listening")
		require.Contains(t, text, "/gpus")
		require.Contains(t, text, "echo: ended")
	case <-time.After(patience):
		t.Fatal("the log does not end")
	}
}

func logsCancelled(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	log, err := h.Logs(ctx, c.Lease.ID, machine.LogOptions{Follow: true})
	require.NoError(t, err)
	defer log.Close()
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(log)
		read <- err
	}()
	time.Sleep(100 * time.Millisecond)
	cancel()
	select {
	case err := <-read:
		require.NoError(t, err)
	case <-time.After(patience):
		t.Fatal("the log goes on without its reader")
	}
}

func stats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	s, err := h.Stats(t.Context(), c.Lease.ID)
	require.NoError(t, err)
	require.Positive(t, s.MemoryMB)
	require.Less(t, s.MemoryMB, 256.0)
	require.Positive(t, s.Processes)
	require.GreaterOrEqual(t, s.CPUPercent, 0.0)
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, patience))
	_, err = h.Stats(t.Context(), c.Lease.ID)
	requireCode(t, fleet.Conflict, err)
	_, err = h.Stats(t.Context(), "op_none")
	requireCode(t, fleet.NotFound, err)
}

func mustRead(t *testing.T, h *host, c fleet.ContainerSpec, o machine.LogOptions) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	log, err := h.Logs(ctx, c.Lease.ID, o)
	require.NoError(t, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	require.NoError(t, ctx.Err(), "the log does not end")
	return string(text)
}

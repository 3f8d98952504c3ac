package cli

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/fleet"
	machines "github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A box is a real server, named box, on a simulated machine whose agent is connected.
type box struct {
	*real
	lease  fleet.Lease
	engine machines.Machine
	stop   func() // the agent
}

func mustBox(t *testing.T) *box {
	t.Helper()
	r := mustReal(t)
	ctx := t.Context()
	r.mustRun("host", "cordon", "rack-1")
	token, host, err := r.store.CreateHost(ctx, "rack-2", "us-east")
	require.NoError(t, err)
	simulated := sim.NewHost(sim.Options{})
	t.Cleanup(simulated.Close)
	b := &box{real: r, engine: simulated.Open(host.ID)}

	temporal, err := workflows.Dial("127.0.0.1:1", "kelvin", "test", slog.New(slog.DiscardHandler)) // where nothing listens
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	journal, err := agent.OpenJournal(filepath.Join(t.TempDir(), "journal.db"))
	require.NoError(t, err)
	a := &agent.Agent{
		HostID: host.ID, Version: "test", Address: "127.0.0.1", ProbeAddress: "127.0.0.1", PortFirst: 32000, PortLast: 32099,
		Server:   &agent.Server{URL: r.env["KELVIN_SERVER"], Token: token, HTTP: &http.Client{Transport: &http.Transport{}}},
		Temporal: temporal, Machine: simulated.Open(host.ID), Journal: journal, Logger: slog.New(slog.DiscardHandler),
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	b.stop = func() {
		stop()
		require.NoError(t, <-ended)
		ended <- nil
	}
	t.Cleanup(func() {
		b.stop()
		require.NoError(t, journal.Close())
	})

	until(t, a.Leased)
	account := decoded[struct {
		AccountID string `json:"account_id"`
	}](t, r.mustRun("me", "-o", "json")).AccountID
	rec, _, err := r.store.CreateInstance(ctx, store.Ask{AccountID: account, Actor: "key_test", Key: "box"}, store.NewInstance{
		Name: "box", Spec: fleet.InstanceSpec{Image: "kelvin/echo", DiskPath: "/workspace"}.Defaults(),
	})
	require.NoError(t, err)
	_, _, err = r.store.BeginInstance(ctx, rec.ID)
	require.NoError(t, err)
	b.lease, err = r.store.Place(ctx, rec.ID, rec.ResourceID)
	require.NoError(t, err)
	spec, err := r.store.ContainerSpec(ctx, host.ID, b.lease.ID)
	require.NoError(t, err)
	require.NoError(t, b.engine.Pull(ctx, spec.Spec.Image, nil))
	require.NoError(t, b.engine.Create(ctx, spec))
	require.NoError(t, b.engine.Start(ctx, b.lease.ID))
	require.NoError(t, r.store.MoveInstance(ctx, rec.ResourceID, b.lease.ID))
	require.NoError(t, r.store.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	until(t, func() bool { return r.run("instance", "stats", "box").exit == 0 })
	r.mu.Lock()
	r.now = time.Now().UTC()
	r.mu.Unlock()
	return b
}

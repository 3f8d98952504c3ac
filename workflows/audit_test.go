package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func (w *world) auditor() *workflows.Auditor {
	return &workflows.Auditor{Store: w.store, Attended: w.operations().Attended, Logger: slog.New(slog.DiscardHandler), Every: 10 * time.Millisecond}
}

// begun is a stop that began, and whose workflow is gone.
func (w *world) begun(id string) fleet.Record {
	w.Helper()
	rec, _, err := w.store.Accept(w.Context(), w.ask(), fleet.KindInstance, id, fleet.Stop.Name)
	require.NoError(w, err)
	require.NoError(w, w.store.MarkStarted(w.Context(), rec.ID))
	_, _, err = w.store.BeginInstance(w.Context(), rec.ID)
	require.NoError(w, err)
	return rec
}

func TestAnOperationThatNothingWorksOnIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.begun(w.server(fleet.Running))
	audit, err := w.auditor().Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, audit.Findings, "its workflow may have just begun")
	w.skew.Add(int64(2 * fleet.AuditGrace))
	for _, host := range w.hosts {
		w.renew(host)
	}

	audit, err = w.auditor().Audit(t.Context())
	require.NoError(t, err)
	require.False(t, audit.Partial)
	require.Len(t, audit.Findings, 1)
	found := audit.Findings[0]
	require.Equal(t, fleet.OperationWithoutWorkflow, found.Kind)
	require.Equal(t, rec.ID, found.Resource)
	require.Equal(t, rec.ResourceID, found.InstanceID)
	require.Contains(t, found.Message, "cancel it")
	audit, err = w.auditor().Repair(t.Context())
	require.NoError(t, err)
	require.False(t, audit.Findings[0].Repaired, "it can be neither finished nor undone by itself")

	attended := w.auditor()
	attended.Attended = func(context.Context, fleet.Record) (bool, error) { return true, nil }
	audit, err = attended.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, audit.Findings)

	away := w.auditor()
	away.Attended = func(context.Context, fleet.Record) (bool, error) {
		return false, fleet.Errorf(fleet.Unavailable, "Temporal is away")
	}
	audit, err = away.Audit(t.Context())
	require.NoError(t, err)
	require.True(t, audit.Partial)
	require.Empty(t, audit.Findings)

	// It ended just before its workflow closed, and after the list was read.
	late := w.auditor()
	late.Attended = func(ctx context.Context, rec fleet.Record) (bool, error) {
		return false, w.store.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Undone})
	}
	audit, err = late.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, audit.Findings)
}

// What it goes through in a life leaves nothing to find.
func TestALifeLeavesNothingToFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	for _, op := range []fleet.Operation{fleet.Restart, fleet.Migrate, fleet.Stop, fleet.Migrate, fleet.Freeze, fleet.Thaw, fleet.Terminate} {
		require.NoError(t, w.do(op, id))
		for range 2 {
			w.skew.Add(int64(2 * fleet.AuditGrace))
			for _, host := range w.hosts {
				w.renew(host)
			}
		}
		audit, err := w.auditor().Audit(t.Context())
		require.NoError(t, err)
		require.Empty(t, audit.Findings, "after %s", op.Name)
	}
}

func TestTheAuditGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begun(w.server(fleet.Running))
	w.skew.Add(int64(2 * fleet.AuditGrace))
	for _, host := range w.hosts {
		w.renew(host)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.auditor().Run(ctx)
	}()
	require.Eventually(t, func() bool {
		c, err := w.store.Counts(t.Context())
		return err == nil && c.Findings[fleet.OperationWithoutWorkflow] == 1
	}, 20*time.Second, 10*time.Millisecond)
	stop()
	<-ended
}

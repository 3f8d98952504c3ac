package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// DescribeWorkflowExecution stands for Temporal's: what has ended is forgotten.
func (w *world) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

func (w *world) outbox() *workflows.Outbox {
	return &workflows.Outbox{Store: w.store, Client: w.operations(), Logger: slog.New(slog.DiscardHandler)}
}

func TestTheOutboxStartsWhatACrashLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Absent) // accepted, and then the API crashed
	require.NoError(t, w.outbox().Look(t.Context()))
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fleet.Provisioning, inst.State, "it may still be on its way")
	w.skew.Add(int64(time.Second))
	require.NoError(t, w.outbox().Look(t.Context()))
	w.requireState(id, fleet.Running)
	require.NoError(t, w.outbox().Look(t.Context()))
	w.requireState(id, fleet.Running)
}

// Temporal has lost its data while an operation was under way: a cancel gives it up, and
// terminate leaves nothing.
func TestACancelEndsAnOperationWithoutAWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	rec, _, err := w.store.Accept(t.Context(), w.ask(), fleet.KindInstance, id, fleet.Restart.Name)
	require.NoError(t, err)
	require.NoError(t, w.store.MarkStarted(t.Context(), rec.ID))
	_, _, err = w.store.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	_, err = w.store.RequestCancel(t.Context(), w.account, rec.ID)
	require.NoError(t, err)

	state := func() fleet.State {
		require.NoError(t, w.outbox().Look(t.Context()))
		inst, err := w.store.Instance(t.Context(), id)
		require.NoError(t, err)
		return inst.State
	}
	w.skew.Add(int64(5 * time.Second))
	require.Equal(t, fleet.Restarting, state(), "it may only be late")
	w.skew.Add(int64(time.Minute))
	for _, host := range w.hosts {
		w.renew(host)
	}
	require.Equal(t, fleet.Failed, state())
	ended, err := w.store.GetOperation(t.Context(), w.account, rec.ID)
	require.NoError(t, err)
	require.Equal(t, fleet.Stuck, ended.Outcome)
	require.NoError(t, w.do(fleet.Terminate, id))
	w.requireState(id, fleet.Terminated)
	open, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{Open: true})
	require.NoError(t, err)
	require.Empty(t, open)
}

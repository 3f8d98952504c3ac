package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// progress is what the running step of a workflow has said.
func (s *shop) progress(workflowID string) (p fleet.Progress) {
	s.Helper()
	run, err := s.client.DescribeWorkflowExecution(s.Context(), workflowID, "")
	require.NoError(s, err)
	for _, a := range run.GetPendingActivities() {
		if details := a.GetHeartbeatDetails(); details != nil {
			require.NoError(s, converter.GetDefaultDataConverter().FromPayloads(details, &p))
		}
	}
	return p
}

func TestHeartbeatCarriesProgressAndBringsTheCancel(t *testing.T) {
	t.Parallel()
	s := mustShop(t, mustTemporal(t))
	s.open()
	run := s.start(probe, s.container("op_1"))
	s.eventually(func() bool {
		return s.progress(run.GetID()).Message == "waiting until it answers: it does not listen on port 8080"
	}, "people see what it waits for")
	require.InDelta(t, 1, metric(t, s.metrics, "kelvin_steps_running", "ProbeContainer"), 0)

	cancelled := time.Now()
	require.NoError(t, s.client.CancelWorkflow(t.Context(), run.GetID(), ""))
	err := run.Get(t.Context(), nil)
	require.Less(t, time.Since(cancelled), 6*time.Second, "before its heartbeat would have timed out")
	require.Equal(t, fleet.Cancelled, fleet.CodeOf(workflows.FromTemporal(err)), "%v", err)
	require.Zero(t, metric(t, s.metrics, "kelvin_steps_running", "ProbeContainer"))
	require.InDelta(t, 1, metric(t, s.metrics, "kelvin_step_seconds", "cancelled", "ProbeContainer"), 0)
}

func TestErrorsKeepTheirCode(t *testing.T) {
	t.Parallel()
	s := mustShop(t, mustTemporal(t))
	s.open()
	in := activities.Container{Lease: fleet.Lease{ID: "op_1", HostID: s.hostID}, Image: "acme/none"}
	err := workflows.FromTemporal(s.start(pull, in).Get(t.Context(), nil))
	require.Equal(t, fleet.NotFound, fleet.CodeOf(err))
	require.ErrorContains(t, err, "acme/none")
	require.InDelta(t, 1, metric(t, s.metrics, "kelvin_step_seconds", "not_found", "PullImage"), 0, "it is not tried again")

	s.machine.Inject(sim.Fault{Verb: "Pull", Image: "kelvin/echo", Nth: 1, Code: fleet.Unavailable})
	in.Image = "kelvin/echo"
	require.NoError(t, s.start(pull, in).Get(t.Context(), nil))
	require.InDelta(t, 1, metric(t, s.metrics, "kelvin_step_seconds", "unavailable", "PullImage"), 0)
	require.InDelta(t, 1, metric(t, s.metrics, "kelvin_step_seconds", "done", "PullImage"), 0)
}

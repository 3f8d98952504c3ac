package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A revision whose workers cannot start, for whatever reason, never takes the old ones down: it
// is taken back, and says why.
func TestARevisionThatCannotBeIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault     sim.Fault
		behaviour sim.Behaviour
		cause     fleet.Cause
		code      fleet.Code
		lines     string
	}{
		"its image is not there":   {fault: sim.Fault{Verb: "Pull", Image: "kelvin/echo:bad", Code: fleet.NotFound, Message: "manifest unknown"}, cause: fleet.PullError, code: fleet.NotFound},
		"the disk is full":         {fault: sim.Fault{Verb: "Pull", Image: "kelvin/echo:bad", Code: fleet.Exhausted, Message: "no space left on device"}, cause: fleet.PullError, code: fleet.Unhealthy},
		"it crashes":               {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", StartDelay: fleet.Duration(time.Hour), ExitAfter: fleet.Duration(time.Millisecond), ExitCode: 3}, cause: fleet.Crash, code: fleet.Unhealthy},
		"it uses too much memory":  {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", StartDelay: fleet.Duration(time.Hour), ExitAfter: fleet.Duration(time.Millisecond), OutOfMemory: true}, cause: fleet.OutOfMemory, code: fleet.Unhealthy},
		"it never answers":         {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", NeverReady: true}, cause: fleet.FailingProbe, code: fleet.Unhealthy},
		"its host cannot start it": {fault: sim.Fault{Verb: "Start", Image: "kelvin/echo:bad", Code: fleet.Unsupported, Message: "no runtime"}, cause: fleet.HostError, code: fleet.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.endpoint(fleet.Running)
			before := w.endpointPicture(id)
			for _, host := range w.simulated {
				if c.fault.Verb != "" {
					host.Inject(c.fault)
				}
				if c.behaviour.Image != "" {
					host.Behave(c.behaviour)
				}
			}
			rec, _, err := w.store.UpdateEndpoint(t.Context(), w.ask(), id, "", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
				s.Image, s.StartTimeout = "kelvin/echo:bad", fleet.Duration(time.Second)
				return s, nil
			})
			require.NoError(t, err)
			err = w.start(rec)
			require.Equal(t, c.code, fleet.CodeOf(err), "%v", err)
			require.Equal(t, before, w.endpointPicture(id), "the old ones serve")
			mishaps, err := w.store.Mishaps(t.Context(), w.account, store.MishapFilter{EndpointID: id})
			require.NoError(t, err)
			require.NotEmpty(t, mishaps)
			for _, m := range mishaps {
				require.Equal(t, c.cause, m.Cause, m.Message)
				require.Equal(t, 2, m.Revision)
			}
			ep, err := w.store.Endpoint(t.Context(), id)
			require.NoError(t, err)
			require.Nil(t, ep.Trouble, "what runs is in none")
			one, err := w.store.Revision(t.Context(), w.account, id, 2)
			require.NoError(t, err)
			require.Equal(t, fleet.RevisionWithdrawn, one.State)
			require.Equal(t, c.code, one.Code)
		})
	}
}

// Temporal ends a workflow that takes too long without undoing anything: a roll-out that is
// paused for as long as it may be is not too long.
func TestAPausedRollOutIsNotCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.endpoint(fleet.Running)
	rec, _, err := w.store.UpdateEndpoint(t.Context(), w.ask(), id, "", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
		s.ActiveWorkers = 1
		return s, nil
	})
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	require.Greater(t, w.may, fleet.PauseLimit+fleet.UpdateEndpoint.Limit)
}

// The clock of a roll-out stands still while it is paused, and goes on after that.
func TestAPausedRollOutHasItsLimitStill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, paused, limit time.Duration }{
		"within the limit": {30 * time.Minute, time.Hour, 3 * time.Hour},
		"up to it":         {30 * time.Minute, 90 * time.Minute, 210 * time.Minute},
		"beyond it":        {30 * time.Minute, 100 * time.Hour, 102 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newWorld(t).environment()
			env.RegisterWorkflow(workflows.Resting)
			began := env.Now()
			env.ExecuteWorkflow(workflows.Resting, c.before, c.paused)
			require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
			require.InDelta(t, c.limit.Hours(), env.Now().Sub(began).Hours(), .01)
		})
	}
}

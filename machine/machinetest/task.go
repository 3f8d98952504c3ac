package machinetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// mustRest starts a container that does nothing, of the image for tasks.
func (h *host) mustRest(t *testing.T) fleet.ContainerSpec {
	t.Helper()
	require.NoError(t, h.Pull(t.Context(), h.fixture.Tasks, nil))
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) {
		c.Spec.Image, c.Spec.Command, c.Spec.Shell = h.fixture.Tasks, "exec sleep 3600", "/bin/sh"
	})
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	return c
}

func (h *host) mustEndTask(t *testing.T, c fleet.ContainerSpec, task machine.Task) machine.TaskState {
	t.Helper()
	var state machine.TaskState
	require.Eventually(t, func() bool {
		var err error
		state, err = machine.LookAtTask(t.Context(), h, c.Lease.ID, task)
		require.NoError(t, err)
		return state.Phase != machine.TaskRunning
	}, patience, 10*time.Millisecond)
	return state
}

func taskOf(name, command string) machine.Task {
	return machine.Task{Dir: "/var/lib/kelvin/test/" + name, Log: "/var/log/kelvin/test/" + name, Shell: "/bin/sh", Command: command}
}

func taskEnds(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	c := h.mustRest(t)
	task := taskOf("fails", "exit 3")
	require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, task))
	require.Equal(t, machine.TaskState{Phase: machine.TaskEnded, ExitCode: 3}, h.mustEndTask(t, c, task))

	task = taskOf("says", "echo done")
	for range 2 {
		require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, task))
		require.Equal(t, machine.TaskState{Phase: machine.TaskEnded, Output: "done\n"}, h.mustEndTask(t, c, task))
	}
	_, err := machine.LookAtTask(t.Context(), h, "op_none", task)
	requireCode(t, fleet.NotFound, err)
	task.Shell = "/no/shell"
	requireCode(t, fleet.Unhealthy, machine.StartTask(t.Context(), h, c.Lease.ID, task))
}

func taskOutlives(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	c := h.mustRest(t)
	step, service := taskOf("step", "sleep 3600"), taskOf("service", "sleep 3600")
	service.Service = true
	is := func(task machine.Task, want machine.TaskPhase) {
		t.Helper()
		state, err := machine.LookAtTask(t.Context(), h, c.Lease.ID, task)
		require.NoError(t, err)
		require.Equal(t, want, state.Phase)
	}
	is(step, machine.TaskGone)
	for range 2 {
		require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, step))
		require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, service))
	}
	is(step, machine.TaskRunning)
	is(service, machine.TaskRunning)
	for range 2 {
		require.NoError(t, machine.StopTask(t.Context(), h, c.Lease.ID, step))
	}
	require.Equal(t, machine.TaskGone, h.mustEndTask(t, c, step).Phase)
	is(service, machine.TaskRunning)

	// Both end with their container; what is done stays done.
	done := taskOf("done", "true")
	require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, done))
	require.Equal(t, machine.TaskEnded, h.mustEndTask(t, c, done).Phase)
	require.NoError(t, h.Stop(t.Context(), c.Lease.ID, 0))
	requireCode(t, fleet.Conflict, machine.StartTask(t.Context(), h, c.Lease.ID, service))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	is(step, machine.TaskGone)
	is(service, machine.TaskGone)
	is(done, machine.TaskEnded)
	require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, service))
	is(service, machine.TaskRunning)
}

func taskServes(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	c := h.mustRest(t)
	service := taskOf("service", "echo hello from a service")
	service.Service = true
	require.NoError(t, machine.StartTask(t.Context(), h, c.Lease.ID, service))
	require.Zero(t, h.mustEndTask(t, c, service).ExitCode)
	require.Eventually(t, func() bool {
		return mustRead(t, h, c, machine.LogOptions{}) == "hello from a service\n"
	}, patience, 10*time.Millisecond, "it writes to the container's log")
}

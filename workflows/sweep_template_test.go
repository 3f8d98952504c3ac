package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// concerned are the steps that start and stop what templates are in, and the one after them.
var concerned = []string{"StartContainer", "InstallTemplates", "StartServices", "ProbeContainer", "StopContainer"}

// Servers with templates keep the same promise. Their steps have been run and their services
// run whenever they run; what is undone has its services back.
func TestEveryOperationAtEveryStepWithTemplates(t *testing.T) {
	t.Parallel()
	templates := []fleet.Attachment{{Name: "hello"}, {Name: "vllm"}}
	for _, c := range []struct {
		op   fleet.Operation
		from fleet.State
	}{
		{fleet.Create, fleet.Absent},
		{fleet.Start, fleet.Stopped},
		{fleet.Stop, fleet.Running},
		{fleet.Restart, fleet.Running},
		{fleet.Freeze, fleet.Running},
		{fleet.Thaw, fleet.Frozen},
		{fleet.Migrate, fleet.Running},
		{fleet.Reset, fleet.Running},
		{fleet.Recover, fleet.Lost},
	} {
		t.Run(fmt.Sprintf("%s %s", c.op.Name, c.from), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.templates = templates
			id := w.server(c.from)
			w.calls = nil
			require.NoError(t, w.move(c.op, id))
			w.requireState(id, to(c.op, c.from))
			t.Log(w.story())
			for n, call := range w.calls {
				// The others know nothing of templates: the sweep without them has them.
				if name, _, _ := strings.Cut(call, " "); !slices.Contains(concerned, name) {
					continue
				}
				for _, how := range faults {
					t.Run(fmt.Sprintf("%02d %s", n+1, how), func(t *testing.T) { sweep(t, c.op, c.from, n+1, w.calls, how, templates...) })
				}
			}
		})
	}
}

// requireEquipped checks that the templates of a server that runs are installed, and their
// services started.
func (w *world) requireEquipped(inst fleet.Instance) {
	w.Helper()
	spec, err := w.store.ContainerSpec(w.Context(), inst.Home.HostID, inst.Home.ID)
	require.NoError(w, err)
	require.Len(w, spec.Templates, len(inst.Spec.Templates))
	for _, i := range spec.Templates {
		for n := range i.Spec.Steps {
			require.Equal(w, machine.TaskState{Phase: machine.TaskEnded, Output: "(simulated: not run)\n"}, w.task(inst.Home, i, fmt.Sprint("step-", n+1), false))
		}
		for _, service := range i.Spec.Services {
			require.Equal(w, machine.TaskEnded, w.task(inst.Home, i, "service-"+service.Name, true).Phase, service.Name)
		}
	}
}

// services says which services of a lease's container have been started in its present life.
func (w *world) services(lease string) string {
	var b strings.Builder
	for _, id := range w.hosts {
		spec, err := w.store.ContainerSpec(w.Context(), id, lease)
		if err != nil || !w.containers()[lease].Running {
			continue
		}
		for _, i := range spec.Templates {
			for _, service := range i.Spec.Services {
				fmt.Fprint(&b, service.Name, " ", w.task(spec.Lease, i, "service-"+service.Name, true).Phase, " ")
			}
		}
	}
	return b.String()
}

func (w *world) task(lease fleet.Lease, i fleet.Installation, name string, service bool) machine.TaskState {
	w.Helper()
	state, err := machine.LookAtTask(w.Context(), w.machines[lease.HostID], lease.ID, machine.Task{
		Dir: strings.Join([]string{"/var/lib/kelvin/templates", i.Name, i.Mark(), name}, "/"), Shell: "/bin/sh", Service: service,
	})
	require.NoError(w, err)
	return state
}

// A template that cannot be installed is a reason not to make the server, and is said.
func TestATemplateThatFailsUndoesTheCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.store.CreateTemplate(t.Context(), w.account, "key_test", "broken", fleet.TemplateSpec{
		Steps: []fleet.TemplateStep{{Name: "one", Command: "true"}, {Name: "two", Command: "exit 7"}},
	}.Defaults())
	require.NoError(t, err)
	w.templates = []fleet.Attachment{{Name: "broken"}}
	id := w.server(fleet.Absent)
	err = w.move(fleet.Create, id)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "template broken: step two (2 of 2) failed with exit code 7")
	w.requireState(id, fleet.Terminated)
}

// A service that no longer starts keeps a server from starting; detached, it does not.
func TestATemplateIsInstalledAtTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settling = 200 * time.Millisecond // enough to end at once on a busy machine
	id := w.server(fleet.Stopped)
	_, err := w.store.CreateTemplate(t.Context(), w.account, "key_test", "broken", fleet.TemplateSpec{
		Services: []fleet.TemplateService{{Name: "late", Command: "exit 1"}},
	}.Defaults())
	require.NoError(t, err)
	for _, name := range []string{"hello", "broken"} {
		require.NoError(t, w.store.AttachTemplate(t.Context(), w.account, "key_test", id, fleet.Attachment{Name: name}))
	}
	err = w.do(fleet.Start, id)
	require.ErrorContains(t, err, "template broken: service late ended at once with exit code 1")
	w.requireState(id, fleet.Stopped)
	require.NoError(t, w.store.DetachTemplate(t.Context(), w.account, "key_test", id, "broken"))
	require.NoError(t, w.do(fleet.Start, id))
	w.requireState(id, fleet.Running)
}

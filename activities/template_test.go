package activities

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// A bench is a host with one container, which runs, and what the record says of it.
type bench struct {
	*testing.T
	*Host
	engine *sim.Host
	spec   fleet.ContainerSpec
	in     Container
}

func mustBench(t *testing.T, specs ...fleet.TemplateSpec) *bench {
	t.Helper()
	b := &bench{T: t, engine: sim.NewHost(sim.Options{})}
	t.Cleanup(b.engine.Close)
	m := b.engine.Open("hst_1")
	b.in = Container{Lease: fleet.Lease{ID: "op_1", InstanceID: "ins_1", HostID: "hst_1", Epoch: 1}, Image: "kelvin/echo"}
	b.spec = fleet.ContainerSpec{Lease: b.in.Lease, AccountID: "acc_1", Name: "one", Spec: fleet.InstanceSpec{Image: b.in.Image, Command: "sleep 1h"}.Defaults()}
	for i, spec := range specs {
		name := string(rune('a' + i))
		b.spec.Templates = append(b.spec.Templates, fleet.Installation{
			Attachment: fleet.Attachment{Name: name, Version: spec.Defaults().Version(), AttachedAt: time.Unix(1, 0), Parameters: map[string]string{"token": "open-sesame"}},
			Spec:       spec.Defaults(),
		})
	}
	b.Host = &Host{
		Machine: m, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Specs: func(context.Context, string) (fleet.ContainerSpec, error) { return b.spec, nil },
	}
	require.NoError(t, m.Pull(t.Context(), b.in.Image, nil))
	require.NoError(t, m.Create(t.Context(), b.spec))
	require.NoError(t, m.Start(t.Context(), b.in.Lease.ID))
	return b
}

func steps(commands ...string) fleet.TemplateSpec {
	var s fleet.TemplateSpec
	s.Parameters = []fleet.TemplateParameter{{Name: "token", Secret: true}}
	for i, command := range commands {
		s.Steps = append(s.Steps, fleet.TemplateStep{Name: string(rune('k' + i)), Command: command})
	}
	return s
}

func services(commands ...string) fleet.TemplateSpec {
	var s fleet.TemplateSpec
	for i, command := range commands {
		s.Services = append(s.Services, fleet.TemplateService{Name: string(rune('s' + i)), Command: command})
	}
	return s
}

// execs counts the calls that reached the machine.
func (b *bench) execs() (n int) {
	for _, c := range b.engine.Calls() {
		if c.Verb == "Exec" {
			n++
		}
	}
	return n
}

// cat is a file in the container.
func (b *bench) cat(file string) string {
	b.Helper()
	var out strings.Builder
	_, err := b.Machine.Exec(b.Context(), b.in.Lease.ID, machine.Exec{Command: []string{"cat", file}, Stdout: &out})
	require.NoError(b, err)
	return out.String()
}

func TestStepsRunInOrderAndOnce(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("write /one first", "write /two first"), steps("write /two second"))
	require.NoError(t, b.InstallTemplates(t.Context(), b.in))
	require.Equal(t, "first", b.cat("/one"))
	require.Equal(t, "second", b.cat("/two"))
	// Done is done, also after a restart.
	code, err := b.Machine.Exec(t.Context(), b.in.Lease.ID, machine.Exec{Command: []string{"write", "/two", "third"}})
	require.NoError(t, err)
	require.Zero(t, code)
	require.NoError(t, b.Machine.Stop(t.Context(), b.in.Lease.ID, 0))
	require.NoError(t, b.Machine.Start(t.Context(), b.in.Lease.ID))
	require.NoError(t, b.InstallTemplates(t.Context(), b.in))
	require.Equal(t, "third", b.cat("/two"))
	// Attached anew, it is installed anew.
	b.spec.Templates[1].AttachedAt = time.Unix(2, 0)
	require.NoError(t, b.InstallTemplates(t.Context(), b.in))
	require.Equal(t, "second", b.cat("/two"))
}

func TestNoTemplatesAreNoWork(t *testing.T) {
	t.Parallel()
	b := mustBench(t)
	require.NoError(t, b.InstallTemplates(t.Context(), b.in))
	require.NoError(t, b.StartServices(t.Context(), b.in))
	require.Zero(t, b.execs())
}

func TestAStepThatFailsSaysWhichAndWhy(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("true", "cat /no/such/file"), steps("write /never x"))
	err := b.InstallTemplates(t.Context(), b.in)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "template a: step l (2 of 2) failed with exit code 1; its last words: cat: ")
	require.Empty(t, b.cat("/never"), "what comes after it is not run")
}

func TestSecretsAreNotInWhatPeopleAreTold(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("cat /no/open-sesame"))
	err := b.InstallTemplates(t.Context(), b.in)
	require.ErrorContains(t, err, "no/***")
	require.NotContains(t, err.Error(), "open-sesame")

	w := work{host: b.Host, Installation: b.spec.Templates[0]}
	long := "open-sesame " + strings.Repeat("x", machine.TaskOutput)
	require.NotContains(t, w.output(machine.TaskState{Output: long[3 : 3+machine.TaskOutput]}), "n-sesame")
	require.Equal(t, "PARAM_TOKEN=***", w.output(machine.TaskState{Output: "PARAM_TOKEN=open-sesame\n"}))
}

func TestAStepThatTakesTooLongIsEnded(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("sleep 1h"))
	b.spec.Templates[0].Spec.Steps[0].Timeout = fleet.Duration(100 * time.Millisecond)
	err := b.InstallTemplates(t.Context(), b.in)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "took longer than 100ms")
	b.requireIdle()
}

// requireIdle checks that the first step of the first template does not run.
func (b *bench) requireIdle() {
	b.Helper()
	require.Equal(b, machine.TaskGone, b.firstStep().Phase)
}

func (b *bench) firstStep() machine.TaskState {
	b.Helper()
	i := b.spec.Templates[0]
	state, err := machine.LookAtTask(b.Context(), b.Machine, b.in.Lease.ID, machine.Task{
		Dir: templateMarks + "/" + i.Name + "/" + i.Mark() + "/step-1", Log: TemplateLog(i.Name, i.Spec.Steps[0].Name), Shell: "/bin/sh", Command: "true",
	})
	require.NoError(b, err)
	return state
}

func TestACancelledStepIsEnded(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("sleep 1h"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.InstallTemplates(ctx, b.in) }()
	require.Eventually(t, func() bool { return b.firstStep().Phase == machine.TaskRunning }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	b.requireIdle()
}

func TestAnotherAttemptJoinsAStepThatRuns(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("sleep 300ms", "write /count x"))
	both := make(chan error)
	for range 2 {
		go func() { both <- b.InstallTemplates(t.Context(), b.in) }()
	}
	for range 2 {
		require.NoError(t, <-both)
	}
	require.Equal(t, "x", b.cat("/count"))
}

func TestAContainerThatEndsMeanwhileIsUnhealthy(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("sleep 1h"), services("sleep 1h"))
	ended := make(chan error)
	go func() { ended <- b.InstallTemplates(t.Context(), b.in) }()
	require.Eventually(t, func() bool { return b.firstStep().Phase == machine.TaskRunning }, 5*time.Second, time.Millisecond)
	require.NoError(t, b.Machine.Stop(t.Context(), b.in.Lease.ID, 0))
	err := <-ended
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err), "%v", err)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(b.StartServices(t.Context(), b.in)))
}

func TestServicesStartOnceInALife(t *testing.T) {
	t.Parallel()
	b := mustBench(t, services("sleep 1h", "echo hello"))
	for range 2 {
		require.NoError(t, b.StartServices(t.Context(), b.in))
	}
	require.NoError(t, b.Machine.Stop(t.Context(), b.in.Lease.ID, 0))
	require.NoError(t, b.Machine.Start(t.Context(), b.in.Lease.ID))
	require.NoError(t, b.StartServices(t.Context(), b.in))
	logs, err := b.Machine.Logs(t.Context(), b.in.Lease.ID, machine.LogOptions{})
	require.NoError(t, err)
	defer logs.Close()
	text, err := io.ReadAll(logs)
	require.NoError(t, err)
	require.Equal(t, "hello\nhello\n", string(text))
}

func TestAServiceThatFailsAtOnceIsUnhealthy(t *testing.T) {
	t.Parallel()
	b := mustBench(t, services("sleep 1h", "exit 78"))
	err := b.StartServices(t.Context(), b.in)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "template a: service t ended at once with exit code 78")
}

func TestAnEngineThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := mustBench(t, steps("true"), services("true"))
	b.engine.Inject(sim.Fault{Verb: "Exec", Code: fleet.Unavailable})
	for _, err := range []error{b.InstallTemplates(t.Context(), b.in), b.StartServices(t.Context(), b.in)} {
		require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
	}
	b.engine.Heal()
	require.NoError(t, b.InstallTemplates(t.Context(), b.in))
	require.NoError(t, b.StartServices(t.Context(), b.in))
}

package agent

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/worker"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A post is a guard before real steps on a simulated machine.
type post struct {
	*testing.T
	machine *sim.Host
	steps   *activities.Host
	leased  bool
	env     *testsuite.TestActivityEnvironment
}

const postHost = "hst_1"

func mustPost(t *testing.T) *post {
	t.Helper()
	p := &post{T: t, machine: sim.NewHost(sim.Options{}), leased: true}
	t.Cleanup(p.machine.Close)
	port := freePorts()
	p.steps = &activities.Host{
		Machine: p.machine.Open(postHost),
		Specs: func(_ context.Context, leaseID string) (fleet.ContainerSpec, error) {
			return fleet.ContainerSpec{
				Lease: container(leaseID, 1).Lease, AccountID: "acc_1", Name: "one",
				Spec:  fleet.InstanceSpec{Image: "kelvin/echo", Ports: []int{8080}}.Defaults(),
				Ports: []fleet.Published{{Container: 8080, Host: port}},
			}, nil
		},
	}
	var suite testsuite.WorkflowTestSuite
	p.env = suite.NewTestActivityEnvironment()
	guard := &Guard{Journal: mustJournal(t, filepath.Join(t.TempDir(), "journal.db")), Leased: func() bool { return p.leased }}
	p.env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{&worker.Heartbeat{}, guard}})
	p.env.RegisterActivity(p.steps)
	p.env.RegisterActivity(aimless)
	p.env.RegisterActivity(astray)
	return p
}

func container(leaseID string, epoch int64) activities.Container {
	return activities.Container{Lease: fleet.Lease{ID: leaseID, InstanceID: "ins_1", HostID: postHost, Epoch: epoch}, Image: "kelvin/echo"}
}

// do runs a step, and returns the error that its workflow would see.
func (p *post) do(step any, in any) error {
	_, err := p.env.ExecuteActivity(step, in)
	if err != nil {
		return workflows.FromTemporal(err)
	}
	return nil
}

func aimless(context.Context) error        { return nil }
func astray(context.Context, string) error { return nil }

func TestHostWithoutLeaseOnlyTakesAway(t *testing.T) {
	t.Parallel()
	p := mustPost(t)
	one := container("op_1", 1)
	for _, step := range []any{p.steps.PullImage, p.steps.CreateContainer, p.steps.StartContainer, p.steps.ProbeContainer} {
		require.NoError(t, p.do(step, one))
	}
	p.leased = false
	for _, step := range []any{p.steps.PullImage, p.steps.CreateContainer, p.steps.StartContainer, p.steps.ProbeContainer} {
		err := p.do(step, one)
		require.Equal(t, fleet.Unavailable, fleet.CodeOf(err), "it may have its lease later: %v", err)
	}
	require.NoError(t, p.do(p.steps.StopContainer, one))
	require.NoError(t, p.do(p.steps.RemoveContainer, one))
	require.Empty(t, p.machine.Left(postHost))
}

func TestOrderOfAnEpochThatIsOverIsRefused(t *testing.T) {
	t.Parallel()
	p := mustPost(t)
	require.NoError(t, p.do(p.steps.PullImage, container("op_2", 2)))
	calls := len(p.machine.Calls())
	for _, step := range []any{p.steps.PullImage, p.steps.StartContainer} {
		require.Equal(t, fleet.Fenced, fleet.CodeOf(p.do(step, container("op_1", 1))))
	}
	require.Len(t, p.machine.Calls(), calls, "the machine hears nothing of it")
	// What is over may still be taken away: where an instance moved within its host, it is.
	require.NoError(t, p.do(p.steps.StopContainer, container("op_1", 1)))
	require.NoError(t, p.do(p.steps.RemoveContainer, container("op_1", 1)))
}

func TestStepThatNamesNoLeaseIsRefused(t *testing.T) {
	t.Parallel()
	p := mustPost(t)
	_, err := p.env.ExecuteActivity(aimless)
	require.ErrorContains(t, err, "aimless names no lease")
	require.Equal(t, fleet.Internal, fleet.CodeOf(p.do(astray, "op_1")))
}

func TestFailedStepKeepsItsCode(t *testing.T) {
	t.Parallel()
	p := mustPost(t)
	p.machine.Inject(sim.Fault{Verb: "Pull", Nth: 1, Code: fleet.Exhausted, Message: "the disk is full"})
	err := p.do(p.steps.PullImage, container("op_1", 1))
	require.Equal(t, fleet.Exhausted, fleet.CodeOf(err))
	require.ErrorContains(t, err, "the disk is full")
	require.NoError(t, p.do(p.steps.PullImage, container("op_1", 1)))
}

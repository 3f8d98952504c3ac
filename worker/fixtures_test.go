package worker

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/workflows"
	"github.com/kelvin-gpu/kelvin/workflows/temporalchild"
)

// shared is the server that the tests share.
var shared = sync.OnceValues(func() (*temporalchild.Child, error) {
	binary, err := filepath.Abs(filepath.Join("..", "bin", "kelvin-temporal"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("run `make build` first: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return temporalchild.Start(ctx, temporalchild.Options{Binary: binary, Sync: "off"})
})

// begun is whether a test has asked for it.
var begun atomic.Bool

func TestMain(m *testing.M) {
	code := m.Run()
	if begun.Load() {
		if child, err := shared(); err == nil {
			_ = child.Kill()
		}
	}
	os.Exit(code)
}

func mustTemporal(t *testing.T) client.Client {
	t.Helper()
	begun.Store(true)
	child, err := shared()
	require.NoError(t, err)
	return mustDial(t, child.Address)
}

func mustDial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := workflows.Dial(address, "kelvin", "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// A shop is one simulated host whose workers run.
type shop struct {
	*testing.T
	client  client.Client
	hostID  string
	machine *sim.Host
	engine  machine.Machine
	metrics *prometheus.Registry
	port    int
}

var shops atomic.Int32

// mustShop makes one; open starts its workers.
func mustShop(t *testing.T, c client.Client) *shop {
	t.Helper()
	s := &shop{T: t, client: c, hostID: fleet.NewID(fleet.HostPrefix, time.Now()), machine: sim.NewHost(sim.Options{}), metrics: prometheus.NewRegistry()}
	s.port = 30000 + 20*int(shops.Add(1))
	t.Cleanup(s.machine.Close)
	s.engine = s.machine.Open(s.hostID)
	return s
}

// open starts the host's workers, and one for the workflows of the tests.
func (s *shop) open() {
	s.Helper()
	steps := &activities.Host{
		Machine: s.machine.Open(s.hostID), Address: "127.0.0.1", Probe: http.DefaultClient, Logger: slog.New(slog.DiscardHandler),
		Specs: func(context.Context, string) (fleet.ContainerSpec, error) {
			return fleet.ContainerSpec{}, fleet.Errorf(fleet.NotFound, "no such lease")
		},
	}
	metrics := NewMetrics(s.metrics)
	stop := Start(s.Context(), slog.New(slog.NewTextHandler(s.Output(), nil)), func() []sdkworker.Worker {
		tests := sdkworker.New(s.client, "test:"+s.hostID, sdkworker.Options{})
		tests.RegisterWorkflow(probe)
		tests.RegisterWorkflow(pull)
		return append(Host(s.client, s.hostID, steps, metrics), tests)
	})
	require.NotNil(s, stop)
	s.Cleanup(stop)
}

var metal *activities.Host

// probe and pull are workflows of one step.
func probe(ctx workflow.Context, in activities.Container) error {
	return workflow.ExecuteActivity(onHost(ctx, fleet.HostQueue(in.Lease.HostID)), metal.ProbeContainer, in).Get(ctx, nil)
}

func pull(ctx workflow.Context, in activities.Container) error {
	return workflow.ExecuteActivity(onHost(ctx, fleet.BulkQueue(in.Lease.HostID)), metal.PullImage, in).Get(ctx, nil)
}

func onHost(ctx workflow.Context, queue string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: queue, StartToCloseTimeout: time.Minute, HeartbeatTimeout: 6 * time.Second, WaitForCancellation: true,
	})
}

// start starts a workflow.
func (s *shop) start(workflow any, in activities.Container) client.WorkflowRun {
	s.Helper()
	run, err := s.client.ExecuteWorkflow(s.Context(), client.StartWorkflowOptions{TaskQueue: "test:" + s.hostID}, workflow, in)
	require.NoError(s, err)
	return run
}

// container is one that runs, but never answers its probe.
func (s *shop) container(lease string) activities.Container {
	s.Helper()
	s.machine.Behave(sim.Behaviour{Lease: lease, NeverReady: true})
	c := activities.Container{
		Lease: fleet.Lease{ID: lease, InstanceID: "ins_" + lease, HostID: s.hostID, Epoch: 1},
		Image: "kelvin/echo", ProbePath: "/healthz", ProbePort: 8080,
	}
	require.NoError(s, s.engine.Pull(s.Context(), c.Image, nil))
	require.NoError(s, s.engine.Create(s.Context(), fleet.ContainerSpec{
		Lease: c.Lease, AccountID: "acc_1", Name: "one", Spec: fleet.InstanceSpec{Image: c.Image, Ports: []int{8080}}.Defaults(),
		Ports: []fleet.Published{{Container: 8080, Host: s.port}},
	}))
	require.NoError(s, s.engine.Start(s.Context(), lease))
	return c
}

func (s *shop) eventually(is func() bool, what string) {
	s.Helper()
	require.Eventually(s, is, 20*time.Second, 20*time.Millisecond, what)
}

// metric is the value of a metric, or the count of a histogram, with these label values.
func metric(t *testing.T, from *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := from.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if f.GetName() == name && fmt.Sprint(values) == fmt.Sprint(labels) {
				return m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return 0
}

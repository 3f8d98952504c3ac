package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/worker"
	"github.com/kelvin-gpu/kelvin/workflows"
	"github.com/kelvin-gpu/kelvin/workflows/temporalchild"
)

// TestCapacity starts many endpoints on one kelvin-temporal and one worker process, which is
// this one, and says what they cost when nothing happens. All that it asserts is that they
// are all there; `make bench-scale` prints the figures.
func TestCapacity(t *testing.T) {
	most := int(setting(t, "KELVIN_CAPACITY", 0))
	if most == 0 {
		t.Skip("it takes minutes and the machine for itself: set KELVIN_CAPACITY to a number of endpoints, or use `make bench-scale`")
	}
	ctx := t.Context()
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	child, err := temporalchild.Start(ctx, temporalchild.Options{Binary: binary(t, "kelvin-temporal"), DataDir: t.TempDir(), Sync: "normal"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = child.Kill() })
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(ctx))
	require.NoError(t, s.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s"}))
	account, err := s.CreateAccount(ctx, "acme", false)
	require.NoError(t, err)
	temporal, err := workflows.Dial(child.Address, child.Namespace, "capacity", quiet)
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	operations := &workflows.Client{Temporal: temporal, Store: s, Logger: quiet, Namespace: child.Namespace}
	policy := gpu.DefaultPolicy()
	control := worker.Control(temporal, &activities.Control{Store: s, Operations: operations, Logger: quiet, Supported: workflows.Supported, GPUPolicy: &policy})
	require.NoError(t, control.Start())
	t.Cleanup(control.Stop)
	running, stop := context.WithCancel(ctx)
	var group errgroup.Group
	group.Go(func() error {
		(&workflows.Evaluator{Store: s, Observer: operations, Logger: quiet, Holder: "capacity"}).Run(running)
		return nil
	})
	t.Cleanup(func() { stop(); _ = group.Wait() })

	both := []figure{{"kelvin-temporal", child.PID()}, {"worker and evaluator", os.Getpid()}}
	t.Logf("before: %s", figures(t, both))
	began := time.Now()
	var ids []string
	starts, limited := errgroup.WithContext(ctx)
	starts.SetLimit(16)
	for i := range most {
		spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: 0, MaxWorkers: 5}.Defaults()
		rec, _, err := s.CreateEndpoint(ctx, store.Ask{AccountID: account.ID, Actor: "key_test", Key: fmt.Sprint(i)}, fmt.Sprint("endpoint-", i), spec)
		require.NoError(t, err)
		ids = append(ids, rec.ResourceID)
		starts.Go(func() error {
			for {
				err := operations.Start(limited, rec)
				if !fleet.Is(err, fleet.Unavailable) || limited.Err() != nil {
					return err
				}
			}
		})
	}
	require.NoError(t, starts.Wait())
	require.Eventually(t, func() bool {
		watch, err := s.Watch(ctx)
		looked := 0
		for _, e := range watch.Endpoints {
			if e.State == fleet.Running && e.Scaling > 0 { // its autoscaler has had its first look
				looked++
			}
		}
		return err == nil && looked == most
	}, 20*time.Minute, time.Second)
	took := time.Since(began)
	t.Logf("%d endpoints started in %s (%.0f a second): %s", most, took.Round(time.Second), float64(most)/took.Seconds(), figures(t, both))

	before := []time.Duration{cpuOf(t, both[0].pid), cpuOf(t, both[1].pid)}
	const rest = time.Minute
	time.Sleep(rest) // what is measured is that nothing happens
	for i, f := range both {
		t.Logf("idle for %s: %s used %.1f %% of a core", rest, f.name, 100*(cpuOf(t, f.pid)-before[i]).Seconds()/rest.Seconds())
	}

	// All look once, as they do every ten minutes: what that costs, and in events.
	events := eventsOf(t, temporal, ids[0])
	last := ids[len(ids)-1]
	lastEvents := eventsOf(t, temporal, last)
	began = time.Now()
	before = []time.Duration{cpuOf(t, both[0].pid), cpuOf(t, both[1].pid)}
	wakes, limited := errgroup.WithContext(ctx)
	wakes.SetLimit(16)
	for _, id := range ids {
		wakes.Go(func() error { return operations.Wake(limited, id) })
	}
	require.NoError(t, wakes.Wait())
	t.Logf("all signalled in %s", time.Since(began).Round(time.Millisecond))
	require.Eventually(t, func() bool {
		return eventsOf(t, temporal, last) >= lastEvents+look && eventsOf(t, temporal, ids[0]) >= events+look
	}, 10*time.Minute, 200*time.Millisecond, "those of the last were %d, of the first %d", lastEvents, events)
	t.Logf("all woken in %s, with %s and %s of CPU; a look at a signal is %d events", time.Since(began).Round(time.Millisecond),
		(cpuOf(t, both[0].pid) - before[0]).Round(time.Millisecond), (cpuOf(t, both[1].pid) - before[1]).Round(time.Millisecond),
		eventsOf(t, temporal, ids[0])-events)
	t.Logf("after: %s", figures(t, both))
	for _, id := range []string{ids[0], ids[most/2], last} {
		run, err := temporal.DescribeWorkflowExecution(ctx, fleet.AutoscalerID(id), "")
		require.NoError(t, err)
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, run.GetWorkflowExecutionInfo().GetStatus())
	}
}

// eventsOf is how long the history of an endpoint's autoscaler is.
func eventsOf(t *testing.T, temporal client.Client, endpointID string) int64 {
	t.Helper()
	run, err := temporal.DescribeWorkflowExecution(t.Context(), fleet.AutoscalerID(endpointID), "")
	require.NoError(t, err)
	return run.GetWorkflowExecutionInfo().GetHistoryLength()
}

// A figure is a process that is measured.
type figure struct {
	name string
	pid  int
}

// look is how many events a look costs that a signal asked for: the signal, a task of three,
// what was seen, a timer cancelled and a timer made.
const look = 7

// figures are how much memory processes have.
func figures(t *testing.T, all []figure) string {
	t.Helper()
	var said []string
	for _, f := range all {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.pid))
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(kb, "kB")))
				require.NoError(t, err)
				said = append(said, fmt.Sprintf("%s %d MB", f.name, n/1024))
			}
		}
	}
	return strings.Join(said, ", ")
}

// cpuOf is how much CPU time a process has used.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), ") ") // behind its name, which may have anything in it
	require.True(t, ok)
	fields := strings.Fields(rest)
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		require.NoError(t, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100
}

package temporalchild

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// mustBinary returns the kelvin-temporal under test.
func mustBinary(t testing.TB) string {
	t.Helper()
	binary := os.Getenv("KELVIN_TEMPORAL_BIN")
	if binary == "" {
		var err error
		binary, err = filepath.Abs("../../bin/kelvin-temporal")
		require.NoError(t, err)
	}
	if !isFile(binary) {
		t.Fatalf("%s is missing: run `make build`", binary)
	}
	return binary
}

func mustStart(t testing.TB, o Options) *Child {
	t.Helper()
	o.Binary = mustBinary(t)
	if o.Sync == "" {
		o.Sync = "off"
	}
	c, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Kill() })
	return c
}

func mustDial(t testing.TB, c *Child) client.Client {
	t.Helper()
	tc, err := client.DialContext(t.Context(), client.Options{
		HostPort: c.Address, Namespace: c.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(tc.Close)
	return tc
}

func TestStartedServerWorksAndStops(t *testing.T) {
	t.Parallel()
	var logged strings.Builder
	c := mustStart(t, Options{UI: "127.0.0.1:0", Namespace: "test", Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	require.Equal(t, "test", c.Namespace)
	require.Contains(t, logged.String(), "temporal started")

	run, err := mustDial(t, c).DescribeWorkflowExecution(t.Context(), canaryID, "")
	require.NoError(t, err)
	require.Equal(t, "Completed", run.GetWorkflowExecutionInfo().GetStatus().String())
	resp, err := http.Get(c.UI + "/api/v1/namespaces/test/workflows")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)

	wait := c.Wait()
	require.NoError(t, c.Stop(t.Context()))
	err, unexpected := <-wait
	require.False(t, unexpected, "a death that was asked for: %v", err)
	require.NoError(t, c.Stop(t.Context()), "again")
	require.False(t, alive(c.PID()))
}

func TestDeathIsNoticed(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{})
	waits := []<-chan error{c.Wait(), c.Wait()}
	require.NoError(t, c.Kill())
	for _, wait := range waits {
		require.ErrorContains(t, <-wait, "signal: killed")
	}
	require.ErrorContains(t, <-c.Wait(), "signal: killed", "also afterwards")
	require.NoError(t, c.Stop(t.Context()), "nothing is left to stop")
}

func TestStartTellsWhyTheServerDied(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = Start(t.Context(), Options{Binary: mustBinary(t), GRPC: taken.Addr().String()})
	require.ErrorContains(t, err, "exit status 1: kelvin-temporal: --grpc "+taken.Addr().String()+": the port is taken")
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Binary: mustBinary(t)})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Binary: filepath.Join(t.TempDir(), program)})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAStuckServerIsKilled(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{DataDir: t.TempDir()})
	require.NoError(t, c.signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Stop(ctx), context.DeadlineExceeded)
	require.False(t, alive(c.PID()))
}

func TestDataOutlivesACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := mustStart(t, Options{DataDir: dir, Sync: "normal"})
	_, err := mustDial(t, first).ExecuteWorkflow(t.Context(),
		client.StartWorkflowOptions{ID: "ins_1", TaskQueue: "nobody"}, "start")
	require.NoError(t, err)
	require.NoError(t, first.Kill())

	second := mustStart(t, Options{DataDir: dir, GRPC: first.Address})
	require.Equal(t, first.Address, second.Address)
	run, err := mustDial(t, second).DescribeWorkflowExecution(t.Context(), "ins_1", "")
	require.NoError(t, err)
	require.Equal(t, "Running", run.GetWorkflowExecutionInfo().GetStatus().String())
}

// Pre-empting an operation relies on it being quick to cancel: the server
// pushes the cancellation, where it would otherwise wait for a heartbeat.
func TestCancellationIsPushedToActivities(t *testing.T) {
	t.Parallel()
	c := mustDial(t, mustStart(t, Options{}))
	w := worker.New(c, "test", worker.Options{})
	var begun atomic.Bool
	w.RegisterActivityWithOptions(func(ctx context.Context) error {
		begun.Store(true)
		<-ctx.Done()
		return ctx.Err()
	}, activity.RegisterOptions{Name: "block"})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, HeartbeatTimeout: 30 * time.Second, WaitForCancellation: true,
		})
		return workflow.ExecuteActivity(ctx, "block").Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "wait"})
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "cancelled", TaskQueue: "test"}, "wait")
	require.NoError(t, err)
	require.Eventually(t, begun.Load, 10*time.Second, 5*time.Millisecond)

	require.NoError(t, c.CancelWorkflow(t.Context(), run.GetID(), ""))
	require.Eventually(t, func() bool {
		d, err := c.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus().String() == "Canceled"
	}, 5*time.Second, 20*time.Millisecond)
}

func TestFindPrefersWhatWasBuiltInTheModule(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600))
	for _, dir := range []string{"bin", "path", "a/b"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o700))
	}
	onPath := filepath.Join(root, "path", program)
	require.NoError(t, os.WriteFile(onPath, nil, 0o700))
	t.Setenv("PATH", filepath.Dir(onPath))
	t.Chdir(filepath.Join(root, "a/b"))

	found, err := Find()
	require.NoError(t, err)
	require.Equal(t, onPath, found)

	built := filepath.Join(root, "bin", program)
	require.NoError(t, os.WriteFile(built, nil, 0o700))
	found, err = Find()
	require.NoError(t, err)
	require.Equal(t, built, found)

	require.NoError(t, os.Remove(onPath))
	require.NoError(t, os.Remove(built))
	_, err = Find()
	require.ErrorContains(t, err, "make build")
}

func TestTailKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	l := &tail{next: &all}
	for i := range 100 {
		_, _ = fmt.Fprintf(l, "line %d\nha", i)
		_, _ = fmt.Fprint(l, "lf ")
	}
	lines := strings.Split(l.String(), "\n")
	require.Len(t, lines, tailLines+1)
	require.Equal(t, "half line 99", lines[tailLines-1])
	require.Equal(t, "half ", lines[tailLines])
	require.Contains(t, all.String(), "line 0\n")
}

// alive tells whether a process runs. One that has ended and was not waited
// for, such as an orphan in a container without an init, does not.
func alive(pid int) bool {
	if runtime.GOOS != "linux" {
		return syscall.Kill(pid, 0) == nil
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

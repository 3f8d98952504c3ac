package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// Every operation, done, undone and cancelled, leaves a history that the code can replay.
// With KELVIN_RECORD (make record) the histories are kept, for the code of tomorrow.
func TestRecordHistories(t *testing.T) {
	s := newStack(t)
	s.must("endpoint", "create", "story", "--quick-deploy", "echo", "--active", "1", "--wait")
	s.must("endpoint", "update", "story", "--env", "A=b", "--wait")
	s.must("endpoint", "revisions", "rollback", "story", "--wait")
	s.must("endpoint", "stop", "story", "--wait")
	s.must("endpoint", "start", "story", "--wait")
	s.must("endpoint", "rm", "story", "--yes", "--wait")
	s.must("endpoint", "create", "idle", "--quick-deploy", "echo", "--active", "0", "--wait")
	woken := newCrowd(s.endpoint("idle").URL, 1)
	woken.once(1, time.Millisecond)
	require.Empty(t, woken.failures)
	s.must("endpoint", "rm", "idle", "--yes", "--wait")
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "volumes"), 0o755))
	s.must("volume", "create", "story")
	s.must("volume", "rm", "story", "--yes")
	for _, verb := range []string{"stop", "start", "restart"} {
		if verb == "stop" {
			s.must("instance", "create", "story", "--image", "kelvin/echo:latest", "--gpus", "1", "--port", "8080", "--probe-path", "/healthz", "--wait")
		}
		s.must("instance", verb, "story", "--wait")
	}
	nights := s.schedule("nights", map[string]any{"action": "stop", "time_zone": "UTC", "target": map[string]any{"selector": "team!=ml"}, "when": map[string]any{"at": "20:00"}})
	s.must("schedule", "trigger", "nights")
	require.Equal(t, 1, s.ran(nights.ID, 0, 20*time.Second).Accepted)
	s.must("instance", "rm", "story", "--yes", "--wait")

	s.recordLife()

	var gpus api.List[api.GPU]
	require.NoError(t, s.get("/v1/gpus?state=free", &gpus))
	for _, verb := range [][]string{{"test", "--level", "quick"}, {"scrub"}, {"reset"}} {
		s.must(append(append([]string{"gpu"}, verb...), gpus.Items[0].ID, "--wait")...)
	}

	_, err := s.kelvin("instance", "create", "no-image", "--image", "localhost:1/no/such:image", "--wait")
	require.Error(t, err, "an image that nobody has")
	s.must("host", "cordon", "two")
	slow := map[string]any{"name": "slow", "data_center": "us-east", "image": "kelvin/echo:latest", "gpus": 1, "ports": []int{8080}, "probe_path": "/healthz", "env": map[string]string{"ECHO_START_DELAY": "1m"}}
	created := s.accept(http.MethodPost, "/v1/instances", "slow", slow)
	require.Eventually(t, func() bool { return len(s.containers()) == 1 }, 20*time.Second, 50*time.Millisecond)
	mornings := s.schedule("mornings", map[string]any{"action": "start", "time_zone": "UTC", "target": map[string]any{"instance": created.ResourceID}, "when": map[string]any{"at": "08:00"}})
	s.must("schedule", "trigger", "mornings")
	require.Eventually(t, func() bool {
		var found api.Schedule
		return s.get("/v1/schedules/"+mornings.ID, &found) == nil && len(found.Runs) == 1 && found.Runs[0].Busy == 1
	}, 20*time.Second, 50*time.Millisecond, "it is asked again: that is in its history, too")
	gone := s.accept(http.MethodPost, "/v1/instances/"+created.ResourceID+"/terminate", "gone", map[string]any{"confirm": "slow"})
	require.Equal(t, "undone", string(s.await(created.ID, 30*time.Second).State))
	require.Equal(t, "done", string(s.await(gone.ID, 30*time.Second).State), "there is nothing left to terminate")
	require.Equal(t, 1, s.ran(mornings.ID, 0, 30*time.Second).Refused)
	s.requireClean()

	temporal := s.dial()
	recorded := map[string]int{}
	for _, run := range s.closed(temporal) {
		h := historyOf(t, temporal, run.id, run.run)
		replayer := worker.NewWorkflowReplayer()
		workflows.Register(replayer)
		require.NoError(t, replayer.ReplayWorkflowHistory(nil, h), "%s %s", run.kind, run.id)
		name := fmt.Sprintf("%s-%d", run.outcome, recorded[run.kind+run.outcome])
		recorded[run.kind+run.outcome]++
		if dir := os.Getenv("KELVIN_RECORD"); dir != "" && recorded[run.kind+run.outcome] <= 2 {
			text, err := protojson.Marshal(h)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, run.kind), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, run.kind, name+".json"), text, 0o644))
		}
	}
	for _, op := range workflows.Supported {
		require.Positive(t, recorded[op.Workflow()+"completed"], "no history of %s", op.Workflow())
	}
	require.GreaterOrEqual(t, recorded["fire-schedulecompleted"], 2)
	require.Positive(t, recorded["RemoveVolumecompleted"])
	require.Positive(t, recorded["createfailed"])
	require.Positive(t, recorded["createcanceled"])
}

// recordLife takes a server through the operations that need an archive, or two hosts.
func (s *stack) recordLife() {
	s.Helper()
	two := s.addHost("two")
	s.must("host", "cordon", two.id)
	s.must("instance", "create", "life", "--image", "kelvin/echo:latest", "--gpus", "1", "--port", "8080", "--probe-path", "/healthz", "--disk-path", "/data", "--wait")
	s.operate("life", "freeze", nil)
	s.operate("life", "thaw", nil)
	s.must("host", "uncordon", two.id)
	s.operate("life", "migrate", nil)
	require.Equal(s, two.id, s.server("life").HostID)
	s.operate("life", "reset", map[string]any{"confirm": "life"})

	// Its host goes silent: it is recovered from a snapshot, on the other one.
	life := s.server("life")
	client := &workflows.Client{Temporal: s.dial()}
	require.NoError(s, client.Snapshot(s.Context(), fleet.Snapshot{
		ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), AccountID: s.account, InstanceID: life.ID, Kind: fleet.SnapshotManual,
	}))
	require.Eventually(s, func() bool {
		run, err := client.Temporal.DescribeWorkflowExecution(s.Context(), fleet.SnapshotterID(life.ID), "")
		return err == nil && run.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}, time.Minute, 100*time.Millisecond)
	s.kill("two")
	require.Eventually(s, func() bool {
		now := s.server("life")
		return now.State == fleet.Running && now.HostID == s.host
	}, 2*time.Minute, 200*time.Millisecond, "it is not recovered")
	s.start("two")
	require.Eventually(s, func() bool {
		left, err := two.engine.ContainerList(s.Context(), container.ListOptions{})
		return err == nil && len(left) == 0
	}, time.Minute, 200*time.Millisecond, "its old container still runs")
	s.must("instance", "rm", "life", "--yes", "--wait")
}

// dial connects to the stack's Temporal.
func (s *stack) dial() client.Client {
	s.Helper()
	temporal, err := workflows.Dial(s.temporal, "kelvin", "test", slog.New(slog.DiscardHandler))
	require.NoError(s, err)
	s.Cleanup(temporal.Close)
	return temporal
}

type execution struct{ kind, id, run, outcome string }

// closed lists the runs that have ended.
func (s *stack) closed(temporal client.Client) (all []execution) {
	s.Helper()
	require.Eventually(s, func() bool {
		page, err := temporal.ListWorkflow(s.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus != 'Running'", PageSize: 1000})
		require.NoError(s, err)
		all = nil
		for _, e := range page.GetExecutions() {
			outcome := map[enums.WorkflowExecutionStatus]string{
				enums.WORKFLOW_EXECUTION_STATUS_COMPLETED: "completed", enums.WORKFLOW_EXECUTION_STATUS_FAILED: "failed", enums.WORKFLOW_EXECUTION_STATUS_CANCELED: "canceled",
			}[e.GetStatus()]
			all = append(all, execution{e.GetType().GetName(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), outcome})
		}
		return len(all) >= 15 // visibility comes a moment later
	}, 10*time.Second, 200*time.Millisecond)
	return all
}

func historyOf(t *testing.T, temporal client.Client, id, run string) *history.History {
	t.Helper()
	h := &history.History{}
	events := temporal.GetWorkflowHistory(t.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Operators see everything in Temporal's UI: operations by search attribute, with steps
// that have readable names.
func TestTemporalsUIShowsOperations(t *testing.T) {
	s := newStack(t)
	s.must("endpoint", "create", "seen", "--quick-deploy", "echo", "--active", "1", "--wait")
	ep := s.endpoint("seen")

	ask := func(path string, out any) {
		t.Helper()
		status, text := fetch(t, s.ui+"/api/v1/namespaces/kelvin"+path)
		require.Equal(t, http.StatusOK, status, text)
		require.NoError(t, json.Unmarshal([]byte(text), out))
	}
	type execution struct {
		Execution        struct{ WorkflowID, RunID string }
		Type             struct{ Name string }
		SearchAttributes struct{ IndexedFields map[string]any }
	}
	find := func(query string) []execution {
		var found struct{ Executions []execution }
		ask("/workflows?query="+url.QueryEscape(query), &found)
		return found.Executions
	}
	var create, autoscaler, worker []execution
	require.Eventually(t, func() bool {
		create = find("EndpointID = '" + ep.ID + "' AND Operation = 'create' AND Outcome = 'done' AND WorkflowType = 'create-endpoint'")
		worker = find("EndpointID = '" + ep.ID + "' AND WorkflowType = 'create' AND HostID = '" + s.host + "'")
		autoscaler = find("EndpointID = '" + ep.ID + "' AND Operation = 'autoscale' AND ExecutionStatus = 'Running'")
		return len(create) == 1 && len(worker) == 1 && len(autoscaler) == 1
	}, 15*time.Second, 100*time.Millisecond)
	require.Equal(t, ep.ID, create[0].Execution.WorkflowID)
	require.Equal(t, ep.ID+":autoscale", autoscaler[0].Execution.WorkflowID)
	for _, attribute := range []string{"AccountID", "EndpointID", "InstanceID", "HostID", "Operation", "OperationID", "GPUCount", "Deadline"} {
		require.Contains(t, worker[0].SearchAttributes.IndexedFields, attribute)
	}

	var history struct {
		History struct {
			Events []struct {
				ActivityTaskScheduledEventAttributes *struct {
					ActivityType struct{ Name string }
				}
				UserMetadata *struct {
					Summary struct{ Data []byte }
				}
			}
		}
	}
	ask("/workflows/"+worker[0].Execution.WorkflowID+"/history?execution.runId="+worker[0].Execution.RunID, &history)
	var steps, summaries []string
	for _, e := range history.History.Events {
		if e.ActivityTaskScheduledEventAttributes != nil {
			steps = append(steps, e.ActivityTaskScheduledEventAttributes.ActivityType.Name)
			require.NotNil(t, e.UserMetadata)
			summaries = append(summaries, string(e.UserMetadata.Summary.Data))
		}
	}
	require.ElementsMatch(t, []string{
		"BeginInstance", "PlaceInstance", "PullImage", "TestGPU", "JudgeGPUs", "CreateContainer", "StartContainer", "ProbeContainer", "MoveInstance", "EndOperation",
	}, steps, "the image is pulled while the GPU is tested")
	require.Contains(t, summaries, `"start container"`)
	s.must("endpoint", "rm", "seen", "--yes", "--wait")
}

// The console stops and starts an endpoint, in a real browser.
func TestTheConsoleStopsAndStarts(t *testing.T) {
	s := newStack(t)
	s.must("endpoint", "create", "shown", "--quick-deploy", "echo", "--active", "1", "--wait")
	artifacts, err := filepath.Abs("artifacts")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "e2e/console.mjs")
	cmd.Dir = filepath.Join("..", "web")
	cmd.Env = append(os.Environ(), "KELVIN_URL="+s.api, "KELVIN_KEY="+s.key, "ENDPOINT=shown", "ARTIFACTS="+artifacts)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	require.Equal(t, "1/1 Ready", s.endpoint("shown").Status)
	s.must("endpoint", "rm", "shown", "--yes", "--wait")
}

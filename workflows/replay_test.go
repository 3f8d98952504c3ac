package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/workflows"
)

// What ran yesterday goes on under the code of today: every recorded history replays.
// `make record` records them, from a released version.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "replay", "*", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	replayed := map[string]bool{}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
		replayed[filepath.Base(filepath.Dir(file))] = true
	}
	for _, op := range workflows.Supported {
		require.True(t, replayed[op.Workflow()], "no history of %s was recorded", op.Workflow())
	}
	for _, more := range []string{"AutoscaleEndpoint", "RemoveVolume", "fire-schedule", "take-snapshot"} {
		require.True(t, replayed[more], "no history of %s was recorded", more)
	}
}

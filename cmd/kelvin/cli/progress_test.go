package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
)

func TestProgressFitsEveryWidth(t *testing.T) {
	t.Parallel()
	op := stopOperation(api.OperationRunning)
	op.ResourceName = "日本語 with\x1b[31m colours"
	for columns := range 120 {
		line := progressLine(op, "⠋", 12*time.Second, columns)
		require.LessOrEqual(t, displayWidth(line), columns, "%q", line)
		require.NotContains(t, line, "\x1b")
	}
	require.Equal(t, "⠋ stop endpoint llama: Drain requests 45%, 12s left (1m30s)", progressLine(stopOperation(api.OperationRunning), "⠋", 90*time.Second, 80))
	require.Equal(t, "⠋ stop endpoint llama: Drain req… 45%, 12s left (12s)", progressLine(stopOperation(api.OperationRunning), "⠋", 12*time.Second, 53))
	op = stopOperation(api.OperationRunning)
	op.CancelRequested, op.Progress = true, nil
	require.Equal(t, "⠋ stop endpoint llama: taking it back: Drain requests (0s)", progressLine(op, "⠋", 0, 80))
}

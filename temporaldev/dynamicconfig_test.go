package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
)

// A value of the wrong type is replaced by the default, silently but for a
// line in the log: read some of each type as the server does.
func TestSettingsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	config := dynamicconfig.NewCollection(dynamicConfig(), log.NewNoopLogger())
	require.False(t, dynamicconfig.EnableServerVersionCheck.Get(config)())
	require.Equal(t, 1, dynamicconfig.MatchingNumTaskqueueReadPartitions.Get(config)("kelvin", "control", 1))
	require.Equal(t, 1, dynamicconfig.MatchingNumTaskqueueWritePartitions.Get(config)("kelvin", "control", 1))
	require.Equal(t, 20*time.Millisecond, dynamicconfig.TimerProcessorMaxTimeShift.Get(config)())
	require.Zero(t, dynamicconfig.WorkflowIdReuseMinimalInterval.Get(config)("kelvin"))
	require.Equal(t, 3*time.Second, dynamicconfig.HistoryLongPollExpirationInterval.Get(config)("kelvin"))
	require.True(t, dynamicconfig.EnableCancelActivityWorkerCommand.Get(config)("kelvin"))
	require.Equal(t, 20000, dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Get(config)("kelvin"))
	require.Equal(t, queueReads, dynamicconfig.TransferProcessorMaxPollRPS.Get(config)())
	require.Equal(t, 8096, dynamicconfig.HistoryCacheHostLevelMaxSize.Get(config)())
}

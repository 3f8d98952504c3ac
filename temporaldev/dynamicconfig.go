package main

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// queueReads limits how often a history queue is read in a second: no limit
// in practice, since each read is one small query.
const queueReads = 2000

// dynamicConfig tunes the server for one developer or one test. Temporal's
// defaults are meant for clusters: they trade latency for load, which makes
// each timer, retry and continue-as-new cost a second here.
//
// A value must have exactly the setting's type (int, not int64), or the server
// falls back to the default without failing.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Nobody is told that we exist.
		dynamicconfig.EnableServerVersionCheck.Key(): false,

		// One partition instead of four: less to poll, so less latency and memory.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// The floor of timers and of retries' backoff, and the pause between the
		// runs of one workflow. Both guard against skewed clocks between hosts,
		// and here there is one.
		dynamicconfig.TimerProcessorMaxTimeShift.Key():     20 * time.Millisecond,
		dynamicconfig.WorkflowIdReuseMinimalInterval.Key(): time.Duration(0),

		// The server may lose the wake-up of a client that waits for a result;
		// the client then waits until its long poll expires.
		dynamicconfig.HistoryLongPollExpirationInterval.Key(): 3 * time.Second,

		// Cancellation is pushed to activities instead of answered to their next
		// heartbeat, and a worker that stops gives its polls back.
		dynamicconfig.WorkerCommandsEnabled.Key():             true,
		dynamicconfig.EnableCancelActivityWorkerCommand.Key(): true,
		dynamicconfig.EnableCancelWorkerPollsOnShutdown.Key(): true,

		// A shard reads each of its queues at most 20 times a second. There is one
		// shard here, and a workflow in a hurry needs a read per step: after the
		// first burst, six activities would take 350 ms instead of 60.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   queueReads,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      queueReads,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): queueReads,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key():   queueReads,

		// Room for a simulated fleet: every host polls queues of its own.
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): 20000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        100,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           10000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            45000,

		// A new search attribute can be used by the next request.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,

		// Less memory, and no scans of a database this small.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8096,
		dynamicconfig.TaskQueueScannerEnabled.Key():      false,
		dynamicconfig.HistoryScannerEnabled.Key():        false,
	}
}

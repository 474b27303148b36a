package devserver

import "go.temporal.io/server/common/dynamicconfig"

const (
	// pollRate is how often a second the server may look for new work in its
	// queues. With Temporal's 20 a workflow that is alone waits up to 50 ms at
	// every hop; much more reads the database for single tasks under load and
	// costs a tenth of the throughput.
	pollRate = 500
	// unlimited stands for no quota. Temporal's protect many tenants from each
	// other; here they would only cut a burst of sign-ups short.
	unlimited = 1_000_000
)

// tuning is what differs from Temporal's defaults for a single machine. Updates,
// Update-with-Start, eager start and schedules are on by default.
func tuning(runLimit int) dynamicconfig.StaticClient {
	values := dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): pollRate,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():    pollRate,

		// Tasks of equal priority take turns by account, or by endpoint.
		dynamicconfig.MatchingEnableFairness.Key(): true,

		dynamicconfig.FrontendRPS.Key():                                         unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                  unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        unlimited,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): unlimited,
		dynamicconfig.HistoryRPS.Key():                                          unlimited,
		dynamicconfig.MatchingRPS.Key():                                         unlimited,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.WorkerPersistenceMaxQPS.Key():                             unlimited,
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key():                     unlimited,
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():                    unlimited,

		// Partitions spread a task queue over machines; on one they only add a
		// forwarding hop between the task and its worker.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// They search for what a crashed member of a cluster left behind.
		dynamicconfig.HistoryScannerEnabled.Key():   false,
		dynamicconfig.TaskQueueScannerEnabled.Key(): false,
	}
	if runLimit > 0 {
		values[dynamicconfig.WorkflowExecutionMaxTotalUpdates.Key()] = runLimit
		values[dynamicconfig.MaximumSignalsPerExecution.Key()] = runLimit
		values[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = runLimit // each message is an event, at least
	}
	return values
}

package devserver

import "go.temporal.io/server/common/config"

// writes are the methods by which Temporal stores the progress of workflows and
// their tasks.
var writes = map[config.DataStoreName][]string{
	config.ExecutionStoreName: {
		"CreateWorkflowExecution", "UpdateWorkflowExecution", "ConflictResolveWorkflowExecution", "AppendHistoryNodes",
	},
	config.TaskStoreName: {"CreateTasks", "CompleteTasksLessThan"},
}

// lostWrites has Temporal itself inject the fault: the write happens, and the
// caller sees a timeout. Nil when nothing is to be lost.
func lostWrites(share float64) *config.FaultInjection {
	if share <= 0 {
		return nil
	}
	stores := map[config.DataStoreName]config.FaultInjectionDataStoreConfig{}
	for store, methods := range writes {
		faults := map[string]config.FaultInjectionMethodConfig{}
		for _, method := range methods {
			faults[method] = config.FaultInjectionMethodConfig{Errors: map[string]float64{"ExecuteAndTimeout": share}}
		}
		stores[store] = config.FaultInjectionDataStoreConfig{Methods: faults}
	}
	return &config.FaultInjection{Targets: config.FaultInjectionTargets{DataStores: stores}}
}

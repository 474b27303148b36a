package devserver

import (
	"encoding/json"
	"os"

	"go.temporal.io/server/common/dynamicconfig"
)

func tuning() dynamicconfig.StaticClient {
	c := tuned()
	if os.Getenv("DS_UNTUNED") != "" {
		c = dynamicconfig.StaticClient{}
	}
	if j := os.Getenv("DS_DYN"); j != "" {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(j), &m); err != nil {
			panic(err)
		}
		for k, v := range m {
			if f, ok := v.(float64); ok {
				v = int(f)
			}
			c[dynamicconfig.MakeKey(k)] = v
		}
	}
	return c
}

// tuned is the dynamic configuration.
func tuned() dynamicconfig.StaticClient {
	const unlimited = 1_000_000
	return dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 2000,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():    2000,

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

		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		dynamicconfig.HistoryScannerEnabled.Key():   false,
		dynamicconfig.TaskQueueScannerEnabled.Key(): false,
	}
}

package devserver

import (
	"encoding/json"
	"os"
	"strconv"

	"go.temporal.io/server/common/config"
)

func benchAttr(c *config.SQL) {
	m := map[string]string{}
	if j := os.Getenv("DS_ATTR"); j != "" {
		_ = json.Unmarshal([]byte(j), &m)
		for k, v := range m {
			if v == "" {
				delete(c.ConnectAttributes, k)
			} else {
				c.ConnectAttributes[k] = v
			}
		}
	}
	if v := os.Getenv("DS_CONNS"); v != "" {
		c.MaxConns, _ = strconv.Atoi(v)
		c.MaxIdleConns = c.MaxConns
	}
}

func benchDrop(db interface{ Exec(string, ...any) error }) {
	if os.Getenv("DS_ALLIDX") != "" {
		return
	}
	for _, n := range []string{"by_history_length", "by_history_size_bytes", "by_execution_duration", "by_state_transition_count", "by_task_queue", "by_parent_workflow_id", "by_parent_run_id", "by_root_workflow_id", "by_root_run_id", "by_batcher_user", "by_temporal_scheduled_start_time", "by_temporal_scheduled_by_id", "by_temporal_schedule_paused", "by_temporal_namespace_division", "by_temporal_pause_info", "by_temporal_worker_deployment_version", "by_temporal_workflow_versioning_behavior", "by_temporal_worker_deployment", "by_bool_01", "by_bool_02", "by_bool_03", "by_datetime_01", "by_datetime_02", "by_datetime_03", "by_double_01", "by_double_02", "by_double_03", "by_int_01", "by_int_02", "by_int_03", "by_keyword_05", "by_keyword_06", "by_keyword_07", "by_keyword_08", "by_keyword_09", "by_keyword_10", "by_temporal_bool_01", "by_temporal_bool_02", "by_temporal_datetime_01", "by_temporal_datetime_02", "by_temporal_double_01", "by_temporal_double_02", "by_temporal_int_01", "by_temporal_int_02", "by_temporal_keyword_01", "by_temporal_keyword_02", "by_temporal_keyword_03", "by_temporal_keyword_04", "by_temporal_low_cardinality_keyword_01", } {
		if err := db.Exec("DROP INDEX " + n); err != nil {
			panic(err)
		}
	}
}

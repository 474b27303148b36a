package devserver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/searchattribute/sadefs"
)

// rareIndexes are made by Temporal's schema for lists that a single machine
// answers by reading through its workflows in order of time.
func rareIndexes() []string {
	return []string{
		"by_history_length", "by_history_size_bytes", "by_execution_duration", "by_state_transition_count",
		"by_task_queue", "by_parent_run_id", "by_root_run_id", "by_batcher_user",
		"by_temporal_scheduled_start_time", "by_temporal_scheduled_by_id", "by_temporal_schedule_paused",
		"by_temporal_pause_info", "by_temporal_worker_deployment_version",
		"by_temporal_workflow_versioning_behavior", "by_temporal_worker_deployment",
		"by_temporal_bool_01", "by_temporal_bool_02", "by_temporal_datetime_01", "by_temporal_datetime_02",
		"by_temporal_double_01", "by_temporal_double_02", "by_temporal_int_01", "by_temporal_int_02",
		"by_temporal_keyword_01", "by_temporal_keyword_02", "by_temporal_keyword_03", "by_temporal_keyword_04",
		"by_temporal_low_cardinality_keyword_01",
	}
}

// indexVisibility leaves of Temporal's 58 indexes those that serve: the common
// ones and one per registered search attribute. Every workflow is written twice
// into all of them, which costs more than running it. A search without an index
// finds the same workflows, more slowly.
func indexVisibility(store *config.SQL, aliases map[string]string) error {
	db, err := openAdmin(store)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return inTransaction(db, func() error {
		var failed error
		for _, name := range rareIndexes() {
			failed = errors.Join(failed, db.Exec("DROP INDEX IF EXISTS "+name))
		}
		for _, column := range indexedColumns() {
			statement := "DROP INDEX IF EXISTS " + indexOf(column)
			if _, used := aliases[column]; used {
				statement = createIndex(column)
			}
			failed = errors.Join(failed, db.Exec(statement))
		}
		return failed
	})
}

// indexedColumns are the columns for search attributes that have an ordinary
// index; the other two types have a full-text table.
func indexedColumns() []string {
	columns := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	return slices.DeleteFunc(slices.Sorted(maps.Keys(columns)), func(column string) bool {
		kind := columns[column]
		return kind == enumspb.INDEXED_VALUE_TYPE_TEXT || kind == enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
	})
}

// indexOf is Temporal's name for a column's index: Keyword01 has by_keyword_01.
func indexOf(column string) string {
	number := len(column) - 2
	return "by_" + strings.ToLower(column[:number]) + "_" + column[number:]
}

// createIndex repeats the definition in Temporal's schema, for an attribute that
// was registered after the file was made.
func createIndex(column string) string {
	return fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %s ON executions_visibility
		(namespace_id, %s, (COALESCE(close_time, '9999-12-31 23:59:59+00:00')) DESC, start_time DESC, run_id)`,
		indexOf(column), column)
}

package devserver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
)

// visibilityDatabase is a new one as Temporal's schema makes it.
func visibilityDatabase(t *testing.T) (databases, sqlplugin.AdminDB) {
	t.Helper()
	dbs := databasesFor(Config{})
	db, err := openAdmin(dbs.visibility)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return dbs, db
}

// Without IF EXISTS, dropping an index fails when it is not there.
func hasIndex(db sqlplugin.AdminDB, name string) bool { return db.Exec("DROP INDEX "+name) == nil }

func TestEveryIndexWeTouchExistsInTemporalsSchema(t *testing.T) {
	_, db := visibilityDatabase(t)
	for _, name := range rareIndexes() {
		assert.True(t, hasIndex(db, name), name)
	}
	for _, column := range indexedColumns() {
		assert.True(t, hasIndex(db, indexOf(column)), column)
	}
}

func TestOnlyRegisteredSearchAttributesKeepTheirIndex(t *testing.T) {
	dbs, db := visibilityDatabase(t)
	require.NoError(t, indexVisibility(dbs.visibility, map[string]string{"Keyword01": "PlanCode"}))
	require.NoError(t, indexVisibility(dbs.visibility, map[string]string{"Keyword01": "PlanCode", "Int01": "Amount"}),
		"a later start")

	assert.True(t, hasIndex(db, "by_keyword_01"))
	assert.True(t, hasIndex(db, "by_int_01"), "registered later")
	assert.False(t, hasIndex(db, "by_keyword_02"))
	for _, name := range []string{"default_idx", "by_workflow_id", "by_workflow_type", "by_status", "by_execution_time",
		"by_parent_workflow_id", "by_root_workflow_id", "by_temporal_namespace_division"} {
		assert.True(t, hasIndex(db, name), name)
	}
}

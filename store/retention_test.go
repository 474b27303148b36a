package store_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

// tablesOf are the tables of the schema.
func tablesOf(t *testing.T, s *store.Store, url string) (names []string) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if store.IsPostgres(url) {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	rows, err := s.Stats()["write"].QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	return names
}

func TestSchema_EveryTableHasARetentionOrAReasonToKeepItsRows(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		tables := tablesOf(t, s, url)
		pruned := store.PrunedTables()
		for _, table := range tables {
			reason, stays := store.Kept[table]
			assert.True(t, stays != slices.Contains(pruned, table),
				"%s needs a retention in store/retention.go, or a reason in kept", table)
			assert.True(t, !stays || len(strings.Fields(reason)) > 0, table)
		}
		for _, named := range append(pruned, slices.Sorted(maps.Keys(store.Kept))...) {
			assert.Contains(t, tables, named)
		}
	})
}

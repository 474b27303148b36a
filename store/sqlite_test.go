package store_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store/storetest"
)

// For a longer list SQLite builds a table in memory whenever a row is written.
func TestSQLite_NoIndexHasAListOfMoreThanTwoValues(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, filepath.Join(t.TempDir(), "slipway.db"))
	rows, err := s.Stats()["write"].Query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	list, indexes := regexp.MustCompile(`\bIN \(([^)]*)\)`), 0
	for rows.Next() {
		var name, statement string
		require.NoError(t, rows.Scan(&name, &statement))
		indexes++
		for _, values := range list.FindAllStringSubmatch(statement, -1) {
			assert.LessOrEqual(t, strings.Count(values[1], ","), 1, "%s: write the condition out", name)
		}
	}
	require.NoError(t, rows.Err())
	assert.Greater(t, indexes, 20)
}

package store_test

import (
	"context"
	"database/sql"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

// filled is how many accounts the database has on which statements are explained,
// and maxRead how many rows of a table one of them may read there: a statement that
// reads more reads the whole table, or all rows that some state has.
const (
	filled  = 5_000
	maxRead = 1_500
)

// readsAll are the methods that go through everything, and say so.
var readsAll = []string{"Invariants", "CountSucceeded", "SucceededThrough"}

// bounded are tables whose rows staff make, or that have one for each job.
var bounded = []string{
	"plans", "payment_options", "credit_packages", "webhook_endpoints", "api_keys", "test_clocks", "job_rounds",
}

// referring are indexes that serve a foreign key alone: a row that is deleted is looked
// for in them.
var referring = []string{"sessions_user", "sites_account", "subscriptions_onboarding"}

// flat checks the statements that were issued on a database with many accounts: none
// reads more rows as accounts grow, each method has issued one, and each index serves
// one.
func (s *issued) flat(t *testing.T, url string) {
	db := storetest.Open(t, url)
	storetest.Fill(t, db, url, filled)
	s.record(t, db, true)
	walkFilters(t, db)
	callEach(t, db)
	pool, used := db.Stats()["write"], map[string]bool{}
	t.Run("statements_read_no_more_as_accounts_grow", func(t *testing.T) {
		for _, statement := range s.seen {
			if store.IsPostgres(url) {
				statement.readsLittle(t, pool, used)
			} else {
				statement.scansNothing(t, pool, used)
			}
		}
	})
	t.Run("every_method_was_seen", func(t *testing.T) {
		for i := range reflect.TypeFor[*store.Store]().NumMethod() {
			if m := reflect.TypeFor[*store.Store]().Method(i); takesContext(m) {
				assert.True(t, s.methods[m.Name], "no test has issued a statement of %s", m.Name)
			}
		}
	})
	t.Run("noting_a_comparison_changes_no_index", func(t *testing.T) {
		var n int
		query := "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql LIKE '%checked_at%'"
		if store.IsPostgres(url) {
			query = "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%checked_at%'"
		}
		require.NoError(t, pool.QueryRowContext(t.Context(), query).Scan(&n))
		assert.Zero(t, n)
	})
	t.Run("every_index_is_read", func(t *testing.T) {
		for _, index := range indexes(t, pool, url) {
			assert.True(t, used[index] || slices.Contains(referring, index), "no statement reads %s", index)
		}
	})
}

func (s statement) readsLittle(t *testing.T, db *sql.DB, used map[string]bool) {
	s.explain(t, db).walk(func(n node) {
		used[n.Index] = true
		read := (n.Rows + n.Filtered + n.Rechecked) * n.Loops
		if n.Relation == "" || s.readsAll() || slices.Contains(bounded, n.Relation) {
			return
		}
		assert.LessOrEqual(t, read, float64(maxRead), "%s: %s %s %s: %s", s.by, n.Type, n.Relation, n.Index, s.sql)
		assert.NotEqual(t, "Seq Scan", n.Type, "%s: %s: %s", s.by, n.Relation, s.sql)
	})
}

// scan is a line of SQLite's about a table or an index that it goes through.
var scan = regexp.MustCompile(`^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$`)

// indexOf is the index that a line of SQLite's names.
var indexOf = regexp.MustCompile(`INDEX (\w+)`)

func (s statement) scansNothing(t *testing.T, db *sql.DB, used map[string]bool) {
	for _, line := range s.queryPlan(t, db) {
		for _, named := range indexOf.FindAllStringSubmatch(line, -1) {
			used[named[1]] = true
		}
		through := scan.FindStringSubmatch(line)
		if through == nil || s.readsAll() || slices.Contains(bounded, through[1]) {
			continue
		}
		table, index := through[1], through[2]
		inOrder := !strings.Contains(s.sql, "WHERE") && strings.Contains(s.sql, "LIMIT")
		ok := !isTable(t, db, table, s.sql) || partial(t, db, index) || strings.HasSuffix(index, "_search") ||
			(inOrder && index != "")
		assert.True(t, ok, "%s: %s: %s", s.by, line, s.sql)
	}
}

// partial reports whether an index of SQLite's holds some rows of its table only.
func partial(t *testing.T, db *sql.DB, index string) bool {
	var n int
	err := db.QueryRowContext(context.Background(),
		"SELECT count(*) FROM sqlite_master WHERE name = ? AND sql LIKE '% WHERE %'", index).Scan(&n)
	require.NoError(t, err)
	return n > 0
}

// isTable reports whether a name in a statement is that of a table, or stands for one.
func isTable(t *testing.T, db *sql.DB, name, statement string) bool {
	alias := regexp.MustCompile(`(?i)(\w+)["\x60]? (?:AS )?` + name + `\b`)
	if of := alias.FindStringSubmatch(statement); of != nil {
		name = name + "," + of[1]
	}
	var n int
	err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND "+
		"instr(','||?||',', ','||name||',') > 0", name).Scan(&n)
	require.NoError(t, err)
	return n > 0
}

// indexes are those that are there to be read: a unique one keeps a promise as well.
func indexes(t *testing.T, db *sql.DB, url string) (names []string) {
	query := "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'"
	if store.IsPostgres(url) {
		query = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE '%UNIQUE%'"
	}
	rows, err := db.QueryContext(context.Background(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NotEmpty(t, names)
	return names
}

package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/store"
)

// statement is one that the store issued, with values it came with.
type statement struct {
	sql    string
	values []any
	custom bool     // planned for its values
	by     []string // the methods that issued it, innermost first
}

// issued are the statements of stores, by their text.
type issued struct {
	mu      sync.Mutex
	seen    map[string]statement
	methods map[string]bool // of the store, that issued some
}

// record makes the statements of a store known.
// Those that are planned for their values are known with lists only when asked for.
func (s *issued) record(t testing.TB, from *store.Store, lists bool) {
	require.NoError(t, from.OnSQL(func(text string, values []any, custom bool) {
		methods := callers()[1:] // without the hook
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range methods {
			s.methods[m] = true
		}
		key := text
		if custom {
			key += fmt.Sprint(values...)
		}
		if _, known := s.seen[key]; !known && len(methods) > 0 && (lists || !custom) && plannable.MatchString(text) {
			s.seen[key] = statement{text, append([]any{}, values...), custom, methods}
		}
	}))
}

// plannable are statements that read; rows that are written as they are, are not.
var plannable = regexp.MustCompile(`(?is)^\s*(SELECT|UPDATE|DELETE|WITH|INSERT .*SELECT)\b`)

// callers are the exported methods of the store on the stack, innermost first.
func callers() (methods []string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if _, name, of := strings.Cut(f.Function, "slipway/store.(*Store)."); of && name[0] <= 'Z' {
			name, _, _ = strings.Cut(name, ".")
			methods = append(methods, name)
		}
	}
	return methods
}

// literal is a value as a statement of PostgreSQL's spells it.
func literal(t testing.TB, value any) string {
	if v, ok := value.(driver.Valuer); ok {
		var err error
		value, err = v.Value()
		require.NoError(t, err)
	}
	switch v := value.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return "'" + v.Format(time.RFC3339Nano) + "'"
	case []byte:
		return `'\x` + hex.EncodeToString(v) + "'"
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "NULL"
		}
		return literal(t, v.Elem().Interface())
	}
	return "'" + strings.ReplaceAll(fmt.Sprint(value), "'", "''") + "'"
}

// node is a part of a plan.
type node struct {
	Relation  string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	Type      string  `json:"Node Type"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
	Plans     []node
}

// walk calls fn with the node and all below it.
func (n node) walk(fn func(node)) {
	fn(n)
	for _, below := range n.Plans {
		below.walk(fn)
	}
}

// readsAll reports whether the statement is of a method that goes through everything.
func (s statement) readsAll() bool {
	return slices.ContainsFunc(s.by, func(m string) bool { return slices.Contains(readsAll, m) })
}

// explain runs the statement as PostgreSQL plans it for any values, or for its own
// where the store asks for that, without reading a table from end to end where an index
// serves, as it does when the table is large; takes back what it did, and returns its plan.
func (s statement) explain(t testing.TB, db *sql.DB) node {
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	mode := "force_generic_plan"
	if s.custom {
		mode = "force_custom_plan"
	}
	execute := "EXECUTE explained"
	if len(s.values) > 0 {
		literals := make([]string, len(s.values))
		for i, v := range s.values {
			literals[i] = literal(t, v)
		}
		execute += "(" + strings.Join(literals, ", ") + ")"
	}
	for _, statement := range []string{
		"SET LOCAL plan_cache_mode = " + mode, "SET LOCAL enable_seqscan = off",
		"SET LOCAL session_replication_role = replica", // alone, it may delete what others name
		"PREPARE explained AS " + s.sql,
	} {
		_, err = tx.ExecContext(ctx, statement)
		require.NoError(t, err, "%s: %s", s.by, statement)
	}
	var text string
	err = tx.QueryRowContext(ctx, "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+execute).Scan(&text)
	require.NoError(t, err, "%s: %s", s.by, s.sql)
	_, err = tx.ExecContext(ctx, "DEALLOCATE explained")
	require.NoError(t, err)
	var plans []struct{ Plan node }
	require.NoError(t, json.Unmarshal([]byte(text), &plans))
	return plans[0].Plan
}

// queryPlan is what SQLite says that it does for the statement, a line each.
func (s statement) queryPlan(t testing.TB, db *sql.DB) (lines []string) {
	none := make([]any, strings.Count(s.sql, "?"))
	rows, err := db.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+s.sql, none...)
	require.NoError(t, err, s.sql)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		lines = append(lines, detail)
	}
	return lines
}

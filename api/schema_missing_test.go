package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRoutes_AnswerWithTheFixWhileTheSchemaIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme")
	id, secret := r.text("id"), r.text("client_secret")
	db := w.store.Stats()["write"]
	_, err := db.ExecContext(t.Context(), "PRAGMA foreign_keys = off")
	require.NoError(t, err)
	rows, err := db.QueryContext(
		t.Context(),
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
	)
	require.NoError(t, err)
	var tables []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	require.NoError(t, rows.Err())
	for _, name := range tables {
		_, err := db.ExecContext(t.Context(), "DROP TABLE "+name)
		require.NoError(t, err)
	}
	unavailable := 0
	for _, route := range w.api.router.Routes() {
		path := strings.NewReplacer(":id", id, ":file", "x").Replace(route.Path)
		for _, bearer := range []string{"", w.admin, secret} {
			var body any
			if route.Method != http.MethodGet {
				body = map[string]any{}
			}
			reply := w.call(route.Method, path, bearer, body)
			require.NotEqual(
				t,
				http.StatusInternalServerError,
				reply.status,
				"%s %s: %s",
				route.Method,
				path,
				reply.raw,
			)
			if reply.status == http.StatusServiceUnavailable && strings.Contains(reply.raw, "slipway migrate") {
				unavailable++
			}
		}
	}
	assert.Greater(t, unavailable, 100)
}

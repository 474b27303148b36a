package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
)

// Noon is when a seeded database was made, on a day no month's arithmetic bends.
var Noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// byHand makes the seeded card another option that is paid by hand, of which
// most tests need two; those of charging set its provider back.
const byHand = `UPDATE payment_options SET provider = 'manual', collection_method = 'send_invoice',

	instructions = 'Pay through the link on your invoice.' WHERE key = 'card'`

// seeded is a migrated and seeded database file, made once and copied per test.
var seeded = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "slipway-seeded")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "seeded.db")
	s, err := store.Open(store.Config{URL: path, NoSync: true, Now: func() time.Time { return Noon }})
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{s.Migrate, s.Seed} {
		if err := step(context.Background()); err != nil {
			return nil, err
		}
	}
	if _, err := writer(s).Exec(byHand); err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SeededPostgres is Seeded on PostgreSQL.
func SeededPostgres(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{URL: Postgres(t), MaxConns: 10, Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Seed(t.Context()))
	_, err = writer(s).ExecContext(t.Context(), byHand)
	require.NoError(t, err)
	return s
}

// Seeded returns a store of the test's own on SQLite, with the seeded catalogue
// in which everything is paid by hand, and the test's clock.
func Seeded(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	file, err := seeded()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "slipway.db")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	s, err := store.Open(store.Config{URL: path, NoSync: true, Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

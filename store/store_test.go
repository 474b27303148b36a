package store_test

import (
	"os"
	"testing"
	"time"

	"slipway/store"
	"slipway/store/storetest"
)

// The tests run in a time zone that nobody's server is in, so that a time that
// is not UTC shows.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("somewhere", -(9*3600 + 30*60))
	os.Exit(m.Run())
}

// databases are the kinds of database, each as the URL of a fresh one.
var databases = map[string]func(t testing.TB) string{
	"sqlite":   storetest.SQLite,
	"postgres": storetest.Postgres,
}

// onBoth runs a test on each kind of database.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

func TestStore_KeepsEveryPromise(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := &issued{seen: map[string]statement{}, methods: map[string]bool{}}
			t.Run("promises", func(t *testing.T) {
				storetest.Run(t, func(t testing.TB) *store.Store {
					s := storetest.OpenEmpty(t, fresh(t))
					seen.record(t, s, false)
					return s
				})
			})
			if !underRace { // nothing is at once there, and SQLite takes ten times as long to fill
				seen.flat(t, fresh(t))
			}
		})
	}
}

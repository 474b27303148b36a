package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

func TestOpen_RefusesWhatIsNeitherPostgresNorAPathAndNeverShowsIt(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"mysql://u:hidden@h/db", "MySQL://u:hidden@h/db", "POSTGRES://u:hidden@h/db", "sqlite:///x.db?key=hidden",
		"file:hidden.db", "jdbc:postgresql://h/db?password=hidden", "host=h user=u password=hidden", " dbname = hidden",
		"u:hidden@h:5432/db", "//u:hidden@h/db", "postgres:/u:hidden@h/db", "postgres://u:hidden/@h/db",
		"postgres://u:hidden#@h/db", "postgres://u:hid%zzen@h/db", "postgres://u:hidden@h:0/db",
		"postgres://u:hidden@h:99999/db",
		"hidden\n.db",
	} {
		assert.False(t, store.ValidURL(url), url)
		_, err := store.Open(store.Config{URL: url})
		require.Error(t, err, url)
		assert.NotContains(t, err.Error(), "hid", url)
	}
	for _, url := range []string{
		":memory:", "slipway.db", "/data/slipway.db", "./a:b.db", `C:\slipway.db`, "data/u:p@h.db", "my data/slipway=1.db",
		"postgres://h/db", "postgresql://u:p%2F%40@h:5432/db?sslmode=disable", "postgres:///db?host=/run/postgresql",
	} {
		assert.True(t, store.ValidURL(url), url)
	}
}

func TestOpen_APasswordOfItsOwnNeedsNoEscaping(t *testing.T) {
	t.Parallel()
	const password = `p/@#% $w:'o"r\d?&=é`
	cluster := storetest.StartCluster(t)
	url := cluster.WithPassword(t, password)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	open := func(url, password string) *store.Store {
		s, err := store.Open(store.Config{URL: url, Password: password})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	s := open(url, password)
	require.NoError(t, s.Ping(ctx))
	assert.Equal(t, password, store.ListeningPassword(s), "the connection that listens has it, too")
	assert.Equal(t, "own", store.ListeningPassword(open("postgres://u:own@h/db", password)), "the URL's comes first")
	for _, wrong := range []string{"", "p", password + " "} {
		err := open(url, wrong).Ping(ctx)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), password)
	}
}

func TestOpen_ADeploymentReservesSlugsOfItsOwn(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Config{URL: storetest.SQLite(t), NoSync: true, ReservedSlugs: []string{"my-product"}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	for base, want := range map[string]string{"my-product": "my-product-2", "my-products": "my-products", "ns1": "ns1-2"} {
		err := s.Within(t.Context(), func(tx *store.Store) error {
			a, err := tx.AllocateSlug(t.Context(), base, "acct_"+base)
			assert.Equal(t, want, a.Slug)
			return err
		})
		require.NoError(t, err)
	}
}

package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// A list that is cut off because its time is up says so: the database answers.
func TestLists_SayWhenTheyTakeTooLong(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		writer := storetest.Open(t, url)
		limit := time.Nanosecond
		if store.IsPostgres(url) { // somebody holds the table for longer
			limit = 20 * time.Millisecond
			tx, err := writer.Stats()["write"].BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback() }()
			_, err = tx.ExecContext(t.Context(), "LOCK TABLE accounts")
			require.NoError(t, err)
		}
		s, err := store.Open(store.Config{URL: url, ListTime: limit})
		require.NoError(t, err)
		defer func() { assert.NoError(t, s.Close()) }()
		_, err = s.ListAccounts(t.Context(), store.AccountFilter{Query: "acme"})
		assert.Equal(t, domain.ReasonListTooSlow, domain.ReasonOf(err), err)
		assert.Equal(t, domain.CodeInvalid, domain.CodeOf(err), "asking for the same again does not help")
	})
}

package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

// What a sign-up and reconcile ask must not slow down as accounts grow: each of
// these goes through an index. They are the conditions as the store writes them.
func TestHotQueries_GoThroughAnIndex(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	for _, c := range []struct{ index, query string }{
		{"onboardings_email",
			"SELECT * FROM onboardings WHERE email = ? AND kind = 'signup' AND status NOT IN ('failed', 'expired', 'canceled')"},
		{"onboardings_unchecked",
			"SELECT * FROM onboardings WHERE status NOT IN ('completed', 'failed', 'expired', 'canceled')" +
				" AND checked_at < ? ORDER BY checked_at LIMIT 500"},
		{"onboardings_status", "SELECT * FROM onboardings WHERE status = ? AND id > ? ORDER BY id LIMIT 500"},
		{"users_email", "SELECT * FROM users WHERE email = ? AND released_at IS NULL"},
		{"payment_methods_one_default", "SELECT * FROM payment_methods WHERE account_id = ? AND is_default"},
		{"invoices_subscription", "SELECT * FROM invoices WHERE subscription_id = ? AND status = 'open'"},
		{"payments", "SELECT * FROM payments WHERE invoice_id = ? AND status = 'pending_approval'"},
		{"slugs_base_number", "SELECT MAX(number) FROM slugs WHERE base = ? AND number < ?"},
		{"slugs_account", "DELETE FROM slugs WHERE account_id = ?"},
		{"sessions_expires", "DELETE FROM sessions WHERE expires_at < ?"},
		{"subscriptions_one_live", store.FactsQuery},
		{"sites_live", store.FactsQuerySites},
		{"sites_live",
			"SELECT * FROM sites WHERE account_id = ? AND deleted_at IS NULL AND id < ? ORDER BY id DESC LIMIT 21"},
		{"credits_account", "SELECT * FROM credits WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT 21"},
		{"sqlite_autoindex_credits",
			"SELECT * FROM credits WHERE account_id = ? AND idempotency_key IN (?, ?) ORDER BY idempotency_key"},
		{"sessions_account", "DELETE FROM sessions WHERE account_id = ?"},
	} {
		rows, err := s.Stats()["write"].Query("EXPLAIN QUERY PLAN "+c.query, make([]any, strings.Count(c.query, "?"))...)
		require.NoError(t, err, c.query)
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan.WriteString(detail + "\n")
		}
		require.NoError(t, rows.Close())
		assert.Contains(t, plan.String(), c.index, c.query)
		assert.NotContains(t, plan.String(), "SCAN", c.query)
	}
}

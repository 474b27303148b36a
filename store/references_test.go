package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

// Why an id is tied to no row by a foreign key.
const (
	ofAnother    = "an id that others gave"
	ofAnything   = "the id of any kind of row"
	allocated    = "allocated when the onboarding is received, before the row is made"
	outlives     = "says what happened, and stays when the row is pruned"
	emptyForSome = "empty where there is none, which a foreign key does not take"
)

// untied are the ids without a foreign key, with the reason.
var untied = map[string]string{
	"accounts.test_clock_id":         emptyForSome,
	"onboardings.test_clock_id":      emptyForSome,
	"subscriptions.test_clock_id":    emptyForSome,
	"credits.subscription_id":        emptyForSome,
	"payments.payment_method_id":     emptyForSome,
	"sessions.account_id":            "its user's; empty for admins",
	"slugs.account_id":               "claimed before the account is made, and kept for ever as a tombstone",
	"onboardings.account_id":         allocated,
	"onboardings.owner_id":           allocated,
	"onboardings.subscription_id":    allocated,
	"events.account_id":              outlives,
	"events.onboarding_id":           outlives,
	"events.subscription_id":         outlives,
	"commands.onboarding_id":         outlives,
	"commands.subscription_id":       outlives,
	"commands.payment_id":            outlives,
	"commands.payment_method_id":     outlives,
	"commands.invoice_id":            outlives,
	"events.actor_id":                ofAnything,
	"commands.actor_id":              ofAnything,
	"webhook_deliveries.account_id":  outlives,
	"webhook_deliveries.event_id":    outlives,
	"webhook_deliveries.endpoint_id": "removing an endpoint must fail no business change",
	"idempotency_keys.resource_id":   ofAnything,
	"job_failures.item_id":           ofAnything,
	"clock_waits.entity_id":          ofAnything,
	"clock_waits.workflow_id":        ofAnother,
	"provider_events.event_id":       ofAnother,
	"payment_options.external_id":    ofAnother,
	"goose_db_version.version_id":    ofAnother,
}

// pairs are what a query of two columns finds, joined by a dot.
func pairs(t *testing.T, s *store.Store, query string) map[string]bool {
	t.Helper()
	rows, err := s.Stats()["write"].QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	found := map[string]bool{}
	for rows.Next() {
		var table, column string
		require.NoError(t, rows.Scan(&table, &column))
		found[table+"."+column] = true
	}
	return found
}

// What the two kinds of database call their columns, foreign keys, and the first
// columns of indexes that hold every row.
var (
	idColumns = map[bool]string{
		true: `SELECT table_name, column_name FROM information_schema.columns
			WHERE table_schema = 'public' AND column_name LIKE '%\_id'`,
		false: `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.name LIKE '%\_id' ESCAPE '\'`,
	}
	foreignKeys = map[bool]string{
		true: `SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
			WHERE c.contype = 'f' AND c.convalidated`,
		false: `SELECT m.name, f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
	}
	firstOfIndexes = map[bool]string{
		true: `SELECT i.indrelid::regclass::text, a.attname FROM pg_index i
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indpred IS NULL`,
		false: `SELECT m.name, c.name FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
			WHERE m.type = 'table' AND c.seqno = 0 AND i.partial = 0`,
	}
)

func TestSchema_EveryIDIsTiedToItsRowOrHasAReason(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s, postgres := storetest.Open(t, url), store.IsPostgres(url)
		ids, tied := pairs(t, s, idColumns[postgres]), pairs(t, s, foreignKeys[postgres])
		for id := range ids {
			_, reason := untied[id]
			assert.True(t, tied[id] != reason, "%s needs a foreign key, or a reason in untied", id)
		}
		for id := range untied {
			assert.True(t, ids[id], "%s is no column", id)
		}
		indexed := pairs(t, s, firstOfIndexes[postgres])
		for id := range tied {
			assert.True(t, indexed[id], "%s needs an index: a row that is deleted is looked for in it", id)
		}
	})
}

// paidToday is an account with a user and an invoice, as they are today.
var paidToday = append(slices.Clone(paidBefore[:len(paidBefore)-2]),
	`INSERT INTO users (id, account_id, role, email, password_hash, created_at)
	 VALUES ('usr_1', 'acct_1', 'owner', 'ada@example.com', 'hash', '2026-03-14 15:09:26+00:00')`,
	strings.ReplaceAll(paidBefore[len(paidBefore)-2], "'draft'", "'open'"), paidBefore[len(paidBefore)-1])

func TestSchema_NothingLosesWhatItNames(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url).Stats()["write"]
		for _, row := range paidToday {
			_, err := db.ExecContext(t.Context(), row)
			require.NoError(t, err, row)
		}
		for _, table := range []string{"onboardings", "accounts", "subscriptions", "invoices"} {
			_, err := db.ExecContext(t.Context(), "DELETE FROM "+table)
			assert.Error(t, err, table)
		}
		for _, orphan := range []string{
			"UPDATE users SET account_id = 'acct_none'", "UPDATE subscriptions SET onboarding_id = 'onb_none'",
			"UPDATE invoices SET subscription_id = 'sub_none'", "UPDATE invoices SET subscription_id = ''",
		} {
			_, err := db.ExecContext(t.Context(), orphan)
			assert.Error(t, err, orphan)
		}
	})
}

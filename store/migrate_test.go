package store_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// paidBefore is an account with one paid and one draft invoice, as an earlier
// version wrote them.
var paidBefore = []string{
	`INSERT INTO accounts (id, status, name, slug, created_at, updated_at)
	 VALUES ('acct_1', 'active', 'Acme', 'acme', '2026-03-14 15:09:26+00:00', '2026-03-14 15:09:26+00:00')`,
	`INSERT INTO onboardings (id, kind, status, version, steps, account_id, owner_id, subscription_id, checked_at,
	                          created_at, updated_at)
	 VALUES ('onb_1', 'signup', 'completed', 1, '[]', 'acct_1', 'usr_1', 'sub_1',
	         '2026-03-14 15:09:26+00:00', '2026-03-14 15:09:26+00:00', '2026-03-14 15:09:26+00:00')`,
	`INSERT INTO subscriptions (id, account_id, onboarding_id, status, plan_code, plan, managed_by, created_at, updated_at)
	 VALUES ('sub_1', 'acct_1', 'onb_1', 'active', 'growth', '{}', 'provider',
	         '2026-03-14 15:09:26+00:00', '2026-03-14 15:09:26+00:00')`,
	`INSERT INTO invoices (id, account_id, subscription_id, type, reason, status, amount, currency,
	                       period_start, period_end, due_at, paid_at, paid_out_of_band, lines, plan,
	                       created_at, updated_at)
	 VALUES ('in_1', 'acct_1', 'sub_1', 'subscription', 'subscription_create', 'paid', 13900, 'usd',
	         '2026-03-14 15:09:26+00:00', '2026-04-14 15:09:26+00:00', '2026-03-15 14:09:26+00:00',
	         '2026-03-14 15:09:27+00:00', true, '[{"description":"Growth","amount":13900}]', '{"code":"growth"}',
	         '2026-03-14 15:09:25+00:00', '2026-03-14 15:09:28+00:00'),
	        ('in_2', 'acct_1', 'sub_1', 'subscription', 'subscription_cycle', 'draft', 13900, 'usd',
	         '2026-04-14 15:09:26+00:00', NULL, NULL, NULL, false, '[]', NULL,
	         '2026-04-14 15:09:26+00:00', '2026-04-14 15:09:26+00:00')`,
	`INSERT INTO payments (id, account_id, invoice_id, provider, option_key, attempt, status, amount, currency,
	                       created_at, updated_at)
	 VALUES ('pay_1', 'acct_1', 'in_1', 'manual', 'bank_transfer', 1, 'succeeded', 13900, 'usd',
	         '2026-03-14 15:09:26+00:00', '2026-03-14 15:09:27+00:00')`,
}

// columns are the values of the one row that the query finds, by column.
func columns(t *testing.T, db *sql.DB, query string) map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(t, err)
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(targets...))
	found := map[string]string{}
	for i, name := range names {
		found[name] = fmt.Sprint(values[i])
	}
	return found
}

func TestMigrate_KeepsInvoicesAndTheirPayments(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := storetest.OpenEmpty(t, url)
		require.NoError(t, store.MigrateTo(ctx, s, 8))
		db := s.Stats()["write"]
		for _, row := range paidBefore {
			_, err := db.ExecContext(ctx, row)
			require.NoError(t, err)
		}
		before := columns(t, db, "SELECT * FROM invoices WHERE id = 'in_1'")
		require.NoError(t, s.Migrate(ctx))
		assert.Equal(t, before, columns(t, db, "SELECT * FROM invoices WHERE id = 'in_1'"), "each value in its column")

		paid, err := s.InvoiceByID(ctx, "in_1")
		require.NoError(t, err)
		assert.Equal(t, domain.InvoicePaid, paid.Status)
		assert.Equal(t, "2026-03-14T15:09:27Z", paid.PaidAt.Format("2006-01-02T15:04:05Z07:00"))
		assert.Equal(t, []domain.InvoiceLine{{Description: "Growth", Amount: 13900}}, paid.Lines)
		assert.Equal(t, "growth", paid.Plan.Code)
		draft, err := s.InvoiceByID(ctx, "in_2")
		require.NoError(t, err)
		assert.Equal(t, domain.InvoiceOpen, draft.Status)

		payment, err := s.PaymentByID(ctx, "pay_1")
		require.NoError(t, err)
		assert.Equal(t, "in_1", payment.InvoiceID)
		_, err = db.ExecContext(ctx, "DELETE FROM invoices WHERE id = 'in_1'")
		require.Error(t, err, "the payment still refers to its invoice")
		_, err = db.ExecContext(ctx, "INSERT INTO invoices SELECT * FROM invoices WHERE id = 'in_1'")
		require.Error(t, err, "an id is unique")
		_, err = db.ExecContext(ctx,
			"UPDATE invoices SET reason = 'subscription_create', period_start = '2026-03-14 15:09:26+00:00' WHERE id = 'in_2'")
		require.Error(t, err, "one invoice per period and reason")
	})
}

//go:build !nodev

package system

import (
	"context"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// count counts rows of the app's database.
func (r *running) count(query string, args ...any) (n int) {
	r.t.Helper()
	require.NoError(r.t, r.app.Store.Stats()["read"].QueryRow(query, args...).Scan(&n))
	return n
}

// onboardingRow is the row itself, with what no answer shows.
func (r *running) onboardingRow(o kickedOff) *domain.Onboarding {
	r.t.Helper()
	row, err := r.app.Store.OnboardingByID(context.Background(), o.ID)
	require.NoError(r.t, err)
	return row
}

// opened is the subscription the onboarding opened.
func (r *running) opened(o kickedOff) *domain.Subscription {
	r.t.Helper()
	sub, err := r.app.Store.SubscriptionByID(context.Background(), r.onboardingRow(o).SubscriptionID)
	require.NoError(r.t, err)
	return sub
}

func (r *running) billing(o kickedOff) string { return "billing-" + r.onboardingRow(o).SubscriptionID }

// payments are the rows of the account's payments, oldest first.
func (r *running) payments(accountID string) []domain.Payment {
	r.t.Helper()
	rows, err := r.app.Store.Stats()["read"].Query("SELECT id FROM payments WHERE account_id = $1 ORDER BY id", accountID)
	require.NoError(r.t, err)
	var ids []string
	for rows.Next() {
		var id string
		require.NoError(r.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(r.t, rows.Err())
	payments := make([]domain.Payment, len(ids))
	for i, id := range ids {
		p, err := r.app.Store.PaymentByID(context.Background(), id)
		require.NoError(r.t, err)
		payments[i] = *p
	}
	return payments
}

package activities_test

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/payment"
	"slipway/store/storetest"
)

// assertBooks compares our rows with each other and with the company's books:
// an invoice is paid once, what the company kept is what we say was paid, and a
// balance is the sum of its entries.
func (s *shop) assertBooks(o *domain.Onboarding) {
	s.t.Helper()
	assert.Zero(s.t, s.count(`SELECT count(*) FROM
		(SELECT 1 FROM payments WHERE status = 'succeeded' GROUP BY invoice_id HAVING count(*) > 1) AS twice`),
		"an invoice is paid once")
	assert.Zero(s.t, s.count(`SELECT count(*) FROM invoices WHERE (status = 'paid') <> EXISTS
		(SELECT 1 FROM payments WHERE payments.invoice_id = invoices.id AND payments.status = 'succeeded')`),
		"paid is paid by something")
	var kept, undecided int64
	for _, c := range s.ledger() {
		p, err := s.store.PaymentByKey(s.t.Context(), c.Key)
		if !assert.NoError(s.t, err, "each charge is one of our payments: %s", c.Key) {
			continue
		}
		if c.Status != payment.StatusSucceeded {
			continue
		}
		switch {
		case p.Status == domain.PaymentSucceeded || (p.Late && p.Refunded == 0):
			kept += c.Amount - c.Refunded
		case p.Status == domain.PaymentFailed:
			assert.Equal(s.t, c.Amount, c.Refunded, "refunded: %s", c.Key)
			assert.Equal(s.t, c.Refunded, p.Refunded, "and saved: %s", c.Key)
		default:
			undecided += c.Amount
		}
	}
	paid := s.count(`SELECT COALESCE(SUM(amount), 0) FROM payments
		WHERE provider = 'sandbox' AND (status = 'succeeded' OR (late AND refunded = 0))`)
	assert.Equal(s.t, paid, int(kept), "what the company kept is what was paid")
	s.assertBalance(o)
}

func (s *shop) assertBalance(o *domain.Onboarding) {
	s.t.Helper()
	balance, err := s.store.Balance(s.t.Context(), o.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return
	}
	require.NoError(s.t, err)
	for pool, has := range map[domain.CreditPool]int64{domain.PoolPlan: balance.Plan, domain.PoolBonus: balance.Bonus} {
		sum := storetest.LedgerSum(s.t, s.store, o.AccountID, pool)
		assert.Equal(s.t, sum, has, "the balance is the sum of the entries: %s", pool)
		assert.GreaterOrEqual(s.t, has, int64(0))
	}
}

package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
	"slipway/store/storetest"
)

// lateWithTransfer is a customer whose card did not pay the renewal on day 14, and who
// has submitted a transfer's reference instead; on either database.
func lateWithTransfer(t *testing.T, database string) (*shop, *domain.Onboarding, domain.Payment) {
	t.Helper()
	s := newShop(t)
	if database == "postgres" {
		s.store = storetest.SeededPostgres(t, s.clock.Now)
		s.db = s.store.Stats()["write"]
		s.use(func(c *activities.Config) { c.Store = s.store })
		s.exec("UPDATE payment_options SET provider = 'sandbox', collection_method = 'charge_automatically'," +
			" instructions = '' WHERE key = 'card'")
	}
	o := s.trial("tok_declined_funds")
	s.live(o, after(14))
	require.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status)
	s.execute(o, domain.ActionSubmitPayment)
	transfer := s.last(o)
	require.Equal(t, domain.PaymentPendingApproval, transfer.Status)
	return s, o, transfer
}

// onEither runs a test on both databases.
func onEither(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			test(t, database)
		})
	}
}

func TestLateTransfer_TheCardIsRetriedAndPaysOnce(t *testing.T) {
	t.Parallel()
	onEither(t, func(t *testing.T, database string) {
		s, o, transfer := lateWithTransfer(t, database)
		tried := len(s.payments(o))
		s.live(o, after(15).Add(day/2))
		assert.Len(t, s.payments(o), tried+1, "on the day after, as without the transfer")
		s.attach(s.propose(o, "tok_ok"))
		s.makeDefault(o)
		s.execute(o, domain.ActionRetryPayment, byCustomer)
		require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
		assert.Len(t, s.paid(), 1)

		s.execute(o, domain.ActionApprovePayment, ofPayment(transfer.ID)) // it comes all the same
		p, err := s.store.PaymentByID(t.Context(), transfer.ID)
		require.NoError(t, err)
		assert.Equal(t, domain.PaymentFailed, p.Status)
		assert.True(t, p.Late, "staff give it back")
		assert.Len(t, s.paid(), 1)
		s.assertInvariants()
	})
}

func TestLateTransfer_OnceApprovedTheCardIsNotCharged(t *testing.T) {
	t.Parallel()
	onEither(t, func(t *testing.T, database string) {
		s, o, transfer := lateWithTransfer(t, database)
		s.attach(s.propose(o, "tok_ok"))
		s.makeDefault(o)
		s.execute(o, domain.ActionApprovePayment, ofPayment(transfer.ID))
		require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
		s.live(o, after(30))
		s.execute(o, domain.ActionRetryPayment, byCustomer) // done already: it changes nothing
		assert.Empty(t, s.paid(), "the transfer has paid it")
		s.assertInvariants()
	})
}

func TestLateTransfer_ACardThatTheBankDecidesAfterItIsRefunded(t *testing.T) {
	t.Parallel()
	onEither(t, func(t *testing.T, database string) {
		s, o, transfer := lateWithTransfer(t, database)
		decided := false
		s.attach(s.propose(o, "tok_ok"))
		s.makeDefault(o)
		s.Providers[sandbox.Name] = slowBank{
			s.Providers[sandbox.Name], func() bool { return decided }, map[string]payment.Charge{},
		}
		s.applyBilling(o, domain.ActionRetryPayment, byCustomer)
		s.wait(o, after(15))
		s.applyBilling(o, domain.ActionApprovePayment, ofPayment(transfer.ID))
		require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
		decided = true
		s.wait(o, after(20))
		assert.Empty(t, s.paid(), "what the bank took was given back")
		for _, p := range s.payments(o) {
			assert.Equal(t, p.ID == transfer.ID, p.Status == domain.PaymentSucceeded, p.ID)
		}
		s.assertInvariants()
	})
}

// paid are the charges of the company that were not refunded.
func (s *shop) paid() (charges []sandbox.Charge) {
	for _, c := range s.ledger() {
		if c.Status == payment.StatusSucceeded && c.Refunded == 0 {
			charges = append(charges, c)
		}
	}
	return charges
}

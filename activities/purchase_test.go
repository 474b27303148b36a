package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

func (s *shop) openPackage(o *domain.Onboarding, code string) billing.PurchaseState {
	s.t.Helper()
	in := purchaseInput{InvoiceID: store.NewID(domain.PrefixInvoice), AccountID: o.AccountID, Package: code}
	return twice(s.fixture, func() (billing.PurchaseState, error) { return s.Purchase(s.t.Context(), in) })
}

// buyPackage buys credits with the account's default method, as far as it goes.
func (s *shop) buyPackage(o *domain.Onboarding, code string) billing.PurchaseState {
	s.t.Helper()
	return s.pay(s.openPackage(o, code))
}

func (s *shop) pay(state billing.PurchaseState) billing.PurchaseState {
	s.t.Helper()
	in := activities.PurchaseInput{InvoiceID: state.InvoiceID}
	for range 10 {
		if !state.Charge {
			return state
		}
		if _, err := s.ChargePurchase(s.t.Context(), in); err != nil {
			assert.True(s.t, domain.CodeOf(err).Retryable())
			continue
		}
		state = twice(s.fixture, func() (billing.PurchaseState, error) { return s.ChargePurchase(s.t.Context(), in) })
	}
	require.False(s.t, state.Charge)
	return state
}

func (s *shop) applyToPurchase(
	o *domain.Onboarding, invoice string, action domain.Action, fill ...filling,
) billing.PurchaseState {
	s.t.Helper()
	in := purchaseInput{InvoiceID: invoice, CommandID: s.command(o, action, fill...).CommandID}
	return s.pay(twice(s.fixture, func() (billing.PurchaseState, error) { return s.Purchase(s.t.Context(), in) }))
}

func (s *shop) bonus(o *domain.Onboarding) int64 {
	s.t.Helper()
	balance, err := s.store.Balance(s.t.Context(), o.AccountID)
	require.NoError(s.t, err)
	return balance.Bonus
}

func TestPurchase_PaidOnceAndNeverTouchesTheSubscription(t *testing.T) {
	t.Parallel()
	for _, token := range []string{
		"tok_ok", "tok_flaky_2", "tok_lost_response", "tok_stored_500", "tok_throttled_1", "tok_reset",
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o := s.trial(token)
			before := s.rows("subscriptions")
			state := s.buyPackage(o, "credits-500")
			assert.Equal(t, domain.InvoicePaid, state.Status)
			assert.Equal(t, int64(500), s.bonus(o))
			assert.Equal(t, int64(1000), s.credits(o))
			require.Len(t, s.ledger(), 1)
			assert.Equal(t, int64(1900), s.ledger()[0].Amount)
			assert.Equal(t, before, s.rows("subscriptions"))
			s.assertBooks(o)
			s.buyPackage(o, "credits-2000")
			assert.Equal(t, int64(2500), s.bonus(o))
			s.assertBooks(o)
		})
	}
}

func TestPurchase_ADeclineEndsIt(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"tok_declined_funds", "tok_declined_stolen"} {
		s := newShop(t)
		o := s.trial(token)
		before := s.rows("subscriptions")
		assert.Equal(t, domain.InvoiceVoid, s.buyPackage(o, "credits-500").Status)
		assert.Zero(t, s.bonus(o))
		assert.Equal(t, before, s.rows("subscriptions"), "a declined package is no late renewal")
		s.assertBooks(o)
	}
}

func TestPurchase_ConfirmedByTheCustomer(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]domain.InvoiceStatus{
		"confirm": domain.InvoicePaid, "decline": domain.InvoiceVoid, "never": domain.InvoiceVoid,
	} {
		s := newShop(t)
		o := s.trial("tok_3ds")
		before := s.rows("subscriptions")
		state := s.buyPackage(o, "credits-500")
		require.Equal(t, domain.InvoiceOpen, state.Status)
		p := s.last(o)
		require.Equal(t, domain.PaymentRequiresAction, p.Status)
		if decision == "never" {
			state = s.expirePurchase(state)
			assert.Equal(t, payment.StatusCanceled, s.ledger()[0].Status)
		} else {
			s.confirm(p, decision)
			state.Charge = true // the event
			state = s.pay(state)
		}
		assert.Equal(t, want, state.Status, decision)
		assert.Equal(t, before, s.rows("subscriptions"))
		s.assertBooks(o)
	}
}

func (s *shop) expirePurchase(state billing.PurchaseState) billing.PurchaseState {
	s.t.Helper()
	in := purchaseInput{InvoiceID: state.InvoiceID, Expire: true}
	return s.pay(twice(s.fixture, func() (billing.PurchaseState, error) { return s.Purchase(s.t.Context(), in) }))
}

func TestPurchase_ByHand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("starter"))
	subscriptions := s.rows("subscriptions")
	state := s.buyPackage(o, "credits-500")
	require.Equal(t, domain.InvoiceOpen, state.Status)
	s.applyToPurchase(o, state.InvoiceID, domain.ActionSubmitPayment)
	s.applyToPurchase(o, state.InvoiceID, domain.ActionRejectPayment, ofPayment(s.last(o).ID))
	assert.Equal(t, domain.PaymentFailed, s.last(o).Status)
	s.applyToPurchase(o, state.InvoiceID, domain.ActionSubmitPayment)
	approved := s.applyToPurchase(o, state.InvoiceID, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	assert.Equal(t, domain.InvoicePaid, approved.Status)
	assert.Equal(t, int64(500), s.bonus(o))

	late := s.buyPackage(o, "credits-2000")
	s.applyToPurchase(o, late.InvoiceID, domain.ActionSubmitPayment)
	assert.Equal(t, domain.InvoiceVoid, s.expirePurchase(late).Status)
	s.applyToPurchase(o, late.InvoiceID, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	assert.True(t, s.last(o).Late)
	assert.Equal(t, int64(500), s.bonus(o))

	canceled := s.buyPackage(o, "credits-2000")
	assert.Equal(t, domain.InvoiceVoid, s.applyToPurchase(o, canceled.InvoiceID, domain.ActionCancel).Status)
	assert.Equal(t, subscriptions, s.rows("subscriptions"))
	s.assertBooks(o)
}

func TestPurchase_CanceledWhileTheCardIsCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	state := s.openPackage(o, "credits-500")
	in := purchaseInput{InvoiceID: state.InvoiceID, CommandID: s.command(o, domain.ActionCancel).CommandID}
	s.before = once(func() {
		_, err := s.Purchase(t.Context(), in)
		assert.NoError(t, err)
	})
	first, err := s.ChargePurchase(t.Context(), activities.PurchaseInput{InvoiceID: state.InvoiceID})
	require.NoError(t, err)
	assert.Equal(t, domain.InvoiceVoid, s.pay(first).Status)
	charge := s.ledger()[0]
	assert.Equal(t, charge.Amount, charge.Refunded)
	assert.Zero(t, s.bonus(o))
	s.assertBooks(o)
}

func TestPurchase_NeedsAMethodAndAPackageForSale(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	s.exec("UPDATE credit_packages SET active = false WHERE code = 'credits-2000'")
	for _, code := range []string{"credits-2000", "gold"} {
		in := purchaseInput{InvoiceID: store.NewID(domain.PrefixInvoice), AccountID: o.AccountID, Package: code}
		_, err := s.Purchase(t.Context(), in)
		require.Error(t, err)
	}
	s.exec("DELETE FROM payment_methods")
	in := purchaseInput{InvoiceID: store.NewID(domain.PrefixInvoice), AccountID: o.AccountID, Package: "credits-500"}
	_, err := s.Purchase(t.Context(), in)
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(err))
	assert.Empty(t, s.invoices(o))
}

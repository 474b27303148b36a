package activities_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
)

// prepared takes a sign-up to where its card is about to be charged.
func (s *shop) prepared(token string) (*domain.Onboarding, domain.Payment) {
	s.t.Helper()
	o := s.signUp(plan("growth"), card(token))
	s.outageAt(func() { _, err := s.collectOnce(o); require.Error(s.t, err) })
	return s.onboarding(o), s.last(o)
}

// outageAt makes charges, and nothing else, impossible while fn runs.
func (s *shop) outageAt(fn func()) {
	s.mu.Lock()
	s.before = func(*http.Request) { panic(http.ErrAbortHandler) }
	s.mu.Unlock()
	fn()
	s.mu.Lock()
	s.before = nil
	s.mu.Unlock()
}

// chargeBehind charges at the company without our rows learning of it: a worker
// that died between the answer and its transaction.
func (s *shop) chargeBehind(p domain.Payment) {
	s.t.Helper()
	m, err := s.store.MethodEver(s.t.Context(), p.MethodID)
	require.NoError(s.t, err)
	_, err = s.sandbox.Charge(s.t.Context(), payment.Charge{
		Key: p.Key, Customer: m.Customer, Method: m.Ref, Amount: p.Amount, Currency: p.Currency,
		InvoiceID: p.InvoiceID, AccountID: p.AccountID, ReturnURL: s.ReturnURL,
	})
	require.NoError(s.t, err)
}

func TestCollect_AfterACrashTheChargeIsFoundAndNotMadeAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []domain.PaymentStatus{domain.PaymentProcessing, domain.PaymentUnknown} {
		s := newShop(t)
		o, p := s.prepared("tok_ok")
		s.exec("UPDATE payments SET status = ?", status)
		s.chargeBehind(p)
		asked := len(s.keys)
		state, _ := s.collect(o)
		assert.Equal(t, domain.OnboardingCompleted, state.Status)
		require.Len(t, s.ledger(), 1)
		assert.Len(t, s.keys, asked, "looked up, as the company may have forgotten the key")
		s.assertBooks(o)
	}
}

// Two workers read a payment before either has asked: the second looks it up.
func TestCollect_WhoFindsThatAnotherHasAskedLooksUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, p := s.prepared("tok_ok")
	s.exec("UPDATE payments SET status = ?", domain.PaymentProcessing)
	s.chargeBehind(p)
	asked := len(s.keys)
	p.Status = domain.PaymentCreated // as it was read
	var found payment.Outcome
	charger := billing.Charger{Store: s.store, Providers: s.Providers, ReturnURL: s.ReturnURL,
		Save: func(_ context.Context, _ *domain.Payment, out payment.Outcome) error { found = out; return nil }}
	require.NoError(t, charger.Charge(t.Context(), &p))
	assert.Equal(t, payment.StatusSucceeded, found.Status)
	assert.Len(t, s.keys, asked, "not asked to charge again")
	assert.Len(t, s.ledger(), 1)
}

// noWait counts the statements that are sent between a look-up and the charge after it.
type noWait struct {
	payment.Provider
	count       func() int64
	at, between *int64
}

func (n noWait) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	out, err := n.Provider.Lookup(ctx, key)
	*n.at = n.count()
	return out, err
}

func (n noWait) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	*n.between = n.count() - *n.at
	return n.Provider.Charge(ctx, in)
}

// A worker that waits for the database between a look-up and its charge may have been
// given up meanwhile, and the next one have charged: a company that forgets keys would
// charge twice.
func TestCollect_NothingIsWaitedForBetweenALookUpAndTheCharge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, _ := s.prepared("tok_ok")
	at, between := int64(-1), int64(-1)
	s.Providers[sandbox.Name] = noWait{s.Providers[sandbox.Name], s.store.Statements, &at, &between}
	s.collect(o)
	assert.Positive(t, at, "it was looked up")
	assert.Zero(t, between)
	assert.Len(t, s.ledger(), 1)
}

// before and after stop a sign-up at the two moments of a charge.
func TestCollect_WhatIsNotWantedAnyMoreIsGivenBack(t *testing.T) {
	t.Parallel()
	type move func(s *shop, o *domain.Onboarding)
	cancel := func(s *shop, o *domain.Onboarding) {
		require.NoError(s.t, s.decide(s.command(o, domain.ActionCancel)))
	}
	expire := func(s *shop, o *domain.Onboarding) {
		in := activities.EndInput{OnboardingID: o.ID, Status: domain.OnboardingExpired, ErrorCode: "payment_expired"}
		_, err := s.EndOnboarding(s.t.Context(), in)
		require.NoError(s.t, err)
	}
	finish := func(s *shop, o *domain.Onboarding) {
		twice(s.fixture, func() (any, error) {
			return nil, s.RefundPayment(s.t.Context(), activities.StepInput{OnboardingID: o.ID})
		})
	}
	for _, c := range []struct {
		why   string
		token string
		move  move
		want  domain.OnboardingStatus
	}{
		{"canceled", "tok_ok", cancel, domain.OnboardingCanceled},
		{"expired", "tok_ok", expire, domain.OnboardingExpired},
		{"canceled while it waits to be confirmed", "tok_3ds", cancel, domain.OnboardingCanceled},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o, p := s.prepared(c.token)
			s.chargeBehind(p)
			c.move(s, o)
			assert.Equal(t, domain.PaymentUnknown, s.last(o).Status, "nobody knows yet")
			finish(s, o)
			p = s.last(o)
			assert.Equal(t, domain.PaymentFailed, p.Status)
			assert.False(t, p.Late)
			charge := s.ledger()[0]
			if c.token == "tok_ok" {
				assert.Equal(t, charge.Amount, charge.Refunded)
				assert.Equal(t, charge.Amount, p.Refunded)
				assert.Equal(t, p.ID, s.lastEvent(o, domain.EventPaymentRefunded).Data["payment"], "it is part of the story")
				assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.refunded'"))
			} else {
				assert.Equal(t, payment.StatusCanceled, charge.Status)
			}
			assert.Equal(t, c.want, s.onboarding(o).Status)
			s.assertBooks(o)
			s.lookUp(p)
			assert.False(t, s.last(o).Late, "what was refunded is not late")
		})
	}
}

func TestCollect_CanceledWhileTheChargeIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"), card("tok_ok"))
	in := s.command(o, domain.ActionCancel)
	s.before = once(func() { assert.NoError(t, s.decide(in)) })
	_, err := s.collectOnce(o)
	require.NoError(t, err)
	assert.Equal(t, domain.OnboardingCanceled, s.onboarding(o).Status, "ended is final")
	require.NoError(t, s.RefundPayment(t.Context(), activities.StepInput{OnboardingID: o.ID}))
	charge := s.ledger()[0]
	assert.Equal(t, charge.Amount, charge.Refunded, "nobody stays charged for nothing")
	assert.Zero(t, s.count("SELECT count(*) FROM credits"))
	s.assertBooks(o)
}

func TestCollect_AnotherPlanOrCardWhileAChargeIsUnknown(t *testing.T) {
	t.Parallel()
	for why, c := range map[string]struct {
		action domain.Action
		fill   func(*domain.Command)
		amount int64
	}{
		"another card": {domain.ActionAddPaymentMethod, byCard("tok_webhook_chaos"), 13900},
		"a dearer one": {domain.ActionChoosePlan, toPlan("scale"), 22900},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o, p := s.prepared("tok_ok")
			s.chargeBehind(p)
			s.apply(o, c.action, c.fill)
			state, _ := s.collect(o)
			assert.Equal(t, domain.OnboardingCompleted, state.Status)
			charges := s.ledger()
			require.Len(t, charges, 2)
			assert.Equal(t, charges[0].Amount, charges[0].Refunded, "the first is refunded")
			assert.Equal(t, c.amount, charges[1].Amount)
			assert.Zero(t, charges[1].Refunded)
			s.assertBooks(o)
		})
	}
}

func TestCollect_ASecondTokenWhileTheFirstIsBeingCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"), card("tok_ok"))
	in := s.command(o, domain.ActionAddPaymentMethod, byCard("tok_webhook_chaos"))
	s.after = once(func() { assert.NoError(t, s.decide(in)) })
	_, err := s.collectOnce(o)
	require.NoError(t, err)
	state, _ := s.collect(o)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE refunded > 0"), "the first one's money is refunded")
	s.assertBooks(o)
}

func TestApply_AnAdminActivatesWhileAChargeIsUnknown(t *testing.T) {
	t.Parallel()
	for _, waive := range []bool{false, true} {
		s := newShop(t)
		o, p := s.prepared("tok_ok")
		s.chargeBehind(p)
		fill := func(c *domain.Command) { c.Waive = waive }
		assert.Equal(t, domain.OnboardingCompleted, s.apply(o, domain.ActionActivate, fill).Status)
		assert.True(t, s.due(o, "").Charge, "billing sees to it")
		s.ask(o)
		charge := s.ledger()[0]
		assert.Equal(t, charge.Amount, charge.Refunded)
		assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
		s.assertBooks(o)
	}
}

func TestLookUp_MoneyForAFailedPaymentIsFlaggedAndGivenBackOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, p := s.prepared("tok_ok")
	require.NoError(t, s.decide(s.command(o, domain.ActionCancel)))
	require.NoError(t, s.RefundPayment(t.Context(), activities.StepInput{OnboardingID: o.ID}))
	require.Equal(t, domain.PaymentFailed, s.last(o).Status, "nothing was there to refund")
	s.chargeBehind(p) // the request comes through at last
	s.lookUp(p)
	s.lookUp(p)
	assert.True(t, s.last(o).Late)
	assert.EqualValues(t, 13900, s.last(o).Refunded, "and refunded")
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
	assert.Equal(t, domain.OnboardingCanceled, s.onboarding(o).Status)
	s.assertBooks(o)
}

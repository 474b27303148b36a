package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
)

func TestCollect_EachCardIsChargedOnceWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token    string
		troubles []payment.Class
		wait     time.Duration // at least, before the first of the next attempts
		attempts int
	}{
		{"tok_ok", nil, 0, 1},
		{"tok_webhook_chaos", nil, 0, 1},
		{"tok_fails_from_2", nil, 0, 1},
		{"tok_throttled_2", []payment.Class{payment.ClassThrottled, payment.ClassThrottled}, time.Second, 1},
		{"tok_throttled_wait_300", []payment.Class{payment.ClassThrottled}, 300 * time.Second, 1},
		{"tok_throttled_bare_1", []payment.Class{payment.ClassThrottled}, time.Second, 1},
		{"tok_flaky_3", []payment.Class{payment.ClassUnknown, payment.ClassUnknown, payment.ClassUnknown}, time.Second, 1},
		{"tok_reset", []payment.Class{payment.ClassUnknown}, time.Second, 1},
		{"tok_slow", []payment.Class{payment.ClassUnknown}, time.Second, 1},
		{"tok_lost_response", []payment.Class{payment.ClassUnknown}, time.Second, 1},
		{"tok_forgotten_key", []payment.Class{payment.ClassUnknown}, time.Second, 1},
		{"tok_stored_500", []payment.Class{payment.ClassUnknown, payment.ClassUnknown}, time.Second, 2},
	} {
		t.Run(c.token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o := s.signUp(plan("growth"), card(c.token))
			require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
			state, troubles := s.collect(o)
			assert.Equal(t, domain.OnboardingCompleted, state.Status)
			assert.Equal(t, domain.SubscriptionActive, state.SubscriptionStatus)
			require.Len(t, troubles, len(c.troubles))
			for i, err := range troubles {
				assert.Equal(t, c.troubles[i], payment.ClassOf(err))
				assert.Equal(t, "payment_"+string(c.troubles[i]), domain.ReasonOf(err))
			}
			if len(troubles) > 0 {
				var first *domain.Error
				require.ErrorAs(t, troubles[0], &first)
				assert.GreaterOrEqual(t, first.RetryAfter, c.wait)
				assert.LessOrEqual(t, first.RetryAfter, c.wait+c.wait/5+time.Second, "no longer than was asked for")
			}
			charges := s.ledger()
			require.Len(t, charges, 1, "charged once")
			assert.Equal(t, payment.StatusSucceeded, charges[0].Status)
			assert.Len(t, s.asked(), c.attempts, "an attempt has one key, however often it is tried")
			payments := s.payments(o)
			require.Len(t, payments, c.attempts)
			paid := payments[c.attempts-1]
			assert.Equal(t, domain.PaymentSucceeded, paid.Status)
			assert.Equal(t, charges[0].Key, paid.Key)
			assert.Equal(t, charges[0].Ref, paid.ProviderRef)
			assert.Equal(t, domain.InvoicePaid, s.invoices(o)[0].Status)
			assert.Equal(t, int64(2000), s.credits(o))
			if c.attempts == 2 {
				assert.Equal(t, domain.FailureProvider, payments[0].FailureCode)
				assert.Equal(t, "unavailable", payments[0].FailureClass)
			}
			s.assertBooks(o)
			assert.Zero(t, s.count("SELECT count(*) FROM payment_methods WHERE token <> ''"), "a token is kept until it is used")
			assert.Zero(t, s.count("SELECT count(*) FROM onboardings WHERE payment_token <> ''"))
		})
	}
}

func TestCollect_ADeclineAsksForAnotherCardAndTheNextOnePays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ token, code, class string }{
		{"tok_declined_funds", "insufficient_funds", "declined_soft"},
		{"tok_declined_expired", "expired_card", "declined_hard"},
		{"tok_declined_stolen", "stolen_card", "declined_hard"},
		{"tok_declined_fraud", "fraudulent", "declined_hard"},
		{"tok_fails_from_1", "insufficient_funds", "declined_soft"},
	} {
		t.Run(c.token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o := s.buy(plan("growth"), card(c.token))
			assert.Equal(t, domain.OnboardingAwaitingPayment, o.Status)
			assert.Equal(t, domain.NextAddPaymentMethod, o.NextAction.Type)
			assert.NotContains(t, o.NextAction.Message, "stolen")
			assert.Equal(t, c.code, o.Step(domain.StepPayment).Error.Code)
			p := s.last(o)
			assert.Equal(t, domain.PaymentFailed, p.Status)
			assert.Equal(t, c.code, p.FailureCode)
			assert.Equal(t, c.class, p.FailureClass)
			assert.Equal(t, domain.InvoiceOpen, s.invoices(o)[0].Status)
			s.assertBooks(o)

			s.apply(o, domain.ActionAddPaymentMethod, byCard("tok_ok"))
			state, _ := s.collect(o)
			assert.Equal(t, domain.OnboardingCompleted, state.Status)
			s.assertBooks(o)
			assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
			assert.Equal(t, 1, s.count("SELECT count(*) FROM payment_methods WHERE is_default"))
		})
	}
}

func TestCollect_TheSameCardMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_declined_funds"))
	first := s.last(o)
	s.apply(o, domain.ActionSubmitPayment)
	s.collect(o)
	again := s.last(o)
	assert.Equal(t, first.InvoiceID, again.InvoiceID)
	assert.Equal(t, 2, again.Attempt)
	assert.NotEqual(t, first.Key, again.Key, "another attempt has another key")
	assert.Len(t, s.asked(), 2)
	assert.Equal(t, domain.OnboardingAwaitingPayment, s.onboarding(o).Status)
}

func TestCollect_ATokenNobodyGaveOutIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_nobody"))
	assert.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	assert.Equal(t, domain.NextAddPaymentMethod, o.NextAction.Type)
	assert.Equal(t, "invalid_token", o.Step(domain.StepPaymentMethod).Error.Code)
	assert.Empty(t, s.methods(o))
	assert.Empty(t, s.ledger())

	s.apply(o, domain.ActionAddPaymentMethod, byCard("tok_ok"))
	state, _ := s.collect(o)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	s.assertBooks(o)
}

func TestCollect_ConfirmedOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]domain.OnboardingStatus{
		"confirm": domain.OnboardingCompleted, "decline": domain.OnboardingAwaitingPayment,
	} {
		s := newShop(t)
		o := s.buy(plan("growth"), card("tok_3ds"))
		p := s.last(o)
		assert.Equal(t, domain.PaymentRequiresAction, p.Status)
		assert.Equal(t, domain.NextConfirmPayment, o.NextAction.Type)
		assert.Equal(t, p.ActionURL, o.NextAction.URL)

		s.apply(o, domain.ActionConfirmPayment) // nothing happened there yet
		s.collect(o)
		assert.Equal(t, domain.NextConfirmPayment, s.onboarding(o).NextAction.Type)

		s.confirm(p, decision)
		s.apply(o, domain.ActionConfirmPayment)
		state, _ := s.collect(o)
		assert.Equal(t, want, state.Status, decision)
		if decision == "decline" {
			assert.Equal(t, "authentication_failed", s.last(o).FailureCode)
			assert.Equal(t, domain.NextAddPaymentMethod, s.onboarding(o).NextAction.Type)
		}
		s.assertBooks(o)
	}
}

func TestCollect_AnOutageChangesNothingAndIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.outage(true)
	o := s.signUp(plan("growth"), card("tok_ok"))
	for range 3 {
		_, err := s.collectOnce(o)
		require.Error(t, err)
		assert.Equal(t, payment.ClassUnavailable, payment.ClassOf(err))
		s.assertRetrying(o, err)
	}
	assert.Empty(t, s.ledger())
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.retrying'"), "one event")
	s.outage(false)
	state, troubles := s.collect(o)
	assert.Empty(t, troubles)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	assert.Nil(t, s.onboarding(o).Step(domain.StepPayment).NextAttemptAt)
	s.assertBooks(o)
}

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

// before and after stop a sign-up at the two moments of a charge.
func TestCollect_WhatIsNotWantedAnyMoreIsGivenBack(t *testing.T) {
	t.Parallel()
	type move func(s *shop, o *domain.Onboarding)
	cancel := func(s *shop, o *domain.Onboarding) {
		require.NoError(s.t, s.decide(s.command(o, domain.ActionCancel)))
	}
	expire := func(s *shop, o *domain.Onboarding) {
		_, err := s.EndOnboarding(s.t.Context(), activities.EndInput{OnboardingID: o.ID, Status: domain.OnboardingExpired, ErrorCode: "payment_expired"})
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
			assert.False(t, s.last(o).Late, "what was given back is not late")
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
			assert.Equal(t, charges[0].Amount, charges[0].Refunded, "the first is given back")
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
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE refunded > 0"), "the first one's money is given back")
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
	require.Equal(t, domain.PaymentFailed, s.last(o).Status, "nothing was there to give back")
	s.chargeBehind(p) // the request comes through at last
	s.lookUp(p)
	s.lookUp(p)
	assert.True(t, s.last(o).Late)
	assert.EqualValues(t, 13900, s.last(o).Refunded, "and given back")
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
	assert.Equal(t, domain.OnboardingCanceled, s.onboarding(o).Status)
	s.assertBooks(o)
}

func TestCollect_AProviderThatIsNotConfiguredIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"), card("tok_ok"))
	delete(s.Providers, sandbox.Name)
	_, err := s.collectOnce(o)
	require.Error(t, err)
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err))
	s.assertRetrying(o, err)
	s.Providers[sandbox.Name] = s.sandbox
	state, _ := s.collect(o)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
}

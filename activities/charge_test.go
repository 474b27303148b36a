package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

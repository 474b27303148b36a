package workflows_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
	"slipway/workflows"
)

func byCard(token string) func(*domain.Command) {
	return func(c *domain.Command) {
		c.Option, c.Token, c.MethodID = "card", token, store.NewID(domain.PrefixPaymentMethod)
	}
}

func TestSignup_ByCardIsDoneInOneGoWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token string
		asked int
		wait  time.Duration
	}{
		{"tok_ok", 1, 0},
		{"tok_throttled_3", 4, 7 * time.Second},
		{"tok_throttled_wait_300", 2, 300 * time.Second},
		{"tok_throttled_bare_3", 4, 7 * time.Second},
		{"tok_flaky_3", 4, 7 * time.Second},
		{"tok_reset", 2, time.Second},
		{"tok_slow", 2, time.Second},
		{"tok_lost_response", 2, time.Second},
		{"tok_stored_500", 3, 3 * time.Second},
	} {
		t.Run(c.token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.signedUp(plan("growth"), card(c.token))
			f := s.flow
			assert.Equal(t, c.asked, f.ran("RegisterPaymentMethod")+f.ran("ChargePayment")-1)
			assert.Equal(t, 1, f.ran("CreateAccount"))
			took := f.Now().Sub(noon)
			assert.GreaterOrEqual(t, took, c.wait)
			assert.LessOrEqual(t, took, c.wait+c.wait/2+2*time.Second, "as long as was asked for, and no longer")
			assert.Equal(t, int64(13900), s.kept())
			s.assertBooks()
			s.assertNoSecrets(f)
			if c.asked > 1 {
				assert.GreaterOrEqual(t, f.row().Step(domain.StepPayment).Attempts, c.asked-1, "the customer sees it trying")
				require.Len(t, f.events(domain.EventPaymentRetrying), 1)
			}
			assert.Contains(t, f.upserts[len(f.upserts)-1], "SubscriptionStatus")
			assert.Equal(t, "Done: plan growth is active.", f.details())
		})
	}
}

func TestSignup_ADeclinedCardAndThenAnother(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	var second *answer
	f.at(time.Hour/2, func() {
		f.assertStatus(domain.OnboardingAwaitingPayment)
		second = f.give(domain.ActionAddPaymentMethod, byCard("tok_ok"))
	})
	s.signedUp(plan("growth"), card("tok_declined_stolen"))
	require.True(t, second.done)
	require.NoError(t, second.err)
	assert.Len(t, s.ledger(), 2)
	s.assertBooks()
	s.assertNoSecrets(f)
}

func TestSignup_ConfirmedByTheProvidersEvent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.at(time.Hour/2, func() {
		p := f.payments()[0]
		s.submit(p.ActionURL, url.Values{"decision": {"confirm"}})
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID})
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID}) // twice
	})
	s.signedUp(plan("growth"), card("tok_3ds"))
	assert.Equal(t, noon.Add(time.Hour/2), f.Now().UTC().Truncate(time.Minute))
	s.assertBooks()
}

func TestSignup_IsNeverConfirmed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.signup(plan("growth"), card("tok_3ds"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(window), f.Now().UTC().Truncate(time.Minute))
	assert.Equal(t, payment.StatusCanceled, s.ledger()[0].Status, "it cannot be confirmed any more")
	assert.Len(t, f.events(domain.EventOnboardingReminded), 2)
}

func TestSignup_TheWindowEndsWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"tok_ok", "tok_lost_response"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			f := s.flow
			s.away = func(now time.Time) bool { // from the charge, or its answer, on
				began := len(s.ledger()) > 0
				if token == "tok_ok" {
					began = f.count("SELECT count(*) FROM payments") > 0
				}
				return began && now.Before(noon.Add(window+5*time.Hour))
			}
			f.at(window-time.Minute, func() { f.assertStatus(domain.OnboardingAwaitingPayment) })
			f.at(window+time.Minute, func() { f.assertStatus(domain.OnboardingExpired, "the window is the window") })
			f.signup(plan("growth"), card(token))
			f.assertEnd(domain.OnboardingExpired)
			assert.Zero(t, s.kept(), "refunded when the provider is there again")
			s.assertBooks()
			s.assertNoSecrets(f)
		})
	}
}

func TestSignup_CanceledWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	for why, cancel := range map[string]func(f *flow){
		"by command":  func(f *flow) { f.give(domain.ActionCancel) },
		"by signal":   func(f *flow) { f.SignalWorkflow(workflows.SignalCancel, nil) },
		"by Temporal": func(f *flow) { f.CancelWorkflow() },
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			f := s.flow
			s.away = func(now time.Time) bool { return len(s.ledger()) > 0 && now.Before(noon.Add(3*time.Hour)) }
			f.at(time.Hour, func() { cancel(f) })
			f.at(2*time.Hour, func() { f.assertStatus(domain.OnboardingCanceled) })
			f.signup(plan("growth"), card("tok_lost_response"))
			f.assertEnd(domain.OnboardingCanceled)
			assert.Zero(t, s.kept())
			require.Len(t, s.ledger(), 1)
			s.assertBooks()
		})
	}
}

func TestSignup_AnotherPlanWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	s.away = func(now time.Time) bool { return len(s.ledger()) == 1 && now.Before(noon.Add(3*time.Hour)) }
	var choice *answer
	f.at(time.Hour, func() { choice = f.give(domain.ActionChoosePlan, toPlan("scale")) })
	f.at(2*time.Hour, func() { assert.True(t, choice.done, "a command does not wait for the provider") })
	s.signedUp(plan("growth"), card("tok_lost_response"))
	require.NoError(t, choice.err)
	assert.Equal(t, int64(22900), s.kept())
	assert.Equal(t, "scale", f.subscription().PlanCode)
	s.assertBooks()
}

func TestSignup_AnAdminActivatesWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	s.away = func(now time.Time) bool { return len(s.ledger()) == 1 && now.Before(noon.Add(3*time.Hour)) }
	f.at(time.Hour, func() { f.give(domain.ActionActivate) })
	s.signedUp(plan("growth"), card("tok_lost_response"))
	assert.WithinDuration(t, noon.Add(time.Hour), f.Now(), 10*time.Minute, "the customer does not wait for the provider")

	next := s.next(f.Now())
	next.at(4*time.Hour, func() { next.give(domain.ActionCancel) })
	s.live(next)
	require.NoError(t, next.GetWorkflowError())
	assert.Zero(t, s.kept(), "billing gives it back")
	s.assertBooks()
}

func TestSignup_ACardOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.at(time.Hour/2, func() {
		s.submit(f.row().NextAction.URL, url.Values{"token": {"tok_ok"}})
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{})
	})
	s.signedUp(plan("growth"), option("card"))
	assert.Equal(t, int64(13900), s.kept())
	s.assertNoSecrets(f)
}

package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestActivation_ReplacesTheLiveSubscriptionAtFulfilment(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.signUp(plan("starter"))
	f.clock.forward(24 * time.Hour)
	o := f.activation(first, plan("growth"))
	require.Equal(t, domain.OnboardingAwaitingPayment, o.Status)
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription(first).Status, "in use until the next one is paid")
	assert.Equal(t, int64(1000), f.credits(o))

	p := f.submit(o)
	f.apply(o, domain.ActionApprovePayment, ofPayment(p.ID))
	old := f.subscription(first)
	assert.Equal(t, domain.SubscriptionCanceled, old.Status)
	assert.Equal(t, "replaced", old.CancellationReason)
	assert.Equal(t, noon.Add(24*time.Hour), *old.EndedAt)
	assert.Equal(t, domain.SubscriptionActive, f.subscription(o).Status)
	assert.Equal(t, int64(2000), f.credits(o), "reset, not added")
	event := f.lastEvent(o, domain.EventSubscriptionCanceled)
	assert.Equal(t, first.SubscriptionID, event.SubscriptionID)
	assert.Equal(t, map[string]any{"plan": "starter", "reason": "replaced"}, event.Data)
	assert.Equal(t, first.SubscriptionID, f.onboarding(o).Subscription.Replaced)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due')"))
	assert.Equal(t, domain.AccountActive, f.account(o).Status)
	assert.Equal(t, domain.StepSkipped, f.onboarding(o).Step(domain.StepAccount).Status)
}

func TestActivation_OneTrialPerAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	had := f.activation(f.signUp(plan("starter")), plan("starter"))
	assert.Equal(t, domain.OnboardingAwaitingPayment, had.Status, "the second time it costs")
	assert.Equal(t, int64(8900), *had.NextAction.Amount)

	fresh := f.activation(f.signUp(plan("free")), plan("starter"))
	assert.Equal(t, domain.OnboardingCompleted, fresh.Status)
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription(fresh).Status)
	assert.Equal(t, int64(1000), f.credits(fresh), "reset, not added")

	again := f.activation(fresh, plan("growth"))
	f.apply(again, domain.ActionCancel)
	third := f.activation(fresh, plan("starter"))
	assert.Equal(t, domain.OnboardingAwaitingPayment, third.Status)
}

func TestActivation_UsesTheAccountsMethodWhileItServes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		change string // SQL
		wishes []wish
		want   string
	}{
		{"its default", "", nil, "card"},
		{"asked for another", "", []wish{option("bank_transfer")}, "bank_transfer"},
		{"its default is disabled", "UPDATE payment_options SET enabled = false WHERE key = 'card'", nil, "bank_transfer"},
		{"its default's option is gone", "DELETE FROM payment_options WHERE key = 'card'", nil, "bank_transfer"},
		{"its default was removed", "DELETE FROM payment_methods", nil, "bank_transfer"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			first := f.signUp(plan("free"), option("card"))
			if c.change != "" {
				f.exec(c.change)
			}
			o := f.activation(first, append(c.wishes, plan("growth"))...)
			assert.Equal(t, c.want, o.NextAction.PaymentOption)
			assert.Equal(t, 1, f.count("SELECT count(*) FROM payment_methods WHERE is_default"))
		})
	}
}

func TestActivation_AfterTheEndOfTheLastSubscription(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.signUp(plan("starter"))
	in := f.command(first, domain.ActionCancel)
	_, err := f.ApplyBilling(t.Context(), f.billingInput(first, in.CommandID))
	require.NoError(t, err)
	o := f.activation(first, plan("free"))
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.NotContains(t, f.story(o), domain.EventSubscriptionCanceled, "nothing to replace")
	assert.Equal(t, int64(100), f.credits(o))
}

package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/billing"
	"slipway/domain"
)

func (f *fixture) applyBilling(o *domain.Onboarding, action domain.Action, fill ...filling) billing.SubscriptionState {
	f.t.Helper()
	in := f.billingInput(o, f.command(o, action, fill...).CommandID)
	return twice(f, func() (billing.SubscriptionState, error) { return f.ApplyBilling(f.t.Context(), in) })
}

func TestBilling_CancelEndsASubscriptionInUse(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"free", "starter"} {
		f := newFixture(t)
		o := f.signUp(plan(code))
		f.exec("UPDATE balances SET bonus_credits = 7")
		f.clock.forward(time.Hour)
		result := f.applyBilling(o, domain.ActionCancel, because("too dear"))
		assert.Equal(t, billing.SubscriptionState{
			SubscriptionID: o.SubscriptionID, AccountID: o.AccountID, Status: domain.SubscriptionCanceled, PlanCode: code,
		}, result)
		sub := f.subscription(o)
		assert.Equal(t, "canceled_by_admin", sub.CancellationReason)
		assert.Equal(t, noon.Add(time.Hour), *sub.EndedAt)
		assert.Zero(t, f.credits(o), "the plan's credits go with it")
		balance, err := f.store.Balance(t.Context(), o.AccountID)
		require.NoError(t, err)
		assert.Equal(t, int64(7), balance.Bonus, "bought ones stay")
		event := f.lastEvent(o, domain.EventSubscriptionCanceled)
		assert.Equal(t, "too dear", event.Reason)
		assert.Equal(t, "usr_admin", event.ActorID)

		f.applyBilling(o, domain.ActionCancel) // another admin's
		assert.Equal(t, 1, f.count("SELECT count(*) FROM events WHERE type = 'subscription.canceled'"))
		assert.Equal(t, domain.OnboardingCompleted, f.onboarding(o).Status, "ended is final")
	}
}

func TestBilling_RefusesWhatTheStateDoesNotAllow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	expired := f.reach(domain.OnboardingExpired)
	in := f.billingInput(expired, f.command(expired, domain.ActionCancel).CommandID)
	before := f.dump()
	_, err := f.ApplyBilling(t.Context(), in)
	var refusal *domain.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, domain.ReasonInvalidTransition, refusal.Reason)
	assert.Equal(t, "incomplete_expired", refusal.From)
	f.assertUnchanged(before, "refused")
}

func TestBilling_MoneyThatWasApprovedInTimeIsNotLate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.reach(domain.OnboardingAwaitingApproval)
	p := f.payments(o)[0]
	f.apply(o, domain.ActionApprovePayment, ofPayment(p.ID))
	before := f.rows("payments")
	result := f.applyBilling(o, domain.ActionApprovePayment, ofPayment(p.ID)) // by a second admin
	assert.Equal(t, domain.SubscriptionActive, result.Status)
	assert.False(t, f.payments(o)[0].Late)
	assert.Equal(t, before, f.rows("payments"))

	pending := f.reach(domain.OnboardingAwaitingApproval)
	approval := f.command(pending, domain.ActionApprovePayment, ofPayment(f.payments(pending)[0].ID))
	in := f.billingInput(pending, approval.CommandID)
	_, err := f.ApplyBilling(t.Context(), in)
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(err), "its sign-up is still there to take it")
}

func TestBilling_MoneyThatComesAfterTheEndIsFlaggedOnce(t *testing.T) {
	t.Parallel()
	for _, end := range []domain.OnboardingStatus{domain.OnboardingExpired, domain.OnboardingCanceled} {
		f := newFixture(t)
		o := f.reach(domain.OnboardingAwaitingApproval)
		if end == domain.OnboardingCanceled {
			f.apply(o, domain.ActionCancel)
		} else {
			f.end(o, end, "payment_expired")
		}
		p := f.payments(o)[0]
		require.Equal(t, []domain.Action{domain.ActionApprovePayment}, p.Actions())
		f.applyBilling(o, domain.ActionApprovePayment, ofPayment(p.ID), because("it arrived today"))
		p = f.payments(o)[0]
		assert.True(t, p.Late)
		assert.Equal(t, domain.PaymentFailed, p.Status, "nothing is fulfilled")
		assert.Equal(t, "it arrived today", p.Reason)
		assert.Empty(t, p.Actions())
		f.applyBilling(o, domain.ActionApprovePayment, ofPayment(p.ID))
		assert.Equal(t, 1, f.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
		assert.Equal(t, map[string]any{"payment": p.ID, "amount": float64(13900), "currency": "usd"},
			f.lastEvent(o, domain.EventPaymentLate).Data)
		assert.Equal(t, domain.SubscriptionIncompleteExpired, f.subscription(o).Status)
	}
}

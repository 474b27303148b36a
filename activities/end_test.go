package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

func TestEnd_GivesBackWhateverWasReserved(t *testing.T) {
	t.Parallel()
	for _, status := range []domain.OnboardingStatus{
		domain.OnboardingReceived, domain.OnboardingCreatingAccount, domain.OnboardingWaitingForPlan,
		domain.OnboardingWaitingForPaymentMethod, domain.OnboardingAwaitingPayment, domain.OnboardingAwaitingApproval,
		domain.OnboardingActivating, domain.OnboardingCompensating,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(status)
			assert.Equal(t, domain.OnboardingFailed, f.end(o, domain.OnboardingFailed, domain.ReasonTerminatedExternally).Status)
			f.assertGivenBack(o, "failed", domain.FailureCanceled)
			row := f.onboarding(o)
			assert.Equal(t, &domain.OnboardingError{
				Code: domain.ReasonTerminatedExternally, Detail: "The process was stopped by an operator.",
			}, row.Error)
			assert.Equal(t, domain.NextContactSupport, row.NextAction.Type)
			assert.Equal(t, domain.ActorSystem, f.lastEvent(o, domain.EventOnboardingFailed).ActorType)
		})
	}
}

func TestEnd_ExpiredSaysWhy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.reach(domain.OnboardingAwaitingPayment)
	state := f.end(o, domain.OnboardingExpired, "payment_expired")
	assert.Equal(t, domain.OnboardingExpired, state.Status)
	assert.Equal(t, domain.SubscriptionIncompleteExpired, state.SubscriptionStatus)
	row := f.onboarding(o)
	assert.Equal(t, "payment_expired", row.Error.Code)
	assert.Equal(t, "Nobody paid before the payment window ended.", row.Error.Detail)
	assert.Nil(t, row.NextAction)
	assert.Equal(t, []domain.EventType{
		domain.EventInvoiceVoided, domain.EventSubscriptionExpired, domain.EventAccountClosed, domain.EventOnboardingExpired,
	}, f.story(o)[4:])
	assert.Equal(t, step{domain.StepFailed, "Ended before it was done."}, steps(row)[domain.StepPayment])
	assert.Equal(t, step{domain.StepSkipped, "Not reached."}, steps(row)[domain.StepActivation])
	f.assertGivenBack(o, "payment_expired", domain.FailureExpired)
}

func TestEnd_IsFinal(t *testing.T) {
	t.Parallel()
	for _, status := range []domain.OnboardingStatus{
		domain.OnboardingCompleted, domain.OnboardingFailed, domain.OnboardingExpired, domain.OnboardingCanceled,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(status)
			before := f.dump()
			for _, in := range []activities.EndInput{
				{OnboardingID: o.ID, Status: domain.OnboardingFailed, ErrorCode: "internal"},
				{OnboardingID: o.ID, Status: domain.OnboardingExpired, ErrorCode: "payment_expired"},
			} {
				state, err := f.EndOnboarding(t.Context(), in)
				require.NoError(t, err)
				assert.Equal(t, status, state.Status)
			}
			f.create(o)
			f.open(o)
			f.assertUnchanged(before, "ended")
		})
	}
}

func TestEnd_KeepsOrReleasesTheSlugByPolicy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keep bool
		wish wish
		next string // the slug the next one of the name gets
	}{
		{false, named("Acme"), "acme"},
		{true, named("Acme"), "acme-2"},
		{false, slugged("acme"), "acme"},
		{true, slugged("acme"), "acme-2"},
	} {
		for _, status := range []domain.OnboardingStatus{domain.OnboardingExpired, domain.OnboardingFailed} {
			f := newFixture(t, func(p *domain.Policy) { p.KeepSlugs = c.keep })
			o := f.signUp(c.wish, plan("growth"))
			f.end(o, status, "payment_expired")
			assert.Equal(t, map[bool]int{true: 1}[c.keep], f.count("SELECT count(*) FROM slugs WHERE status = 'tombstoned'"))
			next := f.signUp(named("Acme"), email(o.Email))
			assert.Equal(t, c.next, next.Account.Slug, "keep %v, %s", c.keep, status)
			assert.Equal(t, domain.OnboardingCompleted, next.Status, "the e-mail is free again")
		}
	}
}

func TestEnd_LeavesAnAccountInUseAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	t.Run("of an activation", func(t *testing.T) {
		first := f.signUp(plan("starter"), named("In Use"))
		o := f.activation(first, plan("growth"))
		f.end(o, domain.OnboardingExpired, "payment_expired")
		assert.Equal(t, domain.AccountActive, f.account(o).Status)
		assert.Equal(t, domain.SubscriptionTrialing, f.subscription(first).Status)
		assert.Equal(t, domain.SubscriptionIncompleteExpired, f.subscription(o).Status)
		assert.Equal(t, 1, f.count("SELECT count(*) FROM slugs WHERE slug = 'in-use'"))
		assert.Equal(t, int64(1000), f.credits(o))
	})
	t.Run("of a sign-up whose row lost its status", func(t *testing.T) {
		o := f.signUp(plan("free"), named("Damaged"))
		f.exec("UPDATE onboardings SET status = 'activating' WHERE id = ?", o.ID)
		f.end(o, domain.OnboardingFailed, domain.ReasonTerminatedExternally)
		assert.Equal(t, domain.AccountActive, f.account(o).Status)
		assert.Equal(t, 1, f.count("SELECT count(*) FROM slugs WHERE slug = 'damaged'"), "its slug is not given away")
	})
}

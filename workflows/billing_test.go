package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/workflows"
)

// afterSignup runs a sign-up to its end and returns a fresh environment on the
// same database, for the workflows that come after.
func afterSignup(t *testing.T, wishes ...wish) *flow {
	t.Helper()
	first := newFlow(t)
	first.signup(wishes...)
	first.assertEnd(domain.OnboardingCompleted)
	f := newFlow(t)
	f.store, f.db, f.o = first.store, first.db, first.o
	f.useStore(first.store)
	return f
}

func (f *flow) billing() {
	f.ExecuteWorkflow(workflows.Billing, workflows.BillingInput{SubscriptionID: f.o.SubscriptionID})
}

func TestBilling_CancelsASubscriptionInUse(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("starter"))
	var answers []*answer
	f.at(0, func() {
		for range 2 { // two admins at once
			answers = append(answers, f.give(domain.ActionCancel))
		}
	})
	f.billing()
	require.True(t, f.IsWorkflowCompleted())
	require.NoError(t, f.GetWorkflowError())
	for _, a := range answers {
		require.True(t, a.done, "every answer that is owed is given")
		assert.NoError(t, a.err)
	}
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
	assert.Len(t, f.events(domain.EventSubscriptionCanceled), 1)
	assert.Equal(t, "The subscription to starter is canceled.", f.details())
	assert.Contains(
		t,
		f.upserts,
		map[string]string{"AccountId": f.o.AccountID, "PlanCode": "starter", "SubscriptionStatus": "canceled"},
	)
	assert.NotContains(t, f.seen.String(), personReason)
	assert.WithinDuration(t, noon, f.Now(), time.Second, "it closes when nothing is left to answer")
}

func TestBilling_RefusesWhatIsNotAllowedAndCloses(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("free"))
	f.exec("UPDATE subscriptions SET status = 'unpaid'")
	var a *answer
	f.at(0, func() { a = f.give(domain.ActionCancel) })
	f.billing()
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, "invalid_transition", a.refusal())
}

func TestBilling_OfASubscriptionThatHasEndedCloses(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("free"))
	f.exec("UPDATE subscriptions SET status = 'canceled'")
	f.billing()
	require.True(t, f.IsWorkflowCompleted())
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, noon, f.Now().UTC(), "at once")
}

func TestBilling_FlagsMoneyThatComesLate(t *testing.T) {
	t.Parallel()
	first := newFlow(t)
	first.at(time.Hour, func() { first.give(domain.ActionSubmitPayment) })
	first.at(2*time.Hour, func() { first.give(domain.ActionCancel) })
	first.signup(plan("growth"))
	first.assertEnd(domain.OnboardingCanceled)
	f := newFlow(t)
	f.store, f.db, f.o = first.store, first.db, first.o
	f.useStore(first.store)
	f.at(0, func() { f.give(domain.ActionApprovePayment) })
	f.billing()
	require.NoError(t, f.GetWorkflowError())
	assert.True(t, f.payments()[0].Late)
	f.assertStatus(domain.OnboardingCanceled, "ended is final")
}

func TestBilling_WaitsForADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("free"))
	f.before = func(string, int) error {
		if f.Now().Before(noon.Add(10 * time.Minute)) {
			return domain.Unavailable("The database", 0)
		}
		return nil
	}
	var a *answer
	f.at(0, func() { a = f.give(domain.ActionCancel) })
	f.billing()
	require.NoError(t, f.GetWorkflowError())
	require.True(t, a.done, "longer than its own patience")
	assert.NoError(t, a.err)
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
}

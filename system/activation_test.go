//go:build !nodev

package system

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestActivation_AccountChoosesAPaidPlanAfterItsTrial(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	a := r.post("/v1/account/subscription", o.ClientSecret, map[string]any{"plan": "growth"})
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	var started struct {
		Onboarding   domain.Onboarding
		Subscription *domain.Subscription
	}
	a.into(t, &started)
	require.Equal(t, domain.KindActivation, started.Onboarding.Kind)
	require.Equal(t, domain.OnboardingAwaitingPayment, started.Onboarding.Status)

	upgrade := kickedOff{Onboarding: started.Onboarding, ClientSecret: o.ClientSecret}
	require.Equal(t, http.StatusOK, r.approve(r.submit(upgrade, "transfer of Friday")).status)
	r.until(upgrade, domain.OnboardingCompleted)
	var subs struct{ Data []domain.Subscription }
	r.get("/v1/admin/subscriptions?account_id="+o.Account.ID, r.admin()).into(t, &subs)
	status := map[string]domain.SubscriptionStatus{}
	for _, s := range subs.Data {
		status[s.PlanCode] = s.Status
	}
	assert.Equal(t, map[string]domain.SubscriptionStatus{"starter": domain.SubscriptionCanceled,
		"growth": domain.SubscriptionActive}, status)
	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 2000, balance.Total, "the new plan's credits replace the trial's")
}

//go:build !nodev

package system

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/workflows"
)

func TestAdmin_PlainSignalsDoWhatCommandsDoAndAreAudited(t *testing.T) {
	r := startApp(t)
	activated := r.signUp("ada@example.com", "Acme", "growth")
	canceled := r.signUp("bob@example.com", "Bolt", "growth")
	r.signal("signup-"+activated.ID, workflows.SignalActivate, nil)
	r.signal("signup-"+canceled.ID, workflows.SignalCancel, map[string]string{"reason": "asked by phone"})
	r.until(activated, domain.OnboardingCompleted)
	r.until(canceled, domain.OnboardingCanceled)

	var events struct{ Data []domain.Event }
	r.get("/v1/admin/events?account_id="+canceled.Account.ID+"&type=onboarding.canceled", r.admin()).into(t, &events)
	require.Len(t, events.Data, 1)
	assert.Equal(t, domain.ActorTemporal, events.Data[0].ActorType)
	assert.Equal(t, "asked by phone", events.Data[0].Reason)
}

func TestAdmin_CommandsAreIdempotentAuditedAndCheckable(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	o := r.signUp("ada@example.com", "Acme", "growth")
	path := "/v1/admin/subscriptions/" + o.Subscription.ID

	dry := r.post(path+"/activate", admin, map[string]any{"reason": "agreed with sales", "dry_run": true})
	require.Equal(t, http.StatusOK, dry.status, string(dry.body))
	require.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(o).Status, "a dry run changes nothing")

	for range 2 {
		a := r.post(path+"/activate", admin, map[string]any{"reason": "agreed with sales"})
		require.Equal(t, http.StatusOK, a.status, string(a.body))
	}
	r.until(o, domain.OnboardingCompleted)
	for range 2 {
		a := r.post(path+"/cancel", admin, map[string]any{"reason": "customer left"})
		require.Equal(t, http.StatusOK, a.status, string(a.body))
	}
	illegal := r.post(path+"/activate", admin, map[string]any{"reason": "too late"})
	require.Equal(t, http.StatusConflict, illegal.status, string(illegal.body))
	var p problem
	illegal.into(t, &p)
	assert.Equal(t, domain.ReasonInvalidTransition, p.Code)
	assert.Equal(t, []domain.Action{domain.ActionRefresh}, p.AvailableActions)

	var events struct{ Data []domain.Event }
	r.get("/v1/admin/events?account_id="+o.Account.ID, admin).into(t, &events)
	byType := map[domain.EventType]int{}
	for _, e := range events.Data {
		byType[e.Type]++
		if e.Type == domain.EventSubscriptionActivated || e.Type == domain.EventSubscriptionCanceled {
			assert.Equal(t, domain.ActorAdmin, e.ActorType)
			assert.NotEmpty(t, e.Reason)
		}
	}
	assert.Equal(t, 1, byType[domain.EventSubscriptionActivated])
	assert.Equal(t, 1, byType[domain.EventSubscriptionCanceled])
}

func TestAdmin_RefreshRepairsTheProjectionAndSaysWhatDiffered(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	pool := r.app.Store.Stats()["write"]
	_, err := pool.Exec("UPDATE onboardings SET status = 'waiting_for_plan' WHERE id = ?", o.ID)
	require.NoError(t, err)
	a := r.post("/v1/admin/subscriptions/"+o.Subscription.ID+"/refresh", r.admin(),
		map[string]any{"reason": "looks wrong"})
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	var result struct{ Differences []domain.Difference }
	a.into(t, &result)
	assert.Equal(t, []domain.Difference{{Field: "status", Was: "waiting_for_plan", Is: "awaiting_payment"}},
		result.Differences)
	assert.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(o).Status)
}

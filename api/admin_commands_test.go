package api

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

const because = "seen on the bank statement"

// reasonFor is a command's body.
func reasonFor(more ...any) map[string]any {
	body := map[string]any{"reason": because}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return body
}

func (w *world) subscriptionOf(path string) string {
	return w.onboarding(path[len("/v1/onboardings/"):]).SubscriptionID
}

func TestAdmin_ActivateCompletesAndIsRepeatable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, _ := w.paying("acme")
	url := "/v1/admin/subscriptions/" + w.subscriptionOf(path) + "/activate"
	w.call("POST", url, w.admin, `{}`).problem(422, "invalid")
	w.call("POST", url, w.admin, map[string]any{"reason": "no"}).problem(422, "invalid")

	r := w.call("POST", url, w.admin, reasonFor(), "Idempotency-Key", "k").ok(200)
	assert.Equal(t, true, r.at("applied"))
	assert.Equal(t, "awaiting_payment", r.at("from"))
	assert.Equal(t, "completed", r.at("onboarding.status"))
	assert.Equal(t, "active", r.at("subscription.status"))
	assert.Equal(t, "admin", r.at("subscription.managed_by"))
	again := w.call("POST", url, w.admin, reasonFor()).ok(200)
	assert.Equal(t, false, again.at("applied"))
	assert.Len(t, w.flows.commanded, 1)

	events := w.call("GET", "/v1/admin/events?type=subscription.activated", w.admin, nil).ok(200).rows()
	require.Len(t, events, 1)
	assert.Equal(t, because, events[0]["reason"])
	assert.Equal(t, "admin", events[0]["actor_type"])
}

func TestAdmin_ActivateMayWaive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.call("POST", "/v1/admin/subscriptions/"+w.subscriptionOf(path)+"/activate", w.admin, reasonFor("waive", true)).
		ok(200)
	invoices := w.call("GET", "/v1/account/invoices", secret, nil).ok(200).rows()
	assert.Equal(t, true, invoices[0]["waived"])
}

func TestAdmin_CancelEndsTheOnboardingOrTheSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, _ := w.paying("acme")
	url := "/v1/admin/subscriptions/" + w.subscriptionOf(path) + "/cancel"
	assert.Equal(t, "canceled", w.call("POST", url, w.admin, reasonFor()).ok(200).at("onboarding.status"))
	assert.Equal(t, false, w.call("POST", url, w.admin, reasonFor()).ok(200).at("applied"))

	r := w.signUp("other", "plan", "starter")
	url = "/v1/admin/subscriptions/" + r.text("subscription.id") + "/cancel"
	done := w.call("POST", url, w.admin, reasonFor()).ok(200)
	assert.Equal(t, "trialing", done.at("from"))
	assert.Equal(t, "canceled", done.at("to"))
	assert.Equal(t, false, w.call("POST", url, w.admin, reasonFor()).ok(200).at("applied"))
	w.call("POST", "/v1/admin/subscriptions/"+r.text("subscription.id")+"/activate", w.admin, reasonFor()).
		problem(409, domain.ReasonInvalidTransition)
}

func TestAdmin_CommandsASubscriptionThatDoesNotExistYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows.set(func() { w.flows.away = true })
	r := w.call("POST", "/v1/onboardings", "", person("acme")).ok(202)
	w.flows.set(func() { w.flows.away = false })
	id := w.onboarding(r.text("id")).SubscriptionID
	w.call("POST", "/v1/admin/subscriptions/"+id+"/activate", w.admin, reasonFor()).
		problem(409, domain.ReasonInvalidTransition)
	done := w.call("POST", "/v1/admin/subscriptions/"+id+"/cancel", w.admin, reasonFor()).ok(200)
	assert.Equal(t, "canceled", done.at("onboarding.status"))
	assert.Nil(t, done.at("subscription"))
	w.call("POST", "/v1/admin/subscriptions/"+store.NewID("sub")+"/cancel", w.admin, reasonFor()).problem(404, "not_found")
}

func TestAdmin_RejectThenAgainAndTheDecisionsAreFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	first := w.pending(path, secret)
	w.call("POST", "/v1/admin/payments/"+first+"/reject", w.admin, `{}`).problem(422, "invalid")
	r := w.call("POST", "/v1/admin/payments/"+first+"/reject", w.admin, reasonFor()).ok(200)
	assert.Equal(t, "failed", r.at("to"))
	assert.Equal(t, "awaiting_payment", r.at("onboarding.status"))
	assert.Equal(
		t, false, w.call("POST", "/v1/admin/payments/"+first+"/reject", w.admin, reasonFor()).ok(200).at("applied"),
	)
	w.call("POST", "/v1/admin/payments/"+first+"/approve", w.admin, `{}`).problem(409, domain.ReasonInvalidTransition)

	second := w.pending(path, secret)
	w.call("POST", "/v1/admin/payments/"+second+"/approve", w.admin, `{}`).ok(200)
	w.call("POST", "/v1/admin/payments/"+second+"/reject", w.admin, reasonFor()).
		problem(409, domain.ReasonInvalidTransition)
}

func TestAdmin_MoneyThatComesTooLateIsFlagged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	id := w.pending(path, secret)
	w.call("POST", "/v1/admin/subscriptions/"+w.subscriptionOf(path)+"/cancel", w.admin, reasonFor()).ok(200)
	preview := w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, map[string]any{"dry_run": true}).ok(200)
	assert.Equal(t, false, preview.at("payment.late"))
	r := w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, reasonFor()).ok(200)
	assert.Equal(t, true, r.at("payment.late"))
	assert.Equal(t, true, r.at("applied"))
	assert.Equal(t, false, w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, reasonFor()).ok(200).at("applied"))
	late := w.call("GET", "/v1/admin/payments?late=true", w.admin, nil).ok(200).rows()
	require.Len(t, late, 1)
	assert.Equal(t, id, late[0]["id"])
}

func TestAdmin_ADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	id := w.pending(path, secret)
	sub := w.subscriptionOf(path)
	before := w.everything()
	commanded := len(w.flows.commanded)
	for _, url := range []string{"/v1/admin/subscriptions/" + sub + "/activate",
		"/v1/admin/subscriptions/" + sub + "/cancel",
		"/v1/admin/subscriptions/" + sub + "/refresh", "/v1/admin/payments/" + id + "/approve",
		"/v1/admin/payments/" + id + "/reject"} {
		r := w.call("POST", url, w.admin, reasonFor("dry_run", true)).ok(200)
		assert.Equal(t, true, r.at("dry_run"), url)
		assert.Equal(t, false, r.at("applied"), url)
		assert.NotEmpty(t, r.at("to"), url)
	}
	w.call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("dry_run", true, "action", "cancel", "ids",
		[]string{sub})).
		ok(200)
	assert.Equal(t, before, w.everything())
	assert.Len(t, w.flows.commanded, commanded)

	free := w.signUp("free", "plan", "free")
	w.call("POST", "/v1/admin/subscriptions/"+free.text("subscription.id")+"/cancel", w.admin, reasonFor()).ok(200)
	w.call("POST", "/v1/admin/subscriptions/"+free.text("subscription.id")+"/activate", w.admin, reasonFor("dry_run",
		true)).
		problem(409, domain.ReasonInvalidTransition)
}

// everything is what the admin lists say.
func (w *world) everything() string {
	all := ""
	for _, list := range []string{"onboardings", "accounts", "subscriptions", "payments", "events"} {
		all += w.call("GET", "/v1/admin/"+list+"?limit=100", w.admin, nil).ok(200).raw
	}
	return all
}

func TestAdmin_RefreshRepairsAndSaysWhatDiffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	ctx := context.Background()
	require.NoError(t, w.store.Within(ctx, func(tx *store.Store) error {
		o := w.onboarding(path[len("/v1/onboardings/"):])
		o.Restore(domain.OnboardingActivating, tx.Now())
		return tx.SaveOnboarding(ctx, o)
	}))
	r := w.call("POST", "/v1/admin/subscriptions/"+w.subscriptionOf(path)+"/refresh", w.admin, nil).ok(200)
	require.NotEmpty(t, r.at("differences"))
	difference := r.at("differences").([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"field": "status", "was": "activating", "is": "awaiting_payment"}, difference)
	assert.Equal(t, "awaiting_payment", w.call("GET", path, secret, nil).ok(200).at("status"))
}

func TestAdmin_BulkAnswersForEachId(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for i := range 9 {
		path, _ := w.paying(fmt.Sprintf("acme%d", i))
		ids = append(ids, w.subscriptionOf(path))
	}
	ids = append(ids, store.NewID("sub"))
	r := w.call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("action", "activate", "ids", ids)).ok(200)
	rows := r.rows()
	require.Len(t, rows, 10)
	for i, row := range rows[:9] {
		assert.Equal(t, ids[i], row["id"])
		assert.Equal(t, true, row["result"].(map[string]any)["applied"])
		assert.Nil(t, row["problem"])
	}
	assert.Equal(t, "not_found", rows[9]["problem"].(map[string]any)["code"])

	w.call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("action", "activate", "ids", []string{})).
		problem(422, "invalid")
	w.call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("action", "activate", "ids", make([]string, 101))).
		problem(422, "invalid")
	w.call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("action", "approve_payment", "ids", ids)).
		problem(422, "invalid")

	path, secret := w.paying("payer")
	id := w.pending(path, secret)
	decided := w.call("POST", "/v1/admin/payments/bulk", w.admin, map[string]any{"action": "approve_payment",
		"ids": []string{id}}).
		ok(200)
	assert.Equal(t, "succeeded", decided.rows()[0]["result"].(map[string]any)["to"])
}

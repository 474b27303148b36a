package api

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestAccount_ShowsSubscriptionOnboardingAndNextAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "starter")
	a := w.call("GET", "/v1/account", r.text("client_secret"), nil).ok(200)
	assert.Equal(t, "active", a.at("status"))
	assert.Equal(t, "trialing", a.at("subscription.status"))
	assert.Equal(t, r.at("id"), a.at("onboarding.id"))
	assert.Equal(t, "open_app", a.at("next_action.type"))
}

func TestBalance_IsNeverZeroBeforeItIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows.set(func() { w.flows.away = true })
	received := w.call("POST", "/v1/onboardings", "", person("received")).ok(202)
	w.flows.set(func() { w.flows.away = false })
	waiting := w.signUp("waiting", "plan", "growth")
	for _, secret := range []string{received.text("client_secret"), waiting.text("client_secret")} {
		b := w.call("GET", "/v1/account/balance", secret, nil).ok(200)
		assert.Equal(t, "provisioning", b.at("status"))
		for _, figure := range []string{"plan", "bonus", "total"} {
			assert.Contains(t, b.body, figure)
			assert.Nil(t, b.at(figure))
		}
	}
	done := w.signUp("done", "plan", "starter")
	b := w.call("GET", "/v1/account/balance", done.text("client_secret"), nil).ok(200)
	assert.Equal(t, "available", b.at("status"))
	assert.Equal(t, float64(1000), b.at("total"))

	require.NoError(t, w.store.Close())
	w.call("GET", "/v1/account/balance", done.text("client_secret"), nil).problem(503, domain.ReasonBalanceUnavailable)
}

func TestBalance_AnAccountInUseWithoutOneIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("waiting", "plan", "growth")
	ctx := context.Background()
	account, err := w.store.AccountByID(ctx, w.onboarding(r.text("id")).AccountID)
	require.NoError(t, err)
	require.NoError(t, account.Advance(domain.AccountActive, w.store.Now()))
	require.NoError(t, w.store.SaveAccount(ctx, account))
	w.call("GET", "/v1/account/balance", r.text("client_secret"), nil).problem(503, domain.ReasonBalanceUnavailable)
}

func TestEvents_HideWhoOfTheStaffActed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	id := w.pending(path, secret)
	w.call("POST", "/v1/admin/payments/"+id+"/reject", w.admin, map[string]any{"reason": "no such transfer"}).ok(200)
	for _, row := range w.call("GET", "/v1/account/events?limit=100", secret, nil).ok(200).rows() {
		if row["actor_type"] != "customer" {
			assert.Nil(t, row["actor_id"], row["type"])
		}
	}
	assert.Equal(t, "no such transfer", w.call("GET", path, secret, nil).ok(200).at("next_action.message"))
	assert.Len(t, w.call("GET", "/v1/account/invoices", secret, nil).ok(200).rows(), 1)
}

func TestPaymentMethods_OneDefaultThatStaysWhileItIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	first := w.call("GET", "/v1/account/payment-methods", secret, nil).ok(200).rows()
	require.Len(t, first, 1)
	bank := first[0]["id"].(string)
	w.call("DELETE", "/v1/account/payment-methods/"+bank, secret, nil).problem(409, "conflict") // an invoice is open

	card := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"}, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, false, card.at("default"))
	again := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"}, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, card.at("id"), again.at("id"))
	same := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "bank_transfer"}).ok(201)
	assert.Equal(t, bank, same.at("id"), "the same option is the same method")
	another := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"}).ok(201)
	assert.NotEqual(t, card.at("id"), another.at("id"), "an account may have many cards")
	refused := map[string]any{"payment_option": "card", "payment_token": "tok_none"}
	w.call("POST", "/v1/account/payment-methods", secret, refused).problem(422, "invalid")
	page := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card"}, "Idempotency-Key", "page").ok(201)
	assert.Contains(t, page.text("setup_url"), "/setup/")
	once := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card"}, "Idempotency-Key", "page").ok(201)
	assert.Equal(t, page.text("setup_url"), once.text("setup_url"))
	w.call("DELETE", "/v1/account/payment-methods/"+page.text("id"), secret, nil).ok(204)
	w.call("DELETE", "/v1/account/payment-methods/"+another.text("id"), secret, nil).ok(204)
	w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "cheque"}).problem(422, domain.ReasonPaymentOptionUnavailable)

	assert.Equal(t, true, w.call("POST", "/v1/account/payment-methods/"+card.text("id")+"/default", secret, nil).ok(200).at("default"))
	defaults := 0
	for _, m := range w.call("GET", "/v1/account/payment-methods", secret, nil).ok(200).rows() {
		if m["default"] == true {
			defaults++
		}
	}
	assert.Equal(t, 1, defaults)
	w.call("DELETE", "/v1/account/payment-methods/"+bank, secret, nil).ok(204)
	w.call("DELETE", "/v1/account/payment-methods/"+bank, secret, nil).problem(404, "not_found")
	w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).ok(200)

	other := w.signUp("other", "plan", "free").text("client_secret")
	w.call("POST", "/v1/account/payment-methods/"+card.text("id")+"/default", other, nil).problem(404, "not_found")
	w.call("DELETE", "/v1/account/payment-methods/"+card.text("id"), other, nil).problem(404, "not_found")
}

func TestSubscribe_StartsAnActivationForAnAccountThatExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.signUp("acme", "plan", "free").text("client_secret")
	r := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, "activation", r.at("onboarding.kind"))
	assert.Equal(t, "awaiting_payment", r.at("onboarding.status"))
	assert.Equal(t, "incomplete", r.at("subscription.status"))
	again := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, r.at("onboarding.id"), again.at("onboarding.id"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))

	busy := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "scale"}).problem(409, "conflict")
	assert.Contains(t, busy.raw, r.at("onboarding.id"))

	session := w.signIn("acme")
	path := "/v1/onboardings/" + r.text("onboarding.id")
	w.call("GET", path, session, nil).ok(200)
	id := w.pending(path, session)
	w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, `{}`).ok(200)
	w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "scale"}).problem(409, domain.ReasonSubscriptionExists)
	assert.Equal(t, "growth", w.call("GET", "/v1/account", secret, nil).ok(200).at("subscription.plan_code"))
	w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "enterprise"}).problem(422, domain.ReasonPlanUnavailable)
}

func TestSubscribe_DuringATrialMayChooseAPaidPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.signUp("acme", "plan", "starter").text("client_secret")
	r := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}).ok(201)
	assert.Equal(t, "awaiting_payment", r.at("onboarding.status"))
}

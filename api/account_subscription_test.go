package api

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestSubscription_IsCanceledResumedAndChangedByItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	post := func(action string, body map[string]any) *reply {
		return w.call("POST", "/v1/account/subscription/"+action, secret, body)
	}
	post("cancel", map[string]any{"at": "someday"}).problem(422, "invalid")
	post("cancel", map[string]any{"reason": "a\u200bb"}).problem(422, "invalid")
	ends := post("cancel", map[string]any{"reason": "too dear"}).ok(200)
	assert.Equal(t, true, ends.at("cancel_at_period_end"), "the end of what is paid for, unless now is asked for")
	post("change", map[string]any{"plan": "scale"}).problem(409, domain.ReasonInvalidTransition)
	assert.Equal(t, false, post("resume", map[string]any{}).ok(200).at("cancel_at_period_end"))
	post("resume", map[string]any{}).ok(200)
	post("retry", map[string]any{}).ok(200)

	post("change", map[string]any{"plan": "nothing"}).problem(422, domain.ReasonPlanUnavailable)
	post("change", map[string]any{"plan": "enterprise"}).problem(422, domain.ReasonPlanUnavailable)
	assert.Equal(
		t, "scale", post("change", map[string]any{"plan": "scale"}).ok(200).text("plan_code"), "paid by the card, at once",
	)
	assert.Equal(t, "starter", post("change", map[string]any{"plan": "starter"}).ok(200).text("pending_plan.code"))
	assert.Equal(t, "scale", w.call("GET", "/v1/account/subscription", secret, nil).ok(200).text("plan_code"))

	gone := post("cancel", map[string]any{"at": "now"}).ok(200)
	assert.Equal(t, "canceled", gone.text("status"))
	post("cancel", map[string]any{"at": "now"}).ok(200)
	post("resume", map[string]any{}).problem(409, domain.ReasonInvalidTransition)
	w.call("GET", "/v1/account/subscription", secret, nil).problem(404, "not_found")

	free := w.signUp("free", "plan", "free").text("client_secret")
	w.call("POST", "/v1/account/subscription/change", free, map[string]any{"plan": "scale"}).problem(409, "conflict")
}

func TestSubscription_CommandsAreIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	for range 2 {
		w.call("POST", "/v1/account/subscription/change", secret, map[string]any{"plan": "scale"}, "Idempotency-Key", "k").
			ok(200)
	}
	w.call("POST", "/v1/account/subscription/change", secret, map[string]any{"plan": "free"}, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)
	assert.Len(
		t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows(), 2, "the first period and the difference, once",
	)
}

func TestSubscribe_StartsAnActivationForAnAccountThatExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.signUp("acme", "plan", "free").text("client_secret")
	r := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}, "Idempotency-Key", "k").
		ok(201)
	assert.Equal(t, "activation", r.at("onboarding.kind"))
	assert.Equal(t, "awaiting_payment", r.at("onboarding.status"))
	assert.Equal(t, "incomplete", r.at("subscription.status"))
	again := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}, "Idempotency-Key", "k").
		ok(201)
	assert.Equal(t, r.at("onboarding.id"), again.at("onboarding.id"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))

	busy := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "scale"}).problem(409, "conflict")
	assert.Contains(t, busy.raw, r.at("onboarding.id"))

	session := w.signIn("acme")
	path := "/v1/onboardings/" + r.text("onboarding.id")
	w.call("GET", path, session, nil).ok(200)
	id := w.pending(path, session)
	w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, `{}`).ok(200)
	w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "scale"}).
		problem(409, domain.ReasonSubscriptionExists)
	assert.Equal(t, "growth", w.call("GET", "/v1/account", secret, nil).ok(200).at("subscription.plan_code"))
	w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "enterprise"}).
		problem(422, domain.ReasonPlanUnavailable)
}

func TestSubscribe_DuringATrialMayChooseAPaidPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.signUp("acme", "plan", "starter").text("client_secret")
	r := w.call("POST", "/v1/account/subscription", secret, map[string]any{"plan": "growth"}).ok(201)
	assert.Equal(t, "awaiting_payment", r.at("onboarding.status"))
}

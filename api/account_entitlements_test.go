package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEntitlements_AnswerInEveryBillingState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.customer("acme", "growth")
	read := func() *reply { return w.call("GET", "/v1/account/entitlements", secret, nil).ok(200) }
	r := read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "submit_payment", r.at("next_action.type"))
	assert.Equal(t, []any{}, r.at("features"))

	id, owner := w.customer("trial", "starter")
	secret = owner
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).ok(201)
	r = read()
	assert.Equal(t, "entitled", r.at("status"))
	assert.Equal(t, "starter", r.at("plan"))
	assert.Equal(t, []any{map[string]any{"key": "sites", "max": 3.0, "used": 1.0}}, r.at("limits"))
	assert.Nil(t, r.at("next_action"))
	w.change(id, late(-time.Second))
	r = read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "past_due", r.at("subscription_status"))
	assert.Equal(t, "/v1/account/billing", r.at("next_action.url"))
	assert.Equal(t, []any{}, r.at("limits"), "a guard that looks for a key finds none")
	w.change(id, suspend)
	assert.Equal(t, "/v1/account/subscription", read().at("next_action.url"))

	w.flows.set(func() { w.flows.away = true })
	received := w.call("POST", "/v1/onboardings", "", person("received")).ok(202)
	secret = received.text("client_secret")
	r = read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "wait", r.at("next_action.type"))
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).problem(402, "payment_required")
}

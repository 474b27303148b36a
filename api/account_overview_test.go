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

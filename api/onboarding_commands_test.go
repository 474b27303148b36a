package api

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// paying signs somebody up for a paid plan and returns path and secret.
func (w *world) paying(name string) (path, secret string) {
	w.t.Helper()
	r := w.signUp(name, "plan", "growth")
	require.Equal(w.t, "awaiting_payment", r.at("status"))
	return "/v1/onboardings/" + r.text("id"), r.text("client_secret")
}

// pending submits a payment and returns its id.
func (w *world) pending(path, secret string) string {
	w.t.Helper()
	r := w.call("POST", path+"/payment", secret, map[string]any{"reference": "transfer of Tuesday"}).ok(200)
	require.Equal(w.t, "awaiting_approval", r.at("status"))
	rows := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()
	require.NotEmpty(w.t, rows)
	return rows[0]["id"].(string)
}

func TestCommand_SubmitThenApproveCompletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	id := w.pending(path, secret)
	r := w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, `{}`).ok(200)
	assert.Equal(t, true, r.at("applied"))
	assert.Equal(t, "pending_approval", r.at("from"))
	assert.Equal(t, "succeeded", r.at("to"))
	assert.Equal(t, "completed", r.at("onboarding.status"))
	assert.Equal(t, "active", r.at("subscription.status"))
	assert.Equal(t, "completed", w.call("GET", path, secret, nil).ok(200).at("status"))

	again := w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, `{}`).ok(200)
	assert.Equal(t, false, again.at("applied"), "nothing is left to do")
	assert.Equal(t, float64(2000), w.call("GET", "/v1/account/balance", secret, nil).ok(200).at("total"))
}

func TestCommand_IllegalOnesSayWhatIsAllowedAndStoreNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.pending(path, secret)
	r := w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).problem(409, domain.ReasonInvalidTransition)
	assert.Equal(t, "awaiting_approval", r.at("from"))
	assert.Contains(t, r.at("available_actions"), "approve_payment")
	assert.Len(t, w.flows.commanded, 1, "only the payment was commanded")
}

func TestCommand_OnesThatMakeNoSenseAre422(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.call("POST", path+"/plan", secret, map[string]any{"plan": "enterprise"}).problem(422, domain.ReasonPlanUnavailable)
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "wallet"}).
		problem(422, domain.ReasonPaymentOptionUnavailable)
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card", "payment_token": "t"}).
		problem(422, "invalid")
	for _, reference := range []string{"", "  ", "a\nb", "a\u200bb", strings.Repeat("x", 141)} {
		w.call("POST", path+"/payment", secret, map[string]any{"reference": reference}).problem(422, "invalid")
	}
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card"}).ok(200)
	r := w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).ok(200)
	assert.Equal(t, "completed", r.at("status"))
}

func TestCommand_TheSameKeyIsTheSameCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	body := map[string]any{"reference": "transfer of Tuesday"}
	w.call("POST", path+"/payment", secret, body, "Idempotency-Key", "k").ok(200)
	again := w.call("POST", path+"/payment", secret, body, "Idempotency-Key", "k").ok(200)
	assert.Equal(t, "true", again.header.Get(headerReplayed))
	assert.Equal(t, "awaiting_approval", again.at("status"))
	require.Len(t, w.flows.commanded, 2)
	assert.Equal(t, w.flows.commanded[0], w.flows.commanded[1])
	assert.Len(t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows(), 1)
	w.call("POST", path+"/payment", secret, map[string]any{"reference": "another"}, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)
}

func TestCommand_CancelTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	for _, body := range []any{`{}`, nil} {
		assert.Equal(t, "canceled", w.call("POST", path+"/cancel", secret, body).ok(200).at("status"))
	}
	w.signUp("acme") // the e-mail is free again
}

func TestCommand_AnAdminMayGiveItAndIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, _ := w.paying("acme")
	w.call("POST", path+"/plan", w.admin, map[string]any{"plan": "free"}).ok(200)
	rows := w.call("GET", "/v1/admin/events?type=plan.chosen", w.admin, nil).ok(200).rows()
	require.Len(t, rows, 1)
	assert.Equal(t, "admin", rows[0]["actor_type"])
	assert.True(t, store.ValidID(domain.PrefixUser, rows[0]["actor_id"].(string)))
}

func TestCommand_ACustomersSecretNamesTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).ok(200)
	rows := w.call("GET", "/v1/account/events", secret, nil).ok(200).rows()
	for _, row := range rows {
		if row["type"] == "plan.chosen" {
			assert.NotEmpty(t, row["actor_id"])
			return
		}
	}
	t.Fatal("no plan.chosen among the events")
}

func TestCommand_WithTemporalAwayIs503(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.flows.set(func() { w.flows.away = true })
	w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).problem(503, "unavailable")
	assert.Equal(t, "awaiting_payment", w.call("GET", path, secret, nil).ok(200).at("status"))
}

func TestCommand_AfterTheWorkflowClosedTheRowDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	w.flows.set(func() { w.flows.closed = true })
	w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).problem(503, "unavailable") // until reconcile

	o := w.onboarding(path[len("/v1/onboardings/"):])
	require.NoError(t, w.store.Within(context.Background(), func(tx *store.Store) error {
		o.Restore(domain.OnboardingExpired, tx.Now())
		return tx.SaveOnboarding(context.Background(), o)
	}))
	r := w.call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).problem(409, domain.ReasonInvalidTransition)
	assert.Equal(t, "expired", r.at("from"))
}

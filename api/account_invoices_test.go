package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

func TestInvoice_OfWhoPaysByHandIsSubmittedAndApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.signUp("acme", "plan", "starter")
	secret, sub := o.text("client_secret"), o.text("subscription.id")
	_, err := w.store.Stats()["write"].Exec(
		"UPDATE subscriptions SET current_period_end = ?, trial_end = ?", w.store.Now(), w.store.Now(),
	)
	require.NoError(t, err)
	for _, due := range []domain.DueKind{domain.DueNotice, domain.DueReminder, domain.DuePeriodEnd} {
		_, err := w.flows.act.ProcessDue(t.Context(), activities.ProcessDueInput{SubscriptionID: sub, Due: due})
		require.NoError(t, err)
	}
	b := w.call("GET", "/v1/account/billing", secret, nil).ok(200)
	assert.Equal(t, "past_due", b.text("subscription.data.status"))
	assert.Equal(t, "submit_payment", b.text("next_action.data.type"))
	assert.Contains(t, b.text("next_action.data.instructions"), "Transfer the amount")
	url := b.text("next_action.data.url")

	other := w.signUp("other", "plan", "starter").text("client_secret")
	w.call("POST", url, other, map[string]any{"reference": "mine"}).problem(404, "not_found")
	w.call("POST", url, secret, map[string]any{}).problem(422, "invalid")
	w.call("POST", url, secret, map[string]any{"reference": "TX 1"}).ok(200)
	w.call("POST", url, secret, map[string]any{"reference": "TX 2"}).problem(409, "conflict")
	assert.Equal(
		t, "await_approval", w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.type"),
	)
	payment := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
	w.call("POST", "/v1/admin/payments/"+payment+"/reject", w.admin, map[string]any{"reason": "not there"}).ok(200)
	w.call("POST", url, secret, map[string]any{"reference": "TX 3"}).ok(200)
	payment = w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
	w.call("POST", "/v1/admin/payments/"+payment+"/approve", w.admin, map[string]any{}).ok(200)
	assert.Equal(t, "active", w.call("GET", "/v1/account/subscription", secret, nil).ok(200).text("status"))
	w.call("POST", url, secret, map[string]any{"reference": "TX 4"}).problem(409, domain.ReasonInvalidTransition)
}

func TestInvoice_OfAPeriodThatHasNotBegunIsNotChargedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.signUp("acme", "plan", "starter") // a trial, paid by hand
	secret, sub := o.text("client_secret"), o.text("subscription.id")
	soon := w.store.Now().Add(24 * time.Hour)
	_, err := w.store.Stats()["write"].Exec("UPDATE subscriptions SET current_period_end = ?, trial_end = ?", soon, soon)
	require.NoError(t, err)
	_, err = w.flows.act.ProcessDue(t.Context(), activities.ProcessDueInput{SubscriptionID: sub, Due: domain.DueNotice})
	require.NoError(t, err)
	url := w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.url")
	card := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card",
		"payment_token": "tok_ok"}).
		ok(201)
	w.call("POST", "/v1/account/payment-methods/"+card.text("id")+"/default", secret, map[string]any{}).ok(200)
	early := w.call("POST", url, secret, map[string]any{}).problem(409, "conflict")
	assert.Contains(t, early.text("detail"), soon.Format("2 January 2006"), "it says when the card is charged")
	assert.Empty(t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows())
	assert.Equal(t, "open_app", w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.type"))
	w.call("POST", url, secret, map[string]any{"reference": "TX 1"}).ok(200) // who wants to, may
}

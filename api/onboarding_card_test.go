package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// card signs somebody up who pays by card, and returns the credential.
func (w *world) card(name, plan, token string) (o *reply, secret string) {
	w.t.Helper()
	o = w.signUp(name, "plan", plan, "payment_option", "card", "payment_token", token)
	return o, o.text("client_secret")
}

func TestSignUp_ACardIsChargedByItsProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, secret := w.card("acme", "growth", "tok_ok")
	o = w.call("GET", "/v1/onboardings/"+o.text("id"), secret, nil).ok(200)
	assert.Equal(t, "completed", o.text("status"))
	methods := w.call("GET", "/v1/account/payment-methods", secret, nil).ok(200)
	assert.Equal(t, "visa", methods.rows()[0]["brand"])
	assert.NotContains(t, methods.raw, "tok_", "nothing a card can be charged with leaves the process")
	assert.NotContains(t, w.log.String(), "tok_ok")

	alone := w.signUp("alone", "plan", "growth", "payment_token", "tok_ok")
	assert.Equal(t, "completed", alone.text("status"), "a token chooses the option it is for")
}

func TestSignUp_ACardThatNeedsItsOwnerLeadsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, secret := w.card("acme", "growth", "tok_3ds")
	path := "/v1/onboardings/" + o.text("id")
	assert.Equal(t, "confirm_payment", o.text("next_action.type"))
	page := o.text("next_action.url")
	again := w.call("POST", path+"/confirm", secret, map[string]any{}).ok(200)
	assert.Equal(t, "confirm_payment", again.text("next_action.type"), "nothing was confirmed yet")
	answer, err := http.Post(page, "application/x-www-form-urlencoded", strings.NewReader("decision=confirm"))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, "completed", w.call("POST", path+"/confirm", secret, map[string]any{}).ok(200).text("status"))

	entered := w.signUp("page", "plan", "growth", "payment_option", "card")
	assert.Equal(t, "add_payment_method", entered.text("next_action.type"))
	assert.Contains(t, entered.text("next_action.url"), "/setup/")
}

func TestSignUp_ADeclinedCardIsReplacedOrTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, secret := w.card("acme", "growth", "tok_declined_funds")
	path := "/v1/onboardings/" + o.text("id")
	assert.Equal(t, "add_payment_method", o.text("next_action.type"))
	assert.Contains(t, o.text("next_action.message"), "not enough funds")
	w.call("POST", path+"/payment", secret, map[string]any{"reference": "\x01"}).problem(422, "invalid")
	again := w.call("POST", path+"/payment", secret, map[string]any{}).ok(200)
	assert.Equal(t, "awaiting_payment", again.text("status"))
	assert.Len(t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows(), 2)
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "bank_transfer",
		"payment_token": "tok_ok"}).
		problem(422, "invalid")
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card", "payment_token": "tok_never"}).
		problem(422, "invalid")
	done := w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card",
		"payment_token": "tok_ok"}).
		ok(200)
	assert.Equal(t, "completed", done.text("status"))
}

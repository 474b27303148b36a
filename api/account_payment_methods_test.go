package api

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestPaymentMethods_OneDefaultThatStaysWhileItIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	first := w.call("GET", "/v1/account/payment-methods", secret, nil).ok(200).rows()
	require.Len(t, first, 1)
	bank := first[0]["id"].(string)
	w.call("DELETE", "/v1/account/payment-methods/"+bank, secret, nil).problem(409, "conflict") // an invoice is open

	card := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card",
		"payment_token": "tok_ok"}, "Idempotency-Key", "k").
		ok(201)
	assert.Equal(t, false, card.at("default"))
	again := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card",
		"payment_token": "tok_ok"}, "Idempotency-Key", "k").
		ok(201)
	assert.Equal(t, card.at("id"), again.at("id"))
	same := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "bank_transfer"}).
		ok(201)
	assert.Equal(t, bank, same.at("id"), "the same option is the same method")
	another := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card",
		"payment_token": "tok_ok"}).
		ok(201)
	assert.NotEqual(t, card.at("id"), another.at("id"), "an account may have many cards")
	refused := map[string]any{"payment_option": "card", "payment_token": "tok_none"}
	w.call("POST", "/v1/account/payment-methods", secret, refused).problem(422, "invalid")
	page := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card"},
		"Idempotency-Key", "page").
		ok(201)
	assert.Contains(t, page.text("setup_url"), "/setup/")
	once := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card"},
		"Idempotency-Key", "page").
		ok(201)
	assert.Equal(t, page.text("setup_url"), once.text("setup_url"))
	w.call("DELETE", "/v1/account/payment-methods/"+page.text("id"), secret, nil).ok(204)
	w.call("DELETE", "/v1/account/payment-methods/"+another.text("id"), secret, nil).ok(204)
	w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "cheque"}).
		problem(422, domain.ReasonPaymentOptionUnavailable)

	assert.Equal(
		t, true,
		w.call("POST", "/v1/account/payment-methods/"+card.text("id")+"/default", secret, nil).ok(200).at("default"),
	)
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

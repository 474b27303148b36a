package api

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestCreditPackages_AreACatalogueOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.call("GET", "/v1/credit-packages", "", nil).ok(200)
	assert.Equal(t, []string{"credits-500", "credits-2000"}, codes(r))
	assert.Empty(t, w.call("GET", "/v1/credit-packages", "", nil, "If-None-Match", r.header.Get("ETag")).ok(304).raw)

	pack := map[string]any{"code": "pack", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"}
	made := w.call("POST", "/v1/admin/credit-packages", w.admin, pack, "Idempotency-Key", "k").ok(201)
	assert.Equal(
		t, made.raw, w.call("POST", "/v1/admin/credit-packages", w.admin, pack, "Idempotency-Key", "k").ok(201).raw,
	)
	w.call("POST", "/v1/admin/credit-packages", w.admin, pack).problem(409, "conflict")
	assert.Contains(t, codes(w.call("GET", "/v1/credit-packages", "", nil)), "pack", "shown at once")
	path := "/v1/admin/credit-packages/" + made.text("id")
	assert.Equal(t, 9.0, w.call("PATCH", path, w.admin, map[string]any{"amount": 9, "active": false}).ok(200).at("amount"))
	assert.NotContains(t, codes(w.call("GET", "/v1/credit-packages", "", nil)), "pack")
	assert.Contains(t, codes(w.call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)), "pack")

	w.call("PATCH", path, w.admin, map[string]any{"credits": 0}).problem(422, "invalid")
	w.call("PATCH", path, w.admin, map[string]any{"code": "other"}).problem(422, "invalid")
	w.call("PATCH", "/v1/admin/credit-packages/pkg_1", w.admin, map[string]any{}).problem(404, "not_found")
	for _, missing := range []string{"name", "credits", "amount", "currency"} {
		body := map[string]any{"code": "other", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"}
		delete(body, missing)
		w.call("POST", "/v1/admin/credit-packages", w.admin, body).problem(422, "invalid")
	}
	pack["code"], pack["currency"] = "unheard-of", "zzz"
	refusesField(t, w.call("POST", "/v1/admin/credit-packages", w.admin, pack), "body.currency")
	refusesField(t, w.call("PATCH", path, w.admin, map[string]any{"currency": "zzz"}), "body.currency")
	all := w.call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)
	assert.NotContains(t, codes(all), "unheard-of")
	assert.NotContains(t, all.raw, "zzz", "nothing is written")
	_, secret := w.customer("acme", "free")
	w.call("POST", "/v1/admin/credit-packages", secret, pack).problem(403, "forbidden")

	require.NoError(t, w.store.Close())
	w.api.catalogue.changed()
	assert.Len(t, w.call("GET", "/v1/credit-packages", "", nil).ok(200).rows(), 2, "from the last good copy")
}

func TestPurchase_BringsCreditsAndLeavesTheSubscriptionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	before := w.call("GET", "/v1/account/subscription", secret, nil).ok(200).raw
	w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "none"}).
		problem(422, domain.ReasonPackageUnavailable)
	for range 2 {
		bought := w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "credits-500"},
			"Idempotency-Key", "k").
			ok(201)
		assert.Equal(t, "paid", bought.text("invoice.status"))
	}
	balance := w.call("GET", "/v1/account/balance", secret, nil).ok(200)
	assert.EqualValues(t, 500, balance.at("bonus"))
	assert.EqualValues(t, 2000, balance.at("plan"))
	assert.Equal(t, before, w.call("GET", "/v1/account/subscription", secret, nil).ok(200).raw)

	byHand := w.signUp("hand", "plan", "starter").text("client_secret")
	bought := w.call("POST", "/v1/account/credit-packages", byHand, map[string]any{"package": "credits-500"}).ok(201)
	assert.Equal(t, "submit_payment", bought.text("next_action.type"))
	w.call("POST", bought.text("next_action.url"), byHand, map[string]any{"reference": "TX"}).ok(200)
	payment := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
	w.call("POST", "/v1/admin/payments/"+payment+"/approve", w.admin, map[string]any{}).ok(200)
	assert.EqualValues(t, 500, w.call("GET", "/v1/account/balance", byHand, nil).ok(200).at("bonus"))
}

package api

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/toytest"
)

// withWallets starts an API of an installation that has registered a provider of
// its own beside approval by hand.
func withWallets(t *testing.T) (*world, *toytest.Wallets) {
	t.Helper()
	wallets := toytest.New("a secret")
	registry, err := payment.NewRegistry(manual.New().Registration(), wallets.Registration())
	require.NoError(t, err)
	return newWorld(t, func(c *Config) { c.Providers = registry }), wallets
}

// fault is the only field error of a 422.
func fault(t *testing.T, r *reply) domain.FieldError {
	t.Helper()
	r.problem(422, "invalid")
	var p struct{ Errors []domain.FieldError }
	require.NoError(t, json.Unmarshal([]byte(r.raw), &p))
	require.Len(t, p.Errors, 1, r.raw)
	return p.Errors[0]
}

func TestProviders_AnOptionNamesAnyThatIsRegistered(t *testing.T) {
	t.Parallel()
	w, _ := withWallets(t)
	const path = "/v1/admin/payment-options"
	option := func(key, kind string, more ...string) map[string]any {
		o := map[string]any{"key": key, "name": key, "type": kind}
		if len(more) > 0 {
			o["provider"] = more[0]
		}
		return o
	}
	charged := w.call("POST", path, w.admin, option("e_wallet", "wallet", "toy")).ok(201)
	assert.Equal(t, "toy", charged.text("provider"))
	assert.Equal(t, "charge_automatically", charged.text("collection_method"))
	byHand := w.call("POST", path, w.admin, option("by_hand", "wallet")).ok(201)
	assert.Equal(t, "manual", byHand.text("provider"), "who names none is paid by hand")
	assert.Equal(t, "send_invoice", byHand.text("collection_method"))

	unknown := fault(t, w.call("POST", path, w.admin, option("x", "wallet", "nobody")))
	assert.Equal(t, "body.provider", unknown.Field)
	assert.Equal(t, "manual or toy", unknown.Accepted, "those that are registered")
	assert.Equal(t, "body.provider", fault(t, w.call("POST", path, w.admin, option("x", "wallet", ""))).Field)
	wrongType := fault(t, w.call("POST", path, w.admin, option("x", "card", "toy")))
	assert.Equal(t, "body.type", wrongType.Field)
	assert.Equal(t, "wallet", wrongType.Accepted)

	id := path + "/" + byHand.text("id")
	changed := w.call("PATCH", id, w.admin, map[string]any{"provider": "toy"}).ok(200)
	assert.Equal(t, "charge_automatically", changed.text("collection_method"))
	assert.Equal(t, "body.type", fault(t, w.call("PATCH", id, w.admin, map[string]any{"type": "card"})).Field)
	changed = w.call("PATCH", id, w.admin, map[string]any{"provider": "manual", "type": "card"}).ok(200)
	assert.Equal(t, "send_invoice", changed.text("collection_method"))
}

// TestProviders_OneThatIsGoneRefusesNoOtherChange is an installation whose
// settings lost the provider of the seeded card.
func TestProviders_OneThatIsGoneRefusesNoOtherChange(t *testing.T) {
	t.Parallel()
	w, _ := withWallets(t)
	for _, o := range w.call("GET", "/v1/admin/payment-options", w.admin, nil).ok(200).rows() {
		if o["provider"] == "sandbox" {
			path := "/v1/admin/payment-options/" + o["id"].(string)
			changed := w.call("PATCH", path, w.admin, map[string]any{"enabled": false}).ok(200)
			assert.Equal(t, "charge_automatically", changed.text("collection_method"))
			assert.Equal(
				t,
				"body.provider",
				fault(t, w.call("PATCH", path, w.admin, map[string]any{"provider": "sandbox"})).Field,
			)
			return
		}
	}
	t.Fatal("no option of the provider that is gone")
}

func TestProviders_TokensAreTheOptionsProviders(t *testing.T) {
	t.Parallel()
	w, _ := withWallets(t)
	w.call("POST", "/v1/admin/payment-options", w.admin,
		map[string]any{"key": "e_wallet", "name": "E-wallet", "type": "wallet", "provider": "toy"}).ok(201)
	signUp := func(name, token string) *reply {
		return w.call("POST", "/v1/onboardings", "",
			person(name, "plan", "growth", "payment_option", "e_wallet", "payment_token", token))
	}
	assert.Equal(t, "body.payment_token", fault(t, signUp("ada", "tok_ok")).Field)
	assert.Less(t, signUp("bob", toytest.TokenPays).status, 300)
}

func TestProviders_EachReadsItsOwnEvents(t *testing.T) {
	t.Parallel()
	w, wallets := withWallets(t)
	body := toytest.EventAbout(payment.EventCharge, "in_1/1")
	post := func(header http.Header) *reply {
		var pairs []string
		for name, values := range header {
			pairs = append(pairs, name, values[0])
		}
		return w.call("POST", "/webhooks/toy", "", string(body), pairs...)
	}
	post(http.Header{}).problem(401, "unauthenticated")
	post(toytest.New("another secret").Sign(body, time.Now())).problem(401, "unauthenticated")
	post(wallets.Sign(body, time.Now())).ok(204)
	post(wallets.Sign(body, time.Now())).ok(204)
	w.call("POST", "/webhooks/sandbox", "", `{}`).problem(404, "not_found")

	isNew, err := w.store.InsertProviderEvent(context.Background(), &domain.ProviderEvent{
		Provider: "toy", EventID: "toy_evt_in_1/1", Type: string(payment.EventCharge), OccurredAt: time.Now(),
		ReceivedAt: time.Now(),
	})
	require.NoError(t, err)
	assert.False(t, isNew, "it was stored, under its provider's name")
}

func TestPaymentOptions_ACardThatNobodyChargesIsNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		var err error
		c.Providers, err = payment.NewRegistry(manual.New().Registration())
		require.NoError(t, err)
	})
	for _, row := range w.call("GET", "/v1/payment-options", "", nil).ok(200).rows() {
		assert.NotEqual(t, "card", row["key"])
	}
	r := w.call("POST", "/v1/onboardings", "", person("ada", "plan", "growth", "payment_option", "card")).
		problem(422, domain.ReasonPaymentOptionUnavailable)
	assert.NotContains(t, r.at("suggestions"), "card")
	owner := w.signUp("bob", "plan", "free").text("client_secret")
	w.call("POST", "/v1/account/payment-methods", owner, map[string]any{"payment_option": "card"}).
		problem(422, domain.ReasonPaymentOptionUnavailable)
}

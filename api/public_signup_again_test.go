package api

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

const neverChanged = "It stays as it is; to have another, cancel this sign-up and begin a new one."

func TestSignUp_TheSamePersonGoesOnWhereTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signUp("acme", "plan", "growth")
	require.Equal(t, "awaiting_payment", first.at("status"))

	assert.Nil(t, first.at("already_started"))

	again := w.call("POST", "/v1/onboardings", "",
		person("acme", "plan", "free", "account_name", "Other", "slug", "other", "payment_option", "card")).ok(201)
	assert.Equal(t, map[string]any{"differs": []any{
		map[string]any{"field": "account_name", "asked": "Other", "has": "acme", "change": neverChanged},
		map[string]any{"field": "slug", "asked": "other", "has": "acme", "change": neverChanged},
		map[string]any{
			"field":      "plan",
			"asked":      "free",
			"has":        "growth",
			"change":     "Choose another plan with change_url.",
			"change_url": "/v1/onboardings/" + first.text("id") + "/plan",
		},
		map[string]any{"field": "payment_option", "asked": "card", "has": "bank_transfer",
			"change":     "Choose another way to pay with change_url.",
			"change_url": "/v1/onboardings/" + first.text("id") + "/payment-method"},
	}}, again.at("already_started"))
	w.call("POST", again.at("already_started.differs").([]any)[2].(map[string]any)["change_url"].(string),
		first.text("client_secret"), map[string]any{"plan": "scale"}).ok(200)
	assert.Equal(t, first.at("id"), again.at("id"))
	assert.Equal(t, first.at("client_secret"), again.at("client_secret"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))

	keyed := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "from-the-other-device").ok(201)
	assert.Equal(t, first.at("id"), keyed.at("id"), "a key nobody used is no reason to refuse the person")

	stranger := w.call("POST", "/v1/onboardings", "", person("acme", "password", "another-strange-word"))
	stranger.problem(409, domain.ReasonEmailTaken)
	assert.NotContains(t, stranger.raw, first.text("id"))
}

func TestSignUp_EqualRequestsAreOneForTenMinutesAfterItHasCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signUp("acme", "plan", "free")
	require.Equal(t, "completed", first.at("status"))
	again := w.call("POST", "/v1/onboardings", "", person("acme", "plan", "free")).ok(201)
	assert.Equal(t, first.at("id"), again.at("id"))
	assert.Equal(t, map[string]any{"differs": []any{}}, again.at("already_started"))
	other := w.call("POST", "/v1/onboardings", "", person("acme", "plan", "growth")).ok(201)
	assert.Equal(
		t,
		"/v1/account/subscription/change",
		other.at("already_started.differs").([]any)[0].(map[string]any)["change_url"],
	)
	w.call("POST", "/v1/onboardings", "", person("acme", "password", "another-strange-word")).
		problem(409, domain.ReasonEmailTaken)
	w.age(first.text("id"), 11*time.Minute)
	w.call("POST", "/v1/onboardings", "", person("acme", "plan", "free")).problem(409, domain.ReasonEmailTaken)
}

func TestSignUp_SixEqualOnesAtOnceHaveOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() { // each from another device: not quite the same body
			body := person("acme", "plan", []string{"free", ""}[i%2])
			assert.Equal(t, 201, w.call("POST", "/v1/onboardings", "", body).status)
		})
	}
	wg.Wait()
}

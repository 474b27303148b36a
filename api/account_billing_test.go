package api

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var billingSections = []string{
	"plan", "subscription", "balance", "payment_methods", "open_invoices", "pending_payments", "next_action",
}

func TestBilling_ReadsEverySectionAndNoneFailsTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	b := w.call("GET", "/v1/account/billing", secret, nil).ok(200)
	for _, section := range billingSections {
		assert.Equal(t, "available", b.text(section+".status"), section)
	}
	assert.Equal(t, "growth", b.text("plan.data.code"))
	assert.EqualValues(t, 2000, b.at("balance.data.total"))
	assert.Equal(t, "open_app", b.text("next_action.data.type"))

	running := w.signUp("running", "plan", "growth")
	b = w.call("GET", "/v1/account/billing", running.text("client_secret"), nil).ok(200)
	assert.Equal(t, "provisioning", b.text("balance.data.status"))
	assert.Equal(t, "submit_payment", b.text("next_action.data.type"), "the onboarding's business comes first")

	// Each table is away in turn: the sections that are read from it say so, and
	// every other is what it was. A session needs no onboarding, unlike the secret.
	secret = w.signIn("acme")
	whole := w.call("GET", "/v1/account/billing", secret, nil).ok(200)
	for table, missing := range map[string][]string{
		"payment_methods": {"payment_methods"},
		"balances":        {"balance"},
		"subscriptions":   {"plan", "subscription", "next_action"},
		"invoices":        {"open_invoices", "next_action"},
		"payments":        {"pending_payments", "next_action"},
		"onboardings":     {"next_action"},
	} {
		w.without(table, func() { b = w.call("GET", "/v1/account/billing", secret, nil).ok(200) })
		for _, section := range billingSections {
			if !slices.Contains(missing, section) {
				assert.Equal(t, whole.at(section), b.at(section), "%s without %s", section, table)
				continue
			}
			assert.Equal(t, "unavailable", b.text(section+".status"), "%s without %s", section, table)
			assert.Nil(t, b.at(section+".data"), "%s without %s", section, table)
		}
	}
	assert.Equal(t, whole.raw, w.call("GET", "/v1/account/billing", secret, nil).ok(200).raw, "all is back")
}

// without does something while a table is away.
func (w *world) without(table string, fn func()) {
	w.t.Helper()
	rename := func(from, to string) {
		_, err := w.store.Stats()["write"].Exec("ALTER TABLE " + from + " RENAME TO " + to)
		require.NoError(w.t, err)
	}
	rename(table, "gone")
	defer rename("gone", table)
	fn()
}

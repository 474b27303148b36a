package api

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
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

func TestBilling_EverySectionThatIsAListGoesOnInItsOwnList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signUp("acme", "plan", "growth")
	account, secret, ctx := s.text("account.id"), s.text("client_secret"), t.Context()
	open, err := w.store.OpenInvoicesOf(ctx, account)
	require.NoError(t, err)
	for range 120 {
		in := open[0]
		in.ID, in.Type, in.Reason = store.NewID(domain.PrefixInvoice), domain.InvoiceCreditPackage, domain.ReasonCreditPackage
		in.SubscriptionID, in.PackageCode = "", "credits_500"
		require.NoError(t, w.store.InsertInvoice(ctx, &in))
		require.NoError(t, w.store.InsertPayment(ctx, &domain.Payment{
			ID: store.NewID(domain.PrefixPayment), InvoiceID: in.ID, AccountID: account, Status: domain.PaymentPendingApproval,
			Amount: in.Amount, Currency: in.Currency, Provider: "manual",
		}))
		_, err := w.store.AttachMethod(ctx, &domain.PaymentMethod{
			ID: store.NewID(domain.PrefixPaymentMethod), AccountID: account, Option: in.ID, Provider: "manual",
			Type: domain.TypeBankTransfer, CollectionMethod: domain.SendInvoice,
		}, false)
		require.NoError(t, err)
	}
	page := w.call("GET", "/v1/account/billing", secret, nil).ok(200)
	for section, list := range map[string]string{
		"payment_methods": "/v1/account/payment-methods?", "open_invoices": "/v1/account/invoices?status=open&",
		"pending_payments": "/v1/account/payments?pending=true&",
	} {
		first, _ := page.at(section + ".data").([]any)
		assert.Len(t, first, 100, section)
		rest := w.call("GET", list+"limit=100&cursor="+page.text(section+".next_cursor"), secret, nil).ok(200)
		all := w.allOf(list, secret)
		assert.Greater(t, len(all), 119, section)
		assert.Len(t, rest.rows(), len(all)-100, section)
		assert.Equal(t, all[100], rest.rows()[0]["id"], section)
	}
	few := w.call("GET", "/v1/account/billing", w.signUp("few").text("client_secret"), nil).ok(200)
	assert.Nil(t, few.at("open_invoices.next_cursor"))
}

// allOf are the ids of a list, read in pages.
func (w *world) allOf(list, bearer string) (ids []any) {
	for cursor := ""; ; {
		r := w.call("GET", list+"limit=50&cursor="+cursor, bearer, nil).ok(200)
		for _, row := range r.rows() {
			ids = append(ids, row["id"])
		}
		if cursor = r.text("next_cursor"); cursor == "" {
			return ids
		}
	}
}

package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
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
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "bank_transfer", "payment_token": "tok_ok"}).problem(422, "invalid")
	w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card", "payment_token": "tok_never"}).problem(422, "invalid")
	done := w.call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"}).ok(200)
	assert.Equal(t, "completed", done.text("status"))
}

var billingSections = []string{"plan", "subscription", "balance", "payment_methods", "open_invoices", "pending_payments", "next_action"}

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

func TestSubscription_IsCanceledResumedAndChangedByItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	post := func(action string, body map[string]any) *reply {
		return w.call("POST", "/v1/account/subscription/"+action, secret, body)
	}
	post("cancel", map[string]any{"at": "someday"}).problem(422, "invalid")
	post("cancel", map[string]any{"reason": "a\u200bb"}).problem(422, "invalid")
	ends := post("cancel", map[string]any{"reason": "too dear"}).ok(200)
	assert.Equal(t, true, ends.at("cancel_at_period_end"), "the end of what is paid for, unless now is asked for")
	post("change", map[string]any{"plan": "scale"}).problem(409, domain.ReasonInvalidTransition)
	assert.Equal(t, false, post("resume", map[string]any{}).ok(200).at("cancel_at_period_end"))
	post("resume", map[string]any{}).ok(200)
	post("retry", map[string]any{}).ok(200)

	post("change", map[string]any{"plan": "nothing"}).problem(422, domain.ReasonPlanUnavailable)
	post("change", map[string]any{"plan": "enterprise"}).problem(422, domain.ReasonPlanUnavailable)
	assert.Equal(t, "scale", post("change", map[string]any{"plan": "scale"}).ok(200).text("plan_code"), "paid by the card, at once")
	assert.Equal(t, "starter", post("change", map[string]any{"plan": "starter"}).ok(200).text("pending_plan.code"))
	assert.Equal(t, "scale", w.call("GET", "/v1/account/subscription", secret, nil).ok(200).text("plan_code"))

	gone := post("cancel", map[string]any{"at": "now"}).ok(200)
	assert.Equal(t, "canceled", gone.text("status"))
	post("cancel", map[string]any{"at": "now"}).ok(200)
	post("resume", map[string]any{}).problem(409, domain.ReasonInvalidTransition)
	w.call("GET", "/v1/account/subscription", secret, nil).problem(404, "not_found")

	free := w.signUp("free", "plan", "free").text("client_secret")
	w.call("POST", "/v1/account/subscription/change", free, map[string]any{"plan": "scale"}).problem(409, "conflict")
}

func TestSubscription_CommandsAreIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	for range 2 {
		w.call("POST", "/v1/account/subscription/change", secret, map[string]any{"plan": "scale"}, "Idempotency-Key", "k").ok(200)
	}
	w.call("POST", "/v1/account/subscription/change", secret, map[string]any{"plan": "free"}, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)
	assert.Len(t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows(), 2, "the first period and the difference, once")
}

func TestInvoice_OfWhoPaysByHandIsSubmittedAndApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.signUp("acme", "plan", "starter")
	secret, sub := o.text("client_secret"), o.text("subscription.id")
	_, err := w.store.Stats()["write"].Exec("UPDATE subscriptions SET current_period_end = ?, trial_end = ?", w.store.Now(), w.store.Now())
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
	assert.Equal(t, "await_approval", w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.type"))
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
	card := w.call("POST", "/v1/account/payment-methods", secret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"}).ok(201)
	w.call("POST", "/v1/account/payment-methods/"+card.text("id")+"/default", secret, map[string]any{}).ok(200)
	early := w.call("POST", url, secret, map[string]any{}).problem(409, "conflict")
	assert.Contains(t, early.text("detail"), soon.Format("2 January 2006"), "it says when the card is charged")
	assert.Empty(t, w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows())
	assert.Equal(t, "open_app", w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.type"))
	w.call("POST", url, secret, map[string]any{"reference": "TX 1"}).ok(200) // who wants to, may
}

func TestPurchase_BringsCreditsAndLeavesTheSubscriptionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.card("acme", "growth", "tok_ok")
	before := w.call("GET", "/v1/account/subscription", secret, nil).ok(200).raw
	w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "none"}).problem(422, domain.ReasonPackageUnavailable)
	for range 2 {
		bought := w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "credits-500"}, "Idempotency-Key", "k").ok(201)
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

func TestTestClock_RefusesWhereItCannotGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, now := range []string{"1999-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "yesterday"} {
		w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": now}).problem(422, "invalid")
	}
	clock := w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2026-01-31T10:00:00Z"}).ok(201)
	path := "/v1/test-clocks/" + clock.text("id")
	for _, to := range []string{"2026-01-31T09:00:00Z", "2029-01-31T10:00:00Z"} {
		w.call("POST", path+"/advance", w.admin, map[string]any{"to": to}).problem(422, "invalid")
	}
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-01-31T10:00:00Z"}).ok(200)
	assert.Empty(t, w.flows.advanced, "it is there")
	for range 2 {
		moving := w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-02-28T10:00:00Z"}).ok(200)
		assert.Equal(t, "advancing", moving.text("status"))
	}
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-03-28T10:00:00Z"}).problem(409, domain.ReasonInvalidTransition)
	w.call("GET", "/v1/test-clocks", w.admin, nil).ok(200)
	w.call("GET", "/v1/test-clocks/clk_nothing", w.admin, nil).problem(404, "not_found")

	w.call("POST", "/v1/onboardings", "", person("a", "test_clock", "clk_nothing")).problem(422, "invalid")
	bound := w.signUp("b", "plan", "starter", "test_clock", clock.text("id"))
	sub, err := w.store.SubscriptionByID(t.Context(), bound.text("subscription.id"))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC), sub.CreatedAt)
	assert.Equal(t, clock.text("id"), sub.TestClockID)
}

func TestTestClock_IsNotThereUnlessEnabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.TestClocks = false })
	w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2026-01-31T10:00:00Z"}).problem(404, "not_found")
	w.call("POST", "/v1/onboardings", "", person("a", "test_clock", store.NewID(domain.PrefixTestClock))).problem(422, "invalid")
}

// webhook posts an event of the sandbox's, signed for the time.
func (w *world) webhook(id, key string, at time.Time, change ...func(http.Header)) *reply {
	w.t.Helper()
	body := []byte(`{"id":"` + id + `","type":"charge.succeeded","key":"` + key + `","ref":"sch_1","created_at":"2026-01-01T00:00:00Z"}`)
	signer, err := standardwebhooks.NewWebhookRaw([]byte(sandboxKey))
	require.NoError(w.t, err)
	signature, err := signer.Sign(id, at, body)
	require.NoError(w.t, err)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	for _, f := range change {
		f(h)
	}
	var pairs []string
	for name := range h {
		pairs = append(pairs, name, h.Get(name))
	}
	return w.call("POST", "/webhooks/sandbox", "", string(bytes.TrimSpace(body)), pairs...)
}

func TestProviderWebhook_IsStoredOnceAndItsOwnerTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.card("acme", "growth", "tok_3ds")
	payments, err := w.store.ListPayments(t.Context(), store.PaymentFilter{})
	require.NoError(t, err)
	key := payments.Data[0].Key
	now := time.Now()
	for range 3 {
		w.webhook("evt_1", key, now).ok(204)
	}
	require.Len(t, w.flows.told, 1, "the same event again tells nobody")
	assert.Equal(t, payments.Data[0].ID, w.flows.told[0].PaymentID)
	w.webhook("evt_2", "in_nobody/1", now).ok(204)
	assert.Len(t, w.flows.told, 1, "an event about nothing of ours is done with")

	w.flows.set(func() { w.flows.away = true })
	w.webhook("evt_3", key, now).ok(204)
	left, err := w.store.UnprocessedEvents(context.Background(), time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, left, 1, "what could not be told is kept for reconcile")
	assert.Equal(t, "evt_3", left[0].EventID)
}

func TestProviderWebhook_ForgedOldOrOfNobodyChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Set("webhook-signature", "v1,AAAA") }).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Del("webhook-signature") }).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Set("webhook-id", "evt_2") }).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now.Add(-6*time.Minute)).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now.Add(6*time.Minute)).problem(401, "unauthenticated")
	w.call("POST", "/webhooks/nobody", "", `{}`).problem(404, "not_found")
	w.call("POST", "/webhooks/manual", "", `{}`).problem(401, "unauthenticated")
	w.call("POST", "/webhooks/sandbox", "", `"`+strings.Repeat("x", maxBody)+`"`).problem(413, domain.ReasonBodyTooLarge)
	left, err := w.store.UnprocessedEvents(t.Context(), now.Add(time.Hour), 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}

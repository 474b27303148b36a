//go:build !nodev

package system

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"

	"slipway/domain"
	"slipway/store"
)

// begin is when the test clocks of these stories begin: a day that not every
// month has.
var begin = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

// advanceTo moves the clock and returns when everything due is done.
func (r *running) advanceTo(clock string, to time.Time) { r.advance(clock, to.Format(time.RFC3339)) }

var cards int

// pay signs somebody up who pays by card, or, without a token, by hand.
func (r *running) pay(plan, token, clock string) kickedOff {
	r.t.Helper()
	cards++
	body := map[string]any{
		"email": fmt.Sprintf("card-%d-%s", cards, personEmail), "password": secretWord + "-feathers-77",
		"account_name": fmt.Sprintf("%s Cards %d", ownWord, cards), "plan": plan,
	}
	if token != "" {
		body["payment_option"] = "card"
	}
	if token != "" && token != "page" {
		body["payment_token"] = token
	}
	if clock != "" {
		body["test_clock"] = clock
	}
	a := r.post("/v1/onboardings", "", body)
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var o kickedOff
	a.into(r.t, &o)
	return o
}

// form posts a page of the sandbox's.
func (r *running) form(page, field, value string) {
	r.t.Helper()
	a, err := testHTTP.PostForm(page, url.Values{field: {value}})
	require.NoError(r.t, err)
	require.NoError(r.t, a.Body.Close())
	require.Less(r.t, a.StatusCode, 400)
}

// action is the onboarding's next action, once it is of the type.
func (r *running) action(o kickedOff, t domain.NextActionType) *domain.NextAction {
	r.t.Helper()
	var row *domain.Onboarding
	eventually(r.t, func() bool {
		row = r.onboardingRow(o)
		return row.NextAction != nil && row.NextAction.Type == t
	}, "next action "+string(t))
	return row.NextAction
}

// own posts a command of the account's owner.
func (r *running) own(o kickedOff, path string, body map[string]any) answer {
	r.t.Helper()
	a := r.post("/v1/account/"+path, o.ClientSecret, body)
	require.Less(r.t, a.status, 300, string(a.body))
	return a
}

func (r *running) billing(o kickedOff) string { return "billing-" + r.onboardingRow(o).SubscriptionID }

// bound signs up on a clock and waits until it is in use.
func (r *running) bound(plan, token string) (kickedOff, string) {
	r.t.Helper()
	clock := r.newClock(begin.Format(time.RFC3339))
	o := r.pay(plan, token, clock)
	r.until(o, domain.OnboardingCompleted)
	return o, clock
}

// moneyStories are the paths of charging and billing, whose histories are
// recorded beside those of signing up. Each returns the id of its workflow.
var moneyStories = map[string]func(r *running) string{
	"card_charged": func(r *running) string {
		o := r.pay("growth", "tok_ok", "")
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_declined_then_another": func(r *running) string {
		o := r.pay("growth", "tok_declined_funds", "")
		r.action(o, domain.NextAddPaymentMethod)
		r.command("/v1/onboardings/"+o.ID+"/payment-method", o.ClientSecret, map[string]any{"payment_option": "card", "payment_token": "tok_ok"})
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_confirmed": func(r *running) string {
		o := r.pay("growth", "tok_3ds", "")
		r.form(r.action(o, domain.NextConfirmPayment).URL, "decision", "confirm") // the webhook tells
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_entered_on_a_page": func(r *running) string {
		o := r.pay("growth", "page", "")
		r.form(r.action(o, domain.NextAddPaymentMethod).URL, "token", "tok_ok")
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_throttled": func(r *running) string {
		o := r.pay("growth", "tok_throttled_1", "")
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_lost_response": func(r *running) string {
		o := r.pay("growth", "tok_lost_response", "")
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_canceled_while_charging": func(r *running) string {
		o := r.pay("growth", "tok_throttled_wait_60", "")
		eventually(r.t, func() bool { return r.onboardingRow(o).Step(domain.StepPayment).Status == domain.StepRetrying }, "retrying")
		r.command("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
		r.until(o, domain.OnboardingCanceled)
		return "signup-" + o.ID
	},
	"card_on_a_test_clock": func(r *running) string {
		o, _ := r.bound("growth", "tok_ok")
		return "signup-" + o.ID
	},
	"billing_year": func(r *running) string {
		o, clock := r.bound("growth", "tok_ok")
		r.advanceTo(clock, begin.AddDate(0, 11, 0))
		return r.billing(o)
	},
	"billing_real_time": func(r *running) string {
		o := r.pay("growth", "tok_ok", "")
		r.until(o, domain.OnboardingCompleted)
		r.own(o, "subscription/cancel", map[string]any{})
		r.own(o, "subscription/resume", map[string]any{})
		r.own(o, "subscription/change", map[string]any{"plan": "scale"})
		r.own(o, "subscription/cancel", map[string]any{"at": "now", "reason": "no more " + reasonWord})
		return r.billing(o)
	},
	"billing_gives_up": func(r *running) string {
		o, clock := r.bound("growth", "tok_fails_from_2")
		r.advanceTo(clock, begin.AddDate(0, 2, 0))
		return r.billing(o)
	},
	"billing_recovers_with_another_card": func(r *running) string {
		o, clock := r.bound("growth", "tok_fails_from_2")
		r.advanceTo(clock, begin.AddDate(0, 1, 0))
		r.own(o, "payment-methods", map[string]any{"payment_option": "card", "payment_token": "tok_ok"})
		eventually(r.t, func() bool { return r.opened(o).Status == domain.SubscriptionActive }, "recovered")
		return r.billing(o)
	},
	"billing_by_hand": func(r *running) string {
		o, clock := r.bound("starter", "")
		r.advanceTo(clock, begin.AddDate(0, 0, 12))
		var invoices struct{ Data []domain.Invoice }
		r.get("/v1/account/invoices", o.ClientSecret).into(r.t, &invoices)
		r.own(o, "invoices/"+invoices.Data[0].ID+"/payment", map[string]any{"reference": paperWord})
		payments, err := r.app.Store.ListPayments(context.Background(), store.PaymentFilter{AccountID: r.onboardingRow(o).AccountID})
		require.NoError(r.t, err)
		r.command("/v1/admin/payments/"+payments.Data[0].ID+"/approve", r.admin(), map[string]any{"reason": reasonWord})
		r.advanceTo(clock, begin.AddDate(0, 1, 0))
		return r.billing(o)
	},
	"billing_upgrade_declined_then_downgrade": func(r *running) string {
		o, clock := r.bound("growth", "tok_fails_from_2")
		r.own(o, "subscription/change", map[string]any{"plan": "scale"})
		r.own(o, "subscription/change", map[string]any{"plan": "free"})
		r.advanceTo(clock, begin.AddDate(0, 1, 0))
		return r.billing(o)
	},
	"purchase_by_card": func(r *running) string {
		o := r.pay("growth", "tok_ok", "")
		r.until(o, domain.OnboardingCompleted)
		return "purchase-" + r.bought(o)
	},
	"purchase_by_hand": func(r *running) string {
		o := r.pay("starter", "", "")
		id := r.invoiced(o)
		r.own(o, "invoices/"+id+"/payment", map[string]any{"reference": paperWord})
		payments, err := r.app.Store.ListPayments(context.Background(), store.PaymentFilter{AccountID: r.onboardingRow(o).AccountID})
		require.NoError(r.t, err)
		r.command("/v1/admin/payments/"+payments.Data[0].ID+"/approve", r.admin(), map[string]any{"reason": reasonWord})
		r.waitClosed("purchase-" + id)
		return "purchase-" + id
	},
	"purchase_expired_on_a_test_clock": func(r *running) string {
		o, clock := r.bound("starter", "")
		id := r.invoiced(o)
		r.advanceTo(clock, begin.AddDate(0, 0, 8))
		r.waitClosed("purchase-" + id)
		return "purchase-" + id
	},
	"activation_replaces_a_trial": func(r *running) string {
		o := r.pay("starter", "", "")
		r.until(o, domain.OnboardingCompleted)
		var started struct{ Onboarding domain.Onboarding }
		r.own(o, "subscription", map[string]any{"plan": "growth"}).into(r.t, &started)
		next := kickedOff{Onboarding: started.Onboarding, ClientSecret: o.ClientSecret}
		r.command("/v1/admin/payments/"+r.submit(next, paperWord).ID+"/approve", r.admin(), map[string]any{"reason": reasonWord})
		id := "activation-" + r.until(next, domain.OnboardingCompleted).Subscription.ID
		r.waitClosed(id)
		return id
	},
	"method_entered_on_a_page": func(r *running) string {
		o := r.pay("starter", "", "")
		var m struct {
			ID       string
			SetupURL string `json:"setup_url"`
		}
		r.own(o, "payment-methods", map[string]any{"payment_option": "card"}).into(r.t, &m)
		r.form(m.SetupURL, "token", "tok_ok")
		r.waitClosed("method-" + m.ID)
		return "method-" + m.ID
	},
	"advance": func(r *running) string {
		_, clock := r.bound("free", "")
		r.advanceTo(clock, begin.AddDate(0, 1, 1))
		r.waitClosed("clock-" + clock)
		return "clock-" + clock
	},
}

// opened is the subscription the onboarding opened.
func (r *running) opened(o kickedOff) *domain.Subscription {
	r.t.Helper()
	sub, err := r.app.Store.SubscriptionByID(context.Background(), r.onboardingRow(o).SubscriptionID)
	require.NoError(r.t, err)
	return sub
}

// bought buys a credit package and returns its invoice.
func (r *running) bought(o kickedOff) string {
	r.t.Helper()
	var p struct{ Invoice domain.Invoice }
	require.NoError(r.t, json.Unmarshal(r.own(o, "credit-packages", map[string]any{"package": "credits-500"}).body, &p))
	require.Equal(r.t, domain.InvoicePaid, p.Invoice.Status)
	return p.Invoice.ID
}

// invoiced asks for a credit package that is paid by hand and returns its invoice.
func (r *running) invoiced(o kickedOff) string {
	r.t.Helper()
	var p struct{ Invoice domain.Invoice }
	r.own(o, "credit-packages", map[string]any{"package": "credits-500"}).into(r.t, &p)
	require.Equal(r.t, domain.InvoiceOpen, p.Invoice.Status)
	return p.Invoice.ID
}

func (r *running) waitClosed(workflowID string) {
	r.t.Helper()
	require.NoError(r.t, r.app.Temporal.GetWorkflow(context.Background(), workflowID, "").Get(context.Background(), nil))
}

func TestHistories_OfMoneyHoldNoPersonalWord(t *testing.T) {
	r := startApp(t)
	histories := map[string]*historypb.History{}
	for name, tell := range moneyStories {
		id := tell(r)
		t.Log(name, id)
		histories[name] = r.history(id)
	}
	require.Len(t, histories, len(moneyStories))
	keepAndRead(t, histories)
}

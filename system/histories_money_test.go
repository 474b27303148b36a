//go:build !nodev

package system

import (
	"context"
	"fmt"
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
	return r.kickOffAtOnce(body)
}

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
		r.untilAction(o, domain.NextAddPaymentMethod)
		r.command("/v1/onboardings/"+o.ID+"/payment-method", o.ClientSecret,
			map[string]any{"payment_option": "card", "payment_token": "tok_ok"})
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_confirmed": func(r *running) string {
		o := r.pay("growth", "tok_3ds", "")
		r.form(r.untilAction(o, domain.NextConfirmPayment).NextAction.URL, "decision", "confirm") // the webhook says so
		r.until(o, domain.OnboardingCompleted)
		return "signup-" + o.ID
	},
	"card_entered_on_a_page": func(r *running) string {
		o := r.pay("growth", "page", "")
		r.form(r.untilAction(o, domain.NextAddPaymentMethod).NextAction.URL, "token", "tok_ok")
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
		eventually(r.t, func() bool { return r.onboardingRow(o).Step(domain.StepPayment).Status == domain.StepRetrying },
			"retrying")
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
	"billing_while_the_provider_is_away": func(r *running) string {
		o, clock := r.bound("growth", "tok_throttled_4")
		r.advanceTo(clock, begin.AddDate(0, 1, 0))
		return r.billing(o)
	},
	"billing_by_hand": func(r *running) string {
		o, clock := r.bound("starter", "")
		r.advanceTo(clock, begin.AddDate(0, 0, 12))
		var invoices struct{ Data []domain.Invoice }
		r.get("/v1/account/invoices", o.ClientSecret).into(r.t, &invoices)
		r.own(o, "invoices/"+invoices.Data[0].ID+"/payment", map[string]any{"reference": paperWord})
		payments, err := r.app.Store.ListPayments(context.Background(),
			store.PaymentFilter{AccountID: r.onboardingRow(o).AccountID})
		require.NoError(r.t, err)
		r.decide(payments.Data[0].ID, "approve", reasonWord)
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
		payments, err := r.app.Store.ListPayments(context.Background(),
			store.PaymentFilter{AccountID: r.onboardingRow(o).AccountID})
		require.NoError(r.t, err)
		r.decide(payments.Data[0].ID, "approve", reasonWord)
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
		r.decide(r.submit(next, paperWord).ID, "approve", reasonWord)
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

func TestHistories_OfMoneyHoldNoPersonalWord(t *testing.T) {
	r := startApp(t)
	histories := map[string]*historypb.History{}
	for name, play := range moneyStories {
		id := play(r)
		t.Log(name, id)
		histories[name] = r.history(id)
	}
	require.Len(t, histories, len(moneyStories))
	again(histories, "billing_recovers_with_another_card", "billing_by_hand", "purchase_by_hand",
		"method_entered_on_a_page", "card_entered_on_a_page")
	keepAndRead(t, histories)
}

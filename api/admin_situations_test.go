package api

import (
	"net/http"
	"net/url"

	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
)

// situation is somebody's state; ids are what staff command in it.
type situation struct {
	name  string
	reach func(w *world, name string) (subscription, payment string)
}

// late brings a trial to where its first payment is late.
func (w *world) late(sub string) {
	w.t.Helper()
	now := w.store.Now()
	_, err := w.store.Stats()["write"].Exec(
		"UPDATE subscriptions SET current_period_end = ?, trial_end = ? WHERE id = ?", now, now, sub,
	)
	require.NoError(w.t, err)
	for _, due := range []domain.DueKind{domain.DueNotice, domain.DueReminder, domain.DuePeriodEnd} {
		_, err := w.flows.act.ProcessDue(w.t.Context(), activities.ProcessDueInput{SubscriptionID: sub, Due: due})
		require.NoError(w.t, err)
	}
}

// cardBeforeTransfer brings a trial to where its customer has submitted a transfer
// for a late payment, and then the confirmed card pays it.
func (w *world) cardBeforeTransfer(name string) (subscription, transfer string) {
	w.t.Helper()
	ctx, act := w.t.Context(), w.flows.act
	o, _ := w.card(name, "starter", "tok_3ds")
	subscription = o.text("subscription.id")
	w.late(subscription)
	_, err := act.ChargeSubscription(ctx, activities.SubscriptionInput{SubscriptionID: subscription})
	require.NoError(w.t, err)
	card := w.call("GET", "/v1/admin/payments?status=requires_action", w.admin, nil).ok(200).rows()[0]
	answer, err := http.PostForm(card["action_url"].(string), url.Values{"decision": {"confirm"}})
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Body.Close())

	submit := domain.Command{
		ID: store.NewID(domain.PrefixCommand), Action: domain.ActionSubmitPayment, ActorType: domain.ActorCustomer,
		SubscriptionID: subscription, InvoiceID: card["invoice_id"].(string), Reference: "TX 1",
		PaymentID: store.NewID(domain.PrefixPayment), CreatedAt: w.store.Now(),
	}
	require.NoError(w.t, w.store.InsertCommand(ctx, &submit))
	_, err = act.ApplyCommand(ctx, activities.ApplyCommandInput{
		Noun: domain.NounSubscription, ID: subscription, Action: submit.Action, CommandID: submit.ID,
	})
	require.NoError(w.t, err)
	require.NoError(w.t, act.LookUpPayment(ctx, activities.LookUpInput{PaymentID: card["id"].(string)}))
	return subscription, submit.PaymentID
}

var situations = []situation{
	{"paying", func(w *world, name string) (string, string) {
		path, _ := w.paying(name)
		return w.subscriptionOf(path), ""
	}},
	{"submitted", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		return w.subscriptionOf(path), w.pending(path, secret)
	}},
	{"rejected", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", "/v1/admin/payments/"+id+"/reject", w.admin, reasonFor()).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"canceled while paying", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", path+"/cancel", secret, nil).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"trialing", func(w *world, name string) (string, string) {
		return w.signUp(name, "plan", "starter").text("subscription.id"), ""
	}},
	{"active", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, nil).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"late", func(w *world, name string) (string, string) {
		o := w.signUp(name, "plan", "starter")
		w.late(o.text("subscription.id"))
		secret := o.text("client_secret")
		url := w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.url")
		w.call("POST", url, secret, map[string]any{"reference": "TX 1"}).ok(200)
		id := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
		return o.text("subscription.id"), id
	}},
	{"a card paid before the transfer was decided", (*world).cardBeforeTransfer},
	{"ended", func(w *world, name string) (string, string) {
		sub := w.signUp(name, "plan", "starter").text("subscription.id")
		w.call("POST", "/v1/admin/subscriptions/"+sub+"/cancel", w.admin, reasonFor()).ok(200)
		return sub, ""
	}},
	{"buying", func(w *world, name string) (string, string) {
		o := w.signUp(name, "plan", "starter")
		secret := o.text("client_secret")
		bought := w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "credits-500"}).ok(201)
		w.call("POST", bought.text("next_action.url"), secret, map[string]any{"reference": "TX"}).ok(200)
		id := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
		return o.text("subscription.id"), id
	}},
}

package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// actions are what each answer says comes next for the customer.
func (w *world) actions(name, onboarding, secret string) map[string]any {
	w.t.Helper()
	session := w.call("POST", "/v1/sessions", "",
		map[string]any{"email": name + "@example.com", "password": goodPassword}).ok(201)
	return map[string]any{
		"session":    session.at("next_action"),
		"account":    w.call("GET", "/v1/account", secret, nil).ok(200).at("next_action"),
		"billing":    w.call("GET", "/v1/account/billing", secret, nil).ok(200).at("next_action.data"),
		"onboarding": w.call("GET", "/v1/onboardings/"+onboarding, secret, nil).ok(200).at("next_action"),
	}
}

func TestNextAction_IsTheSameWhereverItIsAsked(t *testing.T) {
	t.Parallel()
	none := func(*world, string) {}
	edit := func(change func(*domain.Account, *domain.Subscription)) func(*world, string) {
		return func(w *world, account string) { w.change(account, change) }
	}
	for _, c := range []struct {
		why, plan string
		then      func(w *world, account string)
		want      domain.NextActionType
	}{
		{"while it waits for money", "growth", none, domain.NextSubmitPayment},
		{"a trial", "starter", none, domain.NextOpenApp},
		{"late, and not a trial any more", "starter", func(w *world, account string) {
			sub, err := w.store.LiveSubscription(w.t.Context(), account)
			require.NoError(w.t, err)
			w.late(sub.ID)
		}, domain.NextSubmitPayment},
		{"unpaid", "starter", edit(func(a *domain.Account, sub *domain.Subscription) {
			now := time.Now().UTC().Truncate(time.Millisecond)
			a.Status, sub.Status, sub.EndedAt = domain.AccountSuspended, domain.SubscriptionUnpaid, &now
		}), domain.NextChoosePlan},
		{"canceled", "starter", edit(func(_ *domain.Account, sub *domain.Subscription) {
			now := time.Now().UTC().Truncate(time.Millisecond)
			sub.Status, sub.EndedAt = domain.SubscriptionCanceled, &now
		}), domain.NextChoosePlan},
		{"suspended by hand", "starter", edit(func(a *domain.Account, _ *domain.Subscription) {
			a.Status = domain.AccountSuspended
		}), domain.NextContactSupport},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.signUp("acme", "plan", c.plan)
			id, secret := r.text("id"), r.text("client_secret")
			before := w.call("GET", "/v1/onboardings/"+id, secret, nil).ok(200).header.Get("ETag")
			c.then(w, w.onboarding(id).AccountID)
			actions := w.actions("acme", id, secret)
			assert.Equal(t, string(c.want), actions["account"].(map[string]any)["type"])
			for where, action := range actions {
				assert.Equal(t, actions["account"], action, where)
			}
			if now := w.call(
				"GET",
				"/v1/onboardings/"+id,
				secret,
				nil,
				"If-None-Match",
				before,
			); c.want != domain.NextOpenApp &&
				w.onboarding(id).Done {
				now.ok(200) // who has the answer from before learns it
			}
		})
	}
}

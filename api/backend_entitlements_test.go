package api

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// backend makes an API key, as the product's backend has one.
func (w *world) backend() string {
	w.t.Helper()
	return w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "backend"}).ok(201).text("secret")
}

// customer signs somebody up and returns the account's id and the owner's bearer.
func (w *world) customer(name, plan string) (account, secret string) {
	w.t.Helper()
	r := w.signUp(name, "plan", plan)
	return w.onboarding(r.text("id")).AccountID, r.text("client_secret")
}

func (w *world) check(account, bearer string, more ...any) *reply {
	w.t.Helper()
	return w.call("POST", "/v1/entitlements/check", bearer, asking(account, more...))
}

// asking is the body of a check.
func asking(account string, more ...any) map[string]any {
	body := map[string]any{"account_id": account}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return body
}

// change edits the account and its subscription in use behind the API's back.
func (w *world) change(account string, edit func(*domain.Account, *domain.Subscription)) {
	w.t.Helper()
	ctx := context.Background()
	require.NoError(w.t, w.store.Within(ctx, func(tx *store.Store) error {
		a, err := tx.AccountByID(ctx, account)
		require.NoError(w.t, err)
		sub, err := tx.LiveSubscription(ctx, account)
		require.NoError(w.t, err)
		edit(a, sub)
		require.NoError(w.t, tx.SaveAccount(ctx, a))
		return tx.SaveSubscription(ctx, sub)
	}))
}

func late(grace time.Duration) func(*domain.Account, *domain.Subscription) {
	return func(_ *domain.Account, sub *domain.Subscription) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		end := now.Add(grace)
		sub.Status, sub.PastDueSince, sub.GraceEndsAt = domain.SubscriptionPastDue, &now, &end
	}
}

func suspend(a *domain.Account, sub *domain.Subscription) {
	a.Status, sub.Status = domain.AccountSuspended, domain.SubscriptionCanceled
}

func TestCheck_AllowsWhatThePlanHasAndSaysWhatElseIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "starter")

	r := w.check(id, key).ok(200)
	assert.Equal(
		t,
		map[string]any{
			"object": "entitlement", "allowed": true, "account_id": id,
			"plan": "starter", "subscription_status": "trialing",
		},
		r.body,
	)
	r = w.check(id, key, "limit", "sites", "quantity", 3, "used", 99).ok(200)
	assert.Equal(t, map[string]any{"key": "sites", "used": 0.0, "max": 3.0}, r.at("limit"), "sites are counted here")

	r = w.check(id, key, "limit", "sites", "quantity", 4).problem(403, "limit_reached")
	assert.Equal(t, map[string]any{"key": "sites", "used": 0.0, "max": 3.0}, r.at("limit"))
	assert.Equal(t, []any{"growth", "scale"}, r.at("required_plans"))
	assert.Equal(t, "starter", r.at("current_plan"))
	assert.Equal(t, true, r.at("upgradable"))
	assert.Equal(t, "choose_plan", r.at("next_action.type"))

	r = w.check(id, key, "feature", "sso").problem(403, "feature_not_in_plan")
	assert.Equal(t, []any{"scale"}, r.at("required_plans"))
	r = w.check(id, key, "feature", "teleport").problem(403, "feature_not_in_plan")
	assert.Equal(t, []any{}, r.at("required_plans"))
	assert.Equal(t, false, r.at("upgradable"))
	w.check(id, key, "limit", "seats", "used", 2).problem(403, "limit_reached")
}

func TestCheck_RefusesAccordingToTheBillingState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	within, _ := w.customer("within", "starter")
	w.change(within, late(time.Hour))
	assert.Equal(t, "past_due", w.check(within, key).ok(200).at("subscription_status"))

	beyond, _ := w.customer("beyond", "starter")
	w.change(beyond, late(-time.Second))
	r := w.check(beyond, key).problem(402, "payment_required")
	assert.Equal(t, "/v1/account/billing", r.at("next_action.url"))

	gone, _ := w.customer("gone", "starter")
	w.change(gone, suspend)
	r = w.check(gone, key, "feature", "api").problem(402, "payment_required")
	assert.Equal(t, "choose_plan", r.at("next_action.type"))
	assert.Equal(t, []any{"growth", "scale"}, r.at("required_plans"))
	assert.Equal(t, "starter", r.at("current_plan"))
	assert.Equal(t, true, r.at("upgradable"))
	r = w.check(gone, key, "feature", "teleport").problem(402, "payment_required")
	assert.Equal(t, []any{}, r.at("required_plans"))
	assert.Equal(t, false, r.at("upgradable"), "paying opens the account again, but no plan has this")

	waiting, _ := w.customer("waiting", "growth")
	r = w.check(waiting, key).problem(402, "payment_required")
	assert.Equal(t, "submit_payment", r.at("next_action.type"))

	closed, _ := w.customer("closed", "starter")
	w.change(closed, func(a *domain.Account, sub *domain.Subscription) {
		sub.Status = domain.SubscriptionCanceled
		require.NoError(t, a.Advance(domain.AccountClosed, w.store.Now()))
	})
	r = w.check(closed, key).problem(403, "account_closed")
	assert.Equal(t, false, r.at("upgradable"))

	w.check(store.NewID(domain.PrefixAccount), key).problem(404, "not_found")
	w.check("nonsense", key).problem(404, "not_found")
}

func TestCheck_IsForBackendsAndReadsStrictly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, secret := w.customer("acme", "starter")
	w.check(id, "").problem(401, "unauthenticated")
	w.check(id, secret).problem(403, "forbidden")
	w.check(id, w.admin).ok(200)
	for _, body := range []any{
		map[string]any{}, asking(id, "quantity", -1, "limit", "sites"), asking(id, "used", -1, "limit", "sites"),
		asking(id, "Feature", "api"),
		`{"account_id":"` + id + `","limit":"sites","quantity":9223372036854775808}`, asking(id, "quantity", 1.5, "limit",
			"sites"),
	} {
		w.call("POST", "/v1/entitlements/check", key, body).problem(422, "invalid")
	}
}

func TestCheck_CostsTwoStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "starter")
	before := w.store.Statements()
	w.check(id, key, "feature", "api", "limit", "sites").problem(403, "feature_not_in_plan")
	assert.LessOrEqual(t, w.store.Statements()-before, int64(4), "a refusal is explained")
	before = w.store.Statements()
	w.check(id, key, "limit", "sites").ok(200)
	assert.EqualValues(t, 2, w.store.Statements()-before, "the key, and the state of the account")
}

func TestOpenAPI_EntitlementsAreAsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, secret := w.customer("acme", "starter")
	waiting, paying := w.customer("waiting", "growth")
	gone, _ := w.customer("gone", "starter")
	w.change(gone, suspend)
	call, checked := w.described()
	ask := func(account string, more ...any) *reply {
		return call("POST", "/v1/entitlements/check", key, asking(account, more...))
	}
	ask(id, "limit", "sites").ok(200)
	ask(id, "feature", "sso").problem(403, "feature_not_in_plan")
	ask(id, "limit", "seats").problem(403, "limit_reached")
	ask(waiting).problem(402, "payment_required")
	ask(gone).problem(402, "payment_required")
	ask(store.NewID(domain.PrefixAccount)).problem(404, "not_found")
	ask("").problem(404, "not_found")
	for _, bearer := range []string{secret, paying} {
		call("GET", "/v1/account/entitlements", bearer, nil).ok(200)
	}
	call("POST", "/v1/account/sites", paying, map[string]any{"name": "Blog"}).problem(402, "payment_required")
	site := call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).ok(201).text("id")
	for range 2 {
		call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).ok(201)
	}
	call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).problem(403, "limit_reached")
	call("GET", "/v1/account/sites?limit=1", secret, nil).ok(200)
	call("DELETE", "/v1/account/sites/"+site, secret, nil).ok(204)
	for range 2 {
		call("POST", "/v1/credits/debit", key, spending(id, 900), "Idempotency-Key", "k").ok(200)
	}
	call(
		"POST", "/v1/credits/debit", key, spending(id, 901), "Idempotency-Key", "k",
	).problem(422, domain.ReasonIdempotencyKeyReused)
	call(
		"POST", "/v1/credits/debit", key, spending(id, 900), "Idempotency-Key", "l",
	).problem(402, domain.ReasonInsufficientCredits)
	call("POST", "/v1/credits/debit", key, spending(waiting, 1), "Idempotency-Key", "k").problem(402, "payment_required")
	call("GET", "/v1/account/credits", secret, nil).ok(200)
	call("GET", "/v1/credit-packages", "", nil).ok(200)
	pack := call(
		"POST", "/v1/admin/credit-packages", w.admin,
		map[string]any{"code": "pack", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"},
	).ok(201)
	call("PATCH", "/v1/admin/credit-packages/"+pack.text("id"), w.admin, map[string]any{"sort": 3}).ok(200)
	call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)
	assert.Greater(t, *checked, 20)
}

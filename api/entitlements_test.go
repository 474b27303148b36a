package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
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
	assert.Equal(t, map[string]any{"object": "entitlement", "allowed": true, "account_id": id, "plan": "starter", "subscription_status": "trialing"}, r.body)
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
		map[string]any{}, asking(id, "quantity", -1, "limit", "sites"), asking(id, "used", -1, "limit", "sites"), asking(id, "Feature", "api"),
		`{"account_id":"` + id + `","limit":"sites","quantity":9223372036854775808}`, asking(id, "quantity", 1.5, "limit", "sites"),
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
	assert.EqualValues(t, 2, w.store.Statements()-before, "whose key it is, and how the account stands")
}

func TestEntitlements_AnswerInEveryBillingState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.customer("acme", "growth")
	read := func() *reply { return w.call("GET", "/v1/account/entitlements", secret, nil).ok(200) }
	r := read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "submit_payment", r.at("next_action.type"))
	assert.Equal(t, []any{}, r.at("features"))

	id, owner := w.customer("trial", "starter")
	secret = owner
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).ok(201)
	r = read()
	assert.Equal(t, "entitled", r.at("status"))
	assert.Equal(t, "starter", r.at("plan"))
	assert.Equal(t, []any{map[string]any{"key": "sites", "max": 3.0, "used": 1.0}}, r.at("limits"))
	assert.Nil(t, r.at("next_action"))
	w.change(id, late(-time.Second))
	r = read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "past_due", r.at("subscription_status"))
	assert.Equal(t, "/v1/account/billing", r.at("next_action.url"))
	assert.Equal(t, []any{}, r.at("limits"), "a guard that looks for a key finds none")
	w.change(id, suspend)
	assert.Equal(t, "/v1/account/subscription", read().at("next_action.url"))

	w.flows.set(func() { w.flows.away = true })
	received := w.call("POST", "/v1/onboardings", "", person("received")).ok(202)
	secret = received.text("client_secret")
	r = read()
	assert.Equal(t, "payment_required", r.at("status"))
	assert.Equal(t, "wait", r.at("next_action.type"))
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Blog"}).problem(402, "payment_required")
}

func TestSites_AreLimitedByThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, secret := w.customer("acme", "starter")
	site := map[string]any{"name": "Blog"}
	first := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "k").ok(201)
	again := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, first.at("id"), again.at("id"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Other"}, "Idempotency-Key", "k").problem(422, domain.ReasonIdempotencyKeyReused)
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": " "}).problem(422, "invalid")
	for range 2 {
		w.call("POST", "/v1/account/sites", secret, site).ok(201)
	}
	r := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "full").problem(403, "limit_reached")
	assert.Equal(t, []any{"growth", "scale"}, r.at("required_plans"))
	assert.Len(t, w.call("GET", "/v1/account/sites", secret, nil).ok(200).rows(), 3)

	_, other := w.customer("other", "starter")
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), other, nil).problem(404, "not_found")
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), secret, nil).ok(204)
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), secret, nil).problem(404, "not_found")
	w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "full").ok(201) // a refusal used no key

	w.change(id, suspend)
	w.call("POST", "/v1/account/sites", secret, site).problem(402, "payment_required")
	rows := w.call("GET", "/v1/account/sites", secret, nil).ok(200).rows()
	w.call("DELETE", "/v1/account/sites/"+rows[0]["id"].(string), secret, nil).ok(204)
}

func TestSites_FiftyAtOnceAreAsManyAsThePlanAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.customer("acme", "starter")
	var made, full atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r := w.call("POST", "/v1/account/sites", secret, map[string]any{"name": fmt.Sprint("Site ", i)})
			switch {
			case r.status == http.StatusCreated:
				made.Add(1)
			case r.status == http.StatusForbidden && r.at("code") == "limit_reached":
				full.Add(1)
			default:
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 3, made.Load())
	assert.EqualValues(t, 47, full.Load())
}

func TestCreditPackages_AreACatalogueOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.call("GET", "/v1/credit-packages", "", nil).ok(200)
	assert.Equal(t, []string{"credits-500", "credits-2000"}, codes(r))
	assert.Empty(t, w.call("GET", "/v1/credit-packages", "", nil, "If-None-Match", r.header.Get("ETag")).ok(304).raw)

	pack := map[string]any{"code": "pack", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"}
	made := w.call("POST", "/v1/admin/credit-packages", w.admin, pack, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, made.raw, w.call("POST", "/v1/admin/credit-packages", w.admin, pack, "Idempotency-Key", "k").ok(201).raw)
	w.call("POST", "/v1/admin/credit-packages", w.admin, pack).problem(409, "conflict")
	assert.Contains(t, codes(w.call("GET", "/v1/credit-packages", "", nil)), "pack", "shown at once")
	path := "/v1/admin/credit-packages/" + made.text("id")
	assert.Equal(t, 9.0, w.call("PATCH", path, w.admin, map[string]any{"amount": 9, "active": false}).ok(200).at("amount"))
	assert.NotContains(t, codes(w.call("GET", "/v1/credit-packages", "", nil)), "pack")
	assert.Contains(t, codes(w.call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)), "pack")

	w.call("PATCH", path, w.admin, map[string]any{"credits": 0}).problem(422, "invalid")
	w.call("PATCH", path, w.admin, map[string]any{"code": "other"}).problem(422, "invalid")
	w.call("PATCH", "/v1/admin/credit-packages/pkg_1", w.admin, map[string]any{}).problem(404, "not_found")
	for _, missing := range []string{"name", "credits", "amount", "currency"} {
		body := map[string]any{"code": "other", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"}
		delete(body, missing)
		w.call("POST", "/v1/admin/credit-packages", w.admin, body).problem(422, "invalid")
	}
	pack["code"], pack["currency"] = "unheard-of", "zzz"
	refusesField(t, w.call("POST", "/v1/admin/credit-packages", w.admin, pack), "body.currency")
	refusesField(t, w.call("PATCH", path, w.admin, map[string]any{"currency": "zzz"}), "body.currency")
	all := w.call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)
	assert.NotContains(t, codes(all), "unheard-of")
	assert.NotContains(t, all.raw, "zzz", "nothing is written")
	_, secret := w.customer("acme", "free")
	w.call("POST", "/v1/admin/credit-packages", secret, pack).problem(403, "forbidden")

	require.NoError(t, w.store.Close())
	w.api.catalogue.changed()
	assert.Len(t, w.call("GET", "/v1/credit-packages", "", nil).ok(200).rows(), 2, "from the last good copy")
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
	call("POST", "/v1/credits/debit", key, spending(id, 901), "Idempotency-Key", "k").problem(422, domain.ReasonIdempotencyKeyReused)
	call("POST", "/v1/credits/debit", key, spending(id, 900), "Idempotency-Key", "l").problem(402, domain.ReasonInsufficientCredits)
	call("POST", "/v1/credits/debit", key, spending(waiting, 1), "Idempotency-Key", "k").problem(402, "payment_required")
	call("GET", "/v1/account/credits", secret, nil).ok(200)
	call("GET", "/v1/credit-packages", "", nil).ok(200)
	pack := call("POST", "/v1/admin/credit-packages", w.admin, map[string]any{"code": "pack", "name": "Pack", "credits": 5, "amount": 7, "currency": "eur"}).ok(201)
	call("PATCH", "/v1/admin/credit-packages/"+pack.text("id"), w.admin, map[string]any{"sort": 3}).ok(200)
	call("GET", "/v1/admin/credit-packages", w.admin, nil).ok(200)
	assert.Greater(t, *checked, 20)
}

package api

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlans_AreThoseOnOfferInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate, c.LoginRate = 1, 1 })
	r := w.call("GET", "/v1/plans", "", nil).ok(200)
	assert.Equal(t, []string{"free", "starter", "growth", "scale"}, codes(r))
	assert.Equal(t, "public, max-age=60", r.header.Get("Cache-Control"))
	assert.Empty(t, w.call("GET", "/v1/plans", "", nil, "If-None-Match", r.header.Get("ETag")).ok(304).raw)
	for range 300 {
		w.call("GET", "/v1/plans", "", nil).ok(200) // never limited
	}
}

func TestPlans_AreServedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.call("GET", "/v1/plans", "", nil).ok(200)
	require.NoError(t, w.store.Close())
	w.api.catalogue.changed() // the copy is old
	after := w.call("GET", "/v1/plans", "", nil).ok(200)
	assert.Equal(t, before.raw, after.raw)

	cold := newWorld(t)
	require.NoError(t, cold.store.Close())
	cold.call("GET", "/v1/plans", "", nil).problem(503, "unavailable")
}

func TestPlans_ManyVisitorsAreOneLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var statements atomic.Int64
	w.store.OnStatement(func(context.Context) { statements.Add(1) })
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() { w.call("GET", "/v1/plans", "", nil).ok(200) })
	}
	wg.Wait()
	assert.LessOrEqual(t, statements.Load(), int64(3), "one a second, whatever the number of visitors")
}

func TestPlans_AnAdminsChangeShowsAtOnceAndResumesWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.call("GET", "/v1/plans", "", nil).ok(200)
	made := w.call("POST", "/v1/admin/plans", w.admin, map[string]any{
		"code": "team", "name": "Team", "amount": 5900, "currency": "eur", "features": []string{"api"},
		"limits": map[string]any{"sites": 5}, "sort": 1,
	}, "Idempotency-Key", "k").ok(201)
	after := w.call("GET", "/v1/plans", "", nil, "If-None-Match", before.header.Get("ETag")).ok(200)
	assert.Equal(t, "team", codes(after)[0])
	assert.Equal(t, 1, w.flows.catalogue)
	assert.Equal(t, "month", made.at("interval"))

	path := "/v1/admin/plans/" + made.text("id")
	changed := w.call("PATCH", path, w.admin, map[string]any{"active": false}).ok(200)
	assert.Equal(t, "Team", changed.at("name"), "what is not named stays")
	assert.NotContains(t, codes(w.call("GET", "/v1/plans", "", nil).ok(200)), "team")

	w.flows.set(func() { w.flows.away = true })
	w.call("PATCH", path, w.admin, map[string]any{"active": true}).ok(200) // resumed by reconcile
	again := w.call("POST", "/v1/admin/plans", w.admin, map[string]any{
		"code": "team", "name": "Team", "amount": 5900, "currency": "eur", "features": []string{"api"},
		"limits": map[string]any{"sites": 5}, "sort": 1,
	}, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, made.at("id"), again.at("id"))
}

func TestPlans_OnlyOneIsTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plans := w.call("GET", "/v1/admin/plans", w.admin, nil).ok(200).rows()
	w.call("PATCH", "/v1/admin/plans/"+plans[1]["id"].(string), w.admin, map[string]any{"default": true}).ok(200)
	defaults := 0
	for _, p := range w.call("GET", "/v1/admin/plans", w.admin, nil).ok(200).rows() {
		if p["default"] == true {
			defaults++
		}
	}
	assert.Equal(t, 1, defaults)
}

func TestCatalogue_RefusesWhatCannotBeOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := func(more ...any) map[string]any {
		p := map[string]any{"code": "team", "name": "Team", "amount": 5900, "currency": "eur"}
		for i := 0; i < len(more); i += 2 {
			p[more[i].(string)] = more[i+1]
		}
		return p
	}
	for _, bad := range []map[string]any{
		good("code", "Team"), good("code", ""), good("name", ""), good("name", "a\u200b"), good("amount", -1),
		good("amount", 1.5),
		good("currency", "EUR"), good("currency", "euro"), good("interval", "week"), good("trial_days", -1),
		good("credits", -1),
		good("features", []string{"\u0007"}), good("limits", map[string]any{"sites": -1}), good("limits",
			map[string]any{"sites": "x"}),
		good("id", "plan_1"), {"code": "team"}, good("description", "a\u202eb"),
	} {
		w.call("POST", "/v1/admin/plans", w.admin, bad).problem(422, "invalid")
	}
	w.call("POST", "/v1/admin/plans", w.admin, good("code", "free")).problem(409, "conflict")
	plan := w.call("GET", "/v1/admin/plans", w.admin, nil).ok(200).rows()[0]
	w.call("PATCH", "/v1/admin/plans/"+plan["id"].(string), w.admin, map[string]any{"code": "other"}).
		problem(422, "invalid")
	w.call("PATCH", "/v1/admin/plans/plan_nothing", w.admin, map[string]any{}).problem(404, "not_found")

	for _, bad := range []map[string]any{
		{"key": "x", "name": "X"}, {"key": "x", "type": "card"}, {"key": "X", "name": "X", "type": "card"}, {"key": "x",
			"name": "X", "type": "gold"},
		{"key": "x", "name": "X", "type": "card", "countries": []string{"ZZ"}}, {"key": "x", "name": "X", "type": "card",
			"currencies": []string{"USD"}},
		{"key": "x", "name": "X", "type": "card", "provider": "stripe"},
	} {
		w.call("POST", "/v1/admin/payment-options", w.admin, bad).problem(422, "invalid")
	}
	w.call("POST", "/v1/admin/payment-options", w.admin, map[string]any{"key": "card", "name": "X", "type": "card"}).
		problem(409, "conflict")
	w.call("POST", "/v1/admin/payment-options", w.admin, map[string]any{"key": "x", "name": "X", "type": "card",
		"external_id": "14"}).
		problem(409, "conflict")
	made := w.call("POST", "/v1/admin/payment-options", w.admin, map[string]any{
		"key": "x", "name": "X", "type": "card", "instructions": "First this.\nThen that.", "preferred": true,
	}).ok(201)
	w.call("PATCH", "/v1/admin/payment-options/"+made.text("id"), w.admin, map[string]any{"external_id": "14"}).
		problem(409, "conflict")
	assert.Equal(t, "manual", made.at("provider"))
}

func TestCatalogue_RefusesCurrenciesThatDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan := w.call("POST", "/v1/admin/plans", w.admin, map[string]any{"code": "team", "name": "Team", "amount": 59,
		"currency": "kes"}).
		ok(201)
	option := w.call("POST", "/v1/admin/payment-options", w.admin, map[string]any{"key": "x", "name": "X",
		"type": "card", "currencies": []string{"eur", "jpy"}}).
		ok(201)
	for _, unknown := range []string{"zzz", "skk"} { // the koruna is no currency any more
		refusesField(
			t,
			w.call(
				"POST", "/v1/admin/plans", w.admin,
				map[string]any{"code": "bad", "name": "Bad", "amount": 59, "currency": unknown},
			),
			"body.currency",
		)
		refusesField(
			t, w.call("PATCH", "/v1/admin/plans/"+plan.text("id"), w.admin, map[string]any{"currency": unknown}),
			"body.currency",
		)
		currencies := []string{"eur", unknown}
		refusesField(t, w.call("POST", "/v1/admin/payment-options", w.admin,
			map[string]any{"key": "bad", "name": "Bad", "type": "card", "currencies": currencies}), "body.currencies")
		refusesField(
			t,
			w.call("PATCH", "/v1/admin/payment-options/"+option.text("id"), w.admin, map[string]any{"currencies": currencies}),
			"body.currencies",
		)
	}
	plans, options := w.call("GET", "/v1/admin/plans", w.admin, nil).
		ok(200),
		w.call("GET", "/v1/admin/payment-options", w.admin, nil).
			ok(200)
	assert.NotContains(t, plans.raw+options.raw, "Bad", "nothing is written")
	assert.Contains(t, plans.raw, `"kes"`)
	assert.NotContains(t, plans.raw+options.raw, "zzz")
}

func TestCatalogue_WhatHasAnOldCurrencyCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan := w.call("POST", "/v1/admin/plans", w.admin, map[string]any{"code": "team", "name": "Team", "amount": 59,
		"currency": "eur"}).
		ok(201)
	_, err := w.store.Stats()["write"].Exec("UPDATE plans SET currency = 'zzz' WHERE code = 'team'")
	require.NoError(t, err)
	w.call("PATCH", "/v1/admin/plans/"+plan.text("id"), w.admin, map[string]any{"active": false}).ok(200)
}

func TestPaymentOptions_AreThoseThatServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := func(query string) []string {
		var all []string
		for _, row := range w.call("GET", "/v1/payment-options"+query, "", nil).ok(200).rows() {
			all = append(all, row["key"].(string))
		}
		return all
	}
	assert.Equal(t, []string{"bank_transfer", "card"}, keys(""))
	assert.Equal(t, []string{"bank_transfer", "card", "wallet"}, keys("?country=KE&currency=usd"))
	for _, query := range []string{"?country=Kenya", "?country=ZZ", "?currency=USD"} {
		w.call("GET", "/v1/payment-options"+query, "", nil).problem(422, "invalid")
	}
	etag := w.call("GET", "/v1/payment-options", "", nil).ok(200).header.Get("ETag")
	w.call("GET", "/v1/payment-options", "", nil, "If-None-Match", etag).ok(304)
}

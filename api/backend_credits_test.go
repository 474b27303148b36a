package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func (w *world) debit(account, bearer, key string, amount int64) *reply {
	w.t.Helper()
	return w.call("POST", "/v1/credits/debit", bearer, spending(account, amount), "Idempotency-Key", key)
}

func spending(account string, amount any) map[string]any {
	return map[string]any{"account_id": account, "amount": amount, "reason": "render"}
}

// gift adds credits to the bonus pool.
func (w *world) gift(account string, amount int64) {
	w.t.Helper()
	ctx := context.Background()
	require.NoError(w.t, w.store.Within(ctx, func(tx *store.Store) error {
		_, err := tx.GrantCredits(
			ctx,
			&domain.Credit{ID: store.NewID(domain.PrefixCredit), AccountID: account, Pool: domain.PoolBonus,
				Amount: amount, Reason: domain.ReasonPackage, IdempotencyKey: "gift", CreatedAt: tx.Now()},
		)
		return err
	}))
}

func figures(r *reply) []any {
	return []any{r.at("balance.plan"), r.at("balance.bonus"), r.at("balance.total")}
}

func TestDebit_AnswersTheEntriesAndTheBalanceAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, secret := w.customer("acme", "starter")
	w.gift(id, 50)
	r := w.debit(id, key, "first", 990).ok(200)
	assert.Equal(t, "debit", r.at("object"))
	assert.Equal(t, []any{10.0, 50.0, 60.0}, figures(r))
	r = w.debit(id, key, "second", 30).ok(200)
	entries := r.at("entries").([]any)
	require.Len(t, entries, 2)
	assert.Equal(t, -10.0, entries[0].(map[string]any)["amount"])
	assert.Equal(t, "plan", entries[0].(map[string]any)["pool"])
	assert.Equal(t, -20.0, entries[1].(map[string]any)["amount"])
	assert.Equal(t, "bonus", entries[1].(map[string]any)["pool"])
	assert.Equal(t, []any{0.0, 30.0, 30.0}, figures(r))
	assert.Equal(t, 30.0, w.call("GET", "/v1/account/balance", secret, nil).ok(200).at("total"))

	rows := w.call("GET", "/v1/account/credits?limit=3", secret, nil).ok(200)
	assert.Equal(t, true, rows.at("has_more"))
	assert.Len(t, rows.rows(), 3)
	assert.Len(t, w.call("GET", "/v1/account/credits?cursor="+rows.text("next_cursor"), secret, nil).ok(200).rows(), 2)
}

func TestDebit_SameKeyTakesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "free")
	other, _ := w.customer("other", "free")
	first := w.debit(id, key, "k", 60).ok(200)
	assert.Empty(t, first.header.Get(headerReplayed))
	for _, bearer := range []string{key, w.admin} { // a key belongs to the account
		again := w.debit(id, bearer, "k", 60).ok(200)
		assert.Equal(t, first.at("entries"), again.at("entries"))
		assert.Equal(t, "true", again.header.Get(headerReplayed))
		assert.Equal(t, []any{40.0, 0.0, 40.0}, figures(again))
	}
	w.debit(id, key, "k", 61).problem(422, domain.ReasonIdempotencyKeyReused)
	w.debit(other, key, "k", 60).ok(200)
	w.debit(id, key, "rest", 40).ok(200)
	w.change(id, suspend)
	again := w.debit(id, key, "k", 60).ok(200)
	assert.Equal(
		t, first.at("entries"), again.at("entries"), "what was taken before the account lost its use is still answered",
	)
	w.debit(id, key, "new", 1).problem(402, "payment_required")
}

func TestDebit_WithoutEnoughTakesNothingAndSaysWhereMoreIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "free")
	r := w.debit(id, key, "k", 101).problem(402, domain.ReasonInsufficientCredits)
	assert.Equal(t, []any{100.0, 0.0, 100.0}, figures(r))
	assert.Equal(t, "buy_credits", r.at("next_action.type"))
	assert.Equal(t, "/v1/credit-packages", r.at("next_action.url"))
	assert.Equal(t, []any{"starter", "growth", "scale"}, r.at("required_plans"))
	assert.Equal(t, "free", r.at("current_plan"))
	for _, row := range w.call("GET", "/v1/admin/credit-packages", w.admin, nil).rows() {
		w.call("PATCH", "/v1/admin/credit-packages/"+row["id"].(string), w.admin, map[string]any{"active": false}).ok(200)
	}
	assert.Equal(
		t, "choose_plan", w.debit(id, key, "k", 101).problem(402, domain.ReasonInsufficientCredits).at("next_action.type"),
	)
	w.debit(id, key, "k", 100).ok(200) // a refusal used no key
}

func TestDebit_RefusesWhatIsNoDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, secret := w.customer("acme", "free")
	for _, amount := range []any{0, -1, 1.5, int64(1_000_000_000_001), "1", nil} {
		w.call("POST", "/v1/credits/debit", key, spending(id, amount), "Idempotency-Key", "k").problem(422, "invalid")
	}
	for _, amount := range []string{"9223372036854775807", "9223372036854775808", "18446744073709551617", "1e300"} {
		w.call("POST", "/v1/credits/debit", key, `{"account_id":"`+id+`","amount":`+amount+`,"reason":"render"}`,
			"Idempotency-Key", "k").
			problem(422, "invalid")
	}
	for _, reason := range []string{"", " ", "plan_grant", "plan_reset", "credit_package", "a\u200bb"} {
		body := spending(id, 1)
		body["reason"] = reason
		w.call("POST", "/v1/credits/debit", key, body, "Idempotency-Key", "k").problem(422, "invalid")
	}
	r := w.call("POST", "/v1/credits/debit", key, spending(id, 1)).problem(422, "invalid")
	assert.Contains(t, r.raw, "header.Idempotency-Key")
	w.debit(id, "", "k", 1).problem(401, "unauthenticated")
	w.debit(id, secret, "k", 1).problem(403, "forbidden")
	w.debit(store.NewID(domain.PrefixAccount), key, "k", 1).problem(404, "not_found")
	w.debit(id, key, "k", 100).ok(200) // nothing was taken
}

func TestDebit_AnUnknownBalanceIsNotZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "growth") // waits for its payment
	r := w.debit(id, key, "k", 1).problem(402, "payment_required")
	assert.Equal(t, "submit_payment", r.at("next_action.type"))

	used, _ := w.customer("used", "free")
	_, err := w.store.Stats()["write"].Exec("DELETE FROM balances")
	require.NoError(t, err)
	w.debit(used, key, "k", 1).problem(503, domain.ReasonBalanceUnavailable)
	require.NoError(t, w.store.Close())
	w.debit(used, key, "k", 1).problem(503, domain.ReasonBalanceUnavailable)
}

func TestDebit_FiftyAtOnceNeverTakeMoreThanThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, secret := w.customer("acme", "free")
	w.gift(id, 23)
	var taken, short atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r := w.debit(id, key, fmt.Sprint(i), 7)
			switch {
			case r.status == http.StatusOK:
				taken.Add(1)
			case r.status == http.StatusPaymentRequired && r.at("code") == domain.ReasonInsufficientCredits:
				short.Add(1)
			default:
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 17, taken.Load(), "seventeen times seven fit into 123")
	assert.EqualValues(t, 33, short.Load())
	assert.Equal(t, 4.0, w.call("GET", "/v1/account/balance", secret, nil).at("total"))
}

func TestDebit_CostsFiveStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.backend()
	id, _ := w.customer("acme", "free")
	before := w.store.Statements()
	w.debit(id, key, "k", 1).ok(200)
	assert.EqualValues(t, 5, w.store.Statements()-before, "the key, the state of the account; balance, entry, balance")
}

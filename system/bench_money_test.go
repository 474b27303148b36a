//go:build bench && !nodev

package system

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// money compares the two calls a product's backend makes most with plain
// handlers.
func (b *bench) money() {
	o := b.signUp("backend@example.com", "Backend", "starter")
	var key struct{ Secret string }
	b.post("/v1/admin/api-keys", b.admin(), map[string]any{"name": "bench"}).into(b.t, &key)
	ask := map[string]any{"account_id": o.Account.ID}
	check := b.median(4000, 8, b.reader(b.urls.account+o.Account.ID, ""),
		b.poster("/v1/entitlements/check", key.Secret, func() map[string]any { return ask }))
	b.atLeast("POST /v1/entitlements/check per second, vs a plain Gin handler with one indexed GORM read", check[1].rate,
		check[0].rate, 0.7)

	const debits = 1500
	require.NoError(b.t, b.app.Store.Within(b.t.Context(), func(tx *store.Store) error {
		_, err := tx.GrantCredits(b.t.Context(),
			&domain.Credit{ID: store.NewID("cr"), AccountID: o.Account.ID, Pool: domain.PoolBonus,
				Amount: 10 * debits * rounds, Reason: "bench", IdempotencyKey: "bench", CreatedAt: b.app.Store.Now()})
		return err
	}))
	before, err := b.app.Store.Balance(b.t.Context(), o.Account.ID)
	require.NoError(b.t, err)
	debit := map[string]any{"account_id": o.Account.ID, "amount": 1, "reason": "render"}
	m := b.median(debits, 50, b.floorWrite,
		b.poster("/v1/credits/debit", key.Secret, func() map[string]any { return debit }))
	b.atLeast("POST /v1/credits/debit per second, 50 at once on one account, vs a plain one-row transaction", m[1].rate,
		m[0].rate, 0.5)
	after, err := b.app.Store.Balance(b.t.Context(), o.Account.ID)
	require.NoError(b.t, err)
	lost := before.Plan + before.Bonus - after.Plan - after.Bonus - debits*rounds
	b.rows = append(b.rows, row{what: "updates lost by those debits", ours: fmt.Sprint(lost), required: "0",
		met: lost == 0})
}

// costs says what a card sign-up and a renewal leave behind, in a dev of its own.
func (b *bench) costs() {
	b.t.Run("costs", func(t *testing.T) {
		c := costOfMoney(t)
		most := func(what string, ours, bound int) {
			b.rows = append(b.rows, row{what: what, ours: fmt.Sprint(ours), required: fmt.Sprintf("≤ %d", bound),
				met: ours <= bound})
		}
		most("card sign-up through the sandbox: workflow executions", c.executions, 2)
		most("card sign-up through the sandbox: events, its sleeping Billing's among them", c.signup, 32)
		most("renewal: events", c.renewal, 12)
		most("renewal: calls to the provider", int(c.calls), 1)
	})
}

var debitKeys atomic.Int64

// poster posts a body with a key of its own each time.
func (b *bench) poster(path, bearer string, body func() map[string]any) func(context.Context) error {
	return func(context.Context) error {
		a, err := try(http.MethodPost, b.url+path, bearer, body(), "Idempotency-Key", fmt.Sprint("k", debitKeys.Add(1)))
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	}
}

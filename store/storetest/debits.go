package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var debitPromises = []promise{
	{"Debit_TakesThePlansCreditsFirst", false, debitOrder},
	{"Debit_OncePerKey", false, debitOnce},
	{"Debit_OnceUnderFiftyAtOnce", false, debitSameKeyAtOnce},
	{"Debit_NeverBelowZeroUnderFiftyAtOnce", false, debitAtOnce},
	{"Debit_LosesNoGrantMadeMeanwhile", false, debitBesideGrants},
	{"Debit_WithoutABalanceIsNotFound", false, debitUnknown},
	{"ListCredits_IsTheLedgerNewestFirst", false, ledger},
}

// funded is an account with credits in both pools.
func funded(t *testing.T, s *store.Store, plan, bonus int64) string {
	t.Helper()
	a := insertAccount(t, s)
	require.True(t, give(t, s, grant(a.ID, domain.PoolPlan, plan, "plan")))
	require.True(t, give(t, s, grant(a.ID, domain.PoolBonus, bonus, "bonus")))
	return a.ID
}

// debited is what a debit did, in short: the amounts it took from each pool.
func debited(t *testing.T, s *store.Store, id string, amount int64, key string) (store.DebitResult, string) {
	t.Helper()
	r, err := s.Debit(t.Context(), store.Debit{AccountID: id, Amount: amount, Reason: "render", Key: key})
	require.NoError(t, err)
	var parts []string
	for _, e := range r.Entries {
		assert.Equal(t, "render", e.Reason)
		assert.Equal(t, "credit", e.Object)
		parts = append(parts, fmt.Sprint(e.Pool, " ", e.Amount))
	}
	return r, strings.Join(parts, ", ")
}

func debitOrder(t *testing.T, s *store.Store) {
	id := funded(t, s, 100, 50)
	r, took := debited(t, s, id, 30, "first")
	assert.Equal(t, "plan -30", took)
	assert.Equal(t, []int64{70, 50, 120}, []int64{r.Balance.Plan, r.Balance.Bonus, r.Balance.Total})
	r, took = debited(t, s, id, 90, "second")
	assert.Equal(t, "plan -70, bonus -20", took, "what spans the pools is two entries")
	assert.EqualValues(t, 30, r.Balance.Total)
	r, took = debited(t, s, id, 31, "third")
	assert.Empty(t, took)
	assert.True(t, r.Short)
	unspent, err := s.Balance(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, unspent, r.Balance, "all or nothing")
	r, took = debited(t, s, id, 30, "fourth")
	assert.Equal(t, "bonus -30", took)
	assert.Zero(t, r.Balance.Total)
	assertBalance(t, s, id, 0, 0)
}

func debitOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id, other := funded(t, s, 10, 10), funded(t, s, 10, 10)
	first, took := debited(t, s, id, 15, "k")
	assert.Equal(t, "plan -10, bonus -5", took)
	assert.False(t, first.Replayed)
	debited(t, s, id, 5, "rest")
	again, took := debited(t, s, id, 15, "k")
	assert.Equal(t, "plan -10, bonus -5", took, "though the balance would not cover it now")
	assert.True(t, again.Replayed)
	assert.Equal(t, first.Entries, again.Entries)
	assert.Zero(t, again.Balance.Total)

	require.True(t, give(t, s, grant(id, domain.PoolBonus, 100, "gift")))
	again, _ = debited(t, s, id, 15, "k") // now it would come from one pool
	assert.Equal(t, first.Entries, again.Entries)
	for _, d := range []store.Debit{
		{AccountID: id, Amount: 14, Reason: "render", Key: "k"},
		{AccountID: id, Amount: 15, Reason: "other", Key: "k"},
	} {
		_, err := s.Debit(ctx, d)
		assert.Equal(t, domain.ReasonIdempotencyKeyReused, domain.ReasonOf(err))
	}
	assertBalance(t, s, id, 0, 100)
	_, took = debited(t, s, other, 1, "k")
	assert.Equal(t, "plan -1", took, "another account's keys are its own")
	_, took = debited(t, s, other, 1, "plan")
	assert.Equal(t, "plan -1", took, "a grant's key is not a debit's")
	_, took = debited(t, s, other, 1, "2/k")
	assert.Equal(t, "plan -1", took)
}

func debitSameKeyAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := funded(t, s, 10, 100)
	errs := Together(50, func(i int) error {
		r, err := s.Debit(ctx, store.Debit{AccountID: id, Amount: 15, Reason: "render", Key: string(rune('a' + i%2))})
		if err == nil && len(r.Entries) == 0 {
			err = errors.New("neither taken nor replayed")
		}
		return err
	})
	require.Empty(t, errs)
	assertBalance(t, s, id, 0, 80)
}

func debitAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := funded(t, s, 20, 15)
	errs := Together(50, func(i int) error {
		r, err := s.Debit(ctx, store.Debit{AccountID: id, Amount: 3, Reason: "render", Key: fmt.Sprint(i)})
		if err == nil && r.Short {
			err = errShort
		}
		return err
	})
	for _, err := range errs {
		require.ErrorIs(t, err, errShort)
	}
	assert.Len(t, errs, 50-11, "eleven times three fit into 35")
	assertBalance(t, s, id, 0, 2)
}

var errShort = errors.New("short")

func debitBesideGrants(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := funded(t, s, 100, 100)
	errs := Together(50, func(i int) error {
		if i%2 == 0 {
			return s.Within(ctx, func(tx *store.Store) error {
				_, err := tx.GrantCredits(ctx, grant(id, domain.PoolBonus, 4, fmt.Sprint("grant", i)))
				return err
			})
		}
		_, err := s.Debit(ctx, store.Debit{AccountID: id, Amount: 4, Reason: "render", Key: fmt.Sprint(i)})
		return err
	})
	require.Empty(t, errs)
	assertBalance(t, s, id, 0, 200)
}

func debitUnknown(t *testing.T, s *store.Store) {
	a := insertAccount(t, s)
	_, err := s.Debit(t.Context(), store.Debit{AccountID: a.ID, Amount: 1, Reason: "render", Key: "k"})
	assertCode(t, domain.CodeNotFound, err)
}

func ledger(t *testing.T, s *store.Store) {
	id := funded(t, s, 10, 10)
	debited(t, s, id, 15, "k")
	amounts := []int64{}
	list := func(p store.Page) (store.List[domain.Credit], error) { return s.ListCredits(t.Context(), id, p) }
	ids := walk(t, 1, list, func(c domain.Credit) string {
		amounts = append(amounts, c.Amount)
		return c.ID
	})
	assert.Len(t, ids, 4)
	assert.Equal(t, []int64{-5, -10, 10, 10}, amounts)
}

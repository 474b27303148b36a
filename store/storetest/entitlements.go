package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var entitlementPromises = []promise{
	{"EntitlementFacts_IsOneStatement", false, factsOnce},
	{"EntitlementFacts_LivesByTheAccountsClock", false, factsOnClock},
	{"EntitlementFacts_SeesTheSubscriptionInUse", false, factsInUse},
	{"Sites_CountWhileTheyAreNotDeleted", false, sitesCount},
	{"Sites_TheLimitHoldsUnderFiftyAtOnce", false, sitesAtOnce},
	{"CreditPackages_KeepEveryFieldAndTheirCode", false, creditPackages},
}

var debitPromises = []promise{
	{"Debit_TakesThePlansCreditsFirst", false, debitOrder},
	{"Debit_OncePerKey", false, debitOnce},
	{"Debit_OnceUnderFiftyAtOnce", false, debitSameKeyAtOnce},
	{"Debit_NeverBelowZeroUnderFiftyAtOnce", false, debitAtOnce},
	{"Debit_LosesNoGrantMadeMeanwhile", false, debitBesideGrants},
	{"Debit_WithoutABalanceIsNotFound", false, debitUnknown},
	{"ListCredits_IsTheLedgerNewestFirst", false, ledger},
}

// subscribe gives the account a subscription in use with a limit of sites.
func subscribe(t testing.TB, s *store.Store, accountID string, status domain.SubscriptionStatus, sites int64) *domain.Subscription {
	t.Helper()
	sub := newSubscription(accountID, status)
	sub.Plan.Limits[domain.LimitSites], sub.Plan.Features = sites, []string{"api"}
	require.NoError(t, s.InsertSubscription(t.Context(), sub))
	return sub
}

func newSite(accountID string) *domain.Site {
	return &domain.Site{ID: store.NewID(domain.PrefixSite), AccountID: accountID, Name: "Blog", CreatedAt: moment}
}

func factsOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	sub := subscribe(t, s, a.ID, domain.SubscriptionActive, 3)
	require.NoError(t, s.InsertSite(ctx, newSite(a.ID)))
	before := s.Statements()
	facts, sites, err := s.EntitlementFacts(ctx, a.ID, true)
	require.NoError(t, err)
	assert.EqualValues(t, 1, s.Statements()-before)
	assert.EqualValues(t, 1, sites)
	assert.True(t, facts.Entitled())
	assert.Equal(t, sub.Plan, facts.Subscription.Plan)
	assert.Equal(t, sub.ID, facts.Subscription.ID)
	_, sites, err = s.EntitlementFacts(ctx, a.ID, false)
	require.NoError(t, err)
	assert.Zero(t, sites, "not asked for")
	_, _, err = s.EntitlementFacts(ctx, store.NewID(domain.PrefixAccount), true)
	assertCode(t, domain.CodeNotFound, err)
}

func factsOnClock(t *testing.T, s *store.Store) {
	ctx := t.Context()
	clock := &domain.TestClock{ID: "clk_1", Status: domain.ClockReady, Now: moment, CreatedAt: moment, UpdatedAt: moment}
	require.NoError(t, s.InsertTestClock(ctx, clock))
	bound, free := insertAccount(t, s), insertAccount(t, s)
	bound.TestClockID = clock.ID
	require.NoError(t, s.SaveAccount(ctx, bound))
	for _, a := range []*domain.Account{bound, free} {
		sub := newSubscription(a.ID, domain.SubscriptionActive)
		require.NoError(t, s.InsertSubscription(ctx, sub))
		require.NoError(t, sub.FallBehind(domain.BillingPolicy{Grace: time.Hour}, moment))
		require.NoError(t, s.SaveSubscription(ctx, sub))
	}
	entitled := func(a *domain.Account) bool {
		facts, _, err := s.EntitlementFacts(ctx, a.ID, false)
		require.NoError(t, err)
		require.Equal(t, moment.Add(time.Hour), *facts.Subscription.GraceEndsAt)
		return facts.Entitled()
	}
	assert.True(t, entitled(bound), "its clock shows a time within grace")
	assert.False(t, entitled(free), "moment is long past")
	clock.Now = moment.Add(time.Hour)
	require.NoError(t, s.SaveTestClock(ctx, clock))
	assert.False(t, entitled(bound))
}

func factsInUse(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	read := func() domain.EntitlementFacts {
		facts, _, err := s.EntitlementFacts(ctx, a.ID, false)
		require.NoError(t, err)
		return facts
	}
	explained := func() *domain.Subscription {
		facts := read()
		require.NoError(t, s.Explain(ctx, &facts))
		return facts.Subscription
	}
	assert.Nil(t, explained())
	old := subscribe(t, s, a.ID, domain.SubscriptionCanceled, 3)
	assert.Nil(t, read().Subscription)
	assert.Equal(t, old.ID, explained().ID, "why not is read on demand")
	live := subscribe(t, s, a.ID, domain.SubscriptionTrialing, 3)
	next := subscribe(t, s, a.ID, domain.SubscriptionIncomplete, 9)
	assert.Equal(t, live.ID, read().Subscription.ID, "while the next is paid for, the one in use counts")
	assert.NotEqual(t, next.ID, explained().ID)
	require.NoError(t, s.Seed(ctx))
	facts := read()
	require.NoError(t, s.Explain(ctx, &facts))
	assert.Len(t, facts.Offer, 4)
}

func sitesCount(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertAccount(t, s), insertAccount(t, s)
	kept := newSite(b.ID)
	require.NoError(t, s.InsertSite(ctx, kept))
	found, err := s.SiteByID(ctx, b.ID, kept.ID)
	require.NoError(t, err)
	kept.Present()
	assert.Equal(t, kept, found)
	count := func(a *domain.Account) int64 {
		_, n, err := s.EntitlementFacts(ctx, a.ID, true)
		require.NoError(t, err)
		return n
	}
	first, second := newSite(a.ID), newSite(a.ID)
	require.NoError(t, s.InsertSite(ctx, first))
	require.NoError(t, s.InsertSite(ctx, second))
	require.NoError(t, s.InsertSite(ctx, newSite(b.ID)))
	assert.EqualValues(t, 2, count(a))
	assertCode(t, domain.CodeNotFound, s.DeleteSite(ctx, b.ID, first.ID))
	require.NoError(t, s.DeleteSite(ctx, a.ID, first.ID))
	assertCode(t, domain.CodeNotFound, s.DeleteSite(ctx, a.ID, first.ID))
	_, err = s.SiteByID(ctx, a.ID, first.ID)
	assertCode(t, domain.CodeNotFound, err)
	assert.EqualValues(t, 1, count(a))
	list, err := s.ListSites(ctx, a.ID, store.Page{})
	require.NoError(t, err)
	second.Present()
	assert.Equal(t, []domain.Site{*second}, list.Data)
	require.Error(t, s.InsertSite(ctx, newSite(store.NewID(domain.PrefixAccount))), "a site is an account's")
}

func sitesAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	subscribe(t, s, a.ID, domain.SubscriptionActive, 3)
	errs := Together(50, func(int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			if err := tx.LockAccount(ctx, a.ID); err != nil {
				return err
			}
			facts, sites, err := tx.EntitlementFacts(ctx, a.ID, true)
			if err == nil {
				err = facts.Decide(domain.Need{Limit: domain.LimitSites, Quantity: 1, Used: sites}).Err()
			}
			if err != nil {
				return err
			}
			return tx.InsertSite(ctx, newSite(a.ID))
		})
	})
	assert.Len(t, errs, 47)
	for _, err := range errs {
		assert.Equal(t, domain.ReasonLimitReached, domain.ReasonOf(err), err)
	}
	assert.Equal(t, 3, count(t, s, "sites"))
}

func creditPackages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	p := &domain.CreditPackage{ID: "pkg_1", Code: "pack", Name: "Pack", Credits: 5, Amount: 7, Currency: "eur", Active: true, Sort: 1,
		CreatedAt: moment, UpdatedAt: *later(1)}
	keeps(t, p, saved(s.SaveCreditPackage), func(ctx context.Context) (*domain.CreditPackage, error) { return s.CreditPackageByID(ctx, p.ID) })
	codes := func(list []domain.CreditPackage, err error) (all []string) {
		require.NoError(t, err)
		for _, p := range list {
			all = append(all, fmt.Sprint(p.Code, " ", p.Credits, " ", p.Amount, " ", p.Currency))
		}
		return all
	}
	seeded := []string{"credits-500 500 1900 usd", "credits-2000 2000 5900 usd"}
	assert.Equal(t, append([]string{"pack 5 7 eur"}, seeded...), codes(s.ActivePackages(ctx)))

	copycat := *p
	copycat.ID, copycat.Name = "pkg_2", "Other"
	ok, err := s.SaveCreditPackage(ctx, &copycat)
	require.NoError(t, err)
	assert.False(t, ok, "the code is another's")

	p.Active = false
	ok, err = s.SaveCreditPackage(ctx, p)
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, seeded, codes(s.ActivePackages(ctx)))
	assert.Len(t, codes(s.CreditPackages(ctx)), 3)
	_, err = s.PackageForSale(ctx, "pack")
	assertCode(t, domain.CodeNotFound, err)
	found, err := s.PackageForSale(ctx, "credits-500")
	require.NoError(t, err)
	assert.EqualValues(t, 500, found.Credits)
	require.NoError(t, s.Seed(ctx))
	assert.Equal(t, 3, count(t, s, "credit_packages"))
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
	for _, d := range []store.Debit{{AccountID: id, Amount: 14, Reason: "render", Key: "k"}, {AccountID: id, Amount: 15, Reason: "other", Key: "k"}} {
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

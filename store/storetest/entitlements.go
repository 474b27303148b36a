package storetest

import (
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
}

// subscribe gives the account a subscription in use with a limit of sites.
func subscribe(
	t testing.TB, s *store.Store, accountID string, status domain.SubscriptionStatus, sites int64,
) *domain.Subscription {

	t.Helper()

	sub := newSubscription(accountID, status)

	sub.Plan.Limits[domain.LimitSites], sub.Plan.Features = sites, []string{"api"}

	require.NoError(t, subscribed(t, s, sub))

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
		require.NoError(t, subscribed(t, s, sub))
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

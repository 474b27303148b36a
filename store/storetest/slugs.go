package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var slugPromises = []promise{
	{"AllocateSlug_TheFirstGetsItTheSecondANumber", false, firstAndSecond},
	{"AllocateSlug_AReservedWordGetsANumber", false, reservedWord},
	{"AllocateSlug_CountsChosenNumbers", false, chosenNumbers},
	{"AllocateSlug_AFarNumberDoesNotMoveTheCounter", false, farNumber},
	{"AllocateSlug_PassesNumbersThatWereChosenAhead", false, chosenAhead},
	{"AllocateSlug_WithoutANumberLeftIsStillValid", false, noNumberLeft},
	{"AllocateSlug_AThousandAtOnceAreDistinct", false, thousandAtOnce},
	{"ReleaseSlug_IsFreeAgainATombstoneNever", false, releaseAndTombstone},
	{"SuggestSlugs_ThreeFreeOnes", false, suggestSlugs},
}

// claim takes exactly this slug, as a customer who chose it.
func claim(t testing.TB, s *store.Store, slug, accountID string) bool {
	t.Helper()
	ok, err := s.ClaimSlug(t.Context(), slug, accountID)
	require.NoError(t, err)
	return ok
}

// allocate takes the base or the next number for a new account.
func allocate(t testing.TB, s *store.Store, base string) store.Allocation {
	t.Helper()
	var a store.Allocation
	within(t, s, func(tx *store.Store) (err error) {
		a, err = tx.AllocateSlug(t.Context(), base, store.NewID(domain.PrefixAccount))
		return err
	})
	assert.True(t, domain.ValidSlug(a.Slug), a.Slug)
	return a
}

func firstAndSecond(t *testing.T, s *store.Store) {
	for i, want := range []string{"acme it is", "acme was taken, acme-2 it is", "acme was taken, acme-3 it is"} {
		assert.Equal(t, want, allocate(t, s, "acme").Story(), i)
	}
	assert.Equal(t, "acme-2-2", allocate(t, s, "acme-2").Slug, "a name that ends in a number is a base too")
	assert.Equal(t, "acme-4", allocate(t, s, "acme").Slug, "whose numbers are its own")
	assert.False(t, claim(t, s, "acme", "acct_1"))
	assert.True(t, claim(t, s, "acme-inc", "acct_1"))
}

func reservedWord(t *testing.T, s *store.Store) {
	a := allocate(t, s, "admin")
	assert.Equal(t, store.Allocation{Slug: "admin-2", Taken: "admin", Reserved: true}, a)
	assert.Equal(t, "admin is reserved, admin-2 it is", a.Story())
	assert.Equal(t, "admin-3", allocate(t, s, "admin").Slug)
	assert.Zero(t, count(t, s, "slugs WHERE slug = 'admin'"))
}

func chosenNumbers(t *testing.T, s *store.Store) {
	require.True(t, claim(t, s, "acme-7", "acct_1"))
	assert.Equal(t, "acme", allocate(t, s, "acme").Slug)
	assert.Equal(t, "acme-8", allocate(t, s, "acme").Slug)
	require.True(t, claim(t, s, "acme-9", "acct_1"))
	assert.Equal(t, "acme-10", allocate(t, s, "acme").Slug)
	require.True(t, claim(t, s, "acme-012", "acct_1"))
	require.True(t, claim(t, s, "acme-x99", "acct_1"))
	require.True(t, claim(t, s, "acme-1", "acct_1"))
	assert.Equal(t, "acme-11", allocate(t, s, "acme").Slug, "those are no numbers of acme")
}

func farNumber(t *testing.T, s *store.Store) {
	require.Equal(t, "acme", allocate(t, s, "acme").Slug)
	for _, far := range []string{"acme-99999999", "acme-1000000", "acme-100000", "acme-999999999999999999999999"} {
		require.True(t, claim(t, s, far, "acct_1"), far)
	}
	assert.Equal(t, "acme-2", allocate(t, s, "acme").Slug)
}

func chosenAhead(t *testing.T, s *store.Store) {
	require.Equal(t, "acme", allocate(t, s, "acme").Slug)
	for _, chosen := range []string{"acme-99999", "acme-100000", "acme-100001"} {
		require.True(t, claim(t, s, chosen, "acct_1"))
	}
	assert.Equal(t, "acme-100002", allocate(t, s, "acme").Slug)
	assert.Equal(t, "acme-100003", allocate(t, s, "acme").Slug)
}

func noNumberLeft(t *testing.T, s *store.Store) {
	base := strings.Repeat("a", 38) + "-bb" // as long as bases get, with a hyphen where it is cut
	require.Equal(t, base, allocate(t, s, base).Slug)
	_, err := writer(s).ExecContext(t.Context(), fmt.Sprintf(
		"INSERT INTO slugs (slug, base, number, account_id, status) VALUES ('%s-999999', '%s', 999998, 'acct_1', 'held')",
		base,
		base,
	))
	require.NoError(t, err)
	seen := map[string]bool{}
	for range 5 {
		a := allocate(t, s, base)
		assert.LessOrEqual(t, len(a.Slug), domain.SlugMax)
		assert.False(t, seen[a.Slug], a.Slug)
		seen[a.Slug] = true
	}
}

func thousandAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	slugs := make([]string, 1000)
	errs := Together(len(slugs), func(i int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			a, err := tx.AllocateSlug(ctx, "acme", store.NewID(domain.PrefixAccount))
			slugs[i] = a.Slug
			return err
		})
	})
	require.Empty(t, errs)
	seen := map[string]bool{}
	for _, slug := range slugs {
		assert.True(t, domain.ValidSlug(slug), slug)
		assert.False(t, seen[slug], slug)
		seen[slug] = true
	}
	assert.Len(t, seen, 1000)
	assert.True(t, seen["acme"] && seen["acme-1000"], "no number was wasted")
	assert.Equal(t, 1000, count(t, s, "slugs"))
}

func releaseAndTombstone(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.True(t, claim(t, s, "acme", "acct_1"))
	require.True(t, claim(t, s, "other", "acct_2"))
	require.NoError(t, s.ReleaseSlug(ctx, "acct_1", false))
	require.NoError(t, s.ReleaseSlug(ctx, "acct_1", false), "again changes nothing")
	assert.False(t, claim(t, s, "other", "acct_3"), "somebody else's stays")
	assert.Equal(t, "acme", allocate(t, s, "acme").Slug, "free again")

	require.NoError(t, s.ReleaseSlug(ctx, "acct_2", true))
	require.NoError(t, s.ReleaseSlug(ctx, "acct_2", false), "a tombstone cannot be released")
	assert.False(t, claim(t, s, "other", "acct_2"), "not even by who had it")
	assert.Equal(t, "other-2", allocate(t, s, "other").Slug)

	require.True(t, claim(t, s, "acme-5", "acct_5"))
	require.NoError(t, s.ReleaseSlug(ctx, "acct_5", true))
	assert.Equal(t, "acme-6", allocate(t, s, "acme").Slug, "a tombstone's number is not given again")
}

func suggestSlugs(t *testing.T, s *store.Store) {
	ctx := t.Context()
	long := strings.Repeat("a", 40) + "-bcdefgh"
	for _, slug := range []string{
		"acme", "acme-2", "acme-hq", "acme-app", "acme-7", "admin", "sign-up", "zed-co", "abc", long, "a-1",
	} {
		if !domain.SlugReserved(slug) {
			require.True(t, claim(t, s, slug, "acct_1"), slug)
		}
		free, err := s.SuggestSlugs(ctx, slug)
		require.NoError(t, err)
		require.Len(t, free, 3, slug)
		seen := map[string]bool{}
		for _, f := range free {
			assert.True(t, domain.ValidSlug(f), f)
			assert.False(t, domain.SlugReserved(f), f)
			assert.Zero(t, count(t, s, "slugs WHERE slug = '"+f+"'"), "%s is free", f)
			assert.False(t, seen[f], "%s twice", f)
			seen[f] = true
		}
	}
	for _, word := range []string{"team", "co", "online", "group"} {
		require.True(t, claim(t, s, "acme-"+word, "acct_1"))
	}
	free, err := s.SuggestSlugs(ctx, "acme-2")
	require.NoError(t, err)
	assert.Equal(t, []string{"acme-8", "acme-9", "acme-10"}, free, "numbers when the words are gone")
}

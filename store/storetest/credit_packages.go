package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func creditPackages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	p := &domain.CreditPackage{
		ID:        "pkg_1",
		Code:      "pack",
		Name:      "Pack",
		Credits:   5,
		Amount:    7,
		Currency:  "eur",
		Active:    true,
		Sort:      1,
		CreatedAt: moment,
		UpdatedAt: *later(1),
	}
	keeps(t, p, saved(s.SaveCreditPackage),
		func(ctx context.Context) (*domain.CreditPackage, error) { return s.CreditPackageByID(ctx, p.ID) })
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

package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/store"
)

// switchesUnderLoad has many make another plan the default, another option the preferred
// one, and rename them, all at once.
func switchesUnderLoad(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	plans, err := s.Plans(ctx)
	require.NoError(t, err)
	options, err := s.PaymentOptions(ctx)
	require.NoError(t, err)
	var all errgroup.Group
	for i := range 40 {
		all.Go(func() error {
			return s.Within(ctx, func(tx *store.Store) error {
				plan, err := tx.LockPlan(ctx, plans[i%len(plans)].ID)
				if err != nil {
					return err
				}
				plan.Default, plan.Name = plan.Default || i%2 == 0, fmt.Sprint(i)
				saved, err := tx.SavePlan(ctx, plan)
				if err == nil && !saved {
					err = errors.New("another plan has its code")
				}
				return err
			})
		})
		all.Go(func() error {
			return s.Within(ctx, func(tx *store.Store) error {
				option, err := tx.LockPaymentOption(ctx, options[i%len(options)].ID)
				if err != nil {
					return err
				}
				option.Preferred = option.Preferred || i%2 == 0
				saved, err := tx.SavePaymentOption(ctx, option)
				if err == nil && !saved {
					err = errors.New("another option has its key")
				}
				return err
			})
		})
	}
	require.NoError(t, all.Wait())
	_, err = s.LockCreditPackage(ctx, store.NewID(domain.PrefixCreditPackage))
	assertCode(t, domain.CodeNotFound, err)
	assert.Equal(t, 1, count(t, s, "plans WHERE is_default"))
	assert.Equal(t, 1, count(t, s, "payment_options WHERE preferred"))
}

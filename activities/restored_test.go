package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/payment"
	"slipway/payment/sandbox"
)

// countedLookups counts how often the provider is asked for what it knows.
type countedLookups struct {
	payment.Provider
	n *int
}

func (c countedLookups) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	*c.n++
	return c.Provider.Lookup(ctx, key)
}

// A provider forgets keys after a day. What is charged more than that after its
// period began may be from rows that were restored, and charged before.
func TestRenewal_IsLookedUpFirstOnceItsKeyMayBeForgotten(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]int{time.Hour: 0, 25 * time.Hour: 1} {
		s := newShop(t)
		o := s.trial("tok_ok")
		lookups := 0
		s.Providers[sandbox.Name] = countedLookups{s.Providers[sandbox.Name], &lookups}
		s.clock.set(after(14).Add(late))
		due := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID}
		for asked := false; !asked; {
			state, err := s.Process(t.Context(), due)
			require.NoError(t, err)
			due.Due, asked = state.Due, state.Charge
		}
		_, err := s.ChargeSubscription(t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
		require.NoError(t, err)
		assert.Len(t, s.ledger(), 1)
		assert.Equal(t, want, lookups, late)
	}
}

package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
)

// slowBank takes its time to decide about charges, as a bank does about debits.
type slowBank struct {
	payment.Provider
	decided func() bool
	asked   map[string]payment.Charge
}

func (b slowBank) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	b.asked[in.Key] = in
	return b.Lookup(ctx, in.Key)
}

func (b slowBank) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	in, asked := b.asked[key]
	switch {
	case !asked:
		return b.Provider.Lookup(ctx, key)
	case !b.decided():
		return payment.Outcome{
			Key: key, Ref: "debit_1", Status: payment.StatusProcessing, Amount: in.Amount, Currency: in.Currency,
		}, nil
	}
	return b.Provider.Charge(ctx, in)
}

// wait lets the subscription live until the time while a provider decides:
// every read of it moves the next one, so nothing is done twice here.
func (s *shop) wait(o *domain.Onboarding, until time.Time) {
	s.t.Helper()
	due := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID}
	reads := 0
	state, err := s.Process(s.t.Context(), due)
	for err == nil && (state.Charge || !state.DueAt.After(until)) {
		if reads++; reads > 3*24*10 {
			require.Fail(s.t, "it is read all the time")
		}
		if state.Charge {
			state, err = s.ChargeSubscription(s.t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
			continue
		}
		s.clock.set(*state.DueAt)
		due.Due = state.Due
		state, err = s.Process(s.t.Context(), due)
	}
	require.NoError(s.t, err)
	s.clock.set(until)
}

func TestRenewal_ABankThatDecidesAfterTheGraceIsWaitedFor(t *testing.T) {
	t.Parallel()
	decided := after(24).Add(time.Hour / 2)
	for token, want := range map[string]domain.SubscriptionStatus{
		"tok_ok": domain.SubscriptionActive, "tok_declined_funds": domain.SubscriptionPastDue,
	} {
		s := newShop(t)
		o := s.trial(token)
		s.Providers[sandbox.Name] = slowBank{
			s.Providers[sandbox.Name], func() bool { return s.clock.Now().After(decided) }, map[string]payment.Charge{},
		}
		s.wait(o, after(24))
		sub := s.subscription(o)
		assert.Equal(t, domain.SubscriptionTrialing, sub.Status, "undecided is not late")
		assert.True(t, sub.Entitled(s.clock.Now()))
		require.Len(t, s.payments(o), 1)
		assert.Equal(t, domain.PaymentProcessing, s.last(o).Status)

		s.wait(o, decided.Add(time.Hour))
		sub = s.subscription(o)
		assert.Equal(t, want, sub.Status)
		assert.Len(t, s.ledger(), 1, "asked once")
		if want == domain.SubscriptionActive {
			assert.Equal(t, after(14), *sub.CurrentPeriodStart, "the period is the one that was due")
		} else {
			assert.WithinDuration(t, decided, *sub.PastDueSince, time.Hour, "recovery begins when it is known")
		}
	}
}

package domain_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// noun is something with a state machine, as a test drives it.
type noun[S ~string] interface {
	Advance(to S, now time.Time) error
}

// everyPair moves a fresh noun along every pair of the table's states.
func everyPair[S ~string, N noun[S]](
	t *testing.T,
	moves domain.Moves[S],
	in func(S) N,
	try func(t *testing.T, n N, from, to S),
) {
	t.Helper()
	t.Parallel()
	states := moves.States()
	require.NotEmpty(t, states)
	for _, from := range states {
		for _, to := range states {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) { try(t, in(from), from, to) })
		}
	}
}

// move advances n and checks that it moved exactly when the table says so:
// a refusal is the 409 that names both states and leaves n as it was.
func move[S ~string, N noun[S]](t *testing.T, moves domain.Moves[S], n N, from, to S) (moved bool) {
	t.Helper()
	before := reflect.ValueOf(n).Elem().Interface()
	err := n.Advance(to, noon)
	if slices.Contains(moves[from], to) {
		require.NoError(t, err)
		return true
	}
	var refusal *domain.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, domain.CodeConflict, refusal.Code)
	assert.Equal(t, domain.ReasonInvalidTransition, refusal.Reason)
	assert.Equal(t, string(from), refusal.From)
	assert.Equal(t, string(to), refusal.To)
	assert.Equal(t, before, reflect.ValueOf(n).Elem().Interface(), "a refused move changes nothing")
	return false
}

func TestAccount_MovesOnlyAlongItsTable(t *testing.T) {
	in := func(s domain.AccountStatus) *domain.Account { return &domain.Account{ID: "acct_1", Status: s} }
	everyPair(t, domain.AccountMoves, in, func(t *testing.T, a *domain.Account, from, to domain.AccountStatus) {
		if !move(t, domain.AccountMoves, a, from, to) {
			return
		}
		assert.Equal(t, to, a.Status)
		assert.Equal(t, noon, a.UpdatedAt)
		assert.Equal(t, to == domain.AccountClosed, a.ClosedAt != nil, "closed_at says when it closed")
	})
}

func TestSubscription_MovesOnlyAlongItsTable(t *testing.T) {
	in := func(s domain.SubscriptionStatus) *domain.Subscription {
		return &domain.Subscription{ID: "sub_1", Status: s}
	}
	everyPair(t, domain.SubscriptionMoves, in,
		func(t *testing.T, s *domain.Subscription, from, to domain.SubscriptionStatus) {
			if !move(t, domain.SubscriptionMoves, s, from, to) {
				return
			}
			assert.Equal(t, to, s.Status)
			assert.Equal(t, noon, s.UpdatedAt)
			assert.Equal(t, domain.SubscriptionMoves.Ends(to), s.EndedAt != nil, "ended_at says when it ended")
		})
}

func TestInvoice_MovesOnlyAlongItsTable(t *testing.T) {
	in := func(s domain.InvoiceStatus) *domain.Invoice { return &domain.Invoice{ID: "in_1", Status: s} }
	everyPair(t, domain.InvoiceMoves, in, func(t *testing.T, i *domain.Invoice, from, to domain.InvoiceStatus) {
		if !move(t, domain.InvoiceMoves, i, from, to) {
			return
		}
		assert.Equal(t, to, i.Status)
		assert.Equal(t, noon, i.UpdatedAt)
		assert.Equal(t, to == domain.InvoicePaid, i.PaidAt != nil, "paid_at says when it was paid")
	})
}

func TestPayment_MovesOnlyAlongItsTable(t *testing.T) {
	in := func(s domain.PaymentStatus) *domain.Payment { return &domain.Payment{ID: "pay_1", Status: s} }
	everyPair(t, domain.PaymentMoves, in, func(t *testing.T, p *domain.Payment, from, to domain.PaymentStatus) {
		if !move(t, domain.PaymentMoves, p, from, to) {
			return
		}
		assert.Equal(t, to, p.Status)
		assert.Equal(t, noon, p.UpdatedAt)
	})
}

// Staying where it is counts as a change of an onboarding, so from = to is its
// own case.
func TestOnboarding_MovesOnlyAlongItsTable(t *testing.T) {
	in := func(s domain.OnboardingStatus) *domain.Onboarding {
		o := domain.NewOnboarding("onb_1", domain.KindSignup, noon.Add(-time.Hour))
		o.Status = s
		return o
	}
	everyPair(t, domain.OnboardingMoves, in, func(t *testing.T, o *domain.Onboarding, from, to domain.OnboardingStatus) {
		if from == to {
			next := o.NextAction
			require.NoError(t, o.Advance(to, noon))
			assert.Same(t, next, o.NextAction, "staying keeps what the customer was asked")
		} else if !move(t, domain.OnboardingMoves, o, from, to) {
			return
		}
		assert.Equal(t, to, o.Status)
		assert.Equal(t, int64(2), o.Version, "every change is counted")
		assert.Equal(t, noon, o.UpdatedAt)
	})
}

// ends lists the states of a table that nothing follows.
func ends[S ~string](moves domain.Moves[S]) []string {
	found := []string{}
	for _, s := range moves.States() {
		if moves.Ends(s) {
			found = append(found, string(s))
		}
	}
	return found
}

func TestMoves_EndsAreThePromisedOnes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"canceled", "completed", "expired", "failed"}, ends(domain.OnboardingMoves))
	assert.Equal(t, []string{"closed"}, ends(domain.AccountMoves))
	assert.Equal(t, []string{"canceled", "incomplete_expired", "unpaid"}, ends(domain.SubscriptionMoves))
	assert.Equal(t, []string{"paid", "uncollectible", "void"}, ends(domain.InvoiceMoves))
	assert.Equal(t, []string{"failed", "succeeded"}, ends(domain.PaymentMoves))
}

// closed checks that a table names no state it does not describe, and that
// every state can be reached from the first.
func closed[S ~string](t *testing.T, moves domain.Moves[S], first S) {
	t.Helper()
	reached, todo := map[S]bool{first: true}, []S{first}
	for len(todo) > 0 {
		from := todo[0]
		todo = todo[1:]
		require.Contains(t, moves, from, "a state of the table")
		for _, to := range moves[from] {
			if !reached[to] {
				reached[to], todo = true, append(todo, to)
			}
		}
	}
	for _, s := range moves.States() {
		assert.True(t, reached[s], "%s can be reached", s)
	}
}

func TestMoves_EveryStateIsReachedAndDescribed(t *testing.T) {
	t.Parallel()
	closed(t, domain.OnboardingMoves, domain.OnboardingReceived)
	closed(t, domain.AccountMoves, domain.AccountPending)
	closed(t, domain.SubscriptionMoves, domain.SubscriptionIncomplete)
	closed(t, domain.InvoiceMoves, domain.InvoiceOpen)
	closed(t, domain.PaymentMoves, domain.PaymentCreated)
}

package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

// signal applies a command as it comes from Temporal's own tools.
func (s *shop) signal(in activities.ApplyCommandInput) activities.ApplyCommandResult {
	s.t.Helper()
	in.Signal = true
	result, err := s.ApplyCommand(s.t.Context(), in)
	require.NoError(s.t, err, "its sender gets no answer, and the workflow gets the state")
	return result
}

func TestSignal_CancelsASubscriptionAtTheEndOfItsPeriodUnlessItSaysNow(t *testing.T) {
	t.Parallel()
	for at, want := range map[domain.CancelAt]domain.SubscriptionStatus{
		"": domain.SubscriptionActive, domain.CancelPeriodEnd: domain.SubscriptionActive,
		domain.CancelNow: domain.SubscriptionCanceled,
	} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o := s.signUp(plan("free"))
			result := s.signal(activities.ApplyCommandInput{
				Noun:   domain.NounSubscription,
				ID:     o.SubscriptionID,
				Action: domain.ActionCancel,
				Reason: "fraud",
				At:     at,
			})
			assert.Equal(t, want, result.Subscription.Status)
			sub := s.subscription(o)
			assert.Equal(t, want == domain.SubscriptionActive, sub.CancelAtPeriodEnd)
			assert.Equal(t, "canceled_by_temporal", sub.CancellationReason)
			event := s.lastEvent(o, map[bool]domain.EventType{
				true: domain.EventSubscriptionCanceled, false: domain.EventSubscriptionWillCancel,
			}[at == domain.CancelNow])
			assert.Equal(t, "fraud", event.Reason)
			assert.Equal(t, domain.ActorTemporal, event.ActorType)
		})
	}
}

func TestSignal_CancelsAPurchase(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	open := s.openPackage(o, "credits-500")
	result := s.signal(activities.ApplyCommandInput{
		Noun: domain.NounInvoice, ID: open.InvoiceID, Action: domain.ActionCancel,
	})
	assert.Equal(t, domain.InvoiceVoid, result.Purchase.Status)
}

func TestSignal_OneThatIsRefusedLeavesATraceAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	invoice := s.openPackage(o, "credits-500").InvoiceID
	other := s.reach(domain.OnboardingAwaitingPayment)
	_, err := s.ReadSubscription(t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
	require.NoError(t, err) // notes what is due next
	of := func(noun domain.Noun, id string, action domain.Action, reason string) activities.ApplyCommandInput {
		return activities.ApplyCommandInput{Noun: noun, ID: id, Action: action, Reason: reason}
	}
	for why, in := range map[string]activities.ApplyCommandInput{
		"no such command of a subscription": of(domain.NounSubscription, o.SubscriptionID, "sell", ""),
		"no such command of a purchase":     of(domain.NounInvoice, invoice, domain.ActionActivate, ""),
		"a subscription's, with a NUL":      of(domain.NounSubscription, o.SubscriptionID, domain.ActionCancel, "\x00"),
		"a purchase's, with a NUL":          of(domain.NounInvoice, invoice, domain.ActionCancel, "\x00"),
		"a reason that is too long":         canceling(other, strings.Repeat("x", domain.ReasonMax+1), ""),
		"a reason with a NUL":               canceling(other, "a\x00b", ""),
		"a reason that turns the text":      canceling(other, "a\u202eb", ""),
		"a reason that is no UTF-8":         canceling(other, "a\xffb", ""),
		"a time that there is not":          canceling(other, "", "tomorrow"),
	} {
		before := s.dump()
		s.signal(in)
		assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = ?", domain.EventCommandRefused), why)
		s.exec("DELETE FROM events WHERE type = ?", domain.EventCommandRefused)
		s.assertUnchanged(before, why)
	}
}

func canceling(o *domain.Onboarding, reason string, at domain.CancelAt) activities.ApplyCommandInput {
	return activities.ApplyCommandInput{
		Noun: domain.NounOnboarding, ID: o.ID, Action: domain.ActionCancel, Reason: reason, At: at,
	}
}

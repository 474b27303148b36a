package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func keepsBilling(t *testing.T, s *store.Store, a *domain.Account) {
	ctx := t.Context()
	sub := newSubscription(a.ID, domain.SubscriptionIncomplete)
	require.NoError(t, subscribed(t, s, sub))
	sub.Status, sub.ManagedBy, sub.CancellationReason = domain.SubscriptionCanceled, domain.ManagedByAdmin, "replaced"
	sub.CurrentPeriodStart, sub.CurrentPeriodEnd, sub.TrialEnd = later(1), later(2), later(3)
	sub.CancelAtPeriodEnd, sub.CancelAt, sub.EndedAt, sub.UpdatedAt = true, later(4), later(5), *later(6)
	sub.PendingPlan, sub.PastDueSince, sub.GraceEndsAt, sub.NextRetryAt = sub.Plan, later(7), later(8), later(9)
	sub.TestClockID, sub.Anchor, sub.Periods, sub.Reminders = "clk_1", later(10), 3, 1
	sub.Due, sub.DueAt = domain.DueRetry, later(11)
	readSub := func(ctx context.Context) (*domain.Subscription, error) { return s.SubscriptionByID(ctx, sub.ID) }
	keeps(t, sub, s.SaveSubscription, readSub)

	in := newInvoice(a.ID, sub.ID, domain.InvoiceOpen)
	require.NoError(t, s.InsertInvoice(ctx, in))
	in.Status, in.DueAt, in.PaidAt = domain.InvoicePaid, later(1), later(2)
	in.PaidOutOfBand, in.Waived, in.UpdatedAt = true, true, *later(3)
	in.Type, in.PackageCode, in.Credits, in.PeriodEnd, in.Plan = domain.InvoiceCreditPackage, "pack", 500, later(
		4,
	), sub.Plan
	in.Lines = []domain.InvoiceLine{{Description: "Unused time", Amount: -7}}
	keeps(t, in, s.SaveInvoice, func(ctx context.Context) (*domain.Invoice, error) { return s.InvoiceByID(ctx, in.ID) })

	p := newPayment(in, domain.PaymentPendingApproval)
	require.NoError(t, s.InsertPayment(ctx, p))
	p.Status, p.Reference, p.FailureCode, p.Reason = domain.PaymentFailed, "REF 1", domain.FailureExpired, "No money."
	p.Late, p.UpdatedAt = true, *later(1)
	p.MethodID, p.Key, p.ProviderRef, p.FailureClass = "pm_1", in.ID+"/1", "ch_1", "declined_soft"
	p.ActionURL, p.Refunded, p.OnSession, p.CheckedAt = "https://pay.example/confirm", 5, true, later(2)
	keeps(t, p, s.SavePayment, func(ctx context.Context) (*domain.Payment, error) { return s.PaymentByID(ctx, p.ID) })

	event := domain.Event{
		Type:           domain.EventPaymentLate,
		AccountID:      a.ID,
		OnboardingID:   "onb_1",
		SubscriptionID: sub.ID,
		ActorType:      domain.ActorAdmin,
		ActorID:        "usr_1",
		Reason:         "why",
		Data:           map[string]any{"payment": p.ID, "amount": 1.0},
	}
	before := s.Now()
	require.NoError(t, s.InsertEvents(ctx, event))
	events, err := s.ListEvents(ctx, store.EventFilter{AccountID: a.ID})
	require.NoError(t, err)
	require.Len(t, events.Data, 1)
	got := events.Data[0]
	assert.True(t, store.ValidID(domain.PrefixEvent, got.ID), got.ID)
	assert.False(t, got.CreatedAt.Before(before))
	event.ID, event.CreatedAt = got.ID, got.CreatedAt
	event.Present()
	assert.Equal(t, event, got)
}

package activities

import (
	"context"

	"slipway/billing"
	"slipway/domain"
)

// Subscriptions are the activities of a subscription in use.
type Subscriptions struct {
	subscriptions *billing.Subscriptions
	charger       *billing.Charger
}

// SubscriptionInput names a subscription.
type SubscriptionInput struct {
	SubscriptionID string `json:"subscription_id"`
}

// ReadSubscription says where the subscription is and what is due next.
func (a *Subscriptions) ReadSubscription(ctx context.Context, in SubscriptionInput) (billing.SubscriptionState, error) {
	return a.subscriptions.Read(ctx, in.SubscriptionID)
}

// ProcessDueInput says what the workflow waited for.
type ProcessDueInput struct {
	SubscriptionID string         `json:"subscription_id"`
	Due            domain.DueKind `json:"due"`
}

// ProcessDue does what is due for a subscription now. What was done before, or
// is not due any more, changes nothing.
func (a *Subscriptions) ProcessDue(ctx context.Context, in ProcessDueInput) (billing.SubscriptionState, error) {
	return a.subscriptions.Process(ctx, in.SubscriptionID, in.Due)
}

// ChargeSubscription asks providers about the subscription's undecided payments:
// it charges what is owed, looks up what is unknown, and refunds what is not
// wanted any more.
func (a *Subscriptions) ChargeSubscription(
	ctx context.Context, in SubscriptionInput,
) (billing.SubscriptionState, error) {
	if err := a.charger.ChargeSubscription(ctx, in.SubscriptionID); err != nil {
		return billing.SubscriptionState{}, retryLater(ctx, err)
	}
	return a.subscriptions.Read(ctx, in.SubscriptionID)
}

package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// BillingInput is a command for a subscription whose onboarding has ended.
type BillingInput struct {
	SubscriptionID string `json:"subscription_id"`
	CommandID      string `json:"command_id"`
}

// BillingResult is the subscription after the command.
type BillingResult struct {
	Status   domain.SubscriptionStatus `json:"status"`
	PlanCode string                    `json:"plan_code"`
	Late     bool                      `json:"late,omitempty"` // the payment was flagged as late
}

// Bill carries out a command on a subscription whose onboarding has ended: it
// cancels one in use, or flags money that came too late for the sign-up it was
// meant for. Again changes nothing.
func (a *Activities) Bill(ctx context.Context, in BillingInput) (BillingResult, error) {
	var result BillingResult
	command, err := a.Store.CommandByID(ctx, in.CommandID)
	if err != nil {
		return result, err
	}
	err = a.Store.Within(ctx, func(tx *store.Store) error {
		sub, err := tx.LockSubscription(ctx, in.SubscriptionID)
		if err != nil {
			return err
		}
		if command.Action == domain.ActionApprovePayment {
			result.Late, err = flagLate(ctx, tx, sub, command)
		} else {
			err = cancelSubscription(ctx, tx, sub, command)
		}
		result.Status, result.PlanCode = sub.Status, sub.PlanCode
		return err
	})
	return result, err
}

// cancelSubscription ends a subscription in use, now, with its plan credits.
func cancelSubscription(ctx context.Context, tx *store.Store, sub *domain.Subscription, command *domain.Command) error {
	if sub.Status == domain.SubscriptionCanceled && command.Action == domain.ActionCancel {
		return nil
	}
	if err := sub.Check(command.Action); err != nil {
		return err
	}
	if err := sub.Advance(domain.SubscriptionCanceled, tx.Now()); err != nil {
		return err
	}
	sub.CancellationReason = "canceled_by_" + string(command.ActorType)
	if err := tx.SaveSubscription(ctx, sub); err != nil {
		return err
	}
	if err := tx.ClearPlanCredits(ctx, sub.AccountID, sub.ID, sub.ID+"/canceled"); err != nil {
		return err
	}
	return tx.InsertEvents(ctx, commandEvent(domain.EventSubscriptionCanceled, sub, command, nil))
}

// flagLate marks the payment of an onboarding that ended before it was
// approved: the money is there, so somebody has to decide about it.
func flagLate(ctx context.Context, tx *store.Store, sub *domain.Subscription, command *domain.Command) (late bool, err error) {
	payment, err := tx.LockPayment(ctx, command.PaymentID)
	late = err == nil && payment.Late
	if err != nil || late || payment.Status == domain.PaymentSucceeded {
		return late, err // flagged already, or approved in time by somebody else
	}
	if payment.Status != domain.PaymentFailed {
		return false, domain.InvalidTransition(string(payment.Status), string(domain.PaymentSucceeded), payment.Actions())
	}
	payment.Late, payment.Reason, payment.UpdatedAt = true, command.Reason, tx.Now()
	if err := tx.SavePayment(ctx, payment); err != nil {
		return false, err
	}
	return true, tx.InsertEvents(ctx, commandEvent(domain.EventPaymentLate, sub, command, map[string]any{
		"payment": payment.ID, "amount": payment.Amount, "currency": payment.Currency,
	}))
}

func commandEvent(t domain.EventType, sub *domain.Subscription, command *domain.Command, data map[string]any) domain.Event {
	return domain.Event{
		Type: t, AccountID: sub.AccountID, OnboardingID: sub.OnboardingID, SubscriptionID: sub.ID,
		ActorType: command.ActorType, ActorID: command.ActorID, Reason: command.Reason, Data: data,
	}
}

package activities

import (
	"context"

	"slipway/billing"
	"slipway/onboarding"
	"slipway/payment"
)

// StepInput names the onboarding whose step is run (see domain.Steps).
type StepInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// CreateAccount creates the account, its owner and its slug.
func (a *Activities) CreateAccount(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.CreateAccount(ctx, in.OnboardingID)
}

// ChoosePlan takes the plan the customer named, or the default one.
func (a *Activities) ChoosePlan(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.ChoosePlan(ctx, in.OnboardingID)
}

// AttachPaymentMethod makes a payment method the account's default.
func (a *Activities) AttachPaymentMethod(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.AttachPaymentMethod(ctx, in.OnboardingID)
}

// RegisterPaymentMethod has a payment provider make the method chargeable.
func (a *Activities) RegisterPaymentMethod(ctx context.Context, in StepInput) (onboarding.State, error) {
	state, err := a.onboardings.RegisterPaymentMethod(ctx, in.OnboardingID)
	return state, a.showRetry(ctx, in.OnboardingID, err)
}

// CollectPayment opens the first invoice and asks for the money.
func (a *Activities) CollectPayment(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.CollectPayment(ctx, in.OnboardingID)
}

// ChargePayment has a payment provider bring the money of the first invoice.
func (a *Activities) ChargePayment(ctx context.Context, in StepInput) (onboarding.State, error) {
	state, err := a.onboardings.ChargePayment(ctx, in.OnboardingID)
	return state, a.showRetry(ctx, in.OnboardingID, err)
}

// ActivateSubscription starts the subscription of who owes nothing now.
func (a *Activities) ActivateSubscription(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.ActivateSubscription(ctx, in.OnboardingID)
}

// RefundPayment is the compensation of CollectPayment: it gives back what a
// provider took for an onboarding that has ended without it.
func (a *Activities) RefundPayment(ctx context.Context, in StepInput) error {
	return retryLater(ctx, a.onboardings.RefundPayment(ctx, in.OnboardingID))
}

// showRetry shows a provider's trouble to the customer, with the time of the
// next attempt, before the activity fails with it.
func (a *Activities) showRetry(ctx context.Context, onboardingID string, err error) error {
	trouble := payment.TroubleOf(err)
	if trouble == nil {
		return err
	}
	attempt := attemptOf(ctx)
	wait := billing.Pause(trouble, attempt)
	if err := a.onboardings.Retrying(ctx, onboardingID, trouble, int(attempt), wait); err != nil {
		return err
	}
	return billing.RetryLater(trouble, wait)
}

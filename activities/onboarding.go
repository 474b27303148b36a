package activities

import (
	"context"

	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/payment"
)

// Onboarding are the activities of an onboarding: its steps (see domain.Steps),
// and what reminds, ends and repairs it.
type Onboarding struct {
	onboardings *onboarding.Onboardings
}

// StepInput names the onboarding whose step is run.
type StepInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// CreateAccount creates the account, its owner and its slug.
func (a *Onboarding) CreateAccount(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.CreateAccount(ctx, in.OnboardingID)
}

// ChoosePlan takes the plan the customer named, or the default one.
func (a *Onboarding) ChoosePlan(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.ChoosePlan(ctx, in.OnboardingID)
}

// AttachPaymentMethod makes a payment method the account's default.
func (a *Onboarding) AttachPaymentMethod(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.AttachPaymentMethod(ctx, in.OnboardingID)
}

// RegisterPaymentMethod has a payment provider make the method chargeable.
func (a *Onboarding) RegisterPaymentMethod(ctx context.Context, in StepInput) (onboarding.State, error) {
	state, err := a.onboardings.RegisterPaymentMethod(ctx, in.OnboardingID)
	return state, a.showRetry(ctx, in.OnboardingID, err)
}

// CollectPayment opens the first invoice and asks for the money.
func (a *Onboarding) CollectPayment(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.CollectPayment(ctx, in.OnboardingID)
}

// ChargePayment has a payment provider bring the money of the first invoice.
func (a *Onboarding) ChargePayment(ctx context.Context, in StepInput) (onboarding.State, error) {
	state, err := a.onboardings.ChargePayment(ctx, in.OnboardingID)
	return state, a.showRetry(ctx, in.OnboardingID, err)
}

// ActivateSubscription starts the subscription when nothing is owed.
func (a *Onboarding) ActivateSubscription(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.ActivateSubscription(ctx, in.OnboardingID)
}

// RefundPayment is the compensation of CollectPayment: it refunds what a
// provider took for an onboarding that has ended without it.
func (a *Onboarding) RefundPayment(ctx context.Context, in StepInput) error {
	return retryLater(ctx, a.onboardings.RefundPayment(ctx, in.OnboardingID))
}

// showRetry shows a provider's trouble to the customer, with the time of the
// next attempt, before the activity fails with it.
func (a *Onboarding) showRetry(ctx context.Context, onboardingID string, err error) error {
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

// ReadOnboarding says where the onboarding is, and changes nothing.
func (a *Onboarding) ReadOnboarding(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.Read(ctx, in.OnboardingID)
}

// RemindInput names the onboarding and the invoice that is still unpaid.
type RemindInput struct {
	OnboardingID string `json:"onboarding_id"`
	InvoiceID    string `json:"invoice_id"`
	Number       int    `json:"number"` // counts the reminders of the payment window from 1
}

// RemindCustomer reminds of an open invoice, once per number.
func (a *Onboarding) RemindCustomer(ctx context.Context, in RemindInput) (onboarding.State, error) {
	return a.onboardings.Remind(ctx, in.OnboardingID, in.InvoiceID, in.Number)
}

// EndInput says how an onboarding ends early.
type EndInput struct {
	OnboardingID string                  `json:"onboarding_id"`
	Status       domain.OnboardingStatus `json:"status"` // failed or expired; canceling is a command
	ErrorCode    string                  `json:"error_code"`
}

// EndOnboarding ends the onboarding early and releases what it reserved in our
// own database, all in one transaction.
func (a *Onboarding) EndOnboarding(ctx context.Context, in EndInput) (onboarding.State, error) {
	return a.onboardings.End(ctx, in.OnboardingID, in.Status, in.ErrorCode)
}

// RefreshInput names the onboarding and says where its workflow believes it is;
// empty when no workflow runs.
type RefreshInput struct {
	OnboardingID string                  `json:"onboarding_id"`
	Workflow     domain.OnboardingStatus `json:"workflow,omitempty"`
	CommandID    string                  `json:"command_id,omitempty"`
}

// RefreshOnboarding compares the onboarding with its rows and repairs it.
func (a *Onboarding) RefreshOnboarding(ctx context.Context, in RefreshInput) (onboarding.Repaired, error) {
	return a.onboardings.Refresh(ctx, in.OnboardingID, in.Workflow, in.CommandID)
}

package activities

import (
	"context"

	"slipway/domain"
	"slipway/onboarding"
)

// ReadOnboarding says where the onboarding is, and changes nothing.
func (a *Activities) ReadOnboarding(ctx context.Context, in StepInput) (onboarding.State, error) {
	return a.onboardings.Read(ctx, in.OnboardingID)
}

// RemindInput names the onboarding and the invoice that is still unpaid.
type RemindInput struct {
	OnboardingID string `json:"onboarding_id"`
	InvoiceID    string `json:"invoice_id"`
	Number       int    `json:"number"` // counts the reminders of the payment window from 1
}

// RemindCustomer reminds of an open invoice, once per number.
func (a *Activities) RemindCustomer(ctx context.Context, in RemindInput) (onboarding.State, error) {
	return a.onboardings.Remind(ctx, in.OnboardingID, in.InvoiceID, in.Number)
}

// EndInput says how an onboarding ends early.
type EndInput struct {
	OnboardingID string                  `json:"onboarding_id"`
	Status       domain.OnboardingStatus `json:"status"` // failed or expired; canceling is a command
	ErrorCode    string                  `json:"error_code"`
}

// EndOnboarding ends the onboarding early and gives back what it reserved in our
// own database, all in one transaction.
func (a *Activities) EndOnboarding(ctx context.Context, in EndInput) (onboarding.State, error) {
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
func (a *Activities) RefreshOnboarding(ctx context.Context, in RefreshInput) (onboarding.Repaired, error) {
	cmd := &domain.Command{ActorType: domain.ActorSystem}
	if in.CommandID != "" {
		var err error
		if cmd, err = a.Store.CommandByID(ctx, in.CommandID); err != nil {
			return onboarding.Repaired{Differences: []domain.Difference{}}, err
		}
	}
	return a.onboardings.Repair(ctx, in.OnboardingID, in.Workflow, cmd)
}

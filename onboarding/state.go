package onboarding

import (
	"time"

	"slipway/domain"
)

// State is where an onboarding is after a change: all a workflow needs to know
// to continue, and all it remembers.
type State struct {
	OnboardingID string                  `json:"onboarding_id"`
	Status       domain.OnboardingStatus `json:"status"`
	Version      int64                   `json:"version"`
	// Step is the one the onboarding is in; empty when all are over.
	Step domain.StepKey `json:"step,omitempty"`
	// Waiting: the step waits for a person, or for a provider's event. AsksProvider:
	// a payment provider is to be called now. Neither: the step is to be run.
	Waiting      bool `json:"waiting,omitempty"`
	AsksProvider bool `json:"asks_provider,omitempty"`
	// BlockedOn is what or whom it waits for.
	BlockedOn domain.BlockedOn `json:"blocked_on,omitempty"`

	PlanCode           string                    `json:"plan_code,omitempty"`
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status,omitempty"`
	InvoiceID          string                    `json:"invoice_id,omitempty"`
	Amount             int64                     `json:"amount,omitempty"`
	Currency           string                    `json:"currency,omitempty"`
	DueAt              *time.Time                `json:"due_at,omitempty"`    // end of the payment window
	RemindAt           []time.Time               `json:"remind_at,omitempty"` // within it
	// ExpiresAt is when it expires unless somebody acts; nil where a payment window
	// says so, or nobody is waited for.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Clock     string     `json:"clock,omitempty"`    // the test clock it lives by
	Replaced  string     `json:"replaced,omitempty"` // subscription that ended for this one
}

// stateOf describes the onboarding as it was just saved or found.
func stateOf(o *domain.Onboarding, policy domain.Policy) State {
	state := State{
		OnboardingID: o.ID, Status: o.Status, Version: o.Version, Clock: o.TestClockID, AsksProvider: o.AsksProvider(),
		BlockedOn: o.BlockedOn(),
	}
	if step := o.CurrentStep(); step != nil {
		state.Step, state.Waiting = step.Key, step.Status == domain.StepWaiting
	}
	if o.Plan != nil {
		state.PlanCode = o.Plan.Code
	}
	if o.Subscription != nil {
		state.SubscriptionStatus, state.Replaced = o.Subscription.Status, o.Subscription.Replaced
	}
	if next := o.NextAction; o.Status == domain.OnboardingAwaitingPayment && next != nil {
		state.InvoiceID, state.Currency, state.DueAt = next.InvoiceID, next.Currency, next.ExpiresAt
		if next.Amount != nil {
			state.Amount = *next.Amount
		}
		state.RemindAt = policy.RemindAt(next.ExpiresAt)
	}
	if state.Waiting && o.Status != domain.OnboardingAwaitingPayment && policy.ExpiresAfter > 0 {
		expires := o.UpdatedAt.Add(policy.ExpiresAfter)
		state.ExpiresAt = &expires
	}
	if state.AsksProvider && state.DueAt == nil { // a window may begin while the provider is asked
		due := o.UpdatedAt.Add(policy.PaymentWindow)
		state.DueAt = &due
	}
	return state
}

package workflows

import "slipway/domain"

// Names that cross a wire: workflow types, task queues, updates, signals. The
// updates of commands are named after their domain.Action.
const (
	// TaskQueueOnboarding serves Signup, Activation and reconcile.
	TaskQueueOnboarding = "onboarding"
	// TaskQueueBilling serves Billing.
	TaskQueueBilling = "billing"

	// UpdateBegin answers once the account exists and what comes next is known.
	// It is also its own update id, so however often it is sent, one answer exists.
	UpdateBegin = "begin"

	// SignalActivate and SignalCancel do what the commands of the same names do,
	// for Temporal's own UI and CLI; the input, {"reason": "…"}, may be left out.
	SignalActivate = string(domain.ActionActivate)
	SignalCancel   = string(domain.ActionCancel)
	// SignalCatalogueChanged tells a waiting onboarding to look again.
	SignalCatalogueChanged = "catalogue_changed"

	// scheduleReconcile is the id of the schedule that runs Reconcile.
	scheduleReconcile = "reconcile"
	// reconcileCatalogue is the workflow id of the run a changed catalogue asks for.
	reconcileCatalogue = "reconcile-catalogue"
)

// signupID, activationID, billingID and refreshID spell the workflow ids.
func signupID(onboardingID string) string       { return "signup-" + onboardingID }
func activationID(subscriptionID string) string { return "activation-" + subscriptionID }
func billingID(subscriptionID string) string    { return "billing-" + subscriptionID }
func refreshID(onboardingID string) string      { return "refresh-" + onboardingID }

// WorkflowID is the id of the workflow that runs the onboarding.
func WorkflowID(o *domain.Onboarding) string {
	if o.Kind == domain.KindActivation {
		return activationID(o.SubscriptionID)
	}
	return signupID(o.ID)
}

// What enters a history has its own structs, additive only: a field may be
// added, never renamed, removed or given another meaning.

// OnboardingInput starts Signup and Activation.
type OnboardingInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// OnboardingResult is what Signup and Activation end with.
type OnboardingResult struct {
	Status             domain.OnboardingStatus   `json:"status"`
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status,omitempty"`
}

// CommandInput is the input of every command's update: the id of the stored
// command, where what a person wrote stays.
type CommandInput struct {
	CommandID string `json:"command_id"`
}

// SignalInput is the optional input of the plain signals.
type SignalInput struct {
	Reason string `json:"reason"`
}

// BillingInput starts Billing.
type BillingInput struct {
	SubscriptionID string `json:"subscription_id"`
}

// RefreshInput starts Refresh.
type RefreshInput struct {
	OnboardingID string `json:"onboarding_id"`
	CommandID    string `json:"command_id"`
}

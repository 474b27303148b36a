package workflows

import "slipway/domain"

// Names that cross a wire: workflow types, task queues, updates, signals. The
// updates of commands are named after their domain.Action.
const (
	// TaskQueueOnboarding serves Signup, Activation and reconcile.
	TaskQueueOnboarding = "onboarding"
	// TaskQueueBilling serves Billing.
	TaskQueueBilling = "billing"
	// TaskQueueProviders serves the activities that call payment providers, at a
	// bounded rate.
	TaskQueueProviders = "providers"
	// TaskQueueWebhooks serves the activities that post to customers' endpoints:
	// one that hangs must not keep a charge waiting.
	TaskQueueWebhooks = "webhooks"

	// UpdateBegin answers once the account exists and what comes next is known.
	// It is also its own update id, so however often it is sent, one answer exists.
	UpdateBegin = "begin"

	// SignalActivate and SignalCancel do what the commands of the same names do,
	// for Temporal's own UI and CLI; the input, {"reason": "…"}, may be left out.
	SignalActivate = string(domain.ActionActivate)
	SignalCancel   = string(domain.ActionCancel)
	// SignalCatalogueChanged tells a waiting onboarding to look again.
	SignalCatalogueChanged = "catalogue_changed"
	// SignalProviderEvent tells that a payment provider has news of a payment or
	// of a method. It is looked up there, whatever the event says.
	SignalProviderEvent = "provider_event"
	// SignalMethodChanged tells Billing that a late payment can be tried with
	// another method.
	SignalMethodChanged = "payment_method_changed"
	// SignalClock tells that the test clock has moved.
	SignalClock = "clock"

	// typeRunEnds is the type of the refusal by a run that is about to end: the
	// next one takes what was refused.
	typeRunEnds = "run_ends"

	// scheduleReconcile is the id of the schedule that runs Reconcile.
	scheduleReconcile = "reconcile"
	// reconcileCatalogue is the workflow id of the run a changed catalogue asks for.
	reconcileCatalogue = "reconcile-catalogue"
)

// signupID, activationID, billingID and refreshID spell the workflow ids.
func signupID(onboardingID string) string       { return "signup-" + onboardingID }
func activationID(subscriptionID string) string { return "activation-" + subscriptionID }
func billingID(subscriptionID string) string    { return "billing-" + subscriptionID }
func methodID(methodID string) string           { return "method-" + methodID }
func purchaseID(invoiceID string) string        { return "purchase-" + invoiceID }
func clockID(clockID string) string             { return "clock-" + clockID }
func refreshID(onboardingID string) string      { return "refresh-" + onboardingID }

// deliveryID is the workflow id of one event's way to one endpoint.
func deliveryID(eventID, endpointID string) string { return "delivery-" + eventID + "-" + endpointID }

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
	// Entity: it stays for as long as the subscription is in use. Runs from
	// before there was one have it false, and took one command.
	Entity bool `json:"entity,omitempty"`
	// News are the payments a provider had news of that the run before did not
	// look up.
	News []string `json:"news,omitempty"`
}

// ProviderEventInput says what a provider has news of.
type ProviderEventInput struct {
	PaymentID string `json:"payment_id,omitempty"`
}

// PaymentMethodInput starts PaymentMethod.
type PaymentMethodInput struct {
	AccountID string `json:"account_id"`
	MethodID  string `json:"method_id"`
}

// PurchaseInput starts Purchase. Package is empty where the invoice is there
// already.
type PurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
	AccountID string `json:"account_id,omitempty"`
	Package   string `json:"package,omitempty"`
}

// AdvanceInput starts Advance.
type AdvanceInput struct {
	ClockID string `json:"clock_id"`
}

// RefreshInput starts Refresh.
type RefreshInput struct {
	OnboardingID string `json:"onboarding_id"`
	CommandID    string `json:"command_id"`
}

// DeliveryInput starts Delivery. Neither the event nor the URL, which may hold a
// secret, enters a history.
type DeliveryInput struct {
	EventID    string `json:"event_id"`
	EndpointID string `json:"endpoint_id"`
}

package workflows

import (
	"slipway/domain"
)

// TaskQueues are all of them.
var TaskQueues = []string{TaskQueueOnboarding, TaskQueueBilling, TaskQueueProviders, TaskQueueWebhooks}

// Names that cross a wire: workflow types, task queues, updates, signals. The
// updates of commands are named after their domain.Action.
const (
	// TaskQueueOnboarding runs Signup, Activation, Refresh and the jobs of reconcile.
	TaskQueueOnboarding = "onboarding"
	// TaskQueueBilling runs Billing, Purchase, PaymentMethod and Advance, and each Delivery
	// of before.
	TaskQueueBilling = "billing"
	// TaskQueueProviders serves the activities that call payment providers, at a
	// bounded rate.
	TaskQueueProviders = "providers"
	// TaskQueueWebhooks runs EndpointDeliveries and what posts to customers' endpoints: one
	// that hangs must keep no charge waiting, and a burst of events no sign-up.
	TaskQueueWebhooks = "webhooks"

	// UpdateBegin answers once the account exists and what comes next is known.
	// It is also its own update id, so however often it is sent, one answer exists.
	UpdateBegin = "begin"

	// SignalActivate and SignalCancel do what the commands of the same names do,
	// for Temporal's own UI and CLI; the input, {"reason": "…"}, may be left out. A
	// subscription is canceled at the end of its period unless {"at": "now"} says else.
	SignalActivate = string(domain.ActionActivate)
	SignalCancel   = string(domain.ActionCancel)
	// SignalCatalogueChanged has a waiting onboarding resume its step.
	SignalCatalogueChanged = "catalogue_changed"
	// SignalProviderEvent says that a payment or a method changed at its payment
	// provider. The provider is asked; the event's content is not trusted.
	SignalProviderEvent = "provider_event"
	// SignalMethodChanged says to Billing that its rows have changed: there is
	// another payment method, or another subscription replaced this one.
	SignalMethodChanged = "payment_method_changed"
	// SignalEventsDue says to EndpointDeliveries that its endpoint has something in the
	// outbox.
	SignalEventsDue = "events_due"
	// SignalClock says that the test clock has moved.
	SignalClock = "clock"

	// TypeOtherID is the type of the failure of a workflow that was started under an
	// id that is not its own.
	TypeOtherID = "other_id"

	// TypeRunEnds is the type of the refusal by a run that is about to end: the
	// next one takes what was refused.
	TypeRunEnds = "run_ends"

	// ReconcileScheduleID is the id of the schedule that keeps ReconcileLoop running,
	// and ReconcileCatalogueID the workflow id of ResumeServed.
	ReconcileScheduleID  = "reconcile"
	ReconcileCatalogueID = "reconcile-catalogue"
)

// SignupID is the workflow id of a sign-up, by its onboarding.
func SignupID(onboardingID string) string { return "signup-" + onboardingID }

// ActivationID is the workflow id of an activation, by the subscription it opens.
func ActivationID(subscriptionID string) string { return "activation-" + subscriptionID }

// BillingID is the workflow id of a subscription's Billing.
func BillingID(subscriptionID string) string { return "billing-" + subscriptionID }

// MethodID is the workflow id that adds a payment method to an account.
func MethodID(methodID string) string { return "method-" + methodID }

// PurchaseID is the workflow id of a credit package's purchase, by its invoice.
func PurchaseID(invoiceID string) string { return "purchase-" + invoiceID }

// ClockID is the workflow id that moves a test clock.
func ClockID(clockID string) string { return "clock-" + clockID }

// RefreshID is the workflow id that repairs an onboarding whose own does not run.
func RefreshID(onboardingID string) string { return "refresh-" + onboardingID }

// DeliveryID is the workflow id of one event's way to one endpoint.
func DeliveryID(eventID, endpointID string) string { return "delivery-" + eventID + "-" + endpointID }

// EndpointDeliveriesID is the workflow id of what brings events to an endpoint.
func EndpointDeliveriesID(endpointID string) string { return "deliveries-" + endpointID }

// WorkflowID is the id of the workflow that runs the onboarding.
func WorkflowID(o *domain.Onboarding) string {
	if o.Kind == domain.KindActivation {
		return ActivationID(o.SubscriptionID)
	}
	return SignupID(o.ID)
}

// What enters a history has its own structs, additive only: a field may be
// added, never renamed, removed or given another meaning.

// OnboardingInput starts Signup and Activation.
type OnboardingInput struct {
	OnboardingID string `json:"onboarding_id"`
	// SubscriptionID is the one that an Activation opens, and is named after.
	SubscriptionID string `json:"subscription_id,omitempty"`
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
	Reason string          `json:"reason"`
	At     domain.CancelAt `json:"at,omitempty"` // cancel, of a subscription
}

// BillingInput starts Billing.
type BillingInput struct {
	SubscriptionID string `json:"subscription_id"`
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
	// News: a provider had news that the run before did not look up.
	News bool `json:"news,omitempty"`
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

// EndpointDeliveriesInput starts EndpointDeliveries.
type EndpointDeliveriesInput struct {
	EndpointID string `json:"endpoint_id"`
}

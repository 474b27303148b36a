package domain

import "time"

// EventType names something that happened, in the past tense.
type EventType string

// The events of onboarding and activation.
const (
	EventOnboardingReceived  EventType = "onboarding.received"
	EventOnboardingWaiting   EventType = "onboarding.waiting"
	EventOnboardingReminded  EventType = "onboarding.reminded"
	EventOnboardingCompleted EventType = "onboarding.completed"
	EventOnboardingExpired   EventType = "onboarding.expired"
	EventOnboardingCanceled  EventType = "onboarding.canceled"
	EventOnboardingFailed    EventType = "onboarding.failed"
	EventOnboardingRepaired  EventType = "onboarding.repaired"
	EventClientSecretRevoked EventType = "onboarding.client_secret_revoked"
	EventCommandRefused      EventType = "command.refused"
	EventWorkflowRestarted   EventType = "workflow.restarted"

	EventAccountCreated   EventType = "account.created"
	EventAccountActivated EventType = "account.activated"
	EventAccountSuspended EventType = "account.suspended"
	EventAccountClosed    EventType = "account.closed"

	EventPlanChosen            EventType = "plan.chosen"
	EventPaymentMethodAttached EventType = "payment_method.attached"
	EventPaymentMethodDefault  EventType = "payment_method.default_changed"
	EventPaymentMethodRemoved  EventType = "payment_method.removed"
	EventPaymentMethodRefused  EventType = "payment_method.refused"

	EventSubscriptionCreated       EventType = "subscription.created"
	EventSubscriptionActivated     EventType = "subscription.activated"
	EventSubscriptionCanceled      EventType = "subscription.canceled"
	EventSubscriptionExpired       EventType = "subscription.expired"
	EventSubscriptionRenewed       EventType = "subscription.renewed"
	EventSubscriptionPastDue       EventType = "subscription.past_due"
	EventSubscriptionRecovered     EventType = "subscription.recovered"
	EventSubscriptionUnpaid        EventType = "subscription.unpaid"
	EventSubscriptionTrialEnds     EventType = "subscription.trial_will_end"
	EventSubscriptionTrialExtended EventType = "subscription.trial_extended"
	EventSubscriptionChanged       EventType = "subscription.plan_changed"
	EventSubscriptionWillChange    EventType = "subscription.plan_change_scheduled"
	EventSubscriptionWillCancel    EventType = "subscription.cancellation_scheduled"
	EventSubscriptionResumed       EventType = "subscription.resumed"

	EventInvoiceOpened        EventType = "invoice.opened"
	EventInvoicePaid          EventType = "invoice.paid"
	EventInvoiceVoided        EventType = "invoice.voided"
	EventInvoiceReminded      EventType = "invoice.reminded"
	EventInvoiceUncollectible EventType = "invoice.uncollectible"

	EventPaymentSubmitted      EventType = "payment.submitted"
	EventPaymentSucceeded      EventType = "payment.succeeded"
	EventPaymentFailed         EventType = "payment.failed"
	EventPaymentLate           EventType = "payment.late"
	EventPaymentRequiresAction EventType = "payment.requires_action"
	EventPaymentRetrying       EventType = "payment.retrying"
	EventPaymentRefunded       EventType = "payment.refunded"

	EventCreditsGranted EventType = "credits.granted"

	EventPlanSaved          EventType = "catalogue.plan_saved"
	EventPaymentOptionSaved EventType = "catalogue.payment_option_saved"
	EventCreditPackageSaved EventType = "catalogue.credit_package_saved"
	EventAPIKeyCreated      EventType = "api_key.created"
	EventAPIKeyRevoked      EventType = "api_key.revoked"
	EventJobRetried         EventType = "job.retried"
)

// Event is a business change, written in the transaction that made it: the
// timeline a customer reads, the audit an admin reads, and the outbox.
type Event struct {
	ID             string         `json:"id" gorm:"primaryKey" doc:"Prefixed ULID; sorts by time."`
	Object         string         `json:"object" gorm:"-" enum:"event"`
	Type           EventType      `json:"type"`
	AccountID      string         `json:"account_id,omitempty"`
	OnboardingID   string         `json:"onboarding_id,omitempty"`
	SubscriptionID string         `json:"subscription_id,omitempty"`
	ActorType      ActorType      `json:"actor_type" enum:"customer,admin,system,temporal,api_key"`
	ActorID        string         `json:"actor_id,omitempty"`
	Reason         string         `json:"reason,omitempty" doc:"@event.reason"`
	Data           map[string]any `json:"data,omitempty" gorm:"serializer:json" doc:"Ids, codes, statuses and amounts."`
	CreatedAt      time.Time      `json:"created_at"`
}

// ForCustomer leaves out what is the audit's business: who of the staff acted, and
// why. The reason of a rejected payment stays: it is written for the customer, who
// reads it in next_action as well.
func (e *Event) ForCustomer() {
	if e.ActorType == ActorCustomer {
		return
	}
	e.ActorID = ""
	if e.Type != EventPaymentFailed || e.Data["failure_code"] != FailureRejected {
		e.Reason = ""
	}
}

// Present fills the computed fields.
func (e *Event) Present() { e.Object = "event" }

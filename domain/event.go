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
	EventCommandRefused      EventType = "command.refused"

	EventAccountCreated   EventType = "account.created"
	EventAccountActivated EventType = "account.activated"
	EventAccountSuspended EventType = "account.suspended"
	EventAccountClosed    EventType = "account.closed"

	EventPlanChosen            EventType = "plan.chosen"
	EventPaymentMethodAttached EventType = "payment_method.attached"
	EventPaymentMethodDefault  EventType = "payment_method.default_changed"
	EventPaymentMethodRemoved  EventType = "payment_method.removed"
	EventPaymentMethodRefused  EventType = "payment_method.refused"

	EventSubscriptionCreated    EventType = "subscription.created"
	EventSubscriptionActivated  EventType = "subscription.activated"
	EventSubscriptionCanceled   EventType = "subscription.canceled"
	EventSubscriptionExpired    EventType = "subscription.expired"
	EventSubscriptionRenewed    EventType = "subscription.renewed"
	EventSubscriptionPastDue    EventType = "subscription.past_due"
	EventSubscriptionRecovered  EventType = "subscription.recovered"
	EventSubscriptionUnpaid     EventType = "subscription.unpaid"
	EventSubscriptionTrialEnds  EventType = "subscription.trial_will_end"
	EventSubscriptionChanged    EventType = "subscription.plan_changed"
	EventSubscriptionWillChange EventType = "subscription.plan_change_scheduled"
	EventSubscriptionWillCancel EventType = "subscription.cancellation_scheduled"
	EventSubscriptionResumed    EventType = "subscription.resumed"

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
	EventCreditsReset   EventType = "credits.reset"

	EventPlanSaved          EventType = "catalogue.plan_saved"
	EventPaymentOptionSaved EventType = "catalogue.payment_option_saved"
	EventCreditPackageSaved EventType = "catalogue.credit_package_saved"
	EventAPIKeyCreated      EventType = "api_key.created"
	EventAPIKeyRevoked      EventType = "api_key.revoked"
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
	Reason         string         `json:"reason,omitempty" doc:"What the actor gave as the reason."`
	Data           map[string]any `json:"data,omitempty" gorm:"serializer:json" doc:"Ids, codes, statuses and amounts."`
	CreatedAt      time.Time      `json:"created_at"`
}

// Present fills the computed fields.
func (e *Event) Present() { e.Object = "event" }

// CancelAt says when a cancellation takes effect.
type CancelAt string

// When a subscription may be canceled.
const (
	CancelNow       CancelAt = "now"
	CancelPeriodEnd CancelAt = "period_end"
)

// Command is something a person asked a workflow to do. The API stores it
// first and hands the workflow its id, because what people write (reasons,
// references) must not enter a history. Its id is the workflow update's id.
type Command struct {
	ID             string `gorm:"primaryKey"`
	Action         Action
	OnboardingID   string
	SubscriptionID string
	PaymentID      string
	InvoiceID      string // submit_payment: of a subscription in use
	ActorType      ActorType
	ActorID        string
	Reason         string
	Plan           string   // choose_plan: a plan code
	Option         string   `gorm:"column:option_key"` // add_payment_method: an option key
	Reference      string   // submit_payment: what the customer wrote
	Waive          bool     // activate: ask for no money instead of recording it as paid
	Token          string   // add_payment_method: blanked once it is exchanged
	MethodID       string   `gorm:"column:payment_method_id"` // retry_payment: the method that became the default
	At             CancelAt // cancel, of a subscription
	CreatedAt      time.Time
	AppliedAt      *time.Time // by billing: once, whatever is delivered again
}

// Actor is who gave the command.
func (c *Command) Actor() Actor { return Actor{Type: c.ActorType, ID: c.ActorID} }

package domain

import (
	"slices"
	"time"
)

// ActorType says who acted; it is part of every event.
type ActorType string

// Who may act. Temporal is an operator in Temporal's own UI or CLI, whose name
// we do not learn.
const (
	ActorCustomer ActorType = "customer"
	ActorAdmin    ActorType = "admin"
	ActorSystem   ActorType = "system"
	ActorTemporal ActorType = "temporal"
	ActorAPIKey   ActorType = "api_key"
)

// Actor is who did something: a type and, where known, an id. Never a name.
type Actor struct {
	Type ActorType `json:"type" enum:"customer,admin,system,temporal,api_key"`
	ID   string    `json:"id,omitempty"`
}

// CancelAt says when a cancellation takes effect.
type CancelAt string

// CancelNow cancels at once; CancelPeriodEnd keeps the subscription until its period
// ends, and can be taken back until then.
const (
	CancelNow       CancelAt = "now"
	CancelPeriodEnd CancelAt = "period_end"
)

// CommandDetails are what single commands need beside the common fields. A new
// one needs no migration.
type CommandDetails struct {
	Days int `json:"days,omitempty"` // extend_trial
}

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
	Waive          bool     // activate: ask for no money instead of marking the invoice as paid
	Token          string   // add_payment_method: blanked once it is exchanged
	MethodID       string   `gorm:"column:payment_method_id"` // retry_payment: the method that became the default
	At             CancelAt // cancel, of a subscription
	CreatedAt      time.Time
	Note           string         // staff: for colleagues only, never shown to the customer
	Details        CommandDetails `gorm:"serializer:json"`
	AppliedAt      *time.Time     // once, whatever is delivered again
	Redundant      bool           // another had the effect before: this one changed nothing
}

// Recipient is whose workflow takes a command: the onboarding's while it runs,
// else the Billing of its subscription, or the purchase of a credit package.
type Recipient struct {
	Onboarding     *Onboarding // nil once it has ended
	SubscriptionID string
	InvoiceID      string // of a credit package
	AccountID      string // by which operators find the workflow
}

// Noun is what the recipient's workflow is about.
func (r Recipient) Noun() Noun {
	switch {
	case r.Onboarding != nil:
		return NounOnboarding
	case r.InvoiceID != "":
		return NounInvoice
	}
	return NounSubscription
}

// Clean puts what a command says that came past the API, as a signal, into the form
// that is kept, and reports whether the API would take it.
func (c *Command) Clean() bool {
	reason, ok := CleanReason(c.Reason)
	if ok {
		c.Reason = reason
	}
	return ok && slices.Contains([]CancelAt{"", CancelNow, CancelPeriodEnd}, c.At)
}

// Actor is who gave the command.
func (c *Command) Actor() Actor { return Actor{Type: c.ActorType, ID: c.ActorID} }

// Difference is one field of an onboarding that did not say what is true, as
// refresh found and repaired it.
type Difference struct {
	Field string `json:"field" doc:"Such as status."`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

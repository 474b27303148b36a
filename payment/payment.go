// Package payment is the port to those who take money: one interface
// and its vocabulary. Each provider behind it is a package of its own (manual,
// sandbox, stripe) and passes the suite in paymenttest.
//
// Providers know nothing of accounts, invoices or workflows. They are given a
// business key with each request and promise that the same key has one effect,
// however often it is sent.
package payment

import (
	"context"
	"net/http"
	"time"
)

// Provider takes payments. A method is one or few requests to a third party;
// its error, when there is one, is an *Error.
type Provider interface {
	// Attach turns a customer's one-time token, or a finished setup page, into a
	// method that can be charged later without the customer. A page that is not
	// finished yet is ClassRequiresAction, a token that is refused a decline.
	Attach(ctx context.Context, in Attach) (Method, error)
	// Setup makes a page of the provider's on which the customer enters a
	// method. ClassMisconfigured when it has none.
	Setup(ctx context.Context, in Setup) (Page, error)
	// Charge asks for money. A decline is no error but the outcome's Class.
	Charge(ctx context.Context, in Charge) (Outcome, error)
	// Lookup returns the outcome of the charge with the key, without any effect.
	// StatusNone means that the provider never carried it out.
	Lookup(ctx context.Context, key string) (Outcome, error)
	// Refund gives the charge's money back, or, while the customer still has to
	// confirm it, cancels it. The outcome is the charge as it is now.
	Refund(ctx context.Context, in Refund) (Outcome, error)
	// Event verifies a webhook's signature and age and reads it. Its error is
	// ClassForged for anything not signed by the provider.
	Event(header http.Header, body []byte, now time.Time) (Event, error)
}

// TokenChecker is a Provider that knows, without asking anybody, that a text
// was never one of its tokens.
type TokenChecker interface {
	// PossibleToken reports whether the text may be a token of the provider's.
	PossibleToken(token string) bool
}

// LedgerReader is a Provider whose books can be read from beginning to end, to
// be compared with ours. It is for checkers: a real company's books are long.
type LedgerReader interface {
	// Ledger returns at most limit charges, oldest first, after the one with the
	// key; an empty key begins at the beginning. No charge more is the end.
	Ledger(ctx context.Context, after string, limit int) ([]Outcome, error)
}

// Attach asks for a stored method.
type Attach struct {
	Key       string // business key of the method; the same key, the same method
	AccountID string // to find the customer by in the provider's own pages
	Customer  string // the provider's customer of this account; empty for a new one
	Token     string // a one-time token, or the Ref of a Page
}

// Method is a stored payment method.
type Method struct {
	Customer string // the provider's id of the customer
	Ref      string // the provider's id of the method
	Brand    string // such as visa; empty when it is no card
	Last4    string
	ExpMonth int
	ExpYear  int
}

// Setup asks for a page to enter a method on.
type Setup struct {
	Key       string // business key; the event of the finished page carries it
	AccountID string
	Customer  string // empty for a new one
	ReturnURL string // where the page sends the customer when done
}

// Page is a page of the provider's.
type Page struct {
	Ref       string // to be given to Attach once it is finished
	URL       string
	ExpiresAt time.Time
}

// Charge asks for an amount.
type Charge struct {
	Key       string // business key, invoice/attempt; never a run's
	Customer  string
	Method    string
	Amount    int64  // minor units
	Currency  string // ISO 4217, lower case
	InvoiceID string // shown in the provider's own pages
	AccountID string
	// ReturnURL is where a confirmation page sends the customer when done.
	ReturnURL string
	// OffSession: the customer is not there, as in a renewal.
	OffSession bool
}

// Refund asks to give a charge back.
type Refund struct {
	Key    string // business key of the refund
	Charge string // key of the charge
	Ref    string // the charge's Outcome.Ref, where it is known
	Amount int64  // minor units; 0 for all of it
}

// Status is where a charge stands.
type Status string

// The states of a charge, over every provider.
const (
	// StatusNone: the provider has no charge with this key.
	StatusNone Status = "none"
	// StatusProcessing: accepted, not decided yet; an event or a lookup brings it.
	StatusProcessing Status = "processing"
	// StatusRequiresAction: the customer confirms it on ActionURL.
	StatusRequiresAction Status = "requires_action"
	// StatusPendingApproval: a person has to see the money arrive (manual).
	StatusPendingApproval Status = "pending_approval"
	// StatusSucceeded: the money is there.
	StatusSucceeded Status = "succeeded"
	// StatusFailed: it brought nothing, and never will; Class and Code say why.
	StatusFailed Status = "failed"
	// StatusCanceled: taken back before it brought anything.
	StatusCanceled Status = "canceled"
)

// Outcome is what a provider says of a charge.
type Outcome struct {
	Key       string
	Ref       string // the provider's id of the charge
	Status    Status
	Class     Class  // of a failed one: ClassSoftDecline or ClassHardDecline
	Code      string // of a failed one, such as insufficient_funds
	ActionURL string // of one that requires action
	Amount    int64
	Currency  string
	Refunded  int64 // minor units refunded
}

// EventType is what a webhook is about.
type EventType string

// The events providers send. What they say is never believed: whoever owns the
// key looks the charge up.
const (
	// EventCharge: a charge changed; Key is the charge's.
	EventCharge EventType = "charge"
	// EventSetup: a setup page was finished; Key is the setup's.
	EventSetup EventType = "setup"
	// EventOther: anything else; stored and left alone.
	EventOther EventType = "other"
)

// Event is a verified webhook.
type Event struct {
	ID         string // the provider's; the same event again has the same
	Type       EventType
	Name       string // the provider's own name for it, such as charge.succeeded
	Key        string // business key it is about; empty when it is not ours
	OccurredAt time.Time
}

// MaxEventAge is how old a webhook's signature may be, and how far ahead.
const MaxEventAge = 5 * time.Minute

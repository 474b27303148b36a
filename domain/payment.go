package domain

import "time"

// PaymentStatus is the state of one attempt to pay an invoice.
type PaymentStatus string

// The states of a payment.
const (
	// PaymentCreated: written before the provider is asked for money.
	PaymentCreated PaymentStatus = "created"
	// PaymentProcessing: the provider was asked.
	PaymentProcessing PaymentStatus = "processing"
	// PaymentRequiresAction: the customer has to confirm it.
	PaymentRequiresAction PaymentStatus = "requires_action"
	// PaymentPendingApproval: the customer submitted a reference; an admin decides.
	PaymentPendingApproval PaymentStatus = "pending_approval"
	// PaymentUnknown: asked, no answer; resolved by lookup, never by asking again.
	PaymentUnknown PaymentStatus = "unknown"
	// PaymentSucceeded: the money is there. At most one per invoice. An end.
	PaymentSucceeded PaymentStatus = "succeeded"
	// PaymentFailed: this attempt brought nothing; FailureCode says why. An end.
	PaymentFailed PaymentStatus = "failed"
)

// PaymentMoves is the state machine of a payment.
var PaymentMoves = Moves[PaymentStatus]{
	PaymentCreated: {PaymentProcessing, PaymentPendingApproval, PaymentFailed},
	PaymentProcessing: {PaymentSucceeded, PaymentRequiresAction, PaymentPendingApproval,
		PaymentFailed, PaymentUnknown},
	PaymentRequiresAction:  {PaymentProcessing, PaymentSucceeded, PaymentFailed, PaymentUnknown},
	PaymentPendingApproval: {PaymentSucceeded, PaymentFailed},
	PaymentUnknown:         {PaymentProcessing, PaymentSucceeded, PaymentFailed, PaymentRequiresAction},
	PaymentSucceeded:       {},
	PaymentFailed:          {},
}

// Why a payment failed, of those the engine itself decides.
const (
	FailureRejected   = "rejected"       // an admin found no money behind the reference
	FailureExpired    = "expired"        // the onboarding ended unpaid before a decision
	FailureCanceled   = "canceled"       // the onboarding was canceled before a decision
	FailureProvider   = "provider_error" // the provider failed under this key; another attempt was made
	FailureSuperseded = "superseded"     // the customer chose another plan or method, or an admin decided otherwise
)

// Payment is one attempt to pay one invoice.
type Payment struct {
	ID           string        `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object       string        `json:"object" gorm:"-" enum:"payment"`
	AccountID    string        `json:"account_id"`
	InvoiceID    string        `json:"invoice_id"`
	Provider     string        `json:"provider"`
	Option       string        `json:"payment_option" gorm:"column:option_key"`
	Attempt      int           `json:"attempt" doc:"Counts the attempts of the invoice from 1."`
	Status       PaymentStatus `json:"status" enum:"@payment.status"`
	Amount       int64         `json:"amount" doc:"In minor units."`
	Currency     string        `json:"currency"`
	MethodID     string        `json:"payment_method,omitempty" gorm:"column:payment_method_id" doc:"@payment.method"`
	Reference    string        `json:"reference,omitempty" doc:"What the customer wrote to find the transfer by."`
	FailureCode  string        `json:"failure_code,omitempty" doc:"Such as rejected, expired or insufficient_funds."`
	FailureClass string        `json:"failure_class,omitempty" enum:"@payment.failure_class" doc:"@payment.failure_class"`
	ActionURL    string        `json:"action_url,omitempty" doc:"While requires_action: where the customer confirms it."`
	Refunded     int64         `json:"refunded" doc:"Given back, in minor units."`
	Reason       string        `json:"reason,omitempty" doc:"What the admin wrote when deciding."`
	Late         bool          `json:"late" doc:"@payment.late"`
	Key          string        `json:"-" gorm:"column:idempotency_key"` // what the provider knows it by: invoice/attempt
	ProviderRef  string        `json:"provider_ref,omitempty" doc:"The provider's id of the charge."`
	OnSession    bool          `json:"-"` // the customer asked for it, and is there to confirm it
	CheckedAt    *time.Time    `json:"-"` // when reconcile last asked the provider about it
	CreatedAt    time.Time     `json:"created_at"`
	UpdatedAt    time.Time     `json:"updated_at"`

	AvailableActions []Action `json:"available_actions,omitempty" gorm:"-" doc:"Admin lists only: what may be done now."`
}

// Advance moves the payment, or returns the 409 of an illegal move.
func (p *Payment) Advance(to PaymentStatus, now time.Time) error {
	if err := PaymentMoves.check(p.Status, to, p.Actions()); err != nil {
		return err
	}
	p.Status, p.UpdatedAt = to, now
	return nil
}

// Subject is the payment as a command finds it.
func (p *Payment) Subject() Subject {
	return Subject{Noun: NounPayment, Status: string(p.Status), Late: p.Late, FailureCode: p.FailureCode}
}

// SubjectOf is the payment of the invoice as a decision about it finds it.
func (p *Payment) SubjectOf(invoice *Invoice) Subject {
	s := p.Subject()
	s.Unowed = invoice.Status != InvoiceOpen
	return s
}

// Actions lists what an admin may do to the payment now.
func (p *Payment) Actions() []Action { return p.Subject().Actions() }

// Present fills the computed fields.
func (p *Payment) Present() { p.Object = "payment" }

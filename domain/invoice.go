package domain

import "time"

// InvoiceStatus is the state of an invoice, in Stripe's words.
type InvoiceStatus string

// The states of an invoice.
const (
	// InvoiceOpen: owed, from the moment it is written.
	InvoiceOpen InvoiceStatus = "open"
	// InvoicePaid: a payment succeeded. An end.
	InvoicePaid InvoiceStatus = "paid"
	// InvoiceVoid: taken back or waived; nothing is owed. An end.
	InvoiceVoid InvoiceStatus = "void"
	// InvoiceUncollectible: owed, but given up. An end.
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

// InvoiceMoves is the state machine of an invoice.
var InvoiceMoves = Moves[InvoiceStatus]{
	InvoiceOpen:          {InvoicePaid, InvoiceVoid, InvoiceUncollectible},
	InvoicePaid:          {},
	InvoiceVoid:          {},
	InvoiceUncollectible: {},
}

// InvoiceType decides what paying an invoice brings about.
type InvoiceType string

const (
	// InvoiceSubscription pays for a period of a subscription.
	InvoiceSubscription InvoiceType = "subscription"
	// InvoiceCreditPackage pays for credits and never touches a subscription.
	InvoiceCreditPackage InvoiceType = "credit_package"
)

// Why an invoice was opened; unique with its subscription and period.
const (
	ReasonSubscriptionCreate = "subscription_create" // the first period
	ReasonSubscriptionCycle  = "subscription_cycle"  // the next period, or the first after a trial
	ReasonSubscriptionUpdate = "subscription_update" // the rest of a period on a dearer plan
	ReasonCreditPackage      = "credit_package"
)

// Invoice is a sum an account owes or has paid.
type Invoice struct {
	ID             string        `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object         string        `json:"object" gorm:"-" enum:"invoice"`
	AccountID      string        `json:"account_id"`
	SubscriptionID string        `json:"subscription_id,omitempty" gorm:"<-:create;default:null"`
	Type           InvoiceType   `json:"type" enum:"subscription,credit_package"`
	Reason         string        `json:"reason" doc:"Why it was opened, such as subscription_create."`
	Status         InvoiceStatus `json:"status" enum:"open,paid,void,uncollectible"`
	Amount         int64         `json:"amount" doc:"In minor units."`
	Currency       string        `json:"currency"`
	Lines          []InvoiceLine `json:"lines" gorm:"serializer:json" doc:"What the amount is made of." nullable:"false"`
	PeriodStart    time.Time     `json:"period_start" doc:"Start of the period it is for."`
	PeriodEnd      *time.Time    `json:"period_end" doc:"@invoice.period_end" nullable:"true"`
	DueAt          *time.Time    `json:"due_at" doc:"End of the payment window." nullable:"true"`
	PaidOutOfBand  bool          `json:"paid_out_of_band" doc:"Closed by an admin, without the customer's reference."`
	Waived         bool          `json:"waived" doc:"Void because an admin asked for no money."`
	PaidAt         *time.Time    `json:"paid_at" nullable:"true"`
	PackageCode    string        `json:"package,omitempty" doc:"Code of the credit package it is for."`
	Credits        int64         `json:"credits,omitempty" doc:"What a credit package brings."`
	CreatedAt      time.Time     `json:"created_at"`
	UpdatedAt      time.Time     `json:"updated_at"`

	// Plan is what paying it brings: the plan of the period, or the one changed to.
	Plan *PlanRef `json:"-" gorm:"serializer:json"`
}

// InvoiceLine is one part of an invoice; a credit is negative.
type InvoiceLine struct {
	Description string `json:"description" doc:"What for, with the dates."`
	Amount      int64  `json:"amount" doc:"In minor units."`
}

// ForPeriod reports whether the invoice is the one for a whole period of a
// subscription: its first or its next.
func (i *Invoice) ForPeriod() bool {
	return i.Reason == ReasonSubscriptionCreate || i.Reason == ReasonSubscriptionCycle
}

// Advance moves the invoice, or returns the 409 of an illegal move.
func (i *Invoice) Advance(to InvoiceStatus, now time.Time) error {
	if err := InvoiceMoves.check(i.Status, to, nil); err != nil {
		return err
	}
	i.Status, i.UpdatedAt = to, now
	if to == InvoicePaid {
		i.PaidAt = &now
	}
	return nil
}

// Subject is the invoice as a command finds it.
func (i *Invoice) Subject() Subject { return Subject{Noun: NounInvoice, Status: string(i.Status)} }

// Present fills the computed fields.
func (i *Invoice) Present() {
	i.Object = "invoice"
	if i.Lines == nil {
		i.Lines = []InvoiceLine{}
	}
}

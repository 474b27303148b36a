package domain

import (
	"strings"
	"time"
)

// ProviderEvent is a webhook of a payment provider's as it was received: which
// event, about which key of ours. What it says is not kept; the owner of the
// key asks the provider.
type ProviderEvent struct {
	Provider    string `gorm:"primaryKey"`
	EventID     string `gorm:"primaryKey"`
	Type        string
	Name        string // the provider's own, such as charge.succeeded
	Key         string
	OccurredAt  time.Time
	ReceivedAt  time.Time
	ProcessedAt *time.Time // when its owner had it, or there was none
}

// ItemID is what jobs of reconcile call the event.
func (e *ProviderEvent) ItemID() string { return e.Provider + "/" + e.EventID }

// PaymentOwner is what a provider's event is about: the onboarding while it
// runs, else the subscription, the invoice of a purchase, or a payment method.
type PaymentOwner struct {
	AccountID      string
	Onboarding     *Onboarding // nil when it has ended, or there is none
	SubscriptionID string
	InvoiceID      string // of a credit package
	PaymentID      string
	MethodID       string

	payment *Payment
	method  *PaymentMethod
}

// OfPayment notes the payment the news is about.
func (o *PaymentOwner) OfPayment(p *Payment) { o.PaymentID, o.payment = p.ID, p }

// OfMethod notes the method the news is about.
func (o *PaymentOwner) OfMethod(m *PaymentMethod) { o.MethodID, o.method = m.ID, m }

// Attention is what an event deserves.
type Attention int

const (
	// AttentionNone: what it says is known.
	AttentionNone Attention = iota
	// AttentionLater: its owner is about to learn it from the provider's answer;
	// whether it did is seen later.
	AttentionLater
	// AttentionNow: its owner waits for it.
	AttentionNow
)

// Attention says what an event with the name deserves. Most events repeat what
// the answer to a charge has said, and handing them on would cost more than the
// charge; the name is a hint here, never believed as a fact.
func (o *PaymentOwner) Attention(name string) Attention {
	if o.method != nil {
		if o.method.Ref != "" || o.method.RemovedAt != nil {
			return AttentionNone
		}
		return AttentionNow
	}
	switch p := o.payment; p.Status {
	case PaymentRequiresAction, PaymentUnknown:
		return AttentionNow
	case PaymentProcessing:
		if p.ProviderRef != "" {
			return AttentionNow
		}
		return AttentionLater
	case PaymentCreated:
		return AttentionLater
	case PaymentFailed:
		if !p.Late && strings.Contains(name, "succeeded") {
			return AttentionNow // money for what was given up
		}
	}
	return AttentionNone
}

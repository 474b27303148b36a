package domain

import "time"

// ProviderEvent is a webhook of a payment provider's as it was received: which
// event, about which key of ours. What it says is not kept; whoever owns the
// key asks the provider.
type ProviderEvent struct {
	Provider    string `gorm:"primaryKey"`
	EventID     string `gorm:"primaryKey"`
	Type        string
	Name        string // the provider's own, such as charge.succeeded
	Key         string
	OccurredAt  time.Time
	ReceivedAt  time.Time
	ProcessedAt *time.Time // when its owner was told
}

// PaymentOwner is whom a provider's event is about: the onboarding while it
// runs, else the subscription, the invoice of a purchase, or a payment method.
type PaymentOwner struct {
	AccountID      string
	Onboarding     *Onboarding // nil when it has ended, or there is none
	SubscriptionID string
	InvoiceID      string // of a credit package
	PaymentID      string
	MethodID       string
}

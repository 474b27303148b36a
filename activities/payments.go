package activities

import (
	"context"

	"slipway/billing"
)

// Payments are the activities that look up the outcome of payments.
type Payments struct {
	charger *billing.Charger
}

// LookUpInput names a payment that an event was about.
type LookUpInput struct {
	PaymentID string `json:"payment_id"`
}

// LookUpPayment asks the provider for the outcome of one payment, whatever we
// believe of it: money for what failed long ago is found this way.
func (a *Payments) LookUpPayment(ctx context.Context, in LookUpInput) error {
	return retryLater(ctx, a.charger.LookUp(ctx, in.PaymentID))
}

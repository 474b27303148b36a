package activities

import (
	"context"

	"slipway/billing"
)

// PaymentMethods are the activities of payment methods that a customer with an
// account gives.
type PaymentMethods struct {
	methods *billing.AccountMethods
}

// AddPaymentMethodInput names a proposed payment method of an account.
type AddPaymentMethodInput struct {
	AccountID string `json:"account_id"`
	MethodID  string `json:"method_id"`
}

// AddPaymentMethod has the provider make a method of what the customer gave.
func (a *PaymentMethods) AddPaymentMethod(
	ctx context.Context, in AddPaymentMethodInput,
) (billing.AddedMethod, error) {
	added, err := a.methods.Add(ctx, in.AccountID, in.MethodID)
	return added, retryLater(ctx, err)
}

package activities

import (
	"context"

	"slipway/billing"
	"slipway/domain"
)

// SubscriptionInput names a subscription.
type SubscriptionInput struct {
	SubscriptionID string `json:"subscription_id"`
}

// ReadSubscription says where the subscription is and what is due next.
func (a *Activities) ReadSubscription(ctx context.Context, in SubscriptionInput) (billing.SubscriptionState, error) {
	return a.subscriptions.Read(ctx, in.SubscriptionID)
}

// ProcessDueInput says what the workflow waited for.
type ProcessDueInput struct {
	SubscriptionID string         `json:"subscription_id"`
	Due            domain.DueKind `json:"due"`
}

// ProcessDue does what is due for a subscription now. What was done before, or
// is not due any more, changes nothing.
func (a *Activities) ProcessDue(ctx context.Context, in ProcessDueInput) (billing.SubscriptionState, error) {
	return a.subscriptions.Process(ctx, in.SubscriptionID, in.Due)
}

// ChargeSubscription asks providers about the subscription's undecided payments:
// it charges what is owed, looks up what is unknown, and gives back what is not
// wanted any more.
func (a *Activities) ChargeSubscription(ctx context.Context, in SubscriptionInput) (billing.SubscriptionState, error) {
	if err := a.charger.ChargeSubscription(ctx, in.SubscriptionID); err != nil {
		return billing.SubscriptionState{}, retryLater(ctx, err)
	}
	return a.subscriptions.Read(ctx, in.SubscriptionID)
}

// PurchaseInput names the purchase of a credit package by its invoice.
type PurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
}

// OpenPurchaseInput says what is bought, and by whom.
type OpenPurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
	AccountID string `json:"account_id"`
	Package   string `json:"package"` // code
}

// OpenPurchase opens the invoice of a credit package, once.
func (a *Activities) OpenPurchase(ctx context.Context, in OpenPurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Open(ctx, in.InvoiceID, in.AccountID, in.Package)
}

// ReadPurchase says where the purchase is.
func (a *Activities) ReadPurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Read(ctx, in.InvoiceID)
}

// ExpirePurchase takes the invoice back when nobody paid it in time.
func (a *Activities) ExpirePurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Expire(ctx, in.InvoiceID)
}

// ChargePurchase asks providers about the purchase's undecided payments.
func (a *Activities) ChargePurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	if err := a.charger.ChargeInvoice(ctx, in.InvoiceID); err != nil {
		return billing.PurchaseState{}, retryLater(ctx, err)
	}
	return a.purchases.Read(ctx, in.InvoiceID)
}

// AddPaymentMethodInput names a proposed payment method of an account.
type AddPaymentMethodInput struct {
	AccountID string `json:"account_id"`
	MethodID  string `json:"method_id"`
}

// AddPaymentMethod has the provider make a method of what a customer with an
// account gave.
func (a *Activities) AddPaymentMethod(ctx context.Context, in AddPaymentMethodInput) (billing.AddedMethod, error) {
	added, err := a.methods.Add(ctx, in.AccountID, in.MethodID)
	return added, retryLater(ctx, err)
}

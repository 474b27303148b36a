package activities

import (
	"context"

	"slipway/billing"
)

// Purchases are the activities of the purchase of a credit package, which is
// named by its invoice.
type Purchases struct {
	purchases *billing.Purchases
	charger   *billing.Charger
}

// PurchaseInput names the purchase of a credit package by its invoice.
type PurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
}

// OpenPurchaseInput names the credit package and the account that buys it.
type OpenPurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
	AccountID string `json:"account_id"`
	Package   string `json:"package"` // code
}

// OpenPurchase opens the invoice of a credit package, once.
func (a *Purchases) OpenPurchase(ctx context.Context, in OpenPurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Open(ctx, in.InvoiceID, in.AccountID, in.Package)
}

// ReadPurchase says where the purchase is.
func (a *Purchases) ReadPurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Read(ctx, in.InvoiceID)
}

// ExpirePurchase voids the invoice when it was not paid in time.
func (a *Purchases) ExpirePurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	return a.purchases.Expire(ctx, in.InvoiceID)
}

// ChargePurchase asks providers about the purchase's undecided payments.
func (a *Purchases) ChargePurchase(ctx context.Context, in PurchaseInput) (billing.PurchaseState, error) {
	if err := a.charger.ChargeInvoice(ctx, in.InvoiceID); err != nil {
		return billing.PurchaseState{}, retryLater(ctx, err)
	}
	return a.purchases.Read(ctx, in.InvoiceID)
}

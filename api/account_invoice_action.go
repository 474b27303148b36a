package api

import (
	"context"

	"slipway/domain"
)

// nextAction is what the customer does about an open invoice.
func (inv invoices) nextAction(
	ctx context.Context, sub *domain.Subscription, invoice *domain.Invoice, pending []domain.Payment,
) (*domain.NextAction, error) {
	next := &domain.NextAction{
		Type: domain.NextSubmitPayment, URL: "/v1/account/invoices/" + invoice.ID + "/payment",
		Amount: &invoice.Amount, Currency: invoice.Currency, InvoiceID: invoice.ID, ExpiresAt: invoice.DueAt,
	}
	for i := range pending {
		if pending[i].InvoiceID == invoice.ID {
			return underWay(next, &pending[i]), nil
		}
	}
	method, err := orNil(inv.store.DefaultMethod(ctx, invoice.AccountID))
	if err != nil {
		return nil, err
	}
	charged := method != nil && method.Chargeable() && invoice.Reason == domain.ReasonSubscriptionCycle
	switch {
	case charged && sub.Status != domain.SubscriptionPastDue: // when the period begins
		return &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"}, nil
	case charged:
		next.ExpiresAt = sub.GraceEndsAt
		next.Type, next.URL, next.PaymentOption = domain.NextAddPaymentMethod, "/v1/account/payment-methods", method.Option
		next.Message = domain.Text(domain.TextCardNotAccepted)
		return next, nil
	}
	return inv.instructed(ctx, next, method)
}

// underWay is what the customer does about a payment that was begun.
func underWay(next *domain.NextAction, p *domain.Payment) *domain.NextAction {
	switch p.Status {
	case domain.PaymentRequiresAction:
		next.Type, next.URL = domain.NextConfirmPayment, p.ActionURL
	case domain.PaymentPendingApproval:
		next.Type, next.URL = domain.NextAwaitApproval, "/v1/account/billing"
	default:
		next.Type, next.URL = domain.NextWait, "/v1/account/billing"
	}
	return next
}

// instructed adds how to pay.
func (inv invoices) instructed(
	ctx context.Context, next *domain.NextAction, method *domain.PaymentMethod,
) (*domain.NextAction, error) {
	if method == nil {
		return next, nil
	}
	options, err := inv.store.PaymentOptions(ctx)
	if err != nil {
		return nil, err
	}
	next.PaymentOption = method.Option
	for i := range options {
		if options[i].Key == method.Option {
			next.Instructions = options[i].Instructions
		}
	}
	return next, nil
}

package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// section is one part of an answer that is made of several reads: when its read
// fails the others are still there.
type section[T any] struct {
	Status string `json:"status" enum:"available,none,unavailable" doc:"@section.status"`
	Data   *T     `json:"data" doc:"Null unless available."`
}

// billingOverview is everything a billing page shows, read in one call. Its
// sections are of several nouns, hence its own struct.
type billingOverview struct {
	Object          string                          `json:"object" enum:"billing"`
	AccountID       string                          `json:"account_id"`
	Plan            section[domain.PlanRef]         `json:"plan"`
	Subscription    section[domain.Subscription]    `json:"subscription"`
	Balance         section[creditBalance]          `json:"balance"`
	PaymentMethods  section[[]domain.PaymentMethod] `json:"payment_methods"`
	OpenInvoices    section[[]domain.Invoice]       `json:"open_invoices"`
	PendingPayments section[[]domain.Payment]       `json:"pending_payments"`
	NextAction      section[domain.NextAction]      `json:"next_action" doc:"What the customer does next."`
}

type billingOutput struct {
	Body *billingOverview
}

// getBilling answers every section it can read.
func (a *API) getBilling(ctx context.Context, _ *struct{}) (*billingOutput, error) {
	id := callerOf(ctx).accountID
	b := &billingOverview{Object: "billing", AccountID: id}
	b.Subscription = read(ctx, a, "subscription", func() (*domain.Subscription, error) { return a.ownSubscription(ctx) })
	b.Plan = section[domain.PlanRef]{Status: b.Subscription.Status}
	if sub := b.Subscription.Data; sub != nil {
		b.Plan.Data = sub.Plan
	}
	b.Balance = read(ctx, a, "balance", func() (*creditBalance, error) {
		out, err := a.getBalance(ctx, nil)
		if err != nil {
			return nil, err
		}
		return out.Body, nil
	})
	all := store.Page{Limit: 100}
	b.PaymentMethods = read(ctx, a, "payment_methods", func() (*[]domain.PaymentMethod, error) {
		rows, err := a.store.ListMethods(ctx, id, all)
		return &rows.Data, err
	})
	b.OpenInvoices = read(ctx, a, "open_invoices", func() (*[]domain.Invoice, error) {
		rows, err := a.store.OpenInvoicesOf(ctx, id)
		return &rows, err
	})
	b.PendingPayments = read(ctx, a, "pending_payments", func() (*[]domain.Payment, error) {
		rows, err := a.store.PendingPaymentsOf(ctx, id)
		return &rows, err
	})
	b.NextAction = read(
		ctx, a, "next_action", func() (*domain.NextAction, error) { return a.nextBillingAction(ctx, id, b) },
	)
	return &billingOutput{Body: b}, nil
}

// read makes a section of what fn reads; a failure stays in the section.
func read[T any](ctx context.Context, a *API, name string, fn func() (*T, error)) section[T] {
	data, err := fn()
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound, err == nil && data == nil:
		return section[T]{Status: "none"}
	case err != nil:
		a.log.WarnContext(ctx, "billing section", "section", name, "error", err)
		return section[T]{Status: "unavailable"}
	}
	return section[T]{Status: "available", Data: data}
}

// nextBillingAction is what the customer does next about billing: the
// onboarding's business while one runs, then whatever is owed.
func (a *API) nextBillingAction(ctx context.Context, accountID string, b *billingOverview) (*domain.NextAction, error) {
	o, err := a.store.LatestOnboarding(ctx, accountID)
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return nil, err
	}
	if err == nil && !o.Status.Ended() {
		return o.NextAction, nil
	}
	if b.Subscription.Status == "unavailable" || b.OpenInvoices.Status == "unavailable" ||
		b.PendingPayments.Status == "unavailable" {
		return nil, domain.Unavailable("The next action", defaultRetryAfter)
	}
	sub := b.Subscription.Data
	switch {
	case sub == nil || !sub.Status.Live():
		return &domain.NextAction{Type: domain.NextChoosePlan, URL: "/v1/account/subscription"}, nil
	case len(*b.OpenInvoices.Data) == 0:
		return &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"}, nil
	}
	return a.owedAction(ctx, sub, mostUrgent(*b.OpenInvoices.Data, sub), *b.PendingPayments.Data)
}

// mostUrgent is the open invoice to pay first: that of a subscription whose
// payment is late, else the oldest.
func mostUrgent(open []domain.Invoice, sub *domain.Subscription) *domain.Invoice {
	for i := range open {
		if sub.Status == domain.SubscriptionPastDue && open[i].SubscriptionID == sub.ID &&
			open[i].Reason == domain.ReasonSubscriptionCycle {
			return &open[i]
		}
	}
	return &open[0]
}

// owedAction is what the customer does about an open invoice.
func (a *API) owedAction(
	ctx context.Context, sub *domain.Subscription, invoice *domain.Invoice, pending []domain.Payment,
) (*domain.NextAction, error) {
	next := &domain.NextAction{
		Type: domain.NextSubmitPayment, URL: "/v1/account/invoices/" + invoice.ID + "/payment",
		Amount: &invoice.Amount, Currency: invoice.Currency, InvoiceID: invoice.ID, ExpiresAt: invoice.DueAt,
	}
	for i := range pending {
		switch p := &pending[i]; {
		case p.InvoiceID != invoice.ID:
		case p.Status == domain.PaymentRequiresAction:
			next.Type, next.URL = domain.NextConfirmPayment, p.ActionURL
			return next, nil
		case p.Status == domain.PaymentPendingApproval:
			next.Type, next.URL = domain.NextAwaitApproval, "/v1/account/billing"
			return next, nil
		default:
			next.Type, next.URL = domain.NextWait, "/v1/account/billing"
			return next, nil
		}
	}
	method, err := a.store.DefaultMethod(ctx, invoice.AccountID)
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return nil, err
	}
	if err == nil && method.Chargeable() && invoice.Reason == domain.ReasonSubscriptionCycle &&
		sub.Status != domain.SubscriptionPastDue {
		return &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"}, nil // charged when the period begins
	}
	if err == nil && method.Chargeable() && invoice.Reason == domain.ReasonSubscriptionCycle {
		next.ExpiresAt = sub.GraceEndsAt
		next.Type, next.URL, next.PaymentOption = domain.NextAddPaymentMethod, "/v1/account/payment-methods", method.Option
		next.Message = domain.Text(domain.TextCardNotAccepted)
		return next, nil
	}
	return a.byHandAction(ctx, next, method)
}

// byHandAction adds how to pay.
func (a *API) byHandAction(
	ctx context.Context, next *domain.NextAction, method *domain.PaymentMethod,
) (*domain.NextAction, error) {
	if method == nil {
		return next, nil
	}
	options, err := a.store.PaymentOptions(ctx)
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

package api

import (
	"context"
	"log/slog"

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

// billing is what a billing page shows.
type billing struct {
	*shared
	subscriptions subscriptions
	credits       credits
	nextActions   nextActions
}

// get answers every section it can read.
func (b billing) get(ctx context.Context, _ *struct{}) (*billingOutput, error) {
	id := callerOf(ctx).accountID
	page := &billingOverview{Object: "billing", AccountID: id}
	page.Subscription = read(ctx, b.log, "subscription", func() (*domain.Subscription, error) {
		return b.subscriptions.own(ctx)
	})
	page.Plan = section[domain.PlanRef]{Status: page.Subscription.Status}
	if sub := page.Subscription.Data; sub != nil {
		page.Plan.Data = sub.Plan
	}
	page.Balance = read(ctx, b.log, "balance", func() (*creditBalance, error) { return b.credits.of(ctx, id) })
	page.PaymentMethods = read(ctx, b.log, "payment_methods", func() (*[]domain.PaymentMethod, error) {
		rows, err := b.store.ListMethods(ctx, id, store.Page{Limit: 100})
		return &rows.Data, err
	})
	page.OpenInvoices = read(ctx, b.log, "open_invoices", func() (*[]domain.Invoice, error) {
		rows, err := b.store.OpenInvoicesOf(ctx, id)
		return &rows, err
	})
	page.PendingPayments = read(ctx, b.log, "pending_payments", func() (*[]domain.Payment, error) {
		rows, err := b.store.PendingPaymentsOf(ctx, id)
		return &rows, err
	})
	page.NextAction = read(ctx, b.log, "next_action", func() (*domain.NextAction, error) {
		return b.nextAction(ctx, page)
	})
	return &billingOutput{Body: page}, nil
}

// read makes a section of what fn reads; a failure stays in the section.
func read[T any](ctx context.Context, log *slog.Logger, name string, fn func() (*T, error)) section[T] {
	data, err := orNil(fn())
	switch {
	case err != nil:
		log.WarnContext(ctx, "billing section", "section", name, "error", err)
		return section[T]{Status: "unavailable"}
	case data == nil:
		return section[T]{Status: "none"}
	}
	return section[T]{Status: "available", Data: data}
}

// nextAction is what the customer does next, of the sections that could be read.
func (b billing) nextAction(ctx context.Context, page *billingOverview) (*domain.NextAction, error) {
	if page.Subscription.Status == "unavailable" || page.OpenInvoices.Status == "unavailable" ||
		page.PendingPayments.Status == "unavailable" {
		return nil, domain.Unavailable(domain.Text(domain.LabelNextAction), defaultRetryAfter)
	}
	account, err := b.store.AccountByID(ctx, page.AccountID)
	if err != nil {
		return nil, err
	}
	return b.nextActions.of(ctx, account, &owed{
		subscription: page.Subscription.Data, invoices: *page.OpenInvoices.Data, payments: *page.PendingPayments.Data,
	})
}

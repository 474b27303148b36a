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

// firstRows is a section that shows the first page of a list.
type firstRows[T any] struct {
	section[[]T]
	NextCursor *string `json:"next_cursor" doc:"@section.next_cursor"`
}

// billingOverview is everything a billing page shows, read in one call. Its
// sections are of several nouns, hence its own struct.
type billingOverview struct {
	Object          string                          `json:"object" enum:"billing"`
	AccountID       string                          `json:"account_id"`
	Plan            section[domain.PlanRef]         `json:"plan"`
	Subscription    section[domain.Subscription]    `json:"subscription"`
	Balance         section[creditBalance]          `json:"balance"`
	PaymentMethods  firstRows[domain.PaymentMethod] `json:"payment_methods" doc:"@billing.methods"`
	OpenInvoices    firstRows[domain.Invoice]       `json:"open_invoices" doc:"@billing.invoices"`
	PendingPayments firstRows[domain.Payment]       `json:"pending_payments" doc:"@billing.payments"`
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
	first := store.Page{Limit: 100}
	page.PaymentMethods = readRows(ctx, b.log, "payment_methods", func() (store.List[domain.PaymentMethod], error) {
		return b.store.ListMethods(ctx, id, first)
	})
	page.OpenInvoices = readRows(ctx, b.log, "open_invoices", func() (store.List[domain.Invoice], error) {
		return b.store.InvoicesOf(ctx, id, domain.InvoiceOpen, first)
	})
	page.PendingPayments = readRows(ctx, b.log, "pending_payments", func() (store.List[domain.Payment], error) {
		return b.store.PaymentsOf(ctx, id, true, first)
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

// readRows makes a section of the first page of a list.
func readRows[T any](
	ctx context.Context, log *slog.Logger, name string, fn func() (store.List[T], error),
) (rows firstRows[T]) {
	rows.section = read(ctx, log, name, func() (*[]T, error) {
		list, err := fn()
		rows.NextCursor = newList(list.Data, list.Next).NextCursor
		return &list.Data, err
	})
	return rows
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
	if page.OpenInvoices.NextCursor != nil || page.PendingPayments.NextCursor != nil {
		return b.nextActions.of(ctx, account, nil) // which reads all of them
	}
	return b.nextActions.of(ctx, account, &owed{
		subscription: page.Subscription.Data, invoices: *page.OpenInvoices.Data, payments: *page.PendingPayments.Data,
	})
}

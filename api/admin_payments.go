package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type paymentsInput struct {
	Page
	Search
	OfAccount
	Status paymentStatus `query:"status" doc:"Only those in this status."`
	Late   bool          `query:"late" doc:"Only money that came after the end of its onboarding."`
}

// payments are attempts at paying an invoice.
type payments struct{ *shared }

var paymentKind = kind[domain.Payment]{
	prefix: domain.PrefixPayment, noun: "payment", read: (*store.Store).PaymentByID,
}

type listPaymentsInput struct {
	Page
	Pending bool `query:"pending" doc:"Only those that have neither succeeded nor failed."`
}

// listOwn answers the account's payments, without what staff wrote of them.
func (p payments) listOwn(ctx context.Context, in *listPaymentsInput) (*listOutput[domain.Payment], error) {
	page, err := in.decode(domain.PrefixPayment)
	if err != nil {
		return nil, err
	}
	rows, err := p.store.PaymentsOf(ctx, callerOf(ctx).accountID, in.Pending, page)
	for i := range rows.Data {
		rows.Data[i].Reason = ""
	}
	return listed(rows, err)
}

// list lists payments with what may be done to each. A failed one may be
// approved, as late, only once no onboarding of its account runs.
func (p payments) list(ctx context.Context, in *paymentsInput) (*listOutput[domain.Payment], error) {
	page, err := in.decode(domain.PrefixPayment)
	if err != nil {
		return nil, err
	}
	query, err := in.searched()
	if err != nil {
		return nil, err
	}
	rows, err := p.store.ListPayments(ctx, store.PaymentFilter{
		AccountID: string(in.AccountID), Status: string(in.Status), Query: query, LateOnly: in.Late, Page: page,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, p.store, rows.Data, func(p *domain.Payment) string { return p.AccountID })
	if err != nil {
		return nil, err
	}
	for i := range rows.Data {
		row := &rows.Data[i]
		subject, o := row.Subject(), newest[row.AccountID]
		subject.Running = o != nil && !o.Status.Ended()
		row.AvailableActions = subject.Actions()
	}
	return listed(rows, nil)
}

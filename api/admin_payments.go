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
	Status string `query:"status" enum:"created,processing,requires_action,pending_approval,unknown,succeeded,failed" doc:"Only those that stand there."`
	Late   bool   `query:"late" doc:"Only money that came after the end of its onboarding."`
}

// adminPayments lists payments with what may be done to each. A failed one may
// be approved, as late, only once no onboarding of its account runs.
func (a *API) adminPayments(ctx context.Context, in *paymentsInput) (*listOutput[domain.Payment], error) {
	p, err := in.decode(domain.PrefixPayment)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	rows, err := a.store.ListPayments(ctx, store.PaymentFilter{
		AccountID: in.AccountID, Status: in.Status, Query: in.Query, LateOnly: in.Late, Page: p,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, a.store, rows.Data, func(p *domain.Payment) string { return p.AccountID })
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

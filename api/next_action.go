package api

import (
	"context"

	"slipway/domain"
)

// nextActions say what a customer does next, the same wherever it is asked: on
// signing in, of the account, of its billing, and of an onboarding that has
// completed.
type nextActions struct {
	*shared
	invoices invoices
}

// owed is what decides, once no onboarding runs.
type owed struct {
	subscription *domain.Subscription // the newest
	invoices     []domain.Invoice     // open ones
	payments     []domain.Payment     // that are under way
}

// of is the onboarding's business while one runs, then whatever is owed; the app
// only while it is open. It is nil for an account that is closed. What is owed is
// read unless it is given.
func (n nextActions) of(ctx context.Context, account *domain.Account, known *owed) (*domain.NextAction, error) {
	o, err := orNil(n.store.LatestOnboarding(ctx, account.ID))
	switch {
	case err != nil:
		return nil, err
	case o != nil && !o.Status.Ended():
		return o.NextAction, nil
	case account.Status == domain.AccountClosed:
		return nil, nil
	}
	if known == nil {
		if known, err = n.owed(ctx, account.ID); err != nil {
			return nil, err
		}
	}
	sub := known.subscription
	switch {
	case sub == nil || !sub.Status.Live():
		return &domain.NextAction{Type: domain.NextChoosePlan, URL: "/v1/account/subscription"}, nil
	case len(known.invoices) > 0:
		return n.invoices.nextAction(ctx, sub, mostUrgent(known.invoices, sub), known.payments)
	case account.Status != domain.AccountActive:
		return &domain.NextAction{Type: domain.NextContactSupport, URL: "/v1/account"}, nil
	}
	return &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"}, nil
}

func (n nextActions) owed(ctx context.Context, accountID string) (*owed, error) {
	sub, err := orNil(n.store.LatestSubscription(ctx, accountID))
	if err != nil {
		return nil, err
	}
	invoices, err := n.store.OpenInvoicesOf(ctx, accountID)
	if err != nil {
		return nil, err
	}
	payments, err := n.store.PendingPaymentsOf(ctx, accountID)
	return &owed{sub, invoices, payments}, err
}

// ofCompleted is what the customer of a completed onboarding does next: what the
// onboarding led to may have ended since. Mostly it has not, which one statement says.
func (n nextActions) ofCompleted(ctx context.Context, o *domain.Onboarding) (*domain.NextAction, error) {
	if open, err := n.store.AppIsOpen(ctx, o.AccountID); err != nil || open {
		return o.NextAction, err
	}
	account, err := n.store.AccountByID(ctx, o.AccountID)
	if err != nil {
		return nil, err
	}
	return n.of(ctx, account, nil)
}

// mostUrgent is the open invoice to pay first: that of a subscription whose
// payment is late, else the oldest.
func mostUrgent(open []domain.Invoice, sub *domain.Subscription) *domain.Invoice {
	oldest := &open[0]
	for i := range open {
		if open[i].ID < oldest.ID {
			oldest = &open[i]
		}
		if sub.Status == domain.SubscriptionPastDue && open[i].SubscriptionID == sub.ID &&
			open[i].Reason == domain.ReasonSubscriptionCycle {
			return &open[i]
		}
	}
	return oldest
}

package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type buyInput struct {
	Idempotent
	Body struct {
		Package string `json:"package" format:"code" maxLength:"100" doc:"Code of a credit package on sale."`
	}
}

// purchase is a credit package that was bought, or is about to be: its invoice
// and what the customer does next, hence its own struct.
type purchase struct {
	Object     string             `json:"object" enum:"purchase"`
	Invoice    *domain.Invoice    `json:"invoice" doc:"paid: the credits are there. void: the card was refused."`
	NextAction *domain.NextAction `json:"next_action" doc:"While it is open: how it is paid, or confirmed."`
}

type buyOutput struct {
	Replayable
	Body *purchase
}

// buy buys a credit package with the account's default method. It never
// touches the subscription.
func (c creditPackages) buy(ctx context.Context, in *buyInput) (*buyOutput, error) {
	who := callerOf(ctx)
	id, again, err := c.makeOnce(ctx, in.Idempotent, "buy_credits", in.Body, creation{
		id:    store.NewID(domain.PrefixInvoice),
		check: func() error { return c.checkPurchase(ctx, who.accountID, in.Body.Package) },
	})
	if err != nil {
		return nil, err
	}
	if err := c.flows.BeginPurchase(ctx, who.accountID, id, in.Body.Package); err != nil {
		return nil, err
	}
	bought := &purchase{Object: "purchase"}
	if bought.Invoice, err = c.store.InvoiceByID(ctx, id); err != nil {
		return nil, err
	}
	if bought.Invoice.Status == domain.InvoiceOpen {
		pending, err := c.store.PendingPaymentsOf(ctx, who.accountID)
		if err != nil {
			return nil, err
		}
		if bought.NextAction, err = c.invoices.nextAction(ctx, &domain.Subscription{}, bought.Invoice, pending); err != nil {
			return nil, err
		}
	}
	return &buyOutput{Replayable: replayed(again), Body: bought}, nil
}

// checkPurchase refuses a package that is not for sale, and who cannot pay for it.
func (c creditPackages) checkPurchase(ctx context.Context, accountID, code string) error {
	packages, err := c.store.ActivePackages(ctx)
	if err != nil {
		return err
	}
	codes, found := []string{}, false
	for _, p := range packages {
		codes, found = append(codes, p.Code), found || p.Code == code
	}
	if !found {
		e := domain.Invalid("body.package", domain.Text(domain.TextNotOnOffer), domain.Text(domain.AcceptSuggestion))
		e.Reason, e.Detail, e.Suggestions = domain.ReasonPackageUnavailable, domain.Text(domain.TextPackageUnavailable), codes
		return e
	}
	account, err := c.store.AccountByID(ctx, accountID)
	if err != nil {
		return err
	}
	if account.Status != domain.AccountActive && account.Status != domain.AccountSuspended {
		return domain.Conflict(domain.TextAccountNotInUse)
	}
	if _, err := c.store.DefaultMethod(ctx, accountID); domain.CodeOf(err) == domain.CodeNotFound {
		return domain.Conflict(domain.TextPaymentMethodMissing)
	} else if err != nil {
		return err
	}
	return c.store.RoomForPurchase(ctx, accountID, c.config.Limits.Purchases) // its workflow asks again, in order
}

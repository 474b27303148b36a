package billing

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Purchases sells credit packages.
type Purchases struct {
	Store  *store.Store
	Limits domain.Limits
}

// PurchaseState is where the purchase of a credit package is after a change.
type PurchaseState struct {
	InvoiceID string               `json:"invoice_id"`
	Status    domain.InvoiceStatus `json:"status"`
	Charge    bool                 `json:"charge,omitempty"` // a payment provider is to be asked now
	Clock     string               `json:"clock,omitempty"`
	DueAt     *time.Time           `json:"due_at,omitempty"` // end of the payment window
	// BlockedOn is what or whom it waits for, for so much.
	BlockedOn domain.BlockedOn `json:"blocked_on,omitempty"`
	Amount    int64            `json:"amount,omitempty"`
	Currency  string           `json:"currency,omitempty"`
}

// purchaseWindow is how long the invoice of a credit package may stay unpaid.
const purchaseWindow = 7 * 24 * time.Hour

// purchase is the invoice of a credit package, in a change.
type purchase struct {
	*store.Change
	invoice *domain.Invoice
}

// change runs fn on the locked invoice of a credit package in one transaction.
func (p *Purchases) change(ctx context.Context, invoiceID string, fn func(purchase) error) (PurchaseState, error) {
	var state PurchaseState
	err := p.Store.Change(ctx, func(c *store.Change) error {
		invoice, err := c.Tx.LockInvoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		clock, err := c.OnAccount(invoice.AccountID)
		if err != nil {
			return err
		}
		if err := fn(purchase{c, invoice}); err != nil {
			return err
		}
		if invoice, err = c.Tx.InvoiceByID(ctx, invoiceID); err != nil {
			return err
		}
		state = PurchaseState{
			InvoiceID: invoice.ID, Status: invoice.Status, Clock: clock, DueAt: invoice.DueAt,
			Amount: invoice.Amount, Currency: invoice.Currency,
		}
		if invoice.Status == domain.InvoiceOpen {
			state.BlockedOn = domain.BlockedOnCustomer
		}
		undecided, err := c.Tx.UndecidedOfInvoice(ctx, invoiceID)
		for i := range undecided {
			state.Charge = state.Charge || undecided[i].ToAsk()
			state.BlockedOn = undecided[i].BlockedOn()
		}
		return err
	})
	return state, err
}

// Open opens the invoice of a credit package for the account, once, and the
// payment that charges it where the account's default method can be charged.
func (p *Purchases) Open(ctx context.Context, invoiceID, accountID, packageCode string) (PurchaseState, error) {
	err := p.Store.Change(ctx, func(c *store.Change) error {
		if known, err := none(c.Tx.InvoiceByID(ctx, invoiceID)); err != nil || known != nil {
			return err
		}
		if _, err := c.OnAccount(accountID); err != nil {
			return err
		}
		if err := c.Tx.RoomForPurchase(ctx, accountID, p.Limits.Purchases); err != nil {
			return err
		}
		pack, err := c.Tx.PackageForSale(ctx, packageCode)
		if err != nil {
			return err
		}
		c.Actor = domain.Actor{Type: domain.ActorCustomer}
		return openPurchase(c, invoiceID, pack)
	})
	if err != nil {
		return PurchaseState{}, err
	}
	return p.Read(ctx, invoiceID)
}

func openPurchase(c *store.Change, invoiceID string, pack *domain.CreditPackage) error {
	method, err := Methods{c}.Default()
	if err != nil {
		return err
	}
	if method == nil {
		return domain.Conflict(domain.TextPaymentMethodMissing)
	}
	due := c.Now.Add(purchaseWindow)
	invoice := &domain.Invoice{
		ID: invoiceID, Type: domain.InvoiceCreditPackage, Reason: domain.ReasonCreditPackage,
		Amount: pack.Amount, Currency: pack.Currency, PackageCode: pack.Code, Credits: pack.Credits,
		Lines:       []domain.InvoiceLine{{Description: pack.Name, Amount: pack.Amount}},
		PeriodStart: c.Now, DueAt: &due,
	}
	if err := (Invoices{c}).Open(invoice); err != nil || !method.Chargeable() {
		return err
	}
	return Payments{c}.Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// Read says where the purchase is.
func (p *Purchases) Read(ctx context.Context, invoiceID string) (PurchaseState, error) {
	return p.change(ctx, invoiceID, func(purchase) error { return nil })
}

// Expire takes the invoice back when it was not paid in time.
func (p *Purchases) Expire(ctx context.Context, invoiceID string) (PurchaseState, error) {
	return p.change(ctx, invoiceID, func(p purchase) error {
		if p.invoice.Status != domain.InvoiceOpen {
			return nil
		}
		return Invoices{p.Change}.Void(p.invoice, domain.FailureExpired)
	})
}

// Apply applies a command on the purchase; again changes nothing.
func (p *Purchases) Apply(ctx context.Context, invoiceID string, cmd *domain.Command) (PurchaseState, error) {
	return p.change(ctx, invoiceID, func(p purchase) error { return p.apply(cmd) })
}

// Refuse leaves a trace of a signal that changed nothing.
func (p *Purchases) Refuse(ctx context.Context, invoiceID string, cmd *domain.Command) (PurchaseState, error) {
	return p.change(ctx, invoiceID, func(p purchase) error {
		p.Change.Refuse(cmd, string(p.invoice.Status))
		return nil
	})
}

// Save writes what a provider says of a payment of the purchase.
func (p *Purchases) Save(ctx context.Context, invoiceID, paymentID string, out payment.Outcome) error {
	_, err := p.change(ctx, invoiceID, func(p purchase) error { return SaveOutcome(p.Change, p, paymentID, out) })
	return err
}

func (p purchase) apply(cmd *domain.Command) error {
	do, known := map[domain.Action]func() error{
		domain.ActionSubmitPayment: func() error { return Payments{p.Change}.Submit(p.invoice, cmd) },
		domain.ActionCancel:        func() error { return Invoices{p.Change}.Void(p.invoice, domain.FailureCanceled) },
	}[cmd.Action]
	switch {
	case cmd.Action == domain.ActionApprovePayment || cmd.Action == domain.ActionRejectPayment:
		return Payments{p.Change}.Decide(cmd, p)
	case !known:
		return domain.NotFound("command")
	}
	return p.Apply(cmd, p.invoice.Subject(), do)
}

// Paid gives the bonus credits of the package, and nothing of any subscription.
func (p purchase) Paid(invoice *domain.Invoice, by *domain.Payment) error {
	if err := (Invoices{p.Change}).Close(invoice, by); err != nil {
		return err
	}
	return Credits{p.Change}.Grant(&domain.Credit{Pool: domain.PoolBonus, Amount: invoice.Credits,
		Reason: domain.ReasonPackage, IdempotencyKey: invoice.ID})
}

// MustConfirm changes nothing: the payment's action_url is where it is confirmed.
func (p purchase) MustConfirm(*domain.Invoice, *domain.Payment, bool) error { return nil }

// DecidedLater changes nothing.
func (p purchase) DecidedLater() error { return nil }

// Declined ends the purchase: nothing else depends on it.
func (p purchase) Declined(invoice *domain.Invoice, _ string, _ bool) error {
	return Invoices{p.Change}.Void(invoice, domain.FailureCanceled)
}

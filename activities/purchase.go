package activities

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// PurchaseStanding is where the purchase of a credit package stands.
type PurchaseStanding struct {
	InvoiceID string               `json:"invoice_id"`
	Status    domain.InvoiceStatus `json:"status"`
	Collect   bool                 `json:"collect,omitempty"`
	Clock     string               `json:"clock,omitempty"`
	DueAt     *time.Time           `json:"due_at,omitempty"` // end of the payment window
}

// purchaseWindow is how long the invoice of a credit package may stay unpaid.
const purchaseWindow = 7 * 24 * time.Hour

// purchase runs fn on the locked invoice of a credit package in one transaction.
func (a *Activities) purchase(ctx context.Context, invoiceID string, fn func(c *changeSet) error) (PurchaseStanding, error) {
	var standing PurchaseStanding
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		invoice, err := tx.LockInvoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		account, err := tx.AccountByID(ctx, invoice.AccountID)
		if err != nil {
			return err
		}
		now, err := tx.NowOn(ctx, account.TestClockID)
		if err != nil {
			return err
		}
		c := &changeSet{ctx: ctx, tx: tx.At(now), policy: a.Policy, now: now, actor: systemActor,
			about: domain.Event{AccountID: invoice.AccountID}}
		if err := fn(c); err != nil {
			return err
		}
		if invoice, err = tx.InvoiceByID(ctx, invoiceID); err != nil {
			return err
		}
		standing = PurchaseStanding{InvoiceID: invoice.ID, Status: invoice.Status, Clock: account.TestClockID, DueAt: invoice.DueAt}
		undecided, err := tx.UndecidedOfInvoice(ctx, invoiceID)
		for i := range undecided {
			standing.Collect = standing.Collect || undecided[i].ToAsk()
		}
		if err != nil {
			return err
		}
		return c.tell()
	})
	return standing, err
}

// fulfilPackage is fulfilment of a credit package: bonus credits, and nothing
// of any subscription.
func (c *changeSet) fulfilPackage(f fulfilment) error {
	if err := c.settle(f); err != nil {
		return err
	}
	return c.grant(&domain.Credit{Pool: domain.PoolBonus, Amount: f.invoice.Credits, Reason: domain.ReasonPackage,
		IdempotencyKey: f.invoice.ID})
}

// PurchaseInput says what happens to the purchase; nothing when only its id is
// given.
type PurchaseInput struct {
	InvoiceID string `json:"invoice_id"`
	AccountID string `json:"account_id,omitempty"`
	Package   string `json:"package,omitempty"` // its invoice is opened
	CommandID string `json:"command_id,omitempty"`
	Expire    bool   `json:"expire,omitempty"` // nobody paid in time
}

// purchases says what each command does to a purchase.
var purchases = map[domain.Action]func(*changeSet, *domain.Invoice, *domain.Command) error{
	domain.ActionSubmitPayment:  (*changeSet).purchaseSubmit,
	domain.ActionApprovePayment: func(c *changeSet, _ *domain.Invoice, command *domain.Command) error { return c.billApprove(command) },
	domain.ActionRejectPayment:  func(c *changeSet, _ *domain.Invoice, command *domain.Command) error { return c.billReject(command) },
	domain.ActionCancel:         (*changeSet).purchaseCancel,
}

// Purchase carries out a command on the purchase of a credit package, or takes
// its invoice back when nobody paid in time. Again changes nothing.
func (a *Activities) Purchase(ctx context.Context, in PurchaseInput) (PurchaseStanding, error) {
	command := &domain.Command{}
	if in.CommandID != "" {
		var err error
		if command, err = a.Store.CommandByID(ctx, in.CommandID); err != nil {
			return PurchaseStanding{}, err
		}
	}
	if in.Package != "" {
		if err := a.openPurchase(ctx, in); err != nil {
			return PurchaseStanding{}, err
		}
	}
	return a.purchase(ctx, in.InvoiceID, func(c *changeSet) error {
		invoice, err := c.tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		switch {
		case in.Expire && invoice.Status == domain.InvoiceOpen:
			return c.void(invoice, domain.FailureExpired)
		case in.CommandID == "" || command.AppliedAt != nil:
			return nil
		}
		carryOut, known := purchases[command.Action]
		if !known {
			return domain.NotFound("command")
		}
		c.actor, c.reason = command.Actor(), command.Reason
		if err := carryOut(c, invoice, command); err != nil {
			return err
		}
		return c.tx.MarkApplied(ctx, command.ID)
	})
}

// openPurchase opens the invoice of a credit package, once, and the attempt to
// charge it where the account's default method can be.
func (a *Activities) openPurchase(ctx context.Context, in PurchaseInput) error {
	return a.Store.Within(ctx, func(tx *store.Store) error {
		if _, err := tx.InvoiceByID(ctx, in.InvoiceID); domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		account, err := tx.AccountByID(ctx, in.AccountID)
		if err != nil {
			return err
		}
		now, err := tx.NowOn(ctx, account.TestClockID)
		if err != nil {
			return err
		}
		pack, err := tx.PackageForSale(ctx, in.Package)
		if err != nil {
			return err
		}
		c := &changeSet{ctx: ctx, tx: tx.At(now), now: now, actor: domain.Actor{Type: domain.ActorCustomer},
			about: domain.Event{AccountID: in.AccountID}}
		if err := c.openPackageInvoice(in.InvoiceID, pack); err != nil {
			return err
		}
		return c.tell()
	})
}

func (c *changeSet) openPackageInvoice(id string, pack *domain.CreditPackage) error {
	method, err := c.defaultMethod()
	if err != nil {
		return err
	}
	if method == nil {
		return &domain.Error{Code: domain.CodeConflict, Detail: "Add a payment method first."}
	}
	due := c.now.Add(purchaseWindow)
	invoice := &domain.Invoice{
		ID: id, AccountID: c.about.AccountID, Type: domain.InvoiceCreditPackage, Reason: domain.ReasonCreditPackage,
		Status: domain.InvoiceOpen, Amount: pack.Amount, Currency: pack.Currency, PackageCode: pack.Code, Credits: pack.Credits,
		Lines: []domain.InvoiceLine{{Description: pack.Name, Amount: pack.Amount}}, PeriodStart: c.now, DueAt: &due, CreatedAt: c.now, UpdatedAt: c.now,
	}
	if err := c.tx.InsertInvoice(c.ctx, invoice); err != nil {
		return err
	}
	c.record(domain.EventInvoiceOpened, map[string]any{"invoice": invoice.ID, "amount": invoice.Amount, "currency": invoice.Currency})
	if !method.Chargeable() {
		return nil
	}
	return c.attempt(store.NewID(domain.PrefixPayment), invoice, method)
}

func (c *changeSet) purchaseSubmit(invoice *domain.Invoice, command *domain.Command) error {
	if known, err := c.paymentKnown(command.PaymentID); err != nil || known {
		return err
	}
	if invoice.Status != domain.InvoiceOpen {
		return domain.InvalidTransition(string(invoice.Status), string(domain.InvoicePaid), nil)
	}
	return c.submit(invoice, command)
}

func (c *changeSet) purchaseCancel(invoice *domain.Invoice, _ *domain.Command) error {
	if invoice.Status == domain.InvoiceVoid {
		return nil
	}
	return c.void(invoice, domain.FailureCanceled)
}

// CollectPurchase asks providers about the purchase's undecided payments: it
// charges what is owed and gives back what is not wanted any more. A declined
// card ends the purchase: nothing else depends on it.
func (a *Activities) CollectPurchase(ctx context.Context, in PurchaseInput) (PurchaseStanding, error) {
	undecided, err := a.Store.UndecidedOfInvoice(ctx, in.InvoiceID)
	for i := range undecided {
		switch {
		case err != nil:
		case undecided[i].Wanted:
			err = a.ask(ctx, &undecided[i].Payment)
		default:
			err = a.giveBack(ctx, &undecided[i].Payment)
		}
	}
	if err != nil {
		return PurchaseStanding{}, a.providerTrouble(ctx, err)
	}
	return a.purchase(ctx, in.InvoiceID, func(*changeSet) error { return nil })
}

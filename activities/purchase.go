package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// PurchaseStanding is where the purchase of a credit package stands.
type PurchaseStanding struct {
	InvoiceID string               `json:"invoice_id"`
	Status    domain.InvoiceStatus `json:"status"`
	Collect   bool                 `json:"collect,omitempty"`
	Clock     string               `json:"clock,omitempty"`
}

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
		standing = PurchaseStanding{InvoiceID: invoice.ID, Status: invoice.Status, Clock: account.TestClockID}
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

package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type payInvoiceInput struct {
	ID string `path:"id" doc:"Id of an open invoice."`
	Idempotent
	Body struct {
		Reference string `json:"reference,omitempty" format:"reference" doc:"@payInvoice.reference"`
	}
}

type invoiceOutput struct {
	Replayable
	Body *domain.Invoice
}

// invoices are what accounts owe and paid.
type invoices struct {
	*shared
	commands commands
}

var invoiceKind = kind[domain.Invoice]{
	prefix: domain.PrefixInvoice, noun: "invoice", read: (*store.Store).InvoiceByID,
}

type listInvoicesInput struct {
	Page
	Status invoiceStatus `query:"status" doc:"Only those in this status."`
}

// list answers the account's invoices.
func (inv invoices) list(ctx context.Context, in *listInvoicesInput) (*listOutput[domain.Invoice], error) {
	page, err := in.decode(domain.PrefixInvoice)
	if err != nil {
		return nil, err
	}
	return listed(inv.store.InvoicesOf(ctx, callerOf(ctx).accountID, domain.InvoiceStatus(in.Status), page))
}

// pay says that an open invoice was paid, or has the card charged for it.
func (inv invoices) pay(ctx context.Context, in *payInvoiceInput) (*invoiceOutput, error) {
	invoice, err := inv.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t := &target{noun: domain.NounInvoice, id: invoice.ID, invoice: invoice}
	r := commandRequest{Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{
			Action: domain.ActionSubmitPayment, Reference: in.Body.Reference, PaymentID: store.NewID(domain.PrefixPayment),
		},
		valid: func(t *target) error { return submittable(t.invoice, in.Body.Reference) }}
	if in.Body.Reference == "" && invoice.Reason == domain.ReasonSubscriptionCycle {
		r.command = domain.Command{Action: domain.ActionRetryPayment}
		r.valid = func(t *target) error { return inv.chargeable(ctx, t) }
		t.noun, t.subscriptionID = domain.NounSubscription, invoice.SubscriptionID
		if t.subscription, err = inv.store.SubscriptionByID(ctx, invoice.SubscriptionID); err != nil {
			return nil, err
		}
	}
	done, err := inv.commands.give(ctx, t, r)
	if err != nil {
		return nil, err
	}
	return &invoiceOutput{Replayable: replayed(done.replayed), Body: done.invoice}, nil
}

// submittable refuses a reference for what is not paid here, or no longer.
func submittable(invoice *domain.Invoice, reference string) error {
	if err := invoice.Subject().Check(domain.ActionSubmitPayment); err != nil {
		return err
	}
	if err := validReference(reference); err != nil {
		return err
	}
	if invoice.Reason == domain.ReasonSubscriptionCreate {
		return domain.Conflict(domain.TextPaidByOnboarding)
	}
	return nil
}

// chargeable refuses to charge a card that is not there, or before the period
// that the invoice is for: it is charged then without being asked.
func (inv invoices) chargeable(ctx context.Context, t *target) error {
	if err := t.invoice.Subject().Check(domain.ActionSubmitPayment); err != nil {
		return err
	}
	if err := inv.checkReference(ctx, t.invoice.AccountID, ""); err != nil {
		return err
	}
	if t.subscription.Status == domain.SubscriptionPastDue {
		return nil
	}
	return domain.Conflict(domain.TextNothingLate, "date", t.invoice.PeriodStart.Format("2 January 2006"))
}

// checkReference refuses what cannot be a reference. Only a customer who pays by card may
// leave it out.
func (inv invoices) checkReference(ctx context.Context, accountID, reference string) error {
	if reference == "" {
		method, err := orNil(inv.store.DefaultMethod(ctx, accountID))
		if err != nil || (method != nil && method.Chargeable()) {
			return err
		}
	}
	return validReference(reference)
}

func validReference(reference string) error {
	var wrong fieldErrors
	wrong.require(reference != "", "reference", domain.TextNotAReference, domain.AcceptReference)
	return wrong.err()
}

func (inv invoices) own(ctx context.Context, id string) (*domain.Invoice, error) {
	invoice, err := invoiceKind.find(ctx, inv.store, id)
	if err == nil && invoice.AccountID != callerOf(ctx).accountID {
		return nil, domain.NotFound(invoiceKind.noun)
	}
	return invoice, err
}

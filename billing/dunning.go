package billing

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// dunning is how a renewal that was not paid is recovered.
type dunning struct{ *Subscription }

// fallBehind notes that a renewal was not paid: use continues within grace while
// recovery tries again. A change of plan that was not paid is dropped instead.
func (d dunning) fallBehind(invoice *domain.Invoice, hard bool) error {
	row := d.row
	if invoice.Reason == domain.ReasonSubscriptionUpdate {
		return d.voidInvoices(domain.ReasonSubscriptionUpdate)
	}
	if !row.Status.Live() {
		return nil
	}
	if row.Status != domain.SubscriptionPastDue {
		if err := row.FallBehind(d.policy.Billing, d.Now); err != nil {
			return err
		}
		d.Emit(domain.EventSubscriptionPastDue, map[string]any{"invoice": invoice.ID, "grace_ends_at": row.GraceEndsAt})
	}
	byHand, err := d.byHand()
	if err != nil {
		return err
	}
	row.NextRetryAt, row.UpdatedAt = d.policy.Billing.NextRetry(*row.PastDueSince, d.Now, hard || byHand), d.Now
	return nil
}

// retry is another attempt at a renewal that was not paid, with the
// method that is the default now. A transfer that the customer says to have made
// does not hold it back, since nobody knows yet whether it will come: the first
// money pays the invoice, and what comes after it is given back or flagged.
func (d dunning) retry() error {
	row := d.row
	row.NextRetryAt = d.policy.Billing.NextRetry(*row.PastDueSince, d.Now, false)
	method, err := d.methods().Default()
	if err != nil {
		return err
	}
	if method == nil || !method.Chargeable() {
		row.NextRetryAt = nil
		return nil
	}
	invoice, err := cycle{d.Subscription}.open()
	if err != nil {
		return err
	}
	if charged, err := d.charged(invoice); err != nil || charged {
		return err // what it brings decides
	}
	return d.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// retryNow charges a late payment now: the customer asks for it, or has
// given another card.
func (d dunning) retryNow() error {
	byHand, err := d.byHand()
	if err != nil {
		return err
	}
	if byHand {
		return domain.Conflict(domain.TextNoCardToCharge)
	}
	return d.retry()
}

// charged reports whether a provider is deciding about a payment of the invoice. A
// customer who has to confirm does not count: another attempt may be faster.
func (d dunning) charged(invoice *domain.Invoice) (bool, error) {
	undecided, err := d.payments().Undecided(invoice.ID)
	return undecided != nil && undecided.Status != domain.PaymentRequiresAction, err
}

// underWay reports whether a payment of the invoice is being decided: by a
// provider, or by an admin about a transfer.
func (d dunning) underWay(invoice *domain.Invoice) (bool, error) {
	if charged, err := d.charged(invoice); err != nil || charged {
		return charged, err
	}
	pending, err := d.payments().Pending(invoice.ID)
	return pending != nil, err
}

// giveUp ends recovery that brought nothing, as the policy says.
func (d dunning) giveUp() error {
	invoice, err := cycle{d.Subscription}.invoice()
	if err != nil {
		return err
	}
	if invoice != nil && invoice.Status == domain.InvoiceOpen {
		if underWay, err := d.underWay(invoice); err != nil || (underWay && d.Now.Before(decidedBy(invoice))) {
			return err
		}
		if err := d.writeOff(invoice); err != nil {
			return err
		}
	}
	to := domain.SubscriptionCanceled
	if d.policy.Billing.Final == domain.FinalUnpaid {
		to = domain.SubscriptionUnpaid
	}
	if err := (cancellation{d.Subscription}).end(to, "payment_failed"); err != nil {
		return err
	}
	return d.suspendAccount()
}

// writeOff gives up an invoice that recovery did not bring.
func (d dunning) writeOff(invoice *domain.Invoice) error {
	if err := d.payments().FailUnasked(invoice, domain.FailureExpired); err != nil {
		return err
	}
	if err := invoice.Advance(domain.InvoiceUncollectible, d.Now); err != nil {
		return err
	}
	d.Emit(domain.EventInvoiceUncollectible, map[string]any{"invoice": invoice.ID})
	return d.Tx.SaveInvoice(d.Ctx, invoice)
}

// decisionWithin is how long recovery waits for an admin to decide about a
// transfer the customer says to have made.
const decisionWithin = 30 * 24 * time.Hour

func decidedBy(invoice *domain.Invoice) time.Time { return invoice.CreatedAt.Add(decisionWithin) }

// awaitDecision is until when giving up waits for the admin who has a transfer
// to decide about, or as given.
func (d dunning) awaitDecision(until time.Time) (time.Time, error) {
	invoice, err := d.awaitingTransfer()
	if err != nil || invoice == nil {
		return until, err
	}
	return decidedBy(invoice), nil
}

// awaitingTransfer is the invoice of the next period while an admin has a
// transfer for it to decide about; nil otherwise.
func (d dunning) awaitingTransfer() (*domain.Invoice, error) {
	invoice, err := cycle{d.Subscription}.invoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return nil, err
	}
	pending, err := d.payments().Pending(invoice.ID)
	if err != nil || pending == nil {
		return nil, err
	}
	return invoice, nil
}

// byStaff closes a late renewal without the customer: paid elsewhere, or waived.
func (d dunning) byStaff(cmd *domain.Command) error {
	invoice, err := cycle{d.Subscription}.open()
	if err != nil {
		return err
	}
	by, err := d.invoices().ByStaff(invoice, cmd.Waive)
	if err != nil {
		return err
	}
	d.row.ManagedBy = domain.ManagedByAdmin
	return cycle{d.Subscription}.paid(invoice, by)
}

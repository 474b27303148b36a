package billing

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// fallBehind notes that a renewal was not paid: use goes on within grace while
// recovery tries again. A change of plan that was not paid is dropped instead.
func (s *Subscription) fallBehind(invoice *domain.Invoice, hard bool) error {
	row := s.row
	if invoice.Reason == domain.ReasonSubscriptionUpdate {
		return s.voidInvoices(domain.ReasonSubscriptionUpdate)
	}
	if !row.Status.Live() {
		return nil
	}
	if row.Status != domain.SubscriptionPastDue {
		if err := row.FallBehind(s.policy.Billing, s.Now); err != nil {
			return err
		}
		s.Emit(domain.EventSubscriptionPastDue, map[string]any{"invoice": invoice.ID, "grace_ends_at": row.GraceEndsAt})
	}
	byHand, err := s.byHand()
	if err != nil {
		return err
	}
	row.NextRetryAt, row.UpdatedAt = s.policy.Billing.NextRetry(*row.PastDueSince, s.Now, hard || byHand), s.Now
	return nil
}

// retryCharge is another attempt at a renewal that was not paid, with the
// method that is the default now.
func (s *Subscription) retryCharge() error {
	row := s.row
	row.NextRetryAt = s.policy.Billing.NextRetry(*row.PastDueSince, s.Now, false)
	method, err := s.methods().Default()
	if err != nil {
		return err
	}
	if method == nil || !method.Chargeable() {
		row.NextRetryAt = nil
		return nil
	}
	invoice, err := s.openCycle()
	if err != nil {
		return err
	}
	if underWay, err := s.underWay(invoice); err != nil || underWay {
		return err // what it brings decides
	}
	return s.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// underWay reports whether somebody is deciding about a payment of the invoice:
// a provider, or an admin about a transfer. A customer who has to confirm does
// not count: another attempt may be faster.
func (s *Subscription) underWay(invoice *domain.Invoice) (bool, error) {
	undecided, err := s.payments().Undecided(invoice.ID)
	if err != nil || (undecided != nil && undecided.Status != domain.PaymentRequiresAction) {
		return err == nil, err
	}
	pending, err := s.payments().Pending(invoice.ID)
	return pending != nil, err
}

// giveUp ends recovery that brought nothing, in the way that was set.
func (s *Subscription) giveUp() error {
	invoice, err := s.cycleInvoice()
	if err != nil {
		return err
	}
	if invoice != nil && invoice.Status == domain.InvoiceOpen {
		if underWay, err := s.underWay(invoice); err != nil || (underWay && s.Now.Before(decidedBy(invoice))) {
			return err
		}
		if err := s.writeOff(invoice); err != nil {
			return err
		}
	}
	to := domain.SubscriptionCanceled
	if s.policy.Billing.Final == domain.FinalUnpaid {
		to = domain.SubscriptionUnpaid
	}
	if err := s.End(to, "payment_failed"); err != nil {
		return err
	}
	return s.suspendAccount()
}

// writeOff gives up an invoice that recovery did not bring.
func (s *Subscription) writeOff(invoice *domain.Invoice) error {
	if err := s.payments().FailUnasked(invoice, domain.FailureExpired); err != nil {
		return err
	}
	if err := invoice.Advance(domain.InvoiceUncollectible, s.Now); err != nil {
		return err
	}
	s.Emit(domain.EventInvoiceUncollectible, map[string]any{"invoice": invoice.ID})
	return s.Tx.SaveInvoice(s.Ctx, invoice)
}

// decisionWithin is how long recovery waits for an admin to decide about a
// transfer the customer says to have made.
const decisionWithin = 30 * 24 * time.Hour

func decidedBy(invoice *domain.Invoice) time.Time { return invoice.CreatedAt.Add(decisionWithin) }

// awaitDecision is until when giving up waits for the admin who has a transfer
// to decide about, or as given.
func (s *Subscription) awaitDecision(until time.Time) (time.Time, error) {
	invoice, err := s.awaitingTransfer()
	if err != nil || invoice == nil {
		return until, err
	}
	return decidedBy(invoice), nil
}

// awaitingTransfer is the invoice of the next period while an admin has a
// transfer for it to decide about; nil otherwise.
func (s *Subscription) awaitingTransfer() (*domain.Invoice, error) {
	invoice, err := s.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return nil, err
	}
	pending, err := s.payments().Pending(invoice.ID)
	if err != nil || pending == nil {
		return nil, err
	}
	return invoice, nil
}

package billing

import (
	"cmp"
	"context"
	"time"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Charger calls payment providers: to make a method, to charge, to look a payment
// up, to refund. Each payment has a row and a key before the call, and a repeated
// call has the same key, so the provider charges once.
type Charger struct {
	Store *store.Store
	// Providers are those who take money, by the name payment options use.
	Providers map[string]payment.Provider
	// ReturnURL is where providers send customers when they are done with a page.
	ReturnURL string
	// Save writes what a provider says of a payment, with all that follows.
	Save func(ctx context.Context, p *domain.Payment, out payment.Outcome) error
}

// provider is the one a method or a payment names.
func (c *Charger) provider(name string) (payment.Provider, error) {
	p, known := c.Providers[name]
	if !known {
		return nil, &payment.Error{Class: payment.ClassMisconfigured, Code: "no_such_provider"}
	}
	return p, nil
}

// Register has the provider make a method of the customer's token, or of the
// page the customer filled in; or make that page, where neither is there yet.
func (c *Charger) Register(ctx context.Context, m *domain.PaymentMethod) (*payment.Method, *payment.Page, error) {
	if m.Token == "" && m.Setup == "" {
		page, err := c.Page(ctx, m)
		return nil, page, err
	}
	provider, err := c.prepare(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	made, err := provider.Attach(ctx, payment.Attach{
		Key: m.ID, AccountID: m.AccountID, Customer: m.Customer, Token: cmp.Or(m.Token, m.Setup),
	})
	return &made, nil, err
}

// Page is the provider's page on which the customer enters the method; the same
// one however often it is asked for.
func (c *Charger) Page(ctx context.Context, m *domain.PaymentMethod) (*payment.Page, error) {
	provider, err := c.prepare(ctx, m)
	if err != nil {
		return nil, err
	}
	page, err := provider.Setup(ctx, payment.Setup{
		Key: m.ID, AccountID: m.AccountID, Customer: m.Customer, ReturnURL: c.ReturnURL,
	})
	return &page, err
}

// prepare finds the method's provider, and what it calls the account.
func (c *Charger) prepare(ctx context.Context, m *domain.PaymentMethod) (payment.Provider, error) {
	provider, err := c.provider(m.Provider)
	if err != nil {
		return nil, err
	}
	m.Customer, err = c.Store.CustomerRef(ctx, m.AccountID, m.Provider)
	return provider, err
}

// ChargeSubscription asks the providers about the undecided payments of the
// subscription's open invoices, and refunds what is not wanted any more.
func (c *Charger) ChargeSubscription(ctx context.Context, subscriptionID string) error {
	undecided, err := c.Store.UndecidedPayments(ctx, subscriptionID)
	if err != nil {
		return err
	}
	return c.chargeAll(ctx, undecided)
}

// ChargeInvoice does the same for one invoice.
func (c *Charger) ChargeInvoice(ctx context.Context, invoiceID string) error {
	undecided, err := c.Store.UndecidedOfInvoice(ctx, invoiceID)
	if err != nil {
		return err
	}
	return c.chargeAll(ctx, undecided)
}

func (c *Charger) chargeAll(ctx context.Context, undecided []store.Undecided) error {
	for i := range undecided {
		if !undecided[i].Wanted {
			if err := c.giveBack(ctx, &undecided[i].Payment); err != nil {
				return err
			}
		}
	}
	for i := range undecided {
		if undecided[i].Wanted {
			if err := c.Charge(ctx, &undecided[i].Payment); err != nil {
				return err
			}
		}
	}
	return nil
}

// Charge brings one payment as far as the provider can and saves the
// outcome. The first time it charges. Whenever it cannot know whether an earlier
// time did, it looks the key up first; the same payment always has the same key.
func (c *Charger) Charge(ctx context.Context, p *domain.Payment) error {
	provider, err := c.provider(p.Provider)
	if err != nil {
		return err
	}
	// Read first: between what says that nothing was charged, and the charge, nothing is
	// waited for. Else another worker could take over meanwhile, and charge, too.
	request, invoice, err := c.chargeOf(ctx, p)
	if err != nil {
		return err
	}
	fresh := p.Status == domain.PaymentCreated
	if fresh {
		if p, fresh, err = c.markAsked(ctx, p.ID); err != nil || p.Status != domain.PaymentProcessing {
			return err
		}
	}
	outcome := payment.Outcome{Status: payment.StatusNone}
	if !fresh || mayBeForgotten(p, invoice) {
		outcome, err = provider.Lookup(ctx, p.Key)
		if err != nil && fresh && payment.ClassOf(err) == payment.ClassMisconfigured {
			outcome, err = payment.Outcome{Status: payment.StatusNone}, nil // some providers have no lookup everywhere
		}
		if err != nil {
			return c.noteUnknown(ctx, p, err)
		}
	}
	if outcome.Status == payment.StatusNone {
		if p.Status == domain.PaymentRequiresAction { // the provider has forgotten it
			outcome.Status = payment.StatusCanceled
			return c.Save(ctx, p, outcome)
		}
		if outcome, err = provider.Charge(ctx, request); err != nil {
			return c.noteUnknown(ctx, p, err)
		}
	}
	if err := c.Save(ctx, p, outcome); err != nil {
		return err
	}
	return c.RefundLate(ctx, p.ID)
}

// keyLife is how long a provider is sure to answer a repeated key with what it
// did the first time. Stripe drops keys after 24 hours.
const keyLife = 23 * time.Hour

// mayBeForgotten reports whether the payment's key may have been used so long ago
// that the provider would charge again: in rows restored from a backup, what was
// due a day ago may have been charged since the backup.
func mayBeForgotten(p *domain.Payment, invoice *domain.Invoice) bool {
	return invoice.ForPeriod() && p.CreatedAt.Sub(invoice.PeriodStart) > keyLife
}

// markAsked says, before it happens, that the provider is asked. first is whether nobody
// has said so yet: else another worker is asking, or was, and the key is looked up.
func (c *Charger) markAsked(ctx context.Context, paymentID string) (p *domain.Payment, first bool, err error) {
	err = c.Store.Within(ctx, func(tx *store.Store) (err error) {
		first = false
		if p, err = tx.LockPayment(ctx, paymentID); err != nil || p.Status != domain.PaymentCreated {
			return err
		}
		if err = p.Advance(domain.PaymentProcessing, tx.Now()); err != nil {
			return err
		}
		first = true
		return tx.SavePayment(ctx, p)
	})
	return p, first, err
}

// chargeOf is what the provider is asked to charge.
func (c *Charger) chargeOf(ctx context.Context, p *domain.Payment) (payment.Charge, *domain.Invoice, error) {
	m, err := c.Store.MethodEver(ctx, p.MethodID)
	if err != nil {
		return payment.Charge{}, nil, err
	}
	invoice, err := c.Store.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return payment.Charge{}, nil, err
	}
	return payment.Charge{
		Key: p.Key, Customer: m.Customer, Method: m.Ref, Amount: p.Amount, Currency: p.Currency,
		InvoiceID: p.InvoiceID, AccountID: p.AccountID, ReturnURL: c.ReturnURL,
		OffSession: invoice.Reason == domain.ReasonSubscriptionCycle && !p.OnSession,
	}, invoice, nil
}

// noteUnknown saves that the outcome of a payment is not known. A key that a
// provider has spent on a failure of its own is given up, once a lookup has
// shown that nothing was charged, for another payment with another key.
func (c *Charger) noteUnknown(ctx context.Context, p *domain.Payment, trouble error) error {
	t := payment.TroubleOf(trouble)
	if t == nil || t.Class != payment.ClassUnknown {
		return trouble
	}
	if t.Spent {
		if err := c.replace(ctx, p); err != nil {
			return err
		}
		return trouble
	}
	err := c.Store.Within(ctx, func(tx *store.Store) error {
		locked, err := tx.LockPayment(ctx, p.ID)
		if err != nil || !domain.PaymentMoves.Allows(locked.Status, domain.PaymentUnknown) {
			return err
		}
		if err := locked.Advance(domain.PaymentUnknown, tx.Now()); err != nil {
			return err
		}
		return tx.SavePayment(ctx, locked)
	})
	if err != nil {
		return err
	}
	return trouble
}

// replace fails a payment whose key is spent and opens the next one in its
// place, after looking the old one up.
func (c *Charger) replace(ctx context.Context, p *domain.Payment) error {
	provider, err := c.provider(p.Provider)
	if err != nil {
		return err
	}
	outcome, err := provider.Lookup(ctx, p.Key)
	if err != nil {
		return err
	}
	if outcome.Status != payment.StatusNone {
		return c.Save(ctx, p, outcome)
	}
	return c.change(ctx, p.ID, func(payments Payments, p *domain.Payment, invoice *domain.Invoice) error {
		if p.Status == domain.PaymentFailed {
			return nil
		}
		p.FailureClass = string(payment.ClassUnavailable)
		if err := payments.Fail(p, domain.FailureProvider); err != nil || invoice.Status != domain.InvoiceOpen {
			return err
		}
		m, err := payments.Tx.MethodEver(ctx, p.MethodID)
		if err != nil {
			return err
		}
		return payments.Open(store.NewID(domain.PrefixPayment), invoice, m)
	})
}

// change runs fn on a locked payment in one transaction, at the time its
// account lives by.
func (c *Charger) change(
	ctx context.Context, paymentID string, fn func(Payments, *domain.Payment, *domain.Invoice) error,
) error {
	return c.Store.Change(ctx, func(change *store.Change) error {
		p, err := change.Tx.LockPayment(ctx, paymentID)
		if err != nil {
			return err
		}
		invoice, err := change.Tx.InvoiceByID(ctx, p.InvoiceID)
		if err != nil {
			return err
		}
		if _, err := change.OnAccount(invoice.AccountID); err != nil {
			return err
		}
		if invoice.SubscriptionID != "" {
			sub, err := change.Tx.SubscriptionByID(ctx, invoice.SubscriptionID)
			if err != nil {
				return err
			}
			change.About(domain.Event{
				AccountID: invoice.AccountID, SubscriptionID: sub.ID, OnboardingID: sub.OnboardingID,
			})
		}
		return fn(Payments{change}, p, invoice)
	})
}

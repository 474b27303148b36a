package billing

import (
	"context"

	"slipway/domain"
	"slipway/payment"
)

// RefundUnwanted refunds what was asked for and is not wanted any more: for
// an invoice that is void or paid otherwise, or by a payment with a newer one.
func (c *Charger) RefundUnwanted(ctx context.Context, subscriptionID string) error {
	undecided, err := c.Store.UndecidedPayments(ctx, subscriptionID)
	for i := range undecided {
		if err == nil && !undecided[i].Wanted {
			err = c.giveBack(ctx, &undecided[i].Payment)
		}
	}
	return err
}

// stillProcessing is the trouble of a provider that has not decided about what
// is to be refunded.
func stillProcessing() error {
	return &payment.Error{Class: payment.ClassUnavailable, Code: "still_processing"}
}

// giveBack makes sure that a payment that is not wanted any more costs nothing:
// a charge that exists is canceled or refunded, and the refund written.
func (c *Charger) giveBack(ctx context.Context, p *domain.Payment) error {
	out := payment.Outcome{Status: payment.StatusNone}
	if p.Status != domain.PaymentCreated {
		provider, err := c.provider(p.Provider)
		if err != nil {
			return err
		}
		if out, err = provider.Lookup(ctx, p.Key); err != nil {
			return err
		}
		switch out.Status {
		case payment.StatusProcessing:
			return stillProcessing()
		case payment.StatusSucceeded, payment.StatusRequiresAction:
			out, err = provider.Refund(ctx, payment.Refund{Key: p.Key + "/refund", Charge: p.Key, Ref: out.Ref})
			if err != nil {
				return err
			}
			if out.Status == payment.StatusProcessing { // the customer confirmed it at the same moment
				return stillProcessing()
			}
		}
	}
	return c.saveGivenBack(ctx, p.ID, out)
}

func (c *Charger) saveGivenBack(ctx context.Context, paymentID string, out payment.Outcome) error {
	return c.change(ctx, paymentID, func(payments Payments, p *domain.Payment, _ *domain.Invoice) error {
		if p.Status == domain.PaymentFailed || p.Status == domain.PaymentSucceeded {
			return nil
		}
		p.Refunded, p.ActionURL = out.Refunded, ""
		if out.Ref != "" {
			p.ProviderRef = out.Ref
		}
		if err := payments.Fail(p, domain.FailureSuperseded); err != nil || out.Refunded == 0 {
			return err
		}
		payments.Emit(domain.EventPaymentRefunded, refunded(p, out.Refunded))
		return nil
	})
}

func refunded(p *domain.Payment, amount int64) map[string]any {
	return map[string]any{"payment": p.ID, "amount": amount, "currency": p.Currency}
}

// RefundLate refunds what a provider took when it was not owed any more.
func (c *Charger) RefundLate(ctx context.Context, paymentID string) error {
	p, err := c.Store.PaymentByID(ctx, paymentID)
	if err != nil || !p.Late || p.Key == "" || p.Refunded > 0 {
		return err
	}
	provider, err := c.provider(p.Provider)
	if err != nil {
		return err
	}
	out, err := provider.Refund(ctx, payment.Refund{Key: p.Key + "/refund", Charge: p.Key, Ref: p.ProviderRef})
	if err != nil || out.Refunded == 0 {
		return err
	}
	return c.change(ctx, paymentID, func(payments Payments, p *domain.Payment, _ *domain.Invoice) error {
		if p.Refunded > 0 {
			return nil
		}
		p.Refunded, p.UpdatedAt = out.Refunded, payments.Now
		payments.Emit(domain.EventPaymentRefunded, refunded(p, out.Refunded))
		return payments.Tx.SavePayment(ctx, p)
	})
}

// Resolve asks about one payment that has been undecided for long, and reports
// whether that brought news.
func (c *Charger) Resolve(ctx context.Context, p *domain.Payment, wanted bool) (decided bool, err error) {
	if wanted {
		err = c.Charge(ctx, p)
	} else {
		err = c.giveBack(ctx, p)
	}
	if err != nil {
		return false, err
	}
	after, err := c.Store.PaymentByID(ctx, p.ID)
	return err == nil && after.Status != p.Status, err
}

// LookUp asks the provider for the outcome of one payment, whatever we believe of
// it: money for what failed long ago is found this way.
func (c *Charger) LookUp(ctx context.Context, paymentID string) error {
	p, err := c.Store.PaymentByID(ctx, paymentID)
	if err != nil || p.Key == "" || p.Status == domain.PaymentSucceeded {
		return err
	}
	provider, err := c.provider(p.Provider)
	if err != nil {
		return err
	}
	out, err := provider.Lookup(ctx, p.Key)
	if err != nil || out.Status == payment.StatusNone {
		return err
	}
	if p.Status == domain.PaymentFailed && out.Refunded >= p.Amount {
		return nil // refunded
	}
	if err := c.Save(ctx, p, out); err != nil {
		return err
	}
	return c.RefundLate(ctx, p.ID)
}

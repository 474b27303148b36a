package activities

import (
	"context"
	"errors"
	"time"

	"slipway/domain"
	"slipway/payment"
)

// record writes what a provider says of an attempt, in one transaction with all
// that follows from it. Said twice, or by an event and an answer at once, it
// has one effect.
func (a *Activities) record(ctx context.Context, p *domain.Payment, out payment.Outcome) error {
	invoice, err := a.Store.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	write := func(c *changeSet) error { return c.outcome(p.ID, out) }
	switch {
	case invoice.Type == domain.InvoiceCreditPackage:
		_, err = a.purchase(ctx, invoice.ID, write)
	case invoice.Reason == domain.ReasonSubscriptionCreate:
		var o *domain.Onboarding
		if o, err = a.Store.OnboardingBySubscription(ctx, invoice.SubscriptionID); err == nil {
			_, err = a.change(ctx, o.ID, write)
		}
	default:
		_, err = a.bill(ctx, invoice.SubscriptionID, write)
	}
	return err
}

// outcome is record inside a change.
func (c *changeSet) outcome(paymentID string, out payment.Outcome) error {
	p, err := c.tx.LockPayment(c.ctx, paymentID)
	if err != nil {
		return err
	}
	invoice, err := c.tx.LockInvoice(c.ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	if out.Ref != "" {
		p.ProviderRef = out.Ref
	}
	switch out.Status {
	case payment.StatusSucceeded:
		return c.paid(invoice, p)
	case payment.StatusRequiresAction:
		return c.mustConfirm(invoice, p, out)
	case payment.StatusProcessing:
		return c.decidedLater(p)
	case payment.StatusFailed, payment.StatusCanceled:
		return c.declined(invoice, p, out)
	}
	return &payment.Error{Class: payment.ClassUnknown, Code: "unexpected_status", Cause: errors.New(string(out.Status))}
}

// paid fulfils the invoice. Money for an attempt that had failed is flagged; an
// attempt that nobody wants any more stays undecided until it is given back.
func (c *changeSet) paid(invoice *domain.Invoice, p *domain.Payment) error {
	if lapsed(invoice, c.now) { // what the change costs was computed long ago
		if err := c.void(invoice, domain.FailureExpired); err != nil {
			return err
		}
	}
	switch {
	case p.Status == domain.PaymentSucceeded:
		return nil
	case p.Status == domain.PaymentFailed:
		return c.flagLate(p)
	case invoice.Status != domain.InvoiceOpen:
		return c.tx.SavePayment(c.ctx, p)
	}
	p.ActionURL = ""
	if err := c.succeed(p); err != nil {
		return err
	}
	return c.fulfilInvoice(fulfilment{invoice: invoice, payment: p})
}

// lapsed reports whether the time to pay for a change of plan is over.
func lapsed(invoice *domain.Invoice, now time.Time) bool {
	return invoice.Reason == domain.ReasonSubscriptionUpdate && invoice.Status == domain.InvoiceOpen &&
		invoice.DueAt != nil && now.After(*invoice.DueAt)
}

// flagLate marks money that came when it was not owed any more. What a provider
// took is given back (see refundLate); what was transferred by hand waits for
// somebody to decide.
func (c *changeSet) flagLate(p *domain.Payment) error {
	if p.Late {
		return nil
	}
	p.Late, p.UpdatedAt, p.ActionURL = true, c.now, ""
	c.record(domain.EventPaymentLate, map[string]any{"payment": p.ID, "amount": p.Amount, "currency": p.Currency})
	return c.tx.SavePayment(c.ctx, p)
}

// fulfilInvoice does what paying an invoice is for, exactly once, whoever
// settled it: it goes by the invoice's type and reason.
func (c *changeSet) fulfilInvoice(f fulfilment) error {
	switch f.invoice.Reason {
	case domain.ReasonSubscriptionCreate:
		return c.fulfilPaid(f)
	case domain.ReasonSubscriptionCycle:
		return c.fulfilCycle(f)
	case domain.ReasonSubscriptionUpdate:
		return c.fulfilUpdate(f)
	case domain.ReasonCreditPackage:
		return c.fulfilPackage(f)
	}
	return errors.New("fulfil invoice: unknown reason")
}

// mustConfirm waits for the customer to confirm a charge on the provider's page.
// A renewal falls behind meanwhile; what the customer has just asked for waits.
func (c *changeSet) mustConfirm(invoice *domain.Invoice, p *domain.Payment, out payment.Outcome) error {
	first := p.Status != domain.PaymentRequiresAction
	if first {
		if !domain.PaymentMoves.Allows(p.Status, domain.PaymentRequiresAction) {
			return nil // an older word than the one that was recorded
		}
		if err := p.Advance(domain.PaymentRequiresAction, c.now); err != nil {
			return err
		}
		c.record(domain.EventPaymentRequiresAction, map[string]any{"payment": p.ID, "invoice": p.InvoiceID})
	}
	p.ActionURL = out.ActionURL
	if err := c.tx.SavePayment(c.ctx, p); err != nil || invoice.Status != domain.InvoiceOpen {
		return err
	}
	if c.onboarding == nil {
		if !first || invoice.Reason != domain.ReasonSubscriptionCycle {
			return nil
		}
		return c.fallBehind(invoice, false)
	}
	next := c.onboarding.NextAction
	if next == nil || c.onboarding.Status != domain.OnboardingAwaitingPayment {
		return nil
	}
	next.Type, next.URL, next.Message = domain.NextConfirmPayment, out.ActionURL, ""
	c.step(domain.StepPayment, domain.StepWaiting, "Waiting for the customer to confirm the payment.")
	c.onboarding.Touch(c.now)
	return nil
}

// decidedLater waits for the provider to decide: an event or the janitor tells.
func (c *changeSet) decidedLater(p *domain.Payment) error {
	if p.Status == domain.PaymentUnknown || p.Status == domain.PaymentRequiresAction {
		if err := p.Advance(domain.PaymentProcessing, c.now); err != nil {
			return err
		}
	}
	if p.Status != domain.PaymentProcessing {
		return nil
	}
	p.UpdatedAt = c.now
	if err := c.tx.SavePayment(c.ctx, p); err != nil || c.onboarding == nil || !collecting(c.onboarding) {
		return err
	}
	c.step(domain.StepPayment, domain.StepWaiting, "The payment is being processed.")
	c.onboarding.Touch(c.now)
	return nil
}

// declined fails the attempt and asks for another way to pay.
func (c *changeSet) declined(invoice *domain.Invoice, p *domain.Payment, out payment.Outcome) error {
	if p.Status == domain.PaymentFailed || p.Status == domain.PaymentSucceeded {
		return nil
	}
	code := out.Code
	if out.Status == payment.StatusCanceled {
		code = domain.FailureCanceled
	}
	if code == "" {
		code = "declined"
	}
	p.FailureClass, p.ActionURL = "", ""
	if out.Class.Declined() {
		p.FailureClass = string(out.Class)
	}
	if err := c.failPayment(p, code); err != nil || invoice.Status != domain.InvoiceOpen {
		return err
	}
	switch {
	case invoice.Type == domain.InvoiceCreditPackage:
		return c.void(invoice, domain.FailureCanceled)
	case c.onboarding == nil:
		return c.fallBehind(invoice, out.Class == payment.ClassHardDecline)
	case c.onboarding.Status != domain.OnboardingAwaitingPayment:
		return nil
	}
	return c.askAgain(invoice, code)
}

// askAgain goes back to waiting, with the reason.
func (c *changeSet) askAgain(invoice *domain.Invoice, code string) error {
	method, err := c.tx.DefaultMethod(c.ctx, invoice.AccountID)
	if err != nil {
		return err
	}
	c.onboarding.NextAction = c.paymentAction(domain.NextAddPaymentMethod, invoice, method)
	c.onboarding.NextAction.Message = declined(code)
	step := c.step(domain.StepPayment, domain.StepWaiting, "Waiting for another way to pay "+Price(invoice.Amount, invoice.Currency)+".")
	step.Error = &domain.OnboardingError{Code: code, Detail: declined(code)}
	c.onboarding.Touch(c.now)
	return nil
}

// declines say in plain words why a card was refused, by the provider's code.
var declines = map[string]string{
	"insufficient_funds":      "The card has not enough funds; try again later or use another card.",
	"expired_card":            "The card has expired; use another card.",
	"stolen_card":             "The card was refused; use another card.", // nobody is told that a card is reported stolen
	"lost_card":               "The card was refused; use another card.",
	"fraudulent":              "The card was refused; use another card.",
	"authentication_failed":   "The payment was not confirmed; try again or use another card.",
	"authentication_required": "The bank wants the payment confirmed; pay again while you are here.",
	"invalid_token":           "The card could not be read; enter it again.",
	domain.FailureCanceled:    "The payment was canceled; try again or use another card.",
}

func declined(code string) string {
	if sentence, found := declines[code]; found {
		return sentence
	}
	return "The card was refused; try again later or use another card."
}

func declineCode(err error) string {
	var refused *payment.Error
	if errors.As(err, &refused) && refused.Code != "" {
		return refused.Code
	}
	return "declined"
}

// giveBackUnwanted takes back what was asked for and is not wanted any more: an
// invoice that is void or paid otherwise, an attempt with a newer one. Wanted
// attempts are left alone.
func (a *Activities) giveBackUnwanted(ctx context.Context, subscriptionID string) error {
	undecided, err := a.Store.UndecidedPayments(ctx, subscriptionID)
	if err != nil {
		return err
	}
	for i := range undecided {
		if undecided[i].Wanted {
			continue
		}
		if err := a.giveBack(ctx, &undecided[i].Payment); err != nil {
			return err
		}
	}
	return nil
}

// giveBack makes sure that an attempt nobody wants any more costs nothing: a
// charge that exists is canceled or refunded, and the refund recorded.
func (a *Activities) giveBack(ctx context.Context, p *domain.Payment) error {
	out := payment.Outcome{Status: payment.StatusNone}
	if p.Status != domain.PaymentCreated {
		provider, err := a.provider(p.Provider)
		if err != nil {
			return err
		}
		if out, err = provider.Lookup(ctx, p.Key); err != nil {
			return err
		}
		switch out.Status {
		case payment.StatusProcessing:
			return &payment.Error{Class: payment.ClassUnavailable, Code: "still_processing"}
		case payment.StatusSucceeded, payment.StatusRequiresAction:
			out, err = provider.Refund(ctx, payment.Refund{Key: p.Key + "/refund", Charge: p.Key, Ref: out.Ref})
			if err != nil {
				return err
			}
			if out.Status == payment.StatusProcessing { // the customer confirmed it at the same moment
				return &payment.Error{Class: payment.ClassUnavailable, Code: "still_processing"}
			}
		}
	}
	return a.recordGivenBack(ctx, p.ID, out)
}

func (a *Activities) recordGivenBack(ctx context.Context, paymentID string, out payment.Outcome) error {
	return a.aboutPayment(ctx, paymentID, func(c *changeSet, p *domain.Payment, _ *domain.Invoice) error {
		if p.Status == domain.PaymentFailed || p.Status == domain.PaymentSucceeded {
			return nil
		}
		p.Refunded, p.ActionURL = out.Refunded, ""
		if out.Ref != "" {
			p.ProviderRef = out.Ref
		}
		if err := c.failPayment(p, domain.FailureSuperseded); err != nil || out.Refunded == 0 {
			return err
		}
		c.record(domain.EventPaymentRefunded, map[string]any{"payment": p.ID, "amount": out.Refunded, "currency": p.Currency})
		return nil
	})
}

// refundLate gives back what a provider took when nobody waited for it any more,
// and records it.
func (a *Activities) refundLate(ctx context.Context, paymentID string) error {
	p, err := a.Store.PaymentByID(ctx, paymentID)
	if err != nil || !p.Late || p.Key == "" || p.Refunded > 0 {
		return err
	}
	provider, err := a.provider(p.Provider)
	if err != nil {
		return err
	}
	out, err := provider.Refund(ctx, payment.Refund{Key: p.Key + "/refund", Charge: p.Key, Ref: p.ProviderRef})
	if err != nil || out.Refunded == 0 {
		return err
	}
	return a.aboutPayment(ctx, paymentID, func(c *changeSet, p *domain.Payment, _ *domain.Invoice) error {
		if p.Refunded > 0 {
			return nil
		}
		p.Refunded, p.UpdatedAt = out.Refunded, c.now
		c.record(domain.EventPaymentRefunded, map[string]any{"payment": p.ID, "amount": out.Refunded, "currency": p.Currency})
		return c.tx.SavePayment(ctx, p)
	})
}

// SettleInput names an onboarding that has ended.
type SettleInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// Settle takes back what a provider was asked for by an onboarding that has
// ended without it: it is the compensation of a charge, and safe when there was
// none.
func (a *Activities) Settle(ctx context.Context, in SettleInput) error {
	o, err := a.Store.OnboardingByID(ctx, in.OnboardingID)
	if err != nil {
		return err
	}
	return a.providerTrouble(ctx, a.giveBackUnwanted(ctx, o.SubscriptionID))
}

package billing

import (
	"errors"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Payer is who has an invoice to pay and continues with the outcome: an
// onboarding, a subscription, or the purchase of a credit package.
type Payer interface {
	// Paid does what paying the invoice is for, exactly once.
	Paid(invoice *domain.Invoice, by *domain.Payment) error
	// MustConfirm: the customer has to confirm the payment on the provider's page.
	// First is false when that was known.
	MustConfirm(invoice *domain.Invoice, p *domain.Payment, first bool) error
	// DecidedLater: the provider accepted the payment and decides later.
	DecidedLater() error
	// Declined: the attempt failed with the code; hard says that the same method
	// will not bring it later either.
	Declined(invoice *domain.Invoice, code string, hard bool) error
}

// SaveOutcome saves what a provider says of an attempt, with all that follows
// from it for the payer. Said twice, or by an event and an answer at once, it
// has one effect.
func SaveOutcome(c *store.Change, payer Payer, paymentID string, out payment.Outcome) error {
	p, err := c.Tx.LockPayment(c.Ctx, paymentID)
	if err != nil {
		return err
	}
	invoice, err := c.Tx.LockInvoice(c.Ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	if out.Ref != "" {
		p.ProviderRef = out.Ref
	}
	o := outcome{c, payer, invoice, p}
	switch out.Status {
	case payment.StatusSucceeded:
		return o.paid()
	case payment.StatusRequiresAction:
		return o.mustConfirm(out.ActionURL)
	case payment.StatusProcessing:
		return o.decidedLater()
	case payment.StatusFailed, payment.StatusCanceled:
		return o.declined(out)
	}
	return &payment.Error{Class: payment.ClassUnknown, Code: "unexpected_status", Cause: errors.New(string(out.Status))}
}

// outcome is what a provider says of one payment, as it is saved.
type outcome struct {
	*store.Change
	payer   Payer
	invoice *domain.Invoice
	payment *domain.Payment
}

// paid pays the invoice. Money for an attempt that had failed is flagged; an
// attempt that is not wanted any more stays undecided until it is refunded.
func (o outcome) paid() error {
	if lapsed(o.invoice, o.Now) { // what the change costs was computed long ago
		if err := (Invoices{o.Change}).Void(o.invoice, domain.FailureExpired); err != nil {
			return err
		}
	}
	switch {
	case o.payment.Status == domain.PaymentSucceeded:
		return nil
	case o.payment.Status == domain.PaymentFailed:
		return Payments{o.Change}.FlagLate(o.payment)
	case o.invoice.Status != domain.InvoiceOpen:
		return o.Tx.SavePayment(o.Ctx, o.payment)
	}
	o.payment.ActionURL = ""
	if err := (Payments{o.Change}).Succeed(o.payment); err != nil {
		return err
	}
	return o.payer.Paid(o.invoice, o.payment)
}

// mustConfirm waits for the customer to confirm a charge on the provider's page.
func (o outcome) mustConfirm(url string) error {
	p := o.payment
	first := p.Status != domain.PaymentRequiresAction
	if first {
		if !domain.PaymentMoves.Allows(p.Status, domain.PaymentRequiresAction) {
			return nil // older than what was saved
		}
		if err := p.Advance(domain.PaymentRequiresAction, o.Now); err != nil {
			return err
		}
		o.Emit(domain.EventPaymentRequiresAction, map[string]any{"payment": p.ID, "invoice": p.InvoiceID})
	}
	p.ActionURL = url
	if err := o.Tx.SavePayment(o.Ctx, p); err != nil || o.invoice.Status != domain.InvoiceOpen {
		return err
	}
	return o.payer.MustConfirm(o.invoice, p, first)
}

// decidedLater waits for the provider to decide: an event, or the check of old
// payments, says when it has.
func (o outcome) decidedLater() error {
	p := o.payment
	if p.Status == domain.PaymentUnknown || p.Status == domain.PaymentRequiresAction {
		if err := p.Advance(domain.PaymentProcessing, o.Now); err != nil {
			return err
		}
	}
	if p.Status != domain.PaymentProcessing {
		return nil
	}
	p.UpdatedAt = o.Now
	if err := o.Tx.SavePayment(o.Ctx, p); err != nil {
		return err
	}
	return o.payer.DecidedLater()
}

// declined fails the attempt; the payer asks for another way to pay.
func (o outcome) declined(out payment.Outcome) error {
	p := o.payment
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
	if err := (Payments{o.Change}).Fail(p, code); err != nil || o.invoice.Status != domain.InvoiceOpen {
		return err
	}
	return o.payer.Declined(o.invoice, code, out.Class == payment.ClassHardDecline)
}

// declineCode is the provider's code of a refusal.
func declineCode(err error) string {
	var refused *payment.Error
	if errors.As(err, &refused) && refused.Code != "" {
		return refused.Code
	}
	return "declined"
}

// declines are the texts of why a card was refused, by the provider's code. That
// a card is reported stolen is not said: its holder may not be the customer.
var declines = map[string]domain.TextCode{
	"insufficient_funds":      domain.TextCardWithoutFunds,
	"expired_card":            domain.TextCardExpired,
	"stolen_card":             domain.TextDeclinedForGood,
	"lost_card":               domain.TextDeclinedForGood,
	"fraudulent":              domain.TextDeclinedForGood,
	"authentication_failed":   domain.TextNotConfirmed,
	"authentication_required": domain.TextConfirmationAsked,
	"invalid_token":           domain.TextCardUnreadable,
	domain.FailureCanceled:    domain.TextPaymentCanceled,
}

// DeclineText says in plain words why a card was refused.
func DeclineText(code string) string {
	if text, found := declines[code]; found {
		return domain.Text(text)
	}
	return domain.Text(domain.TextDeclined)
}

package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// openInvoice asks for the first payment, of a provider or of the customer, and
// waits for it until the end of the payment window.
func (c *changeSet) openInvoice(sub *domain.Subscription, method *domain.PaymentMethod) error {
	invoice, err := c.insertInvoice(sub)
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return c.charge(store.NewID(domain.PrefixPayment), invoice, method)
	}
	return c.askForPayment(invoice, method, "")
}

func (c *changeSet) insertInvoice(sub *domain.Subscription) (*domain.Invoice, error) {
	if c.opened {
		if err := c.saveSubscription(sub); err != nil {
			return nil, err
		}
	}
	due := c.now.Add(c.policy.PaymentWindow)
	invoice := &domain.Invoice{
		ID: store.NewID(domain.PrefixInvoice), AccountID: sub.AccountID, SubscriptionID: sub.ID,
		Type: domain.InvoiceSubscription, Reason: domain.ReasonSubscriptionCreate, Status: domain.InvoiceOpen,
		Amount: sub.Plan.Amount, Currency: sub.Plan.Currency, PeriodStart: sub.CreatedAt, DueAt: &due, Plan: sub.Plan,
		Lines:     []domain.InvoiceLine{{Description: sub.Plan.Name + ", first " + string(sub.Plan.Interval), Amount: sub.Plan.Amount}},
		CreatedAt: c.now, UpdatedAt: c.now,
	}
	c.record(domain.EventInvoiceOpened, map[string]any{
		"invoice": invoice.ID, "amount": invoice.Amount, "currency": invoice.Currency,
	})
	return invoice, c.tx.InsertInvoice(c.ctx, invoice)
}

// askForPayment shows the customer what to pay, how and until when; message
// says why they are asked again.
func (c *changeSet) askForPayment(invoice *domain.Invoice, method *domain.PaymentMethod, message string) error {
	option, err := c.optionOf(method)
	if err != nil {
		return err
	}
	if err := c.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	next := &domain.NextAction{
		Type: domain.NextSubmitPayment, URL: domain.OnboardingURL(c.onboarding.ID) + "/payment",
		ExpiresAt: invoice.DueAt, Amount: &invoice.Amount, Currency: invoice.Currency,
		InvoiceID: invoice.ID, PaymentOption: method.Option, Message: message,
	}
	if option != nil {
		next.Instructions = option.Instructions
	}
	c.onboarding.NextAction, c.onboarding.Reminders = next, 0
	c.step(domain.StepPayment, domain.StepWaiting, "Waiting for "+Price(invoice.Amount, invoice.Currency)+" by "+method.Name+".")
	return nil
}

// voidInvoice takes an open invoice back, and with it the payment an admin has
// not decided on: failed, with the code. Without one it does nothing.
func (c *changeSet) voidInvoice(failureCode string) error {
	invoice, err := c.tx.OpenInvoice(c.ctx, c.onboarding.SubscriptionID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return c.void(invoice, failureCode)
}

// void takes one invoice back.
func (c *changeSet) void(invoice *domain.Invoice, failureCode string) error {
	if err := c.failPending(invoice, failureCode); err != nil {
		return err
	}
	if err := invoice.Advance(domain.InvoiceVoid, c.now); err != nil {
		return err
	}
	c.record(domain.EventInvoiceVoided, map[string]any{"invoice": invoice.ID})
	return c.tx.SaveInvoice(c.ctx, invoice)
}

// failPending fails the payments of the invoice that nobody decided on and no
// provider was asked for. What a provider was asked for stays undecided until
// the provider has taken it back.
func (c *changeSet) failPending(invoice *domain.Invoice, failureCode string) error {
	payments, err := c.tx.UnaskedPayments(c.ctx, invoice.ID)
	for i := range payments {
		if err == nil {
			err = c.failPayment(&payments[i], failureCode)
		}
	}
	return err
}

func (c *changeSet) failPayment(payment *domain.Payment, failureCode string) error {
	if err := payment.Advance(domain.PaymentFailed, c.now); err != nil {
		return err
	}
	payment.FailureCode, payment.Reason = failureCode, c.reason
	c.record(domain.EventPaymentFailed, map[string]any{"payment": payment.ID, "failure_code": failureCode})
	return c.tx.SavePayment(c.ctx, payment)
}

// RemindInput names the onboarding and the invoice that is still unpaid.
type RemindInput struct {
	OnboardingID string `json:"onboarding_id"`
	InvoiceID    string `json:"invoice_id"`
	Number       int    `json:"number"` // counts the reminders of the payment window from 1
}

// Remind notes, once per number, that the customer was reminded of an invoice
// that still waits for its payment.
func (a *Activities) Remind(ctx context.Context, in RemindInput) (Standing, error) {
	return a.change(ctx, in.OnboardingID, func(c *changeSet) error {
		o := c.onboarding
		if o.Status != domain.OnboardingAwaitingPayment || o.NextAction.InvoiceID != in.InvoiceID || o.Reminders >= in.Number {
			return nil
		}
		o.Reminders = in.Number
		o.Touch(c.now)
		c.record(domain.EventOnboardingReminded, map[string]any{"invoice": in.InvoiceID, "number": in.Number})
		return nil
	})
}

package onboarding

import (
	"slipway/billing"
	"slipway/domain"
)

// payer goes on with what became of the first payment (see billing.Payer).
type payer struct{ paymentStep }

// Paid activates the subscription and the account, in the change of the payment.
func (p payer) Paid(invoice *domain.Invoice, by *domain.Payment) error {
	sub, err := p.Tx.LockSubscription(p.Ctx, p.row.SubscriptionID)
	if err != nil {
		return err
	}
	fulfilled := fulfilment{invoice: invoice, payment: by, message: paidMessage(invoice, by)}
	return activationStep{p.Onboarding}.activate(sub, fulfilled)
}

// MustConfirm shows the customer the page on which to confirm the payment.
func (p payer) MustConfirm(_ *domain.Invoice, attempt *domain.Payment, _ bool) error {
	next := p.row.NextAction
	if next == nil || p.row.Status != domain.OnboardingAwaitingPayment {
		return nil
	}
	next.Type, next.URL, next.Message = domain.NextConfirmPayment, attempt.ActionURL, ""
	p.set(domain.StepPayment, domain.StepWaiting, domain.Text(domain.TextWaitingToConfirm))
	p.row.Touch(p.Now)
	return nil
}

// DecidedLater waits for the provider's event.
func (p payer) DecidedLater() error {
	if !p.row.AsksProvider() {
		return nil
	}
	p.set(domain.StepPayment, domain.StepWaiting, domain.Text(domain.TextPaymentProcessing))
	p.row.Touch(p.Now)
	return nil
}

// Declined goes back to waiting for another way to pay, with the reason.
func (p payer) Declined(invoice *domain.Invoice, code string, _ bool) error {
	if p.row.Status != domain.OnboardingAwaitingPayment {
		return nil
	}
	method, err := p.Tx.DefaultMethod(p.Ctx, invoice.AccountID)
	if err != nil {
		return err
	}
	why := billing.DeclineText(code)
	p.row.NextAction = p.action(domain.NextAddPaymentMethod, invoice, method)
	p.row.NextAction.Message = why
	step := p.set(domain.StepPayment, domain.StepWaiting,
		domain.Text(domain.TextWaitingForNewWay, "amount", amountOf(invoice)))
	step.Error = &domain.OnboardingError{Code: code, Detail: why}
	p.row.Touch(p.Now)
	return nil
}

package onboarding

import (
	"slipway/domain"
)

// approval is a payment by hand of an onboarding: the customer submits it, an
// admin approves or rejects it.
type approval struct{ paymentStep }

func approvalOf(o *Onboarding) approval { return approval{paymentStep{o}} }

// submit stores the customer's payment by hand, or charges the card once more.
func (a approval) submit(cmd *domain.Command) error {
	invoice, method, err := a.owed()
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return a.chargeAgain(cmd.PaymentID, invoice, method)
	}
	if err := a.payments().Submit(invoice, cmd); err != nil {
		return err
	}
	if err := a.advance(domain.OnboardingAwaitingApproval); err != nil {
		return err
	}
	a.set(domain.StepPayment, domain.StepWaiting, domain.Text(domain.TextPaymentSubmitted)).Attempts++
	return nil
}

// decided reports whether the payment that the command is about has been
// decided in this sense already, by another command.
func (a approval) decided(cmd *domain.Command) (bool, error) {
	if cmd.PaymentID == "" || cmd.Action == domain.ActionSubmitPayment {
		return false, nil
	}
	payment, err := a.Tx.LockPayment(a.Ctx, cmd.PaymentID)
	if err != nil {
		return false, err
	}
	return payment.Subject().Done(cmd.Action), nil
}

// approve takes an admin's decision that the money is there.
func (a approval) approve(cmd *domain.Command) error {
	payment, invoice, err := a.submitted(cmd)
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID || payment.Status != domain.PaymentPendingApproval {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentSucceeded), payment.Actions())
	}
	return a.payments().Approve(payment, invoice, payer{a.paymentStep})
}

// submitted is the payment a decision is about, and the invoice that is open.
func (a approval) submitted(cmd *domain.Command) (*domain.Payment, *domain.Invoice, error) {
	payment, err := a.Tx.LockPayment(a.Ctx, cmd.PaymentID)
	if err != nil {
		return nil, nil, err
	}
	invoice, err := a.Tx.OpenInvoice(a.Ctx, a.row.SubscriptionID)
	return payment, invoice, err
}

// reject says that the money is not there; the customer is asked again, in a new
// payment window.
func (a approval) reject(cmd *domain.Command) error {
	payment, invoice, err := a.submitted(cmd)
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentFailed), payment.Actions())
	}
	method, err := a.Tx.DefaultMethod(a.Ctx, a.row.AccountID)
	if err != nil {
		return err
	}
	if err := a.payments().Fail(payment, domain.FailureRejected); err != nil {
		return err
	}
	due := a.Now.Add(a.policy.PaymentWindow)
	invoice.DueAt, invoice.UpdatedAt = &due, a.Now
	if err := a.Tx.SaveInvoice(a.Ctx, invoice); err != nil {
		return err
	}
	if err := a.ask(invoice, method, cmd.Reason); err != nil {
		return err
	}
	a.row.Step(domain.StepPayment).Error = &domain.OnboardingError{
		Code: "payment_rejected", Detail: domain.Text(domain.TextPaymentRejected),
	}
	return nil
}

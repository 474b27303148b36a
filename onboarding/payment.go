package onboarding

import (
	"context"

	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// CollectPayment opens the subscription and its first invoice, and asks the
// customer, or a provider, for the money.
func (s *Onboardings) CollectPayment(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPayment, func(o *Onboarding) error { return paymentStep{o}.collect() })
}

// ChargePayment has a payment provider asked for the money of the open invoice,
// or what became of it, and gives back what is not wanted any more. What the
// provider cannot answer now it returns as an error, to be tried again.
func (s *Onboardings) ChargePayment(ctx context.Context, id string) (State, error) {
	row, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return State{}, err
	}
	charge := s.Charger.RefundUnwanted
	if asksFor(row, domain.StepPayment) {
		charge = s.Charger.ChargeSubscription
	}
	if err := charge(ctx, row.SubscriptionID); err != nil {
		return State{}, err
	}
	return s.Read(ctx, id)
}

// RefundPayment takes back what a provider was asked for by an onboarding that
// has ended without it; safe when there was nothing.
func (s *Onboardings) RefundPayment(ctx context.Context, id string) error {
	o, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return err
	}
	return s.Charger.RefundUnwanted(ctx, o.SubscriptionID)
}

// Remind notes, once per number, that the customer was reminded of an invoice
// that still waits for its payment.
func (s *Onboardings) Remind(ctx context.Context, id, invoiceID string, number int) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		row := o.row
		unpaid := row.Status == domain.OnboardingAwaitingPayment && row.NextAction.InvoiceID == invoiceID
		if !unpaid || row.Reminders >= number {
			return nil
		}
		row.Reminders = number
		row.Touch(o.Now)
		o.Emit(domain.EventOnboardingReminded, map[string]any{"invoice": invoiceID, "number": number})
		return nil
	})
}

// Save writes what a provider says of a payment of the subscription that the
// onboarding opens.
func (s *Onboardings) Save(ctx context.Context, subscriptionID, paymentID string, out payment.Outcome) error {
	o, err := s.Store.OnboardingBySubscription(ctx, subscriptionID)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, o.ID, func(o *Onboarding) error {
		return billing.SaveOutcome(o.Change, payer{paymentStep{o}}, paymentID, out)
	})
	return err
}

// paymentStep is what happens to the first payment of an onboarding: how it is
// asked for. What became of it, payer takes; what is paid by hand, approval.
type paymentStep struct{ *Onboarding }

// collect opens the subscription, still incomplete, and its first invoice, and
// asks for the money: a provider where the method can be charged, else the
// customer, until the end of the payment window.
func (p paymentStep) collect() error {
	if p.row.Step(domain.StepPayment).Status != domain.StepPending {
		return nil
	}
	method, err := p.methods().Default()
	if err != nil {
		return err
	}
	if method == nil { // it was removed meanwhile
		p.row.Redo(domain.StepPaymentMethod, p.Now)
		return nil
	}
	if _, err := (subscription{p.Onboarding}).open(true); err != nil {
		return err
	}
	invoice, err := p.openInvoice()
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return p.charge(store.NewID(domain.PrefixPayment), invoice, method)
	}
	return p.ask(invoice, method, "")
}

// openInvoice is the open invoice of the first period.
func (p paymentStep) openInvoice() (*domain.Invoice, error) {
	invoice, err := p.invoices().OpenOf(p.row.SubscriptionID)
	if err != nil || invoice != nil {
		return invoice, err
	}
	sub, err := p.Tx.SubscriptionByID(p.Ctx, p.row.SubscriptionID)
	if err != nil {
		return nil, err
	}
	due := p.Now.Add(p.policy.PaymentWindow)
	line := domain.Text(domain.LabelFirstPeriod, "plan", sub.Plan.Name, "interval", string(sub.Plan.Interval))
	invoice = &domain.Invoice{
		SubscriptionID: sub.ID, Type: domain.InvoiceSubscription, Reason: domain.ReasonSubscriptionCreate,
		Amount: sub.Plan.Amount, Currency: sub.Plan.Currency, PeriodStart: sub.CreatedAt, DueAt: &due, Plan: sub.Plan,
		Lines: []domain.InvoiceLine{{Description: line, Amount: sub.Plan.Amount}},
	}
	return invoice, p.invoices().Open(invoice)
}

// charge opens a payment of the invoice, for ChargePayment to bring about.
func (p paymentStep) charge(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	if err := p.payments().Open(id, invoice, method); err != nil {
		return err
	}
	if err := p.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	p.row.NextAction, p.row.Reminders = p.action(domain.NextWait, invoice, method), 0
	message := domain.Text(domain.TextCharging, "amount", amountOf(invoice), "method", billing.MethodName(method))
	p.set(domain.StepPayment, domain.StepRunning, message).Attempts++
	return nil
}

// chargeAgain is the customer's wish to try the same card once more.
func (p paymentStep) chargeAgain(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	undecided, err := p.payments().Undecided(invoice.ID)
	if err != nil {
		return err
	}
	if undecided != nil {
		return p.notAllowed()
	}
	return p.charge(id, invoice, method)
}

// ask shows the customer what to pay, how and until when; message says why they
// are asked again.
func (p paymentStep) ask(invoice *domain.Invoice, method *domain.PaymentMethod, message string) error {
	option, err := p.methods().Option(method)
	if err != nil {
		return err
	}
	if err := p.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	next := p.action(domain.NextSubmitPayment, invoice, method)
	if next.Message = message; option != nil {
		next.Instructions = option.Instructions
	}
	p.row.NextAction, p.row.Reminders = next, 0
	p.set(domain.StepPayment, domain.StepWaiting,
		domain.Text(domain.TextWaitingForPayment, "amount", amountOf(invoice), "method", method.Name))
	return nil
}

// paymentPaths are the calls below an onboarding that take a next action.
var paymentPaths = map[domain.NextActionType]string{
	domain.NextSubmitPayment: "/payment", domain.NextAddPaymentMethod: "/payment-method",
}

// action is a next action about an invoice: what is owed, by what and until when.
func (p paymentStep) action(
	t domain.NextActionType, invoice *domain.Invoice, method *domain.PaymentMethod,
) *domain.NextAction {
	return &domain.NextAction{
		Type: t, URL: domain.OnboardingURL(p.row.ID) + paymentPaths[t], ExpiresAt: invoice.DueAt,
		Amount: &invoice.Amount, Currency: invoice.Currency, InvoiceID: invoice.ID, PaymentOption: method.Option,
	}
}

// owed is the open invoice and the method it is to be paid by.
func (p paymentStep) owed() (*domain.Invoice, *domain.PaymentMethod, error) {
	invoice, err := p.Tx.OpenInvoice(p.Ctx, p.row.SubscriptionID)
	if err != nil {
		return nil, nil, err
	}
	method, err := p.Tx.DefaultMethod(p.Ctx, p.row.AccountID)
	return invoice, method, err
}

// void takes an open invoice back, and with it the payment an admin has not
// decided on: failed, with the code. Without one it does nothing.
func (p paymentStep) void(failureCode string) error {
	invoice, err := p.invoices().OpenOf(p.row.SubscriptionID)
	if err != nil || invoice == nil {
		return err
	}
	return p.invoices().Void(invoice, failureCode)
}

func amountOf(invoice *domain.Invoice) string { return Price(invoice.Amount, invoice.Currency) }

// paidMessage says that the invoice was paid, or, by no payment, waived.
func paidMessage(invoice *domain.Invoice, by *domain.Payment) string {
	if by == nil {
		return domain.Text(domain.TextWaived)
	}
	return domain.Text(domain.TextPaid, "amount", amountOf(invoice))
}

package onboarding

import (
	"slipway/billing"
	"slipway/domain"
	"slipway/store"
)

// collectPayment opens the subscription, still incomplete, and its first
// invoice, and asks for the money: a provider where the method can be charged,
// else the customer, until the end of the payment window.
func (o *Onboarding) collectPayment() error {
	if o.row.Step(domain.StepPayment).Status != domain.StepPending {
		return nil
	}
	method, err := o.methods().Default()
	if err != nil {
		return err
	}
	if method == nil { // it was removed meanwhile
		o.row.Redo(domain.StepPaymentMethod, o.Now)
		return nil
	}
	if _, err := o.openSubscription(true); err != nil {
		return err
	}
	invoice, err := o.openInvoice()
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return o.charge(store.NewID(domain.PrefixPayment), invoice, method)
	}
	return o.askForPayment(invoice, method, "")
}

// openSubscription is the subscription that this onboarding opens: incomplete,
// stored at once or, where it is started in the same change, with that.
func (o *Onboarding) openSubscription(stored bool) (*domain.Subscription, error) {
	row := o.row
	if row.Subscription != nil {
		return o.Tx.LockSubscription(o.Ctx, row.SubscriptionID)
	}
	sub := domain.NewSubscription(row.SubscriptionID, row.AccountID, row.ID, row.Plan, o.Now)
	sub.TestClockID = row.TestClockID
	row.Subscription = &domain.SubscriptionRef{ID: sub.ID, Status: sub.Status}
	o.Emit(domain.EventSubscriptionCreated, map[string]any{"plan": sub.PlanCode})
	if !stored {
		return sub, nil
	}
	return sub, o.Tx.InsertSubscription(o.Ctx, sub)
}

// openInvoice is the open invoice of the first period.
func (o *Onboarding) openInvoice() (*domain.Invoice, error) {
	invoice, err := o.invoices().OpenOf(o.row.SubscriptionID)
	if err != nil || invoice != nil {
		return invoice, err
	}
	sub, err := o.Tx.SubscriptionByID(o.Ctx, o.row.SubscriptionID)
	if err != nil {
		return nil, err
	}
	due := o.Now.Add(o.policy.PaymentWindow)
	invoice = &domain.Invoice{
		SubscriptionID: sub.ID, Type: domain.InvoiceSubscription, Reason: domain.ReasonSubscriptionCreate,
		Amount: sub.Plan.Amount, Currency: sub.Plan.Currency, PeriodStart: sub.CreatedAt, DueAt: &due, Plan: sub.Plan,
		Lines: []domain.InvoiceLine{{Description: sub.Plan.Name + ", first " + string(sub.Plan.Interval), Amount: sub.Plan.Amount}},
	}
	return invoice, o.invoices().Open(invoice)
}

// charge opens a payment of the invoice, for ChargePayment to bring about.
func (o *Onboarding) charge(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	if err := o.payments().Open(id, invoice, method); err != nil {
		return err
	}
	if err := o.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	o.row.NextAction, o.row.Reminders = o.paymentAction(domain.NextWait, invoice, method), 0
	message := "Charging " + Price(invoice.Amount, invoice.Currency) + " to " + billing.MethodName(method) + "."
	o.set(domain.StepPayment, domain.StepRunning, message).Attempts++
	return nil
}

// chargeAgain is the customer's wish to try the same card once more.
func (o *Onboarding) chargeAgain(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	undecided, err := o.payments().Undecided(invoice.ID)
	if err != nil {
		return err
	}
	if undecided != nil {
		return domain.InvalidTransition(string(o.row.Status), string(domain.OnboardingActivating), o.row.Actions())
	}
	return o.charge(id, invoice, method)
}

// askForPayment shows the customer what to pay, how and until when; message
// says why they are asked again.
func (o *Onboarding) askForPayment(invoice *domain.Invoice, method *domain.PaymentMethod, message string) error {
	option, err := o.methods().Option(method)
	if err != nil {
		return err
	}
	if err := o.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	next := o.paymentAction(domain.NextSubmitPayment, invoice, method)
	if next.Message = message; option != nil {
		next.Instructions = option.Instructions
	}
	o.row.NextAction, o.row.Reminders = next, 0
	o.set(domain.StepPayment, domain.StepWaiting,
		"Waiting for "+Price(invoice.Amount, invoice.Currency)+" by "+method.Name+".")
	return nil
}

// paymentPaths are the calls below an onboarding that take a next action.
var paymentPaths = map[domain.NextActionType]string{
	domain.NextSubmitPayment: "/payment", domain.NextAddPaymentMethod: "/payment-method",
}

// paymentAction is a next action about an invoice: what is owed, by what and
// until when.
func (o *Onboarding) paymentAction(t domain.NextActionType, invoice *domain.Invoice, method *domain.PaymentMethod) *domain.NextAction {
	return &domain.NextAction{
		Type: t, URL: domain.OnboardingURL(o.row.ID) + paymentPaths[t], ExpiresAt: invoice.DueAt,
		Amount: &invoice.Amount, Currency: invoice.Currency, InvoiceID: invoice.ID, PaymentOption: method.Option,
	}
}

// owed is the open invoice and the method it is to be paid by.
func (o *Onboarding) owed() (*domain.Invoice, *domain.PaymentMethod, error) {
	invoice, err := o.Tx.OpenInvoice(o.Ctx, o.row.SubscriptionID)
	if err != nil {
		return nil, nil, err
	}
	method, err := o.Tx.DefaultMethod(o.Ctx, o.row.AccountID)
	return invoice, method, err
}

// voidInvoice takes an open invoice back, and with it the payment an admin has
// not decided on: failed, with the code. Without one it does nothing.
func (o *Onboarding) voidInvoice(failureCode string) error {
	invoice, err := o.invoices().OpenOf(o.row.SubscriptionID)
	if err != nil || invoice == nil {
		return err
	}
	return o.invoices().Void(invoice, failureCode)
}

// Paid activates the subscription and the account, in the change of the payment.
func (o *Onboarding) Paid(invoice *domain.Invoice, by *domain.Payment) error {
	sub, err := o.Tx.LockSubscription(o.Ctx, o.row.SubscriptionID)
	if err != nil {
		return err
	}
	message := "Waived."
	if by != nil {
		message = "Paid " + Price(invoice.Amount, invoice.Currency) + "."
	}
	return o.activate(sub, activation{invoice: invoice, payment: by, message: message})
}

// MustConfirm shows the customer the page on which to confirm the payment.
func (o *Onboarding) MustConfirm(_ *domain.Invoice, p *domain.Payment, _ bool) error {
	next := o.row.NextAction
	if next == nil || o.row.Status != domain.OnboardingAwaitingPayment {
		return nil
	}
	next.Type, next.URL, next.Message = domain.NextConfirmPayment, p.ActionURL, ""
	o.set(domain.StepPayment, domain.StepWaiting, "Waiting for the customer to confirm the payment.")
	o.row.Touch(o.Now)
	return nil
}

// DecidedLater waits for the provider's event.
func (o *Onboarding) DecidedLater() error {
	if !o.row.AsksProvider() {
		return nil
	}
	o.set(domain.StepPayment, domain.StepWaiting, "The payment is being processed.")
	o.row.Touch(o.Now)
	return nil
}

// Declined goes back to waiting for another way to pay, with the reason.
func (o *Onboarding) Declined(invoice *domain.Invoice, code string, _ bool) error {
	if o.row.Status != domain.OnboardingAwaitingPayment {
		return nil
	}
	method, err := o.Tx.DefaultMethod(o.Ctx, invoice.AccountID)
	if err != nil {
		return err
	}
	why := billing.DeclineText(code)
	o.row.NextAction = o.paymentAction(domain.NextAddPaymentMethod, invoice, method)
	o.row.NextAction.Message = why
	step := o.set(domain.StepPayment, domain.StepWaiting,
		"Waiting for another way to pay "+Price(invoice.Amount, invoice.Currency)+".")
	step.Error = &domain.OnboardingError{Code: code, Detail: why}
	o.row.Touch(o.Now)
	return nil
}

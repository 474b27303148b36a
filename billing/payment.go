package billing

import (
	"slipway/domain"
	"slipway/store"
)

// Payments opens and decides payments, each one attempt to pay an invoice, in a
// change.
type Payments struct{ *store.Change }

// Open stores the next attempt at an invoice, and with it the key the provider
// will know it by, before the provider is asked for money.
func (p Payments) Open(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	return p.Tx.InsertPayment(p.Ctx, &domain.Payment{
		ID: id, AccountID: invoice.AccountID, InvoiceID: invoice.ID, Provider: method.Provider, Option: method.Option,
		MethodID: method.ID, Status: domain.PaymentCreated, Amount: invoice.Amount, Currency: invoice.Currency,
		OnSession: p.Actor.Type == domain.ActorCustomer, CreatedAt: p.Now, UpdatedAt: p.Now,
	})
}

// Pending is the invoice's payment that an admin has to decide about; nil
// without one.
func (p Payments) Pending(invoiceID string) (*domain.Payment, error) {
	return none(p.Tx.PendingPayment(p.Ctx, invoiceID))
}

// Undecided is the invoice's newest payment that a provider has to decide
// about; nil without one.
func (p Payments) Undecided(invoiceID string) (*domain.Payment, error) {
	return none(p.Tx.UndecidedPayment(p.Ctx, invoiceID))
}

// Succeed marks the payment as there.
func (p Payments) Succeed(payment *domain.Payment) error {
	if err := payment.Advance(domain.PaymentSucceeded, p.Now); err != nil {
		return err
	}
	payment.Reason = p.Reason
	return p.Tx.SavePayment(p.Ctx, payment)
}

// Fail ends the payment with the code.
func (p Payments) Fail(payment *domain.Payment, failureCode string) error {
	if err := payment.Advance(domain.PaymentFailed, p.Now); err != nil {
		return err
	}
	payment.FailureCode, payment.Reason = failureCode, p.Reason
	p.Emit(domain.EventPaymentFailed, map[string]any{"payment": payment.ID, "failure_code": failureCode})
	return p.Tx.SavePayment(p.Ctx, payment)
}

// FailUnasked fails the payments of the invoice that are not decided and that no
// provider was asked for. What a provider was asked for stays undecided until
// the provider has taken it back.
func (p Payments) FailUnasked(invoice *domain.Invoice, failureCode string) error {
	payments, err := p.Tx.UnaskedPayments(p.Ctx, invoice.ID)
	for i := range payments {
		if err == nil {
			err = p.Fail(&payments[i], failureCode)
		}
	}
	return err
}

// FlagLate marks money that came when it was not owed any more. What a provider
// took is refunded (see Charger.RefundLate); about a transfer staff decide.
func (p Payments) FlagLate(payment *domain.Payment) error {
	if payment.Late {
		return nil
	}
	payment.Late, payment.UpdatedAt, payment.ActionURL = true, p.Now, ""
	p.Emit(domain.EventPaymentLate, map[string]any{
		"payment": payment.ID, "amount": payment.Amount, "currency": payment.Currency,
	})
	return p.Tx.SavePayment(p.Ctx, payment)
}

// Submit stores the customer's payment by hand for an admin to approve. The
// same payment again changes nothing.
func (p Payments) Submit(invoice *domain.Invoice, cmd *domain.Command) error {
	if known, err := none(p.Tx.PaymentByID(p.Ctx, cmd.PaymentID)); err != nil || known != nil {
		return err
	}
	method, err := Methods{p.Change}.Default()
	if err != nil {
		return err
	}
	option := outOfBand
	if method != nil {
		option = method.Option
	}
	pending, err := p.Pending(invoice.ID)
	if err != nil {
		return err
	}
	if pending != nil {
		return domain.Conflict(domain.TextPaymentPending)
	}
	payment := p.byHand(cmd.PaymentID, option, invoice)
	payment.Reference = cmd.Reference
	p.Emit(domain.EventPaymentSubmitted, map[string]any{
		"payment": payment.ID, "invoice": invoice.ID, "amount": payment.Amount, "currency": payment.Currency,
	})
	return p.Tx.InsertPayment(p.Ctx, payment)
}

// outOfBand is the payment option of money that came by no option of ours.
const outOfBand = "out_of_band"

// byHand is a payment that an admin decides about.
func (p Payments) byHand(id, option string, invoice *domain.Invoice) *domain.Payment {
	return &domain.Payment{
		ID: id, AccountID: invoice.AccountID, InvoiceID: invoice.ID, Provider: domain.ProviderManual, Option: option,
		Status: domain.PaymentPendingApproval, Amount: invoice.Amount, Currency: invoice.Currency,
		CreatedAt: p.Now, UpdatedAt: p.Now,
	}
}

// OutOfBand says that the invoice's money is there: as the payment the customer
// submitted, or as one of the admin's own.
func (p Payments) OutOfBand(invoice *domain.Invoice) (*domain.Payment, error) {
	invoice.PaidOutOfBand = true
	payment, err := p.Pending(invoice.ID)
	if err != nil {
		return nil, err
	}
	if payment == nil {
		payment = p.byHand(store.NewID(domain.PrefixPayment), outOfBand, invoice)
		if err := p.Tx.InsertPayment(p.Ctx, payment); err != nil {
			return nil, err
		}
	}
	return payment, p.Succeed(payment)
}

// Approve takes an admin's decision that the money is there, and pays the invoice
// with it through its payer. Money for what has ended is flagged: staff have to
// decide about it.
func (p Payments) Approve(payment *domain.Payment, invoice *domain.Invoice, payer Payer) error {
	switch {
	case payment.Status == domain.PaymentFailed:
		payment.Reason = p.Reason
		return p.FlagLate(payment)
	case invoice.Status != domain.InvoiceOpen: // a card was faster: it is money too many
		if err := p.Fail(payment, domain.FailureSuperseded); err != nil {
			return err
		}
		return p.FlagLate(payment)
	}
	if err := p.Succeed(payment); err != nil {
		return err
	}
	return payer.Paid(invoice, payment)
}

// Decide applies an admin's decision about a submitted payment.
func (p Payments) Decide(cmd *domain.Command, payer Payer) error {
	payment, err := p.Tx.LockPayment(p.Ctx, cmd.PaymentID)
	if err != nil {
		return err
	}
	invoice, err := p.Tx.LockInvoice(p.Ctx, payment.InvoiceID)
	if err != nil {
		return err
	}
	return p.Apply(cmd, payment.SubjectOf(invoice), func() error {
		if cmd.Action == domain.ActionRejectPayment {
			return p.Fail(payment, domain.FailureRejected)
		}
		return p.Approve(payment, invoice, payer)
	})
}

package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// BillingInput is a command for a subscription whose onboarding has ended.
type BillingInput struct {
	SubscriptionID string `json:"subscription_id"`
	CommandID      string `json:"command_id"`
}

// bills says what each command does to a subscription.
var bills = map[domain.Action]func(*changeSet, *domain.Command) error{
	domain.ActionCancel:         (*changeSet).billCancel,
	domain.ActionResume:         (*changeSet).billResume,
	domain.ActionChangePlan:     (*changeSet).billChangePlan,
	domain.ActionRetryPayment:   (*changeSet).billRetry,
	domain.ActionSubmitPayment:  (*changeSet).billSubmit,
	domain.ActionApprovePayment: (*changeSet).billApprove,
	domain.ActionRejectPayment:  (*changeSet).billReject,
	domain.ActionActivate:       (*changeSet).billActivate,
}

// Bill carries out a command on a subscription whose onboarding has ended.
// Again changes nothing.
func (a *Activities) Bill(ctx context.Context, in BillingInput) (BillingStanding, error) {
	command, err := a.Store.CommandByID(ctx, in.CommandID)
	if err != nil {
		return BillingStanding{}, err
	}
	carryOut, known := bills[command.Action]
	if !known || command.SubscriptionID != in.SubscriptionID {
		return BillingStanding{}, domain.NotFound("command")
	}
	standing, err := a.bill(ctx, in.SubscriptionID, func(c *changeSet) error {
		c.actor, c.reason = command.Actor(), command.Reason
		if command.AppliedAt != nil {
			return nil
		}
		if err := carryOut(c, command); err != nil {
			return err
		}
		return c.tx.MarkApplied(ctx, command.ID)
	})
	if err == nil && command.Action == domain.ActionApprovePayment {
		var p *domain.Payment
		if p, err = a.Store.PaymentByID(ctx, command.PaymentID); err == nil {
			standing.Late = p.Late
		}
	}
	return standing, err
}

// billCancel ends the subscription now, or at the end of what is paid for.
// While a payment is late nothing is paid for: it ends now, and recovery with it.
func (c *changeSet) billCancel(command *domain.Command) error {
	s, reason := c.sub, "canceled_by_"+string(command.ActorType)
	if s.Status == domain.SubscriptionCanceled {
		return nil
	}
	if err := s.Check(command.Action); err != nil {
		return err
	}
	if command.At != domain.CancelPeriodEnd || s.Status == domain.SubscriptionPastDue {
		return c.endSubscription(domain.SubscriptionCanceled, reason)
	}
	if s.CancelAt != nil {
		return nil
	}
	ahead, err := c.paidAhead()
	if err != nil {
		return err
	}
	if err := c.voidInvoices(""); err != nil {
		return err
	}
	s.CancelAt, s.CancelAtPeriodEnd, s.CancellationReason, s.UpdatedAt = s.CurrentPeriodEnd, true, reason, c.now
	if ahead != nil {
		s.CancelAt = ahead.PeriodEnd
	}
	c.record(domain.EventSubscriptionWillCancel, map[string]any{"cancel_at": s.CancelAt})
	return nil
}

// billResume takes back a cancellation or a change of plan that is to come.
func (c *changeSet) billResume(command *domain.Command) error {
	s := c.sub
	if s.Status.Live() && s.CancelAt == nil && s.PendingPlan == nil {
		return nil
	}
	if err := s.Check(command.Action); err != nil {
		return err
	}
	ahead, err := c.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil && s.CancelAt == nil {
		return paidAsItIs(ahead)
	}
	if err := c.voidInvoices(domain.ReasonSubscriptionCycle); err != nil { // of the plan that was to come
		return err
	}
	s.CancelAt, s.CancelAtPeriodEnd, s.CancellationReason, s.UpdatedAt = nil, false, "", c.now
	if ahead == nil { // else the next period stays as it was paid for
		s.PendingPlan, s.Reminders = nil, 0
	}
	c.record(domain.EventSubscriptionResumed, map[string]any{"plan": s.PlanCode})
	return nil
}

// billRetry charges a late payment now: the customer asks for it, or has given
// another card.
func (c *changeSet) billRetry(command *domain.Command) error {
	s := c.sub
	if s.Status == domain.SubscriptionActive {
		return nil
	}
	if err := s.Check(command.Action); err != nil {
		return err
	}
	byHand, err := c.byHand()
	if err != nil {
		return err
	}
	if byHand {
		return &domain.Error{Code: domain.CodeConflict, Detail: "There is no card to charge; add one, or pay the open invoice."}
	}
	waiting, err := c.awaitingTransfer()
	if err != nil {
		return err
	}
	if waiting != nil && command.MethodID == "" {
		return &domain.Error{Code: domain.CodeConflict, Detail: "A transfer you submitted waits for approval; it decides."}
	}
	return c.retryCharge()
}

// billSubmit is the customer's word that an open invoice was paid by hand.
func (c *changeSet) billSubmit(command *domain.Command) error {
	if known, err := c.paymentKnown(command.PaymentID); err != nil || known {
		return err
	}
	if command.InvoiceID == "" { // given before commands named the invoice
		invoice, err := c.toBePaid()
		if err != nil {
			return err
		}
		return c.submit(invoice, command)
	}
	invoice, err := c.tx.LockInvoice(c.ctx, command.InvoiceID)
	switch {
	case err != nil:
		return err
	case invoice.SubscriptionID != c.sub.ID:
		return domain.NotFound("invoice")
	case invoice.Status != domain.InvoiceOpen:
		return domain.InvalidTransition(string(invoice.Status), string(domain.InvoicePaid), nil)
	case lapsed(invoice, c.now):
		return &domain.Error{Code: domain.CodeConflict, Detail: "The time to pay for this change of plan is over; ask for the change again."}
	}
	return c.submit(invoice, command)
}

// toBePaid is the subscription's oldest open invoice that no submitted payment
// waits for: a change of plan and the next period may both be owed.
func (c *changeSet) toBePaid() (*domain.Invoice, error) {
	invoices, err := c.tx.OpenInvoices(c.ctx, c.sub.ID)
	if err != nil {
		return nil, err
	}
	for i := range invoices {
		if _, err := c.tx.PendingPayment(c.ctx, invoices[i].ID); domain.CodeOf(err) == domain.CodeNotFound {
			return &invoices[i], nil
		} else if err != nil {
			return nil, err
		}
	}
	return c.tx.OpenInvoice(c.ctx, c.sub.ID)
}

func (c *changeSet) paymentKnown(id string) (bool, error) {
	_, err := c.tx.PaymentByID(c.ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// submit records a payment by hand for somebody to approve.
func (c *changeSet) submit(invoice *domain.Invoice, command *domain.Command) error {
	method, err := c.defaultMethod()
	if err != nil {
		return err
	}
	if method == nil {
		method = &domain.PaymentMethod{Provider: domain.ProviderManual, Option: "out_of_band"}
	}
	if _, err := c.tx.PendingPayment(c.ctx, invoice.ID); domain.CodeOf(err) != domain.CodeNotFound {
		if err == nil {
			err = &domain.Error{Code: domain.CodeConflict, Detail: "A payment of this invoice waits for approval already."}
		}
		return err
	}
	payment := &domain.Payment{
		ID: command.PaymentID, AccountID: invoice.AccountID, InvoiceID: invoice.ID, Provider: domain.ProviderManual,
		Option: method.Option, Status: domain.PaymentPendingApproval, Amount: invoice.Amount, Currency: invoice.Currency,
		Reference: command.Reference, CreatedAt: c.now, UpdatedAt: c.now,
	}
	c.record(domain.EventPaymentSubmitted, map[string]any{
		"payment": payment.ID, "invoice": invoice.ID, "amount": payment.Amount, "currency": payment.Currency,
	})
	return c.tx.InsertPayment(c.ctx, payment)
}

// billApprove fulfils an invoice by an admin's word that the money is there.
// Money for something that has ended is flagged: somebody has to decide.
func (c *changeSet) billApprove(command *domain.Command) error {
	p, err := c.tx.LockPayment(c.ctx, command.PaymentID)
	if err != nil {
		return err
	}
	if p.Late || p.Status == domain.PaymentSucceeded {
		return nil // flagged already, or approved in time by somebody else
	}
	invoice, err := c.tx.LockInvoice(c.ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	ours := invoice.Reason != domain.ReasonSubscriptionCreate // else its onboarding takes it
	if ours && p.Status == domain.PaymentPendingApproval && invoice.Status != domain.InvoiceOpen {
		if err := c.failPayment(p, domain.FailureSuperseded); err != nil { // a card was faster: it is money too many
			return err
		}
		return c.flagLate(p)
	}
	if ours && p.Status == domain.PaymentPendingApproval && invoice.Status == domain.InvoiceOpen {
		if err := c.succeed(p); err != nil {
			return err
		}
		return c.fulfilInvoice(fulfilment{invoice: invoice, payment: p})
	}
	if p.Status != domain.PaymentFailed {
		return domain.InvalidTransition(string(p.Status), string(domain.PaymentSucceeded), p.Actions())
	}
	p.Reason = command.Reason
	return c.flagLate(p)
}

// billReject says that the money of a submitted payment is not there.
func (c *changeSet) billReject(command *domain.Command) error {
	p, err := c.tx.LockPayment(c.ctx, command.PaymentID)
	if err != nil || p.FailureCode == domain.FailureRejected {
		return err
	}
	if p.Status != domain.PaymentPendingApproval {
		return domain.InvalidTransition(string(p.Status), string(domain.PaymentFailed), p.Actions())
	}
	return c.failPayment(p, domain.FailureRejected)
}

// billActivate is an admin's word that a late renewal is settled: paid
// elsewhere, or waived.
func (c *changeSet) billActivate(command *domain.Command) error {
	if c.sub.Status == domain.SubscriptionActive {
		return nil
	}
	if err := c.sub.Check(command.Action); err != nil {
		return err
	}
	invoice, err := c.openCycle()
	if err != nil {
		return err
	}
	f := fulfilment{invoice: invoice, managedBy: domain.ManagedByAdmin}
	if command.Waive {
		err = c.failPending(invoice, domain.FailureSuperseded)
	} else {
		f.payment, err = c.payOutOfBand(invoice)
	}
	if err != nil {
		return err
	}
	return c.fulfilCycle(f)
}

// resetPlanCredits gives the credits of the current period in place of what was
// left of the last.
func (c *changeSet) resetPlanCredits(sub *domain.Subscription) error {
	key := periodKey(sub)
	if err := c.tx.ClearPlanCredits(c.ctx, sub.AccountID, sub.ID, key+"/reset"); err != nil {
		return err
	}
	return c.grant(&domain.Credit{Pool: domain.PoolPlan, Amount: sub.Plan.Credits, Reason: domain.ReasonPlanGrant,
		SubscriptionID: sub.ID, IdempotencyKey: key})
}

// grant adds credits to the account's ledger, once per key.
func (c *changeSet) grant(credit *domain.Credit) error {
	credit.ID, credit.AccountID, credit.CreatedAt = store.NewID(domain.PrefixCredit), c.about.AccountID, c.now
	granted, err := c.tx.GrantCredits(c.ctx, credit)
	if err != nil || !granted {
		return err
	}
	c.record(domain.EventCreditsGranted, map[string]any{"amount": credit.Amount, "pool": credit.Pool})
	return nil
}

// periodKey is the business key of a subscription's current period.
func periodKey(sub *domain.Subscription) string { return sub.PeriodKey() }

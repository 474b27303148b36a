package billing

import (
	"slipway/domain"
	"slipway/store"
)

// cycle is what happens to a subscription from one period to the next.
type cycle struct{ *Subscription }

// giveNotice announces the end of the period: that of a trial by an event; who
// pays by hand gets the invoice for the next period.
func (c cycle) giveNotice() error {
	row := c.row
	row.Reminders = 1
	if row.Status == domain.SubscriptionTrialing {
		c.Emit(domain.EventSubscriptionTrialEnds, map[string]any{"trial_end": row.CurrentPeriodEnd})
	}
	method, err := c.methods().Default()
	if err != nil || row.NextPlan().Amount == 0 {
		return err
	}
	if method == nil && row.Status == domain.SubscriptionTrialing {
		return nil // it ends with the trial
	}
	if method != nil && method.Chargeable() {
		return nil
	}
	_, err = c.open()
	return err
}

// remind reminds customers who pay by hand, once, shortly before the invoice is due.
func (c cycle) remind() error {
	c.row.Reminders = 2
	invoice, err := c.invoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return err
	}
	pending, err := c.payments().Pending(invoice.ID)
	if err != nil || pending != nil {
		return err // the customer has done their part
	}
	c.Emit(domain.EventInvoiceReminded, map[string]any{
		"invoice": invoice.ID, "amount": invoice.Amount, "currency": invoice.Currency,
	})
	return nil
}

// endPeriod is the end of a trial or a period: the subscription ends, renews,
// or is charged for what comes next.
func (c cycle) endPeriod() error {
	row := c.row
	if row.CancelAt != nil && !row.CancelAt.After(*row.CurrentPeriodEnd) {
		return cancellation{c.Subscription}.end(domain.SubscriptionCanceled, row.CancellationReason)
	}
	if err := c.voidInvoices(domain.ReasonSubscriptionUpdate); err != nil {
		return err
	}
	if row.NextPlan().Amount == 0 {
		return c.renew()
	}
	method, err := c.methods().Default()
	if err != nil {
		return err
	}
	if method == nil && row.Status == domain.SubscriptionTrialing {
		if err := (cancellation{c.Subscription}).end(domain.SubscriptionCanceled, "trial_ended"); err != nil {
			return err
		}
		return c.suspendAccount()
	}
	return c.askForRenewal(method)
}

// askForRenewal charges the next period, or falls behind where it was not paid by
// hand in time.
func (c cycle) askForRenewal(method *domain.PaymentMethod) error {
	invoice, err := c.open()
	if err != nil {
		return err
	}
	if invoice.Status == domain.InvoicePaid {
		return c.renew()
	}
	if method == nil || !method.Chargeable() {
		return dunning{c.Subscription}.fallBehind(invoice, false)
	}
	undecided, err := c.payments().Undecided(invoice.ID)
	if err != nil || undecided != nil {
		return err // asked already
	}
	return c.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// invoice is the invoice for the period that comes next; nil without one.
func (c cycle) invoice() (*domain.Invoice, error) {
	start, _ := c.row.NextPeriod()
	return none(c.Tx.InvoiceForPeriod(c.Ctx, c.row.ID, start, domain.ReasonSubscriptionCycle))
}

// open is the invoice for the period that comes next, opened if need be.
func (c cycle) open() (*domain.Invoice, error) {
	invoice, err := c.invoice()
	if err != nil || invoice != nil {
		return invoice, err
	}
	plan := c.row.NextPlan()
	start, end := c.row.NextPeriod()
	return c.openInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionCycle, Amount: plan.Amount, PeriodStart: start, PeriodEnd: &end,
		DueAt: c.row.CurrentPeriodEnd, Plan: plan,
		Lines: []domain.InvoiceLine{{Description: lineOf(plan, start, end), Amount: plan.Amount}},
	})
}

// paidAhead is the invoice for the period that comes next where it is paid
// already, as by a customer who pays by hand; nil otherwise.
func (c cycle) paidAhead() (*domain.Invoice, error) {
	invoice, err := c.invoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoicePaid {
		return nil, err
	}
	return invoice, nil
}

// flagPaidAhead flags the money for the next period, where it was paid already:
// staff have to decide about it.
func (c cycle) flagPaidAhead() error {
	invoice, err := c.paidAhead()
	if err != nil || invoice == nil {
		return err
	}
	payment, err := c.Tx.PaymentOf(c.Ctx, invoice.ID)
	if err != nil {
		return err
	}
	return c.payments().FlagLate(payment)
}

// paid begins the next period, when it is its time. Who paid ahead keeps
// the current one until then.
func (c cycle) paid(invoice *domain.Invoice, by *domain.Payment) error {
	if err := c.invoices().Close(invoice, by); err != nil {
		return err
	}
	if c.Now.Add(c.skew()).Before(*c.row.CurrentPeriodEnd) {
		return c.voidInvoices(domain.ReasonSubscriptionUpdate) // it was paid for as it is
	}
	return c.renew()
}

// renew begins the next period with its credits in place of what was left.
func (c cycle) renew() error {
	row, was := c.row, c.row.Status
	if err := row.Renew(c.Now); err != nil {
		return err
	}
	c.Emit(domain.EventSubscriptionRenewed, map[string]any{
		"plan": row.PlanCode, "current_period_start": row.CurrentPeriodStart, "current_period_end": row.CurrentPeriodEnd,
	})
	if was == domain.SubscriptionPastDue {
		c.Emit(domain.EventSubscriptionRecovered, nil)
	}
	return c.credits().ResetPeriod(row)
}

// OpenCycle opens the invoice for the period that comes next, as for a
// subscription that is past due when it is adopted.
func OpenCycle(c *store.Change, policy domain.Policy, row *domain.Subscription) error {
	_, err := cycle{newSubscription(c, policy, row)}.open()
	return err
}

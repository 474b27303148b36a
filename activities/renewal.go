package activities

import (
	"slipway/domain"
	"slipway/store"
)

// giveNotice tells that the period is about to end: a trial's end is announced,
// and who pays by hand gets the invoice for the next period.
func (c *changeSet) giveNotice() error {
	s := c.sub
	s.Reminders = 1
	if s.Status == domain.SubscriptionTrialing {
		c.record(domain.EventSubscriptionTrialEnds, map[string]any{"trial_end": s.CurrentPeriodEnd})
	}
	method, err := c.defaultMethod()
	if err != nil || s.NextPlan().Amount == 0 {
		return err
	}
	if method == nil && s.Status == domain.SubscriptionTrialing {
		return nil // it ends with the trial
	}
	if method != nil && method.Chargeable() {
		return nil
	}
	_, err = c.openCycle()
	return err
}

// remindOfInvoice reminds who pays by hand, once, shortly before the invoice is due.
func (c *changeSet) remindOfInvoice() error {
	c.sub.Reminders = 2
	invoice, err := c.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return err
	}
	if _, err := c.tx.PendingPayment(c.ctx, invoice.ID); domain.CodeOf(err) != domain.CodeNotFound {
		return err // the customer has done their part
	}
	c.record(domain.EventInvoiceReminded, map[string]any{"invoice": invoice.ID, "amount": invoice.Amount, "currency": invoice.Currency})
	return nil
}

// endPeriod is the end of a trial or a period: the subscription ends, renews,
// or is charged for what comes next.
func (c *changeSet) endPeriod() error {
	s := c.sub
	if s.CancelAt != nil && !s.CancelAt.After(*s.CurrentPeriodEnd) {
		return c.endSubscription(domain.SubscriptionCanceled, s.CancellationReason)
	}
	if err := c.voidInvoices(domain.ReasonSubscriptionUpdate); err != nil {
		return err
	}
	if s.NextPlan().Amount == 0 {
		return c.renew()
	}
	method, err := c.defaultMethod()
	if err != nil {
		return err
	}
	if method == nil && s.Status == domain.SubscriptionTrialing {
		if err := c.endSubscription(domain.SubscriptionCanceled, "trial_ended"); err != nil {
			return err
		}
		return c.suspendAccount()
	}
	return c.askForRenewal(method)
}

// askForRenewal charges the next period, or falls behind where nobody paid by
// hand in time.
func (c *changeSet) askForRenewal(method *domain.PaymentMethod) error {
	invoice, err := c.openCycle()
	if err != nil {
		return err
	}
	if invoice.Status == domain.InvoicePaid {
		return c.renew()
	}
	if method == nil || !method.Chargeable() {
		return c.fallBehind(invoice, false)
	}
	if _, err := c.tx.UndecidedPayment(c.ctx, invoice.ID); domain.CodeOf(err) != domain.CodeNotFound {
		return err // asked already
	}
	return c.attempt(store.NewID(domain.PrefixPayment), invoice, method)
}

// cycleInvoice is the invoice for the period that comes next; nil without one.
func (c *changeSet) cycleInvoice() (*domain.Invoice, error) {
	start, _ := c.sub.NextPeriod()
	invoice, err := c.tx.InvoiceForPeriod(c.ctx, c.sub.ID, start, domain.ReasonSubscriptionCycle)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return invoice, err
}

// paidAhead is the invoice for the period that comes next where it is paid
// already, as by somebody who pays by hand; nil otherwise.
func (c *changeSet) paidAhead() (*domain.Invoice, error) {
	invoice, err := c.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoicePaid {
		return nil, err
	}
	return invoice, nil
}

// openCycle is the invoice for the period that comes next, opened if need be.
func (c *changeSet) openCycle() (*domain.Invoice, error) {
	invoice, err := c.cycleInvoice()
	if err != nil || invoice != nil {
		return invoice, err
	}
	plan := c.sub.NextPlan()
	start, end := c.sub.NextPeriod()
	return c.openSubscriptionInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionCycle, Amount: plan.Amount, PeriodStart: start, PeriodEnd: &end,
		DueAt: c.sub.CurrentPeriodEnd, Plan: plan,
		Lines: []domain.InvoiceLine{{Description: plan.Name + ", " + dates(start, end), Amount: plan.Amount}},
	})
}

// openSubscriptionInvoice completes an invoice of the subscription and stores it.
func (c *changeSet) openSubscriptionInvoice(in *domain.Invoice) (*domain.Invoice, error) {
	in.ID, in.AccountID, in.SubscriptionID = store.NewID(domain.PrefixInvoice), c.sub.AccountID, c.sub.ID
	in.Type, in.Status, in.Currency = domain.InvoiceSubscription, domain.InvoiceOpen, in.Plan.Currency
	in.CreatedAt, in.UpdatedAt = c.now, c.now
	c.record(domain.EventInvoiceOpened, map[string]any{"invoice": in.ID, "amount": in.Amount, "currency": in.Currency})
	return in, c.tx.InsertInvoice(c.ctx, in)
}

// fulfilCycle is fulfilment of a renewal: the next period begins, when it is
// its time. Who paid ahead keeps the current one until then.
func (c *changeSet) fulfilCycle(f fulfilment) error {
	if err := c.settle(f); err != nil {
		return err
	}
	if c.now.Add(c.skew()).Before(*c.sub.CurrentPeriodEnd) {
		return c.voidInvoices(domain.ReasonSubscriptionUpdate) // it was paid for as it is
	}
	if f.managedBy != "" {
		c.sub.ManagedBy = f.managedBy
	}
	return c.renew()
}

// renew begins the next period with its credits in place of what was left.
func (c *changeSet) renew() error {
	s, was := c.sub, c.sub.Status
	if err := s.Renew(c.now); err != nil {
		return err
	}
	c.record(domain.EventSubscriptionRenewed, map[string]any{
		"plan": s.PlanCode, "current_period_start": s.CurrentPeriodStart, "current_period_end": s.CurrentPeriodEnd,
	})
	if was == domain.SubscriptionPastDue {
		c.record(domain.EventSubscriptionRecovered, nil)
	}
	return c.resetPlanCredits(s)
}

// fallBehind notes that a renewal was not paid: use goes on within grace while
// recovery tries again. A change of plan that was not paid is dropped instead.
func (c *changeSet) fallBehind(invoice *domain.Invoice, hard bool) error {
	s := c.sub
	if invoice.Reason == domain.ReasonSubscriptionUpdate {
		return c.voidInvoices(domain.ReasonSubscriptionUpdate)
	}
	if !s.Status.Live() {
		return nil
	}
	if s.Status != domain.SubscriptionPastDue {
		if err := s.FallBehind(c.policy.Billing, c.now); err != nil {
			return err
		}
		c.record(domain.EventSubscriptionPastDue, map[string]any{"invoice": invoice.ID, "grace_ends_at": s.GraceEndsAt})
	}
	byHand, err := c.byHand()
	if err != nil {
		return err
	}
	s.NextRetryAt, s.UpdatedAt = c.policy.Billing.NextRetry(*s.PastDueSince, c.now, hard || byHand), c.now
	return nil
}

// retryCharge is another attempt at a renewal that was not paid, with the
// method that is the default now.
func (c *changeSet) retryCharge() error {
	s := c.sub
	s.NextRetryAt = c.policy.Billing.NextRetry(*s.PastDueSince, c.now, false)
	method, err := c.defaultMethod()
	if err != nil {
		return err
	}
	if method == nil || !method.Chargeable() {
		s.NextRetryAt = nil
		return nil
	}
	invoice, err := c.openCycle()
	if err != nil {
		return err
	}
	if underWay, err := c.underWay(invoice); err != nil || underWay {
		return err // what it brings decides
	}
	return c.attempt(store.NewID(domain.PrefixPayment), invoice, method)
}

// underWay reports whether somebody is deciding about a payment of the invoice:
// a provider, or an admin about a transfer. A customer who has to confirm does
// not count: another attempt may be faster.
func (c *changeSet) underWay(invoice *domain.Invoice) (bool, error) {
	undecided, err := c.tx.UndecidedPayment(c.ctx, invoice.ID)
	if err == nil && undecided.Status != domain.PaymentRequiresAction {
		return true, nil
	}
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return false, err
	}
	_, err = c.tx.PendingPayment(c.ctx, invoice.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// giveUp ends recovery that brought nothing, in the way that was set.
func (c *changeSet) giveUp() error {
	invoice, err := c.cycleInvoice()
	if err != nil {
		return err
	}
	if invoice != nil && invoice.Status == domain.InvoiceOpen {
		if underWay, err := c.underWay(invoice); err != nil || (underWay && c.now.Before(c.decidedBy(invoice))) {
			return err
		}
		if err := c.failPending(invoice, domain.FailureExpired); err != nil {
			return err
		}
		if err := invoice.Advance(domain.InvoiceUncollectible, c.now); err != nil {
			return err
		}
		c.record(domain.EventInvoiceUncollectible, map[string]any{"invoice": invoice.ID})
		if err := c.tx.SaveInvoice(c.ctx, invoice); err != nil {
			return err
		}
	}
	to := domain.SubscriptionCanceled
	if c.policy.Billing.Final == domain.FinalUnpaid {
		to = domain.SubscriptionUnpaid
	}
	if err := c.endSubscription(to, "payment_failed"); err != nil {
		return err
	}
	return c.suspendAccount()
}

// endSubscription ends a subscription in use, with its open invoices and its
// plan's credits. What a provider was asked for meanwhile is given back by the
// workflow; money for a period that will not begin is flagged.
func (c *changeSet) endSubscription(to domain.SubscriptionStatus, reason string) error {
	s := c.sub
	if err := c.flagPaidAhead(); err != nil {
		return err
	}
	if err := s.End(to, reason, c.now); err != nil {
		return err
	}
	if err := c.voidInvoices(""); err != nil {
		return err
	}
	if err := c.tx.ClearPlanCredits(c.ctx, s.AccountID, s.ID, s.ID+"/canceled"); err != nil {
		return err
	}
	event := domain.EventSubscriptionCanceled
	if to == domain.SubscriptionUnpaid {
		event = domain.EventSubscriptionUnpaid
	}
	c.record(event, map[string]any{"reason": reason, "plan": s.PlanCode})
	return nil
}

// flagPaidAhead flags the money for the next period, where it was paid already:
// somebody has to decide about it.
func (c *changeSet) flagPaidAhead() error {
	invoice, err := c.paidAhead()
	if err != nil || invoice == nil {
		return err
	}
	p, err := c.tx.PaymentOf(c.ctx, invoice.ID)
	if err != nil {
		return err
	}
	return c.flagLate(p)
}

// voidInvoices takes the subscription's open invoices back, all or those with
// the reason.
func (c *changeSet) voidInvoices(reason string) error {
	invoices, err := c.tx.OpenInvoices(c.ctx, c.sub.ID)
	if err != nil {
		return err
	}
	for i := range invoices {
		if reason == "" || invoices[i].Reason == reason {
			if err := c.void(&invoices[i], domain.FailureCanceled); err != nil {
				return err
			}
		}
	}
	return nil
}

// suspendAccount takes the use of an account away until it is paid for.
func (c *changeSet) suspendAccount() error {
	account, err := c.tx.AccountByID(c.ctx, c.about.AccountID)
	if err != nil || account.Status != domain.AccountActive {
		return err
	}
	if err := account.Advance(domain.AccountSuspended, c.now); err != nil {
		return err
	}
	c.record(domain.EventAccountSuspended, nil)
	return c.tx.SaveAccount(c.ctx, account)
}

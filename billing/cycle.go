package billing

import (
	"slipway/domain"
	"slipway/store"
)

// giveNotice tells that the period is about to end: a trial's end is announced,
// and who pays by hand gets the invoice for the next period.
func (s *Subscription) giveNotice() error {
	row := s.row
	row.Reminders = 1
	if row.Status == domain.SubscriptionTrialing {
		s.Emit(domain.EventSubscriptionTrialEnds, map[string]any{"trial_end": row.CurrentPeriodEnd})
	}
	method, err := s.methods().Default()
	if err != nil || row.NextPlan().Amount == 0 {
		return err
	}
	if method == nil && row.Status == domain.SubscriptionTrialing {
		return nil // it ends with the trial
	}
	if method != nil && method.Chargeable() {
		return nil
	}
	_, err = s.openCycle()
	return err
}

// remindOfInvoice reminds who pays by hand, once, shortly before the invoice is due.
func (s *Subscription) remindOfInvoice() error {
	s.row.Reminders = 2
	invoice, err := s.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return err
	}
	pending, err := s.payments().Pending(invoice.ID)
	if err != nil || pending != nil {
		return err // the customer has done their part
	}
	s.Emit(domain.EventInvoiceReminded, map[string]any{
		"invoice": invoice.ID, "amount": invoice.Amount, "currency": invoice.Currency,
	})
	return nil
}

// endPeriod is the end of a trial or a period: the subscription ends, renews,
// or is charged for what comes next.
func (s *Subscription) endPeriod() error {
	row := s.row
	if row.CancelAt != nil && !row.CancelAt.After(*row.CurrentPeriodEnd) {
		return s.End(domain.SubscriptionCanceled, row.CancellationReason)
	}
	if err := s.voidInvoices(domain.ReasonSubscriptionUpdate); err != nil {
		return err
	}
	if row.NextPlan().Amount == 0 {
		return s.renew()
	}
	method, err := s.methods().Default()
	if err != nil {
		return err
	}
	if method == nil && row.Status == domain.SubscriptionTrialing {
		if err := s.End(domain.SubscriptionCanceled, "trial_ended"); err != nil {
			return err
		}
		return s.suspendAccount()
	}
	return s.askForRenewal(method)
}

// askForRenewal charges the next period, or falls behind where nobody paid by
// hand in time.
func (s *Subscription) askForRenewal(method *domain.PaymentMethod) error {
	invoice, err := s.openCycle()
	if err != nil {
		return err
	}
	if invoice.Status == domain.InvoicePaid {
		return s.renew()
	}
	if method == nil || !method.Chargeable() {
		return s.fallBehind(invoice, false)
	}
	undecided, err := s.payments().Undecided(invoice.ID)
	if err != nil || undecided != nil {
		return err // asked already
	}
	return s.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// cycleInvoice is the invoice for the period that comes next; nil without one.
func (s *Subscription) cycleInvoice() (*domain.Invoice, error) {
	start, _ := s.row.NextPeriod()
	return none(s.Tx.InvoiceForPeriod(s.Ctx, s.row.ID, start, domain.ReasonSubscriptionCycle))
}

// openCycle is the invoice for the period that comes next, opened if need be.
func (s *Subscription) openCycle() (*domain.Invoice, error) {
	invoice, err := s.cycleInvoice()
	if err != nil || invoice != nil {
		return invoice, err
	}
	plan := s.row.NextPlan()
	start, end := s.row.NextPeriod()
	return s.openInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionCycle, Amount: plan.Amount, PeriodStart: start, PeriodEnd: &end,
		DueAt: s.row.CurrentPeriodEnd, Plan: plan,
		Lines: []domain.InvoiceLine{{Description: plan.Name + ", " + dates(start, end), Amount: plan.Amount}},
	})
}

// paidAhead is the invoice for the period that comes next where it is paid
// already, as by somebody who pays by hand; nil otherwise.
func (s *Subscription) paidAhead() (*domain.Invoice, error) {
	invoice, err := s.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoicePaid {
		return nil, err
	}
	return invoice, nil
}

// flagPaidAhead flags the money for the next period, where it was paid already:
// somebody has to decide about it.
func (s *Subscription) flagPaidAhead() error {
	invoice, err := s.paidAhead()
	if err != nil || invoice == nil {
		return err
	}
	payment, err := s.Tx.PaymentOf(s.Ctx, invoice.ID)
	if err != nil {
		return err
	}
	return s.payments().FlagLate(payment)
}

// paidCycle begins the next period, when it is its time. Who paid ahead keeps
// the current one until then.
func (s *Subscription) paidCycle(invoice *domain.Invoice, by *domain.Payment) error {
	if err := s.invoices().Close(invoice, by); err != nil {
		return err
	}
	if s.Now.Add(s.skew()).Before(*s.row.CurrentPeriodEnd) {
		return s.voidInvoices(domain.ReasonSubscriptionUpdate) // it was paid for as it is
	}
	return s.renew()
}

// renew begins the next period with its credits in place of what was left.
func (s *Subscription) renew() error {
	row, was := s.row, s.row.Status
	if err := row.Renew(s.Now); err != nil {
		return err
	}
	s.Emit(domain.EventSubscriptionRenewed, map[string]any{
		"plan": row.PlanCode, "current_period_start": row.CurrentPeriodStart, "current_period_end": row.CurrentPeriodEnd,
	})
	if was == domain.SubscriptionPastDue {
		s.Emit(domain.EventSubscriptionRecovered, nil)
	}
	return s.credits().ResetPeriod(row)
}

// OpenCycle opens the invoice for the period that comes next, as for a
// subscription that is past due when it is adopted.
func (s *Subscription) OpenCycle() error {
	_, err := s.openCycle()
	return err
}

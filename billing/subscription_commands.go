package billing

import (
	"slipway/domain"
)

// subscriptionCommands says what each command does to a subscription. Those
// about a payment or an invoice of it are checked against that.
var subscriptionCommands = map[domain.Action]func(*Subscription, *domain.Command) error{
	domain.ActionCancel:       (*Subscription).cancel,
	domain.ActionResume:       (*Subscription).resume,
	domain.ActionChangePlan:   (*Subscription).changePlan,
	domain.ActionRetryPayment: (*Subscription).retryPayment,
	domain.ActionActivate:     (*Subscription).activate,
	domain.ActionExtendTrial:  (*Subscription).extendTrial,
}

// apply carries out a command, if the rules of what it is about allow it.
func (s *Subscription) apply(cmd *domain.Command) error {
	if cmd.SubscriptionID != s.row.ID {
		return domain.NotFound("command") // sent by hand, with another's id
	}
	switch cmd.Action {
	case domain.ActionApprovePayment, domain.ActionRejectPayment:
		return s.payments().Decide(cmd, s)
	case domain.ActionSubmitPayment:
		return s.submitPayment(cmd)
	}
	carryOut, known := subscriptionCommands[cmd.Action]
	if !known {
		return domain.NotFound("command")
	}
	return s.Apply(cmd, s.row.Subject(), func() error { return carryOut(s, cmd) })
}

// cancel ends the subscription now, or at the end of what is paid for. While a
// payment is late nothing is paid for: it ends now, and recovery with it.
func (s *Subscription) cancel(cmd *domain.Command) error {
	row, reason := s.row, "canceled_by_"+string(cmd.ActorType)
	if cmd.At != domain.CancelPeriodEnd || row.Status == domain.SubscriptionPastDue {
		return s.End(domain.SubscriptionCanceled, reason)
	}
	if row.CancelAt != nil {
		return nil
	}
	ahead, err := s.paidAhead()
	if err != nil {
		return err
	}
	if err := s.voidInvoices(""); err != nil {
		return err
	}
	row.CancelAt, row.CancelAtPeriodEnd, row.CancellationReason, row.UpdatedAt = row.CurrentPeriodEnd, true, reason, s.Now
	if ahead != nil {
		row.CancelAt = ahead.PeriodEnd
	}
	s.Emit(domain.EventSubscriptionWillCancel, map[string]any{"cancel_at": row.CancelAt})
	return nil
}

// resume takes back a cancellation, or a change of plan, that has not happened.
func (s *Subscription) resume(*domain.Command) error {
	row := s.row
	ahead, err := s.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil && row.CancelAt == nil {
		return paidAsItIs(ahead)
	}
	if err := s.voidInvoices(domain.ReasonSubscriptionCycle); err != nil { // of the plan it would have changed to
		return err
	}
	row.CancelAt, row.CancelAtPeriodEnd, row.CancellationReason, row.UpdatedAt = nil, false, "", s.Now
	if ahead == nil { // else the next period stays as it was paid for
		row.PendingPlan, row.Reminders = nil, 0
	}
	s.Emit(domain.EventSubscriptionResumed, map[string]any{"plan": row.PlanCode})
	return nil
}

// retryPayment charges a late payment now: the customer asks for it, or has
// given another card.
func (s *Subscription) retryPayment(cmd *domain.Command) error {
	byHand, err := s.byHand()
	if err != nil {
		return err
	}
	if byHand {
		return &domain.Error{Code: domain.CodeConflict, Detail: "There is no card to charge; add one, or pay the open invoice."}
	}
	waiting, err := s.awaitingTransfer()
	if err != nil {
		return err
	}
	if waiting != nil && cmd.MethodID == "" {
		return &domain.Error{Code: domain.CodeConflict, Detail: "A transfer you submitted waits for approval; it decides."}
	}
	return s.retryCharge()
}

// submitPayment stores the customer's payment of an open invoice by hand.
func (s *Subscription) submitPayment(cmd *domain.Command) error {
	invoice, err := s.Tx.LockInvoice(s.Ctx, cmd.InvoiceID)
	switch {
	case err != nil:
		return err
	case invoice.SubscriptionID != s.row.ID:
		return domain.NotFound("invoice")
	}
	return s.Apply(cmd, invoice.Subject(), func() error {
		if lapsed(invoice, s.Now) {
			return &domain.Error{Code: domain.CodeConflict,
				Detail: "The time to pay for this change of plan is over; ask for the change again."}
		}
		return s.payments().Submit(invoice, cmd)
	})
}

// activate closes a late renewal without the customer: paid elsewhere, or waived.
func (s *Subscription) activate(cmd *domain.Command) error {
	invoice, err := s.openCycle()
	if err != nil {
		return err
	}
	by, err := s.invoices().ByStaff(invoice, cmd.Waive)
	if err != nil {
		return err
	}
	s.row.ManagedBy = domain.ManagedByAdmin
	return s.paidCycle(invoice, by)
}

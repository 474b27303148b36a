package billing

import (
	"slipway/domain"
)

// subscriptionCommands says what each command does to a subscription. Those
// about a payment or an invoice of it are checked against that.
var subscriptionCommands = map[domain.Action]func(*Subscription, *domain.Command) error{
	domain.ActionCancel:       func(s *Subscription, c *domain.Command) error { return cancellation{s}.cancel(c) },
	domain.ActionResume:       func(s *Subscription, _ *domain.Command) error { return cancellation{s}.resume() },
	domain.ActionChangePlan:   func(s *Subscription, c *domain.Command) error { return planChange{s}.change(c) },
	domain.ActionRetryPayment: func(s *Subscription, _ *domain.Command) error { return dunning{s}.retryNow() },
	domain.ActionActivate:     func(s *Subscription, c *domain.Command) error { return dunning{s}.byStaff(c) },
	domain.ActionExtendTrial:  func(s *Subscription, c *domain.Command) error { return trial{s}.extend(c) },
}

// apply applies a command, if the rules of what it is about allow it.
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
	apply, known := subscriptionCommands[cmd.Action]
	if !known {
		return domain.NotFound("command")
	}
	return s.Apply(cmd, s.row.Subject(), func() error { return apply(s, cmd) })
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
			return domain.Conflict(domain.TextPlanChangeLapsed)
		}
		return s.payments().Submit(invoice, cmd)
	})
}

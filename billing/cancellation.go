package billing

import (
	"slipway/domain"
	"slipway/store"
)

// cancellation is the end of a subscription in use, now or announced.
type cancellation struct{ *Subscription }

// cancel ends the subscription now, or at the end of what is paid for. While a
// payment is late nothing is paid for: it ends now, and recovery with it.
func (c cancellation) cancel(cmd *domain.Command) error {
	row, reason := c.row, "canceled_by_"+string(cmd.ActorType)
	if cmd.At != domain.CancelPeriodEnd || row.Status == domain.SubscriptionPastDue {
		return c.end(domain.SubscriptionCanceled, reason)
	}
	if row.CancelAt != nil {
		return nil
	}
	ahead, err := cycle{c.Subscription}.paidAhead()
	if err != nil {
		return err
	}
	if err := c.voidInvoices(""); err != nil {
		return err
	}
	row.CancelAt, row.CancelAtPeriodEnd, row.CancellationReason, row.UpdatedAt = row.CurrentPeriodEnd, true, reason, c.Now
	if ahead != nil {
		row.CancelAt = ahead.PeriodEnd
	}
	c.Emit(domain.EventSubscriptionWillCancel, map[string]any{"cancel_at": row.CancelAt})
	return nil
}

// resume takes back a cancellation, or a change of plan, that has not happened.
func (c cancellation) resume() error {
	row := c.row
	ahead, err := cycle{c.Subscription}.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil && row.CancelAt == nil {
		return paidAsItIs(ahead)
	}
	if err := c.voidInvoices(domain.ReasonSubscriptionCycle); err != nil { // of the plan it would have changed to
		return err
	}
	row.CancelAt, row.CancelAtPeriodEnd, row.CancellationReason, row.UpdatedAt = nil, false, "", c.Now
	if ahead == nil { // else the next period stays as it was paid for
		row.PendingPlan, row.Reminders = nil, 0
	}
	c.Emit(domain.EventSubscriptionResumed, map[string]any{"plan": row.PlanCode})
	return nil
}

// end ends a subscription in use, with its open invoices and its plan's credits.
// What a provider was asked for meanwhile is refunded by the workflow; money
// for a period that will not begin is flagged. The caller saves the row.
func (c cancellation) end(to domain.SubscriptionStatus, reason string) error {
	if err := (cycle{c.Subscription}).flagPaidAhead(); err != nil {
		return err
	}
	if err := c.row.End(to, reason, c.Now); err != nil {
		return err
	}
	if err := c.voidInvoices(""); err != nil {
		return err
	}
	if err := c.Tx.ClearPlanCredits(c.Ctx, c.row.AccountID, c.row.ID, c.row.ID+"/canceled"); err != nil {
		return err
	}
	event := domain.EventSubscriptionCanceled
	if to == domain.SubscriptionUnpaid {
		event = domain.EventSubscriptionUnpaid
	}
	c.Emit(event, map[string]any{"reason": reason, "plan": c.row.PlanCode})
	return nil
}

// EndReplaced ends the account's subscription in use in favour of another one,
// and returns its id; empty when there is none.
func EndReplaced(c *store.Change, policy domain.Policy) (string, error) {
	live, err := none(c.Tx.LiveSubscription(c.Ctx, c.AccountID()))
	if err != nil || live == nil {
		return "", err
	}
	row, err := c.Tx.LockSubscription(c.Ctx, live.ID)
	if err != nil || !row.Status.Live() { // it has just ended by itself
		return "", err
	}
	replaced := &Subscription{Change: c.Of(row.ID), policy: policy, row: row}
	if err := (cancellation{replaced}).end(domain.SubscriptionCanceled, "replaced"); err != nil {
		return "", err
	}
	return row.ID, c.Tx.SaveSubscription(c.Ctx, row)
}

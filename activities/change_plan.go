package activities

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// billChangePlan changes to another plan: to a dearer one at once, for the
// difference; to a cheaper one at the end of what is paid for.
func (c *changeSet) billChangePlan(command *domain.Command) error {
	s := c.sub
	if s.PlanCode == command.Plan && s.PendingPlan == nil {
		return nil
	}
	if s.PendingPlan != nil && s.PendingPlan.Code == command.Plan {
		return nil
	}
	if err := s.Check(command.Action); err != nil {
		return err
	}
	ahead, err := c.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil {
		return paidAsItIs(ahead)
	}
	if s.PlanCode == command.Plan {
		return c.billResume(&domain.Command{Action: domain.ActionResume})
	}
	plan, err := c.tx.PlanOnOffer(c.ctx, command.Plan)
	if err != nil {
		return err
	}
	to := plan.Ref()
	if to.Currency != s.Plan.Currency {
		return &domain.Error{Code: domain.CodeConflict, Detail: "The plan has another currency; cancel and subscribe to it instead."}
	}
	switch {
	case s.Status == domain.SubscriptionTrialing:
		return c.switchPlan(to)
	case !s.Upgrades(to):
		return c.scheduleChange(to)
	}
	return c.askForUpgrade(to)
}

// paidAsItIs refuses to change a next period that is paid for already. It is a
// few days at most until it begins (see domain.BillingPolicy.InvoiceAhead).
func paidAsItIs(ahead *domain.Invoice) error {
	return &domain.Error{Code: domain.CodeConflict, Detail: "The next period is paid for as it is; change the plan once it has begun, on " +
		ahead.PeriodStart.Format("2 January 2006") + "."}
}

// scheduleChange makes the plan the next period's.
func (c *changeSet) scheduleChange(to *domain.PlanRef) error {
	if err := c.voidInvoices(""); err != nil { // of the plan that was to come
		return err
	}
	c.sub.PendingPlan, c.sub.Reminders, c.sub.UpdatedAt = to, 0, c.now
	c.record(domain.EventSubscriptionWillChange, map[string]any{
		"plan": c.sub.PlanCode, "to": to.Code, "at": c.sub.CurrentPeriodEnd,
	})
	return nil
}

// leastCharged is what card companies charge at least, in minor units of most
// currencies. A change of plan in a period's last hours may cost less: it is free.
const leastCharged = 50

// askForUpgrade asks for the difference; the plan changes when it is paid.
func (c *changeSet) askForUpgrade(to *domain.PlanRef) error {
	if err := c.voidInvoices(""); err != nil {
		return err
	}
	lines, amount := prorate(c.sub, to, c.now)
	if amount < leastCharged {
		return c.switchPlan(to)
	}
	method, err := c.defaultMethod()
	if err != nil {
		return err
	}
	if method == nil {
		return &domain.Error{Code: domain.CodeConflict, Detail: "Add a payment method first; the difference is to be paid."}
	}
	start, err := c.unusedStart()
	if err != nil {
		return err
	}
	c.sub.Reminders = 0 // the next period is invoiced anew
	due := c.now.Add(c.policy.PaymentWindow)
	invoice, err := c.openSubscriptionInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionUpdate, Amount: amount, Lines: lines, Plan: to,
		PeriodStart: start, PeriodEnd: c.sub.CurrentPeriodEnd, DueAt: &due,
	})
	if err != nil || !method.Chargeable() {
		return err
	}
	return c.attempt(store.NewID(domain.PrefixPayment), invoice, method)
}

// unusedStart is now, or as soon after as no other change of plan was invoiced
// for: a test clock may stand still between two.
func (c *changeSet) unusedStart() (time.Time, error) {
	for start := c.now; ; start = start.Add(time.Millisecond) {
		_, err := c.tx.InvoiceForPeriod(c.ctx, c.sub.ID, start, domain.ReasonSubscriptionUpdate)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return start, nil
		}
		if err != nil {
			return start, err
		}
	}
}

// prorate is what changing to the plan now costs: the unused part of what was
// paid is set against the same part of the new plan, or, where that is paid in
// another interval, against a whole new period.
func prorate(s *domain.Subscription, to *domain.PlanRef, now time.Time) ([]domain.InvoiceLine, int64) {
	whole := int64(s.CurrentPeriodEnd.Sub(*s.CurrentPeriodStart) / time.Second)
	left := min(max(int64(s.CurrentPeriodEnd.Sub(now)/time.Second), 0), whole)
	unused, price := share(s.Plan.Amount, left, whole), share(to.Amount, left, whole)
	until := *s.CurrentPeriodEnd
	if to.Interval != s.Plan.Interval {
		price, until = to.Amount, to.Interval.AddInterval(now, 1)
	}
	return []domain.InvoiceLine{
		{Description: "Unused time on " + s.Plan.Name + ", " + dates(now, *s.CurrentPeriodEnd), Amount: -unused},
		{Description: to.Name + ", " + dates(now, until), Amount: price},
	}, price - unused
}

// share is amount × part / whole, rounded half up.
func share(amount, part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	return (amount/whole)*part + ((amount%whole)*part+whole/2)/whole
}

// fulfilUpdate is fulfilment of a change of plan: it takes effect.
func (c *changeSet) fulfilUpdate(f fulfilment) error {
	if err := c.settle(f); err != nil {
		return err
	}
	return c.switchPlan(f.invoice.Plan)
}

// switchPlan changes the plan now. In the same interval the dates stay and the
// difference of the credits is added; another interval begins a new period. An
// invoice for the next period at the old price is taken back.
func (c *changeSet) switchPlan(to *domain.PlanRef) error {
	s, from := c.sub, c.sub.Plan
	if err := c.voidInvoices(domain.ReasonSubscriptionCycle); err != nil {
		return err
	}
	s.Reminders = 0
	s.SwitchPlan(to, c.now)
	c.record(domain.EventSubscriptionChanged, map[string]any{"from": from.Code, "plan": to.Code})
	if to.Interval != from.Interval && s.Status != domain.SubscriptionTrialing {
		return c.resetPlanCredits(s)
	}
	granted, err := c.tx.GrantedUnder(c.ctx, s.ID, periodKey(s))
	// An import brought only what was left of the plan's; an earlier change that
	// was taken back may have brought as many.
	granted = max(granted, from.Credits)
	if err != nil || to.Credits <= granted {
		return err
	}
	return c.grant(&domain.Credit{Pool: domain.PoolPlan, Amount: to.Credits - granted, Reason: domain.ReasonPlanGrant,
		SubscriptionID: s.ID, IdempotencyKey: periodKey(s) + "/" + from.Code + "-" + to.Code})
}

// dates writes a period the way an invoice does.
func dates(from, to time.Time) string {
	return from.Format("2 Jan 2006") + " – " + to.Format("2 Jan 2006")
}

package billing

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// planChange is how a subscription in use comes to another plan.
type planChange struct{ *Subscription }

// change changes to another plan: to a dearer one at once, for the difference; to
// a cheaper one at the end of what is paid for.
func (p planChange) change(cmd *domain.Command) error {
	row := p.row
	if row.NextPlan().Code == cmd.Plan {
		return nil
	}
	ahead, err := cycle{p.Subscription}.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil {
		return paidAsItIs(ahead)
	}
	if row.PlanCode == cmd.Plan {
		return cancellation{p.Subscription}.resume()
	}
	plan, err := p.Tx.PlanOnOffer(p.Ctx, cmd.Plan)
	if err != nil {
		return err
	}
	to := plan.Ref()
	if to.Currency != row.Plan.Currency {
		return domain.Conflict(domain.TextOtherCurrency)
	}
	switch {
	case row.Status == domain.SubscriptionTrialing:
		return p.switchTo(to)
	case !row.Upgrades(to):
		return p.schedule(to)
	}
	return p.askForUpgrade(to)
}

// paidAsItIs refuses to change a next period that is paid for already. It is a
// few days at most until it begins (see domain.BillingPolicy.InvoiceAhead).
func paidAsItIs(ahead *domain.Invoice) error {
	return domain.Conflict(domain.TextNextPeriodPaid, "date", ahead.PeriodStart.Format("2 January 2006"))
}

// schedule makes the plan the next period's.
func (p planChange) schedule(to *domain.PlanRef) error {
	if err := p.voidInvoices(""); err != nil { // of the plan the next period would have had
		return err
	}
	p.row.PendingPlan, p.row.Reminders, p.row.UpdatedAt = to, 0, p.Now
	p.Emit(domain.EventSubscriptionWillChange, map[string]any{
		"plan": p.row.PlanCode, "to": to.Code, "at": p.row.CurrentPeriodEnd,
	})
	return nil
}

// leastCharged is what card companies charge at least, in minor units of most
// currencies. A change of plan in a period's last hours may cost less: it is free.
const leastCharged = 50

// askForUpgrade asks for the difference; the plan changes when it is paid.
func (p planChange) askForUpgrade(to *domain.PlanRef) error {
	if err := p.voidInvoices(""); err != nil {
		return err
	}
	lines, amount := prorate(p.row, to, p.Now)
	if amount < leastCharged {
		return p.switchTo(to)
	}
	method, err := p.methods().Default()
	if err != nil {
		return err
	}
	if method == nil {
		return domain.Conflict(domain.TextMethodForDifference)
	}
	start, err := p.unusedStart()
	if err != nil {
		return err
	}
	p.row.Reminders = 0 // the next period gets another invoice
	due := p.Now.Add(p.policy.PaymentWindow)
	invoice, err := p.openInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionUpdate, Amount: amount, Lines: lines, Plan: to,
		PeriodStart: start, PeriodEnd: p.row.CurrentPeriodEnd, DueAt: &due,
	})
	if err != nil || !method.Chargeable() {
		return err
	}
	return p.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// unusedStart is now, or as soon after as no other change of plan was invoiced
// for: a test clock may not move between two.
func (p planChange) unusedStart() (time.Time, error) {
	for start := p.Now; ; start = start.Add(time.Millisecond) {
		used, err := none(p.Tx.InvoiceForPeriod(p.Ctx, p.row.ID, start, domain.ReasonSubscriptionUpdate))
		if err != nil || used == nil {
			return start, err
		}
	}
}

// paid is a change of plan that was paid: it takes effect.
func (p planChange) paid(invoice *domain.Invoice, by *domain.Payment) error {
	if err := p.invoices().Close(invoice, by); err != nil {
		return err
	}
	return p.switchTo(invoice.Plan)
}

// switchTo changes the plan now. In the same interval the dates stay and the
// difference of the credits is added; another interval begins a new period. An
// invoice for the next period at the old price is taken back.
func (p planChange) switchTo(to *domain.PlanRef) error {
	row, from := p.row, p.row.Plan
	if err := p.voidInvoices(domain.ReasonSubscriptionCycle); err != nil {
		return err
	}
	row.Reminders = 0
	row.SwitchPlan(to, p.Now)
	p.Emit(domain.EventSubscriptionChanged, map[string]any{"from": from.Code, "plan": to.Code})
	if to.Interval != from.Interval && row.Status != domain.SubscriptionTrialing {
		return p.credits().ResetPeriod(row)
	}
	granted, err := p.Tx.GrantedUnder(p.Ctx, row.AccountID, row.ID, row.PeriodKey())
	// An import brought only what was left of the plan's; an earlier change that
	// was taken back may have brought as many.
	granted = max(granted, from.Credits)
	if err != nil || to.Credits <= granted {
		return err
	}
	return p.credits().Grant(&domain.Credit{Pool: domain.PoolPlan, Amount: to.Credits - granted,
		Reason: domain.ReasonPlanGrant, SubscriptionID: row.ID,
		IdempotencyKey: row.PeriodKey() + "/" + from.Code + "-" + to.Code})
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
		{Description: unusedLine(s.Plan, now, *s.CurrentPeriodEnd), Amount: -unused},
		{Description: lineOf(to, now, until), Amount: price},
	}, price - unused
}

// share is amount × part / whole, rounded half up.
func share(amount, part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	return (amount/whole)*part + ((amount%whole)*part+whole/2)/whole
}

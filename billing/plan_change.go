package billing

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// changePlan changes to another plan: to a dearer one at once, for the
// difference; to a cheaper one at the end of what is paid for.
func (s *Subscription) changePlan(cmd *domain.Command) error {
	row := s.row
	if row.NextPlan().Code == cmd.Plan {
		return nil
	}
	ahead, err := s.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil {
		return paidAsItIs(ahead)
	}
	if row.PlanCode == cmd.Plan {
		return s.resume(cmd)
	}
	plan, err := s.Tx.PlanOnOffer(s.Ctx, cmd.Plan)
	if err != nil {
		return err
	}
	to := plan.Ref()
	if to.Currency != row.Plan.Currency {
		return &domain.Error{Code: domain.CodeConflict,
			Detail: "The plan has another currency; cancel and subscribe to it instead."}
	}
	switch {
	case row.Status == domain.SubscriptionTrialing:
		return s.switchPlan(to)
	case !row.Upgrades(to):
		return s.scheduleChange(to)
	}
	return s.askForUpgrade(to)
}

// paidAsItIs refuses to change a next period that is paid for already. It is a
// few days at most until it begins (see domain.BillingPolicy.InvoiceAhead).
func paidAsItIs(ahead *domain.Invoice) error {
	return &domain.Error{Code: domain.CodeConflict,
		Detail: "The next period is paid for as it is; change the plan once it has begun, on " +
			ahead.PeriodStart.Format("2 January 2006") + "."}
}

// scheduleChange makes the plan the next period's.
func (s *Subscription) scheduleChange(to *domain.PlanRef) error {
	if err := s.voidInvoices(""); err != nil { // of the plan the next period would have had
		return err
	}
	s.row.PendingPlan, s.row.Reminders, s.row.UpdatedAt = to, 0, s.Now
	s.Emit(domain.EventSubscriptionWillChange, map[string]any{
		"plan": s.row.PlanCode, "to": to.Code, "at": s.row.CurrentPeriodEnd,
	})
	return nil
}

// leastCharged is what card companies charge at least, in minor units of most
// currencies. A change of plan in a period's last hours may cost less: it is free.
const leastCharged = 50

// askForUpgrade asks for the difference; the plan changes when it is paid.
func (s *Subscription) askForUpgrade(to *domain.PlanRef) error {
	if err := s.voidInvoices(""); err != nil {
		return err
	}
	lines, amount := prorate(s.row, to, s.Now)
	if amount < leastCharged {
		return s.switchPlan(to)
	}
	method, err := s.methods().Default()
	if err != nil {
		return err
	}
	if method == nil {
		return &domain.Error{Code: domain.CodeConflict, Detail: "Add a payment method first; the difference is to be paid."}
	}
	start, err := s.unusedStart()
	if err != nil {
		return err
	}
	s.row.Reminders = 0 // the next period is invoiced anew
	due := s.Now.Add(s.policy.PaymentWindow)
	invoice, err := s.openInvoice(&domain.Invoice{
		Reason: domain.ReasonSubscriptionUpdate, Amount: amount, Lines: lines, Plan: to,
		PeriodStart: start, PeriodEnd: s.row.CurrentPeriodEnd, DueAt: &due,
	})
	if err != nil || !method.Chargeable() {
		return err
	}
	return s.payments().Open(store.NewID(domain.PrefixPayment), invoice, method)
}

// unusedStart is now, or as soon after as no other change of plan was invoiced
// for: a test clock may stand still between two.
func (s *Subscription) unusedStart() (time.Time, error) {
	for start := s.Now; ; start = start.Add(time.Millisecond) {
		used, err := none(s.Tx.InvoiceForPeriod(s.Ctx, s.row.ID, start, domain.ReasonSubscriptionUpdate))
		if err != nil || used == nil {
			return start, err
		}
	}
}

// paidUpdate is a change of plan that was paid: it takes effect.
func (s *Subscription) paidUpdate(invoice *domain.Invoice, by *domain.Payment) error {
	if err := s.invoices().Close(invoice, by); err != nil {
		return err
	}
	return s.switchPlan(invoice.Plan)
}

// switchPlan changes the plan now. In the same interval the dates stay and the
// difference of the credits is added; another interval begins a new period. An
// invoice for the next period at the old price is taken back.
func (s *Subscription) switchPlan(to *domain.PlanRef) error {
	row, from := s.row, s.row.Plan
	if err := s.voidInvoices(domain.ReasonSubscriptionCycle); err != nil {
		return err
	}
	row.Reminders = 0
	row.SwitchPlan(to, s.Now)
	s.Emit(domain.EventSubscriptionChanged, map[string]any{"from": from.Code, "plan": to.Code})
	if to.Interval != from.Interval && row.Status != domain.SubscriptionTrialing {
		return s.credits().ResetPeriod(row)
	}
	granted, err := s.Tx.GrantedUnder(s.Ctx, row.ID, row.PeriodKey())
	// An import brought only what was left of the plan's; an earlier change that
	// was taken back may have brought as many.
	granted = max(granted, from.Credits)
	if err != nil || to.Credits <= granted {
		return err
	}
	return s.credits().Grant(&domain.Credit{Pool: domain.PoolPlan, Amount: to.Credits - granted,
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

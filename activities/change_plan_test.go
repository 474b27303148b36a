package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// withYear adds a plan that is paid by the year.
func (s *shop) withYear() {
	s.t.Helper()
	s.exec(`INSERT INTO plans SELECT 'plan_year', 'growth-year', 'Growth, by the year', description, 139000, currency,
		'year', trial_days, payment_method_collection, 24000, features, limits, public, active, false, sort, created_at,
		updated_at FROM plans WHERE code = 'growth'`)
}

func TestChangePlan_UpgradeIsPaidForAndTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	s.clock.set(noon.Add(31 * day / 2)) // half of the month
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	sub := s.subscription(o)
	assert.Equal(t, "scale", sub.PlanCode)
	assert.Equal(t, noon.AddDate(0, 1, 0), *sub.CurrentPeriodEnd, "the dates stay")
	in := s.invoices(o)[1]
	assert.Equal(t, int64(11450-6950), in.Amount)
	require.Len(t, in.Lines, 2)
	assert.Equal(t, in.Amount, in.Lines[0].Amount+in.Lines[1].Amount)
	assert.Equal(t, int64(4000), s.credits(o), "the difference is added")
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	assert.Len(t, s.ledger(), 2, "again changes nothing")
	s.live(o, noon.AddDate(0, 1, 0))
	assert.Equal(t, int64(22900), s.ledger()[2].Amount)
}

func TestChangePlan_ADeclinedUpgradeChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_fails_from_2"))
	s.clock.forward(day)
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	sub := s.subscription(o)
	assert.Equal(t, "growth", sub.PlanCode)
	assert.Equal(t, domain.SubscriptionActive, sub.Status, "what is paid for is not taken away")
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen))
	assert.Equal(t, int64(2000), s.credits(o))
}

func TestChangePlan_AnUpgradeIsConfirmedByTheCustomer(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]string{"confirm": "scale", "decline": "growth", "": "growth"} {
		s := newShop(t)
		o := s.buy(plan("growth"), card("tok_3ds"))
		s.confirm(s.last(o), "confirm")
		s.apply(o, domain.ActionConfirmPayment)
		s.collect(o)
		s.clock.forward(day)
		s.execute(o, domain.ActionChangePlan, toPlan("scale"))
		p := s.last(o)
		require.Equal(t, domain.PaymentRequiresAction, p.Status, "the customer is there")
		assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
		if decision != "" {
			s.confirm(p, decision)
			s.lookUp(p)
		}
		s.live(o, noon.AddDate(0, 1, 1))
		assert.Equal(t, want, s.subscription(o).PlanCode, decision)
		assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen))
		assert.Equal(t, 0, s.count("SELECT count(*) FROM payments WHERE status = 'requires_action'"))
	}
}

func TestChangePlan_UpgradeByHandWaitsForTheMoney(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"))
	s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	s.clock.forward(day)
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	require.Len(t, s.invoicesWith(o, domain.InvoiceOpen), 1)
	s.execute(o, domain.ActionSubmitPayment)
	s.execute(o, domain.ActionRejectPayment, ofPayment(s.last(o).ID))
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	s.execute(o, domain.ActionSubmitPayment)
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	assert.Equal(t, "scale", s.subscription(o).PlanCode)
	assert.Equal(t, int64(4000), s.credits(o))

	unpaid := s.signUp(plan("growth"))
	s.apply(unpaid, domain.ActionApprovePayment, ofPayment(s.submit(unpaid).ID))
	s.clock.forward(day)
	s.execute(unpaid, domain.ActionChangePlan, toPlan("scale"))
	s.live(unpaid, noon.AddDate(0, 1, 2))
	assert.Equal(t, "growth", s.subscription(unpaid).PlanCode)
	for _, in := range s.invoicesWith(unpaid, domain.InvoiceOpen) {
		assert.Equal(t, domain.ReasonSubscriptionCycle, in.Reason, "an upgrade nobody paid for is dropped")
		assert.Equal(t, int64(13900), in.Amount)
	}
}

func TestChangePlan_DowngradeWaitsForTheEndOfThePeriod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("scale"), card("tok_ok"))
	s.clock.forward(day)
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	sub := s.subscription(o)
	assert.Equal(t, "scale", sub.PlanCode)
	assert.Equal(t, "growth", sub.PendingPlan.Code)
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	assert.Len(t, s.days(o, domain.EventSubscriptionWillChange), 1)
	s.execute(o, domain.ActionResume)
	assert.Nil(t, s.subscription(o).PendingPlan)
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	s.execute(o, domain.ActionChangePlan, toPlan("scale")) // back, without paying again
	assert.Nil(t, s.subscription(o).PendingPlan)
	assert.Len(t, s.ledger(), 1)
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	s.live(o, noon.AddDate(0, 1, 0))
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	assert.Equal(t, int64(13900), s.ledger()[1].Amount)
	assert.Equal(t, int64(2000), s.credits(o))

	s.execute(o, domain.ActionChangePlan, toPlan("free"))
	s.live(o, noon.AddDate(0, 4, 0))
	assert.Len(t, s.ledger(), 2, "free from then on")
	assert.Equal(t, int64(100), s.credits(o))
}

func TestChangePlan_InATrialCostsNothingAndKeepsItsEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	s.clock.forward(day)
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	assert.Empty(t, s.ledger())
	s.live(o, after(14))
	assert.Equal(t, int64(13900), s.ledger()[0].Amount)
	assert.Equal(t, after(14), *s.subscription(o).CurrentPeriodStart)
	assert.Equal(t, int64(2000), s.credits(o))
}

func TestChangePlan_AnInvoiceAtTheOldPriceIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("starter")) // to be paid by hand
	s.live(o, after(12))
	require.Equal(t, int64(8900), s.invoicesWith(o, domain.InvoiceOpen)[0].Amount)
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	open := s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 1)
	assert.Equal(t, int64(13900), open[0].Amount)
	s.execute(o, domain.ActionSubmitPayment)
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	s.live(o, after(14))
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)

	// In the last days of a period both the change and the next period are owed.
	end := *s.subscription(o).CurrentPeriodEnd
	s.live(o, end.Add(-2*day))
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	open = s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 2)
	assert.Equal(t, domain.ReasonSubscriptionUpdate, open[0].Reason)
	assert.Equal(t, int64(13900), open[1].Amount)
	s.execute(o, domain.ActionSubmitPayment)
	assert.Equal(t, open[0].ID, s.last(o).InvoiceID)
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	open = s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 1)
	assert.Equal(t, int64(22900), open[0].Amount, "the next period is at the new price")
	s.execute(o, domain.ActionSubmitPayment)
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(s.refused(o, domain.ActionSubmitPayment)), "one payment is enough")
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	s.live(o, end)
	assert.Equal(t, end, *s.subscription(o).CurrentPeriodStart)
	assert.Equal(t, "scale", s.subscription(o).PlanCode)
	assert.Empty(t, s.days(o, domain.EventSubscriptionPastDue))
}

func TestChangePlan_ToAYearAndBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.withYear()
	o := s.buy(plan("growth"), card("tok_ok"))
	s.clock.set(noon.Add(31 * day / 2))
	at := s.clock.Now()
	s.execute(o, domain.ActionChangePlan, toPlan("growth-year"))
	sub := s.subscription(o)
	assert.Equal(t, "growth-year", sub.PlanCode)
	assert.Equal(t, at, *sub.CurrentPeriodStart)
	assert.Equal(t, at.AddDate(1, 0, 0), *sub.CurrentPeriodEnd)
	assert.Equal(t, int64(139000-6950), s.ledger()[1].Amount)
	assert.Equal(t, int64(24000), s.credits(o), "a new period begins")
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	assert.Equal(t, "growth-year", s.subscription(o).PlanCode, "less waits for the end")
	s.live(o, at.AddDate(1, 0, 0))
	sub = s.subscription(o)
	assert.Equal(t, "growth", sub.PlanCode)
	assert.Equal(t, time.Date(2027, 2, 28, 0, 0, 0, 0, time.UTC), *sub.CurrentPeriodEnd, "a month after 31 January")
}

func TestChangePlan_ThenCancelIsCanceled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("scale"), card("tok_ok"))
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	s.execute(o, domain.ActionCancel, func(c *domain.Command) { c.At = domain.CancelPeriodEnd })
	s.refused(o, domain.ActionChangePlan, toPlan("free"))
	s.live(o, noon.AddDate(0, 2, 0))
	assert.Equal(t, domain.SubscriptionCanceled, s.subscription(o).Status)
	assert.Len(t, s.ledger(), 1)
}

func TestChangePlan_OnlyToWhatIsOnOffer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	for _, code := range []string{"enterprise", "gold"} {
		s.refused(o, domain.ActionChangePlan, toPlan(code))
	}
	s.exec("UPDATE plans SET currency = 'eur' WHERE code = 'scale'")
	s.refused(o, domain.ActionChangePlan, toPlan("scale"))
	assert.Len(t, s.ledger(), 1)
}

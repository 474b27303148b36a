package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func atPeriodEnd(c *domain.Command) { c.At = domain.CancelPeriodEnd }

// payNow submits a payment by hand and has it approved.
func (s *shop) payNow(o *domain.Onboarding) {
	s.t.Helper()
	s.execute(o, domain.ActionSubmitPayment)
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
}

// paidAhead is a subscription, paid by hand, whose next period is paid for: two
// days before that begins. It returns when it does.
func (s *shop) paidAhead(code string) (o *domain.Onboarding, begins time.Time) {
	s.t.Helper()
	o = s.signUp(plan(code))
	if o.Status == domain.OnboardingAwaitingPayment {
		s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	}
	begins = *s.subscription(o).CurrentPeriodEnd
	s.live(o, begins.Add(-2*day))
	s.payNow(o)
	require.Empty(s.t, s.invoicesWith(o, domain.InvoiceOpen))
	return o, begins
}

// assertInvariants checks every row, as `slipway doctor --deep` does.
func (s *shop) assertInvariants() {
	s.t.Helper()
	found, err := s.store.Invariants(s.t.Context(), noon.AddDate(-1, 0, 0))
	require.NoError(s.t, err)
	for _, i := range found {
		assert.Zero(s.t, i.Broken, "%s %v", i.Holds, i.IDs)
	}
}

func TestPaidAhead_CanceledAtTheEndOfWhatIsPaidFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, begins := s.paidAhead("growth")
	ends := noon.AddDate(0, 2, 0)
	s.execute(o, domain.ActionCancel, atPeriodEnd)
	assert.Equal(t, ends, *s.subscription(o).CancelAt, "not before")
	s.live(o, begins.Add(day))
	sub := s.subscription(o)
	assert.Equal(t, domain.SubscriptionActive, sub.Status)
	assert.Equal(t, begins, *sub.CurrentPeriodStart, "the period that was paid for is lived")
	assert.Equal(t, int64(2000), s.credits(o))
	s.live(o, ends)
	assert.Equal(t, domain.SubscriptionCanceled, s.subscription(o).Status)
	assert.Len(t, s.invoices(o), 2, "nothing more is asked for")
	assert.Empty(t, s.days(o, domain.EventPaymentLate))
	s.assertInvariants()
}

func TestPaidAhead_ACancellationIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, begins := s.paidAhead("growth")
	s.execute(o, domain.ActionCancel, atPeriodEnd)
	s.execute(o, domain.ActionResume)
	assert.Nil(t, s.subscription(o).CancelAt)
	s.live(o, begins)
	assert.Equal(t, begins, *s.subscription(o).CurrentPeriodStart)
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen), "it is not asked for again")
	s.assertInvariants()
}

func TestPaidAhead_MoneyForAPeriodThatNeverBeginsIsFlagged(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *shop, o *domain.Onboarding){
		"canceled now": func(s *shop, o *domain.Onboarding) {
			s.execute(o, domain.ActionCancel)
			s.execute(o, domain.ActionCancel)
		},
		"replaced": func(s *shop, o *domain.Onboarding) {
			next := s.activation(o, plan("growth"))
			s.apply(next, domain.ActionApprovePayment, ofPayment(s.submit(next).ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o, _ := s.paidAhead("starter") // still in its trial
			early := s.last(o)
			end(s, o)
			assert.Equal(t, domain.SubscriptionCanceled, s.subscription(o).Status)
			p, err := s.store.PaymentByID(t.Context(), early.ID)
			require.NoError(t, err)
			assert.True(t, p.Late, "somebody has to decide")
			assert.Equal(t, domain.PaymentSucceeded, p.Status)
			assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
			s.assertInvariants()
		})
	}
}

func TestPaidAhead_ThePlanStaysUntilThePeriodHasBegun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to string }{{"growth", "scale"}, {"scale", "growth"}, {"starter", "scale"}} {
		s := newShop(t)
		o, begins := s.paidAhead(c.from)
		err := s.refused(o, domain.ActionChangePlan, toPlan(c.to))
		assert.Equal(t, domain.CodeConflict, domain.CodeOf(err))
		assert.ErrorContains(t, err, begins.Format("2 January 2006"), "it says when")
		s.live(o, begins)
		s.execute(o, domain.ActionChangePlan, toPlan(c.to))
		s.assertInvariants()
	}
}

func TestPaidAhead_ADowngradeThatIsPaidForCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("scale"))
	s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	s.execute(o, domain.ActionChangePlan, toPlan("growth"))
	begins := noon.AddDate(0, 1, 0)
	s.live(o, begins.Add(-2*day))
	assert.Equal(t, int64(13900), s.invoicesWith(o, domain.InvoiceOpen)[0].Amount)
	s.payNow(o)
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(s.refused(o, domain.ActionResume)))
	s.execute(o, domain.ActionCancel, atPeriodEnd)
	s.execute(o, domain.ActionResume)
	assert.Equal(t, "growth", s.subscription(o).PendingPlan.Code, "only the cancellation is taken back")
	s.live(o, begins)
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	assert.Equal(t, begins, *s.subscription(o).CurrentPeriodStart)
	s.assertInvariants()
}

func TestPaidAhead_DropsAChangeThatNobodyPaidFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"))
	s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	begins := noon.AddDate(0, 1, 0)
	s.live(o, begins.Add(-2*day))
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	s.execute(o, domain.ActionSubmitPayment) // of the change
	change := s.last(o)
	s.payNow(o) // of the next period, as it is
	s.execute(o, domain.ActionApprovePayment, ofPayment(change.ID))
	p, err := s.store.PaymentByID(t.Context(), change.ID)
	require.NoError(t, err)
	assert.True(t, p.Late, "money for a change that was dropped is flagged")
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	s.live(o, begins)
	sub := s.subscription(o)
	assert.Equal(t, "growth", sub.PlanCode)
	assert.Equal(t, begins, *sub.CurrentPeriodStart)
	s.assertInvariants()
}

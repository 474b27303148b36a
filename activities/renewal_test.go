package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

const day = 24 * time.Hour

// after is a time some days after noon.
func after(days int) time.Time { return noon.Add(time.Duration(days) * day) }

// trial signs up for a trial with a card that behaves as its token says.
func (s *shop) trial(token string) *domain.Onboarding {
	s.t.Helper()
	o := s.signUp(plan("starter"))
	require.True(s.t, s.attach(s.propose(o, token)).Attached)
	s.makeDefault(o)
	return o
}

func (s *shop) invoicesWith(o *domain.Onboarding, status domain.InvoiceStatus) []domain.Invoice {
	s.t.Helper()
	var found []domain.Invoice
	for _, in := range s.invoices(o) {
		if in.Status == status {
			found = append(found, in)
		}
	}
	return found
}

func TestRenewal_ATrialWithACardIsChargedAtItsEndAndEachMonthAfter(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	s.exec("UPDATE balances SET bonus_credits = 0")
	s.live(o, after(13))
	assert.Equal(t, []int{11}, s.days(o, domain.EventSubscriptionTrialEnds))
	assert.Empty(t, s.ledger(), "nothing before its end")
	s.live(o, after(14))
	sub := s.subscription(o)
	assert.Equal(t, domain.SubscriptionActive, sub.Status)
	assert.Equal(t, after(14), *sub.CurrentPeriodStart)
	assert.Equal(t, time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC), *sub.CurrentPeriodEnd, "a month after 29 January")
	s.live(o, noon.AddDate(1, 0, 0))
	assert.Len(t, s.ledger(), 12)
	assert.Len(t, s.invoicesWith(o, domain.InvoicePaid), 12)
	assert.Equal(t, time.Date(2026, 12, 29, 12, 0, 0, 0, time.UTC), *s.subscription(o).CurrentPeriodStart, "anchored")
	assert.Len(t, s.asked(), 12, "a key for each period")
	assert.Equal(t, int64(1000), s.credits(o), "reset, not added")
	assert.Empty(t, s.days(o, domain.EventSubscriptionPastDue))
}

func TestRenewal_CreditsAreResetAndBoughtOnesStay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	s.buyPackage(o, "credits-500")
	s.exec("UPDATE balances SET plan_credits = 1500")
	s.exec(`INSERT INTO credits (id, account_id, pool, amount, reason, idempotency_key, created_at)
		VALUES ('cr_used', ?, 'plan', -500, 'usage', 'used', ?)`, o.AccountID, noon)
	s.live(o, noon.AddDate(0, 1, 0))
	balance, err := s.store.Balance(t.Context(), o.AccountID)
	require.NoError(t, err)
	assert.Equal(t, int64(2000), balance.Plan)
	assert.Equal(t, int64(500), balance.Bonus)
}

func TestRenewal_AFreePlanRenewsWithoutAnyInvoice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	s.live(o, noon.AddDate(0, 6, 0))
	assert.Empty(t, s.invoices(o))
	assert.Len(t, s.days(o, domain.EventSubscriptionRenewed), 6)
	assert.Equal(t, int64(100), s.credits(o))
}

func TestRenewal_ATrialWithoutAMethodEndsAndTheAccountComesBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.noOptions()
	o := s.signUp(plan("starter"))
	require.Empty(t, s.methods(o))
	s.live(o, after(20))
	sub := s.subscription(o)
	assert.Equal(t, domain.SubscriptionCanceled, sub.Status)
	assert.Equal(t, "trial_ended", sub.CancellationReason)
	assert.Equal(t, after(14), *sub.EndedAt)
	assert.Equal(t, domain.AccountSuspended, s.account(o).Status)
	assert.Zero(t, s.credits(o))
	assert.Empty(t, s.invoices(o), "nobody is sent an invoice for what they did not buy")

	s.allOptions()
	again := s.activation(o, plan("growth"), card("tok_ok"))
	s.collect(again)
	assert.Equal(t, domain.AccountActive, s.account(o).Status)
	assert.Equal(t, domain.SubscriptionActive, s.subscription(again).Status)
	assert.Equal(t, int64(2000), s.credits(o))
	s.assertBooks(o)
}

func TestRenewal_ByHandIsInvoicedAheadAndRolledAtItsTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"))
	s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	end := noon.AddDate(0, 1, 0) // 31 days
	s.live(o, after(27))
	assert.Len(t, s.invoices(o), 1)
	s.live(o, after(28))
	open := s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 1, "three days before")
	assert.Equal(t, end, *open[0].DueAt)
	assert.Equal(t, end, open[0].PeriodStart)
	assert.Equal(t, domain.ReasonSubscriptionCycle, open[0].Reason)
	s.live(o, after(30))
	assert.Equal(t, []int{30}, s.days(o, domain.EventInvoiceReminded))

	// Paid early: the invoice is paid, the period continues until its end.
	s.execute(o, domain.ActionSubmitPayment)
	s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen))
	assert.Equal(t, noon, *s.subscription(o).CurrentPeriodStart)
	s.live(o, end)
	assert.Equal(t, end, *s.subscription(o).CurrentPeriodStart)
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	assert.Equal(t, 2, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	assert.Empty(t, s.days(o, domain.EventSubscriptionPastDue))
}

func TestRenewal_ByHandAndLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		pay    bool
		final  domain.FinalAction
		status domain.SubscriptionStatus
	}{
		{"paid within grace", true, domain.FinalCancel, domain.SubscriptionActive},
		{"never paid", false, domain.FinalCancel, domain.SubscriptionCanceled},
		{"never paid, to be kept as unpaid", false, domain.FinalUnpaid, domain.SubscriptionUnpaid},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, func(p *domain.Policy) { p.Billing.Final = c.final })
			o := s.signUp(plan("growth"))
			s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
			s.live(o, after(34))
			sub := s.subscription(o)
			assert.Equal(t, domain.SubscriptionPastDue, sub.Status)
			assert.Nil(t, sub.NextRetryAt, "nobody can charge it")
			assert.True(t, sub.Entitled(s.clock.Now()))
			assert.Equal(t, after(38), *sub.GraceEndsAt)
			if c.pay {
				s.execute(o, domain.ActionSubmitPayment)
				s.execute(o, domain.ActionApprovePayment, ofPayment(s.last(o).ID))
				assert.Equal(t, noon.AddDate(0, 1, 0), *s.subscription(o).CurrentPeriodStart, "no day is given away")
			}
			s.live(o, after(45))
			assert.Equal(t, c.status, s.subscription(o).Status)
			if c.pay {
				assert.Equal(t, []int{34}, s.days(o, domain.EventSubscriptionRecovered))
				return
			}
			assert.Equal(t, after(38), *s.subscription(o).EndedAt)
			assert.Len(t, s.invoicesWith(o, domain.InvoiceUncollectible), 1)
			assert.Equal(t, domain.AccountSuspended, s.account(o).Status)
			assert.Zero(t, s.credits(o))

			again := s.activation(o, plan("scale"), card("tok_ok"))
			s.collect(again)
			assert.Equal(t, domain.AccountActive, s.account(o).Status)
			s.assertBooks(o)
		})
	}
}

func TestRenewal_AChargeThatIsUnderWayAtACancellationIsGivenBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	in := s.billingInput(o, s.command(o, domain.ActionCancel).CommandID)
	s.before = once(func() {
		_, err := s.ApplyBilling(t.Context(), in)
		assert.NoError(t, err)
	})
	s.live(o, after(15))
	assert.Equal(t, domain.SubscriptionCanceled, s.subscription(o).Status)
	charge := s.ledger()[0]
	assert.Equal(t, charge.Amount, charge.Refunded)
	assert.Empty(t, s.days(o, domain.EventSubscriptionRenewed))
}

func TestRenewal_AnOutageOfTheProviderIsNoFailure(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_lost_response")
	s.live(o, after(13))
	s.clock.set(after(14))
	s.outage(true)
	state := s.due(o, domain.DuePeriodEnd)
	require.True(t, state.Charge)
	_, err := s.ChargeSubscription(t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
	assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(err))
	assert.Equal(t, domain.SubscriptionTrialing, s.subscription(o).Status, "late is who did not pay")
	s.outage(false)
	s.ask(o)
	s.live(o, after(15))
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	assert.Len(t, s.ledger(), 1)
}

func TestCommands_CancelNowAtThePeriodsEndAndBack(t *testing.T) {
	t.Parallel()
	atEnd := func(c *domain.Command) { c.At = domain.CancelPeriodEnd }
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	end := noon.AddDate(0, 1, 0)
	state := s.execute(o, domain.ActionCancel, atEnd)
	assert.Equal(t, end, *state.DueAt)
	assert.True(t, s.subscription(o).CancelAtPeriodEnd)
	s.execute(o, domain.ActionCancel, atEnd)
	assert.Len(t, s.days(o, domain.EventSubscriptionWillCancel), 1)
	s.execute(o, domain.ActionResume)
	s.execute(o, domain.ActionResume)
	assert.Len(t, s.days(o, domain.EventSubscriptionResumed), 1)
	assert.False(t, s.subscription(o).CancelAtPeriodEnd)
	s.live(o, end)
	require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	require.Len(t, s.ledger(), 2)

	s.execute(o, domain.ActionCancel, atEnd)
	s.live(o, noon.AddDate(0, 3, 0))
	sub := s.subscription(o)
	assert.Equal(t, domain.SubscriptionCanceled, sub.Status)
	assert.Equal(t, noon.AddDate(0, 2, 0), *sub.EndedAt)
	assert.Len(t, s.ledger(), 2, "the period after is not charged")
	assert.Zero(t, s.credits(o))
	s.refused(o, domain.ActionResume)
	s.refused(o, domain.ActionChangePlan, toPlan("scale"))
	s.refused(o, domain.ActionRetryPayment)
}

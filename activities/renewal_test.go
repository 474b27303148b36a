package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
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

	// Paid early: the invoice is paid, the period goes on until its end.
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

func TestRecovery_FollowsTheCalendar(t *testing.T) {
	t.Parallel()
	const end = 14 // of the trial
	for _, c := range []struct {
		why    string
		token  string
		policy domain.BillingPolicy
		failed []int // days of the attempts that failed
		ends   int   // day of the end; 0 when it recovers
	}{
		{"no money", "tok_declined_funds", domain.DefaultBillingPolicy(), []int{14, 15, 17, 19, 21}, 21},
		{"stolen: no retry", "tok_declined_stolen", domain.DefaultBillingPolicy(), []int{14}, 21},
		{"no retries set", "tok_declined_funds", domain.BillingPolicy{Grace: 2 * day, Final: domain.FinalUnpaid}, []int{14}, 16},
		{"grace longer than the retries", "tok_declined_funds", domain.BillingPolicy{Retries: []time.Duration{day}, Grace: 10 * day}, []int{14, 15}, 24},
		{"grace shorter", "tok_declined_funds", domain.BillingPolicy{Retries: []time.Duration{day, 4 * day}, Grace: 2 * day}, []int{14, 15, 18}, 18},
		{"neither", "tok_declined_funds", domain.BillingPolicy{}, []int{14}, 14},
		{"nobody confirms", "tok_3ds", domain.DefaultBillingPolicy(), []int{}, 21},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, func(p *domain.Policy) { p.Billing = c.policy })
			o := s.trial(c.token)
			s.live(o, after(40))
			if c.token != "tok_3ds" {
				assert.Equal(t, c.failed, s.days(o, domain.EventPaymentFailed))
				assert.Len(t, s.ledger(), len(c.failed))
			}
			assert.Equal(t, []int{end}, s.days(o, domain.EventSubscriptionPastDue))
			sub := s.subscription(o)
			assert.True(t, domain.SubscriptionMoves.Ends(sub.Status))
			assert.Equal(t, after(c.ends), *sub.EndedAt)
			assert.Equal(t, "payment_failed", sub.CancellationReason)
			assert.Equal(t, domain.AccountSuspended, s.account(o).Status)
			assert.Nil(t, sub.NextRetryAt)
			assert.Nil(t, sub.DueAt)
			for _, charge := range s.ledger() {
				assert.NotEqual(t, payment.StatusSucceeded, charge.Status)
				assert.NotEqual(t, payment.StatusRequiresAction, charge.Status, "nothing is left to confirm")
			}
		})
	}
}

func TestRecovery_ARetryBringsTheMoney(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_funds")
	s.live(o, after(16))
	require.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status)
	s.attach(s.propose(o, "tok_ok"))
	s.makeDefault(o)
	s.exec("UPDATE subscriptions SET next_retry_at = ?", after(17))
	s.live(o, after(20))
	sub := s.subscription(o)
	assert.Equal(t, domain.SubscriptionActive, sub.Status)
	assert.Equal(t, after(14), *sub.CurrentPeriodStart)
	assert.Nil(t, sub.PastDueSince)
	assert.Nil(t, sub.GraceEndsAt)
	assert.Equal(t, []int{17}, s.days(o, domain.EventSubscriptionRecovered))
	assert.Equal(t, int64(1000), s.credits(o))
}

func TestRecovery_TheCustomerTriesAgainNow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_stolen")
	s.live(o, after(15))
	assert.Nil(t, s.subscription(o).NextRetryAt, "the same card never brings it")
	s.execute(o, domain.ActionRetryPayment)
	assert.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status)
	assert.Len(t, s.ledger(), 2)
	s.exec("UPDATE payment_methods SET is_default = false")
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(s.refused(o, domain.ActionRetryPayment)), "there is no card")
	s.propose(o, "tok_ok")
	s.attach(s.propose(o, "tok_ok"))
	s.live(o, after(15))
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	before := len(s.payments(o))
	s.execute(o, domain.ActionRetryPayment) // nothing is late any more
	assert.Len(t, s.payments(o), before)
}

func TestRecovery_ARenewalIsConfirmedLater(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_3ds")
	s.live(o, after(14))
	sub, p := s.subscription(o), s.last(o)
	require.Equal(t, domain.SubscriptionPastDue, sub.Status)
	require.Equal(t, domain.PaymentRequiresAction, p.Status)
	assert.True(t, sub.Entitled(s.clock.Now()))
	s.confirm(p, "confirm")
	s.lookUp(p)
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	s.live(o, after(80))
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status, "later ones go through without the customer")
	assert.Equal(t, []int{14}, s.days(o, domain.EventSubscriptionPastDue))
}

func TestRecovery_AnAdminSettlesIt(t *testing.T) {
	t.Parallel()
	for _, waive := range []bool{false, true} {
		s := newShop(t)
		o := s.trial("tok_declined_stolen")
		s.live(o, after(16))
		s.execute(o, domain.ActionActivate, func(c *domain.Command) { c.Waive = waive })
		sub := s.subscription(o)
		assert.Equal(t, domain.SubscriptionActive, sub.Status)
		assert.Equal(t, domain.ManagedByAdmin, sub.ManagedBy)
		assert.Equal(t, after(14), *sub.CurrentPeriodStart)
		if waive {
			assert.True(t, s.invoices(o)[0].Waived)
			assert.Len(t, s.invoicesWith(o, domain.InvoiceVoid), 1)
		} else {
			assert.Len(t, s.invoicesWith(o, domain.InvoicePaid), 1)
		}
		s.execute(o, domain.ActionActivate)
		assert.Len(t, s.invoices(o), 1)
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

// slowBank takes its time to decide about charges, as a bank does about debits.
type slowBank struct {
	payment.Provider
	decided func() bool
	asked   map[string]payment.Charge
}

func (b slowBank) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	b.asked[in.Key] = in
	return b.Lookup(ctx, in.Key)
}

func (b slowBank) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	in, asked := b.asked[key]
	switch {
	case !asked:
		return b.Provider.Lookup(ctx, key)
	case !b.decided():
		return payment.Outcome{Key: key, Ref: "debit_1", Status: payment.StatusProcessing, Amount: in.Amount, Currency: in.Currency}, nil
	}
	return b.Provider.Charge(ctx, in)
}

// wait lets the subscription live until the time while a provider decides:
// every read of it moves the next one, so nothing is done twice here.
func (s *shop) wait(o *domain.Onboarding, until time.Time) {
	s.t.Helper()
	due := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID}
	reads := 0
	state, err := s.Process(s.t.Context(), due)
	for err == nil && (state.Charge || !state.DueAt.After(until)) {
		if reads++; reads > 3*24*10 {
			require.Fail(s.t, "it is read all the time")
		}
		if state.Charge {
			state, err = s.ChargeSubscription(s.t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
			continue
		}
		s.clock.set(*state.DueAt)
		due.Due = state.Due
		state, err = s.Process(s.t.Context(), due)
	}
	require.NoError(s.t, err)
	s.clock.set(until)
}

func TestRenewal_ABankThatDecidesAfterTheGraceIsWaitedFor(t *testing.T) {
	t.Parallel()
	decided := after(24).Add(time.Hour / 2)
	for token, want := range map[string]domain.SubscriptionStatus{
		"tok_ok": domain.SubscriptionActive, "tok_declined_funds": domain.SubscriptionPastDue,
	} {
		s := newShop(t)
		o := s.trial(token)
		s.Providers[sandbox.Name] = slowBank{
			s.Providers[sandbox.Name], func() bool { return s.clock.Now().After(decided) }, map[string]payment.Charge{},
		}
		s.wait(o, after(24))
		sub := s.subscription(o)
		assert.Equal(t, domain.SubscriptionTrialing, sub.Status, "undecided is not late")
		assert.True(t, sub.Entitled(s.clock.Now()))
		require.Len(t, s.payments(o), 1)
		assert.Equal(t, domain.PaymentProcessing, s.last(o).Status)

		s.wait(o, decided.Add(time.Hour))
		sub = s.subscription(o)
		assert.Equal(t, want, sub.Status)
		assert.Len(t, s.ledger(), 1, "asked once")
		if want == domain.SubscriptionActive {
			assert.Equal(t, after(14), *sub.CurrentPeriodStart, "the period is the one that was due")
		} else {
			assert.WithinDuration(t, decided, *sub.PastDueSince, time.Hour, "recovery begins when it is known")
		}
	}
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

func TestCommands_CancelWhilePastDueEndsAtOnceAndRecoveryWithIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_funds")
	s.live(o, after(16))
	s.execute(o, domain.ActionCancel, func(c *domain.Command) { c.At = domain.CancelPeriodEnd })
	assert.Equal(t, domain.SubscriptionCanceled, s.subscription(o).Status)
	before := len(s.ledger())
	s.live(o, after(60))
	assert.Len(t, s.ledger(), before, "nobody tries again")
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen))
}

package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/payment"
)

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
		{"no retries set", "tok_declined_funds",
			domain.BillingPolicy{Grace: 2 * day, Final: domain.FinalUnpaid}, []int{14}, 16},
		{"grace longer than the retries", "tok_declined_funds",
			domain.BillingPolicy{Retries: []time.Duration{day}, Grace: 10 * day}, []int{14, 15}, 24},
		{"grace shorter", "tok_declined_funds",
			domain.BillingPolicy{Retries: []time.Duration{day, 4 * day}, Grace: 2 * day}, []int{14, 15, 18}, 18},
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

func TestRecovery_AnAdminClosesIt(t *testing.T) {
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

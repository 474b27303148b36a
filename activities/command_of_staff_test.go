package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func TestApply_ActivateByAnAdmin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why        string
		from       domain.OnboardingStatus
		fill       func(*domain.Command)
		invoice    domain.InvoiceStatus
		outOfBand  bool
		waived     bool
		payment    domain.PaymentStatus // empty: there is none
		failure    string
		message    string
		ownPayment bool
	}{
		{
			why: "out of band", from: domain.OnboardingAwaitingPayment, fill: because("wire seen"),
			invoice: domain.InvoicePaid, outOfBand: true, payment: domain.PaymentSucceeded, message: "Paid $139.00.",
			ownPayment: true,
		},
		{
			why: "waived", from: domain.OnboardingAwaitingPayment, fill: waived,
			invoice: domain.InvoiceVoid, waived: true, message: "Waived.",
		},
		{
			why: "with a pending payment", from: domain.OnboardingAwaitingApproval, fill: because("wire seen"),
			invoice: domain.InvoicePaid, outOfBand: true, payment: domain.PaymentSucceeded, message: "Paid $139.00.",
		},
		{
			why: "waived with a pending payment", from: domain.OnboardingAwaitingApproval, fill: waived,
			invoice: domain.InvoiceVoid, waived: true, payment: domain.PaymentFailed, failure: domain.FailureSuperseded,
			message: "Waived.",
		},
		{
			why: "without a way to pay", from: domain.OnboardingWaitingForPaymentMethod, fill: because("cash"),
			invoice: domain.InvoicePaid, outOfBand: true, payment: domain.PaymentSucceeded, message: "Paid $139.00.",
			ownPayment: true,
		},
		{
			why: "waived without a way to pay", from: domain.OnboardingWaitingForPaymentMethod, fill: waived,
			invoice: domain.InvoiceVoid, waived: true, message: "Waived.",
		},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(c.from)
			state := f.apply(o, domain.ActionActivate, c.fill)
			assert.Equal(t, domain.OnboardingCompleted, state.Status)
			assert.Equal(t, domain.SubscriptionActive, state.SubscriptionStatus)
			invoices, payments := f.invoices(o), f.payments(o)
			require.Len(t, invoices, 1)
			assert.Equal(t, c.invoice, invoices[0].Status)
			assert.Equal(t, c.outOfBand, invoices[0].PaidOutOfBand)
			assert.Equal(t, c.waived, invoices[0].Waived)
			if c.payment == "" {
				assert.Empty(t, payments)
			} else {
				require.Len(t, payments, 1)
				assert.Equal(t, c.payment, payments[0].Status)
				assert.Equal(t, c.failure, payments[0].FailureCode)
				assert.Equal(t, c.ownPayment, payments[0].Option == "out_of_band")
			}
			assert.Equal(t, domain.ManagedByAdmin, f.subscription(o).ManagedBy)
			row := f.onboarding(o)
			assert.Equal(t, step{domain.StepDone, c.message}, steps(row)[domain.StepPayment])
			for _, s := range row.Steps {
				assert.NotEqual(t, domain.StepWaiting, s.Status, "nothing waits after the end: %s", s.Key)
			}
			assert.Equal(t, int64(2000), f.credits(o))
			completed := f.lastEvent(o, domain.EventOnboardingCompleted)
			assert.Equal(t, domain.ActorAdmin, completed.ActorType)
			assert.Equal(t, "usr_admin", completed.ActorID)
		})
	}
}

func TestApply_ActivatingAFreePlanMakesNoInvoice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.noOptions()
	f.changePlan("free", func(p *domain.Plan) { p.PaymentMethodCollection = domain.CollectAlways })
	o := f.signUp(plan("free"))
	require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	assert.Equal(t, domain.OnboardingCompleted, f.apply(o, domain.ActionActivate).Status)
	assert.Empty(t, f.invoices(o), "nothing owed, nothing invoiced")
	assert.Equal(t, "Free of charge.", f.onboarding(o).Step(domain.StepPayment).Message)
	assert.Equal(t, domain.ManagedByAdmin, f.subscription(o).ManagedBy)
	assert.Equal(t, int64(100), f.credits(o))
}

func TestApply_CancelGivesEverythingBack(t *testing.T) {
	t.Parallel()
	for _, status := range []domain.OnboardingStatus{
		domain.OnboardingReceived, domain.OnboardingCreatingAccount, domain.OnboardingWaitingForPlan,
		domain.OnboardingWaitingForPaymentMethod, domain.OnboardingAwaitingPayment, domain.OnboardingAwaitingApproval,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(status)
			assert.Equal(t, domain.OnboardingCanceled, f.apply(o, domain.ActionCancel, because("changed my mind")).Status)
			f.assertGivenBack(o, "canceled", domain.FailureCanceled)
			event := f.lastEvent(o, domain.EventOnboardingCanceled)
			assert.Equal(t, "changed my mind", event.Reason)
			assert.Equal(t, domain.ActorAdmin, event.ActorType)
			assert.Nil(t, f.onboarding(o).Error)
		})
	}
}

// assertGivenBack expects nothing left of an onboarding but its story.
func (f *fixture) assertGivenBack(o *domain.Onboarding, cancellation, failure string) {
	f.t.Helper()
	row := f.onboarding(o)
	assert.True(f.t, row.Done)
	assert.Empty(f.t, row.PasswordHash)
	for _, s := range row.Steps {
		assert.Contains(f.t, []domain.StepStatus{domain.StepDone, domain.StepSkipped, domain.StepFailed}, s.Status, s.Key)
	}
	assert.Zero(f.t, f.count("SELECT count(*) FROM slugs WHERE account_id = ?", o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM accounts WHERE id = ? AND status <> 'closed'", o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM users WHERE account_id = ? AND released_at IS NULL", o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM balances WHERE account_id = ?", o.AccountID))
	for _, in := range f.invoices(o) {
		assert.Equal(f.t, domain.InvoiceVoid, in.Status)
	}
	for _, p := range f.payments(o) {
		assert.Equal(f.t, domain.PaymentFailed, p.Status)
		assert.Equal(f.t, failure, p.FailureCode)
	}
	if row.Subscription != nil {
		sub := f.subscription(o)
		assert.Equal(f.t, domain.SubscriptionIncompleteExpired, sub.Status)
		assert.Equal(f.t, cancellation, sub.CancellationReason)
		assert.Equal(f.t, sub.Status, row.Subscription.Status)
	}
	again := f.signUp(email(o.Email), plan("free"), slugged("chosen"))
	assert.Equal(f.t, domain.OnboardingCompleted, again.Status, "the person may sign up again, with the same slug")
}

func TestApply_TakesOnlyPaymentsOfItsOwnInvoice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine, other := f.reach(domain.OnboardingAwaitingApproval), f.reach(domain.OnboardingAwaitingApproval)
	theirs := f.payments(other)[0].ID
	for _, action := range []domain.Action{domain.ActionApprovePayment, domain.ActionRejectPayment} {
		in := f.command(mine, action, ofPayment(theirs))
		before := f.dump()
		assert.Equal(t, domain.CodeConflict, domain.CodeOf(f.decide(in)), action)
		f.assertUnchanged(before, "somebody else's payment")
		in = f.command(mine, action, ofPayment(store.NewID(domain.PrefixPayment)))
		assert.Equal(t, domain.CodeNotFound, domain.CodeOf(f.decide(in)), action)
	}
}

package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/store/storetest"
)

func TestPayment_SubmittedApprovedFulfilledOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	f.clock.forward(time.Hour)
	state := f.apply(o, domain.ActionSubmitPayment, withReference("RF18 5390 0754"))
	assert.Equal(t, domain.OnboardingAwaitingApproval, state.Status)
	assert.Nil(t, state.DueAt, "no window runs while an admin decides")
	payments := f.payments(o)
	require.Len(t, payments, 1)
	p := payments[0]
	assert.Equal(t, domain.PaymentPendingApproval, p.Status)
	assert.Equal(t, "RF18 5390 0754", p.Reference)
	assert.Equal(t, 1, p.Attempt)
	assert.Equal(t, int64(13900), p.Amount)
	assert.Equal(t, "bank_transfer", p.Option)
	assert.Equal(t, domain.NextAwaitApproval, f.onboarding(o).NextAction.Type)

	f.clock.forward(time.Hour)
	state = f.apply(o, domain.ActionApprovePayment, ofPayment(p.ID), because("seen on the statement"))
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	assert.Equal(t, domain.SubscriptionActive, state.SubscriptionStatus)
	p, in, sub := f.payments(o)[0], f.invoices(o)[0], f.subscription(o)
	assert.Equal(t, domain.PaymentSucceeded, p.Status)
	assert.Equal(t, "seen on the statement", p.Reason)
	assert.Equal(t, domain.InvoicePaid, in.Status)
	assert.False(t, in.PaidOutOfBand)
	paid := noon.Add(2 * time.Hour)
	assert.Equal(t, paid, *in.PaidAt)
	assert.Equal(t, paid, *sub.CurrentPeriodStart)
	assert.Equal(t, paid.AddDate(0, 1, 0), *sub.CurrentPeriodEnd)
	assert.Equal(t, domain.ManagedByProvider, sub.ManagedBy)
	assert.Equal(t, domain.AccountActive, f.account(o).Status)
	assert.Equal(t, int64(2000), f.credits(o))
	assert.Equal(t, step{domain.StepDone, "Paid $139.00."}, steps(f.onboarding(o))[domain.StepPayment])
	assert.Equal(t, []domain.EventType{
		domain.EventAccountCreated, domain.EventPaymentMethodAttached, domain.EventSubscriptionCreated,
		domain.EventInvoiceOpened, domain.EventPaymentSubmitted, domain.EventPaymentSucceeded, domain.EventInvoicePaid,
		domain.EventSubscriptionActivated,
		domain.EventAccountActivated, domain.EventCreditsGranted, domain.EventOnboardingCompleted,
	}, f.story(o))
	for _, e := range f.events(o)[5:] {
		assert.Equal(t, domain.ActorAdmin, e.ActorType, e.Type)
	}
}

// Each late statement of a transaction, made to fail: nothing of it stays.
func TestTransactions_LeaveNothingHalfDone(t *testing.T) {
	t.Parallel()
	approve := func(f *fixture, o *domain.Onboarding) func() error {
		in := f.command(o, domain.ActionApprovePayment, ofPayment(f.submit(o).ID))
		return func() error { return f.decide(in) }
	}
	cancel := func(f *fixture, o *domain.Onboarding) func() error {
		f.submit(o)
		in := f.command(o, domain.ActionCancel)
		return func() error { return f.decide(in) }
	}
	change := func(f *fixture, o *domain.Onboarding) func() error {
		in := f.command(o, domain.ActionChoosePlan, toPlan("scale"))
		return func() error { return f.decide(in) }
	}
	// steps are those that follow from another plan, up to the one that is to fail.
	steps := func(before ...func(*fixture, *domain.Onboarding) error) func(*fixture, *domain.Onboarding) func() error {
		return func(f *fixture, o *domain.Onboarding) func() error {
			require.NoError(f.t, change(f, o)())
			last := len(before) - 1
			for _, step := range before[:last] {
				require.NoError(f.t, step(f, o))
			}
			return func() error { return before[last](f, o) }
		}
	}
	choose := func(f *fixture, o *domain.Onboarding) error {
		_, err := f.ChoosePlan(f.t.Context(), stepInput(o))
		return err
	}
	attach := func(f *fixture, o *domain.Onboarding) error {
		_, err := f.AttachPaymentMethod(f.t.Context(), stepInput(o))
		return err
	}
	collect := func(f *fixture, o *domain.Onboarding) error {
		_, err := f.CollectPayment(f.t.Context(), stepInput(o))
		return err
	}
	submit := func(f *fixture, o *domain.Onboarding) func() error {
		in := f.command(o, domain.ActionSubmitPayment)
		return func() error { return f.decide(in) }
	}
	for _, c := range []struct {
		what     string
		prepare  func(*fixture, *domain.Onboarding) func() error
		failing  []string
		eventual domain.OnboardingStatus
	}{
		{"approve", approve, []string{
			"UPDATE ON payments", "UPDATE ON invoices", "UPDATE ON subscriptions", "UPDATE ON accounts", "INSERT ON credits",
			"INSERT ON balances", "UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingCompleted},
		{"cancel", cancel, []string{
			"UPDATE ON payments", "UPDATE ON invoices", "UPDATE ON subscriptions", "UPDATE ON accounts", "UPDATE ON users",
			"DELETE ON slugs", "UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingCanceled},
		{"another plan", change, []string{
			"UPDATE ON invoices", "UPDATE ON commands", "UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingAwaitingPayment},
		{"choose the plan", steps(choose), []string{
			"UPDATE ON subscriptions", "UPDATE ON onboardings",
		}, domain.OnboardingAwaitingPayment},
		{"attach the method", steps(choose, attach), []string{
			"UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingAwaitingPayment},
		{"collect the payment", steps(choose, attach, collect), []string{
			"INSERT ON invoices", "UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingAwaitingPayment},
		{"submit", submit, []string{
			"INSERT ON payments", "UPDATE ON onboardings", "INSERT ON events",
		}, domain.OnboardingAwaitingApproval},
	} {
		for _, statement := range c.failing {
			t.Run(c.what+"/"+statement, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				o := f.signUp(plan("growth"))
				run := c.prepare(f, o)
				before := f.dump()
				f.exec("CREATE TRIGGER late BEFORE " + statement + " BEGIN SELECT RAISE(ABORT, 'no room for ada@example.com'); END")
				err := run()
				require.Error(t, err)
				assert.Equal(t, domain.CodeInternal, domain.CodeOf(err), "tried again")
				f.assertUnchanged(before, "rolled back")
				f.exec("DROP TRIGGER late")
				require.NoError(t, run())
				assert.Equal(t, c.eventual, f.onboarding(o).Status)
			})
		}
	}
}

func TestFulfilment_HappensOnceHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	const admins = 20
	for _, c := range []struct {
		why    string
		action func(i int) domain.Action
	}{
		{"approvals", func(int) domain.Action { return domain.ActionApprovePayment }},
		{"activations", func(int) domain.Action { return domain.ActionActivate }},
		{"both", func(i int) domain.Action {
			return []domain.Action{domain.ActionApprovePayment, domain.ActionActivate}[i%2]
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.signUp(plan("growth"))
			p := f.submit(o)
			var inputs []activities.ApplyCommandInput
			for i := range admins {
				inputs = append(inputs, f.command(o, c.action(i), ofPayment(p.ID)))
			}
			faults := storetest.Together(admins, func(i int) error { return f.decide(inputs[i]) })
			assert.Empty(t, faults, "each reads that it is done")
			assert.Equal(t, 1, f.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
			assert.Equal(t, 1, f.count("SELECT count(*) FROM payments"))
			assert.Equal(t, 1, f.count("SELECT count(*) FROM invoices WHERE status = 'paid'"))
			assert.Equal(t, 1, f.count("SELECT count(*) FROM credits"))
			assert.Equal(t, 1, f.count("SELECT count(*) FROM events WHERE type = 'onboarding.completed'"))
			assert.Equal(t, int64(2000), f.credits(o))
		})
	}
}

func TestFulfilment_OfApproveAndCancelAtOnceOneWins(t *testing.T) {
	t.Parallel()
	for range 10 {
		f := newFixture(t)
		o := f.signUp(plan("growth"))
		p := f.submit(o)
		inputs := []activities.ApplyCommandInput{
			f.command(o, domain.ActionApprovePayment, ofPayment(p.ID)), f.command(o, domain.ActionCancel),
		}
		errs := storetest.Together(2, func(i int) error { return f.decide(inputs[i]) })
		require.Len(t, errs, 1)
		assert.Equal(t, domain.CodeConflict, domain.CodeOf(errs[0]))
		if f.onboarding(o).Status == domain.OnboardingCompleted {
			assert.Equal(t, domain.InvoicePaid, f.invoices(o)[0].Status)
			assert.Equal(t, domain.AccountActive, f.account(o).Status)
		} else {
			f.assertGivenBack(o, "canceled", domain.FailureCanceled)
		}
	}
}

func TestPayment_RejectedMayBeTriedAgainInANewWindow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	f.clock.forward(time.Hour)
	in := activities.RemindInput{OnboardingID: o.ID, InvoiceID: f.invoices(o)[0].ID, Number: 1}
	twice(f, func() (onboarding.State, error) { return f.RemindCustomer(t.Context(), in) })
	first := f.submit(o)
	f.clock.forward(30 * time.Hour) // the first window is long over
	state := f.apply(o, domain.ActionRejectPayment, ofPayment(first.ID), because("no such transfer"))
	due := noon.Add(31*time.Hour + window)
	assert.Equal(t, domain.OnboardingAwaitingPayment, state.Status)
	assert.Equal(t, due, *state.DueAt)
	assert.Equal(t, []time.Time{due.Add(time.Hour - window), due.Add(20*time.Hour - window)}, state.RemindAt)
	rejected := f.payments(o)[0]
	assert.Equal(t, domain.PaymentFailed, rejected.Status)
	assert.Equal(t, domain.FailureRejected, rejected.FailureCode)
	assert.Equal(t, "no such transfer", rejected.Reason)
	row := f.onboarding(o)
	assert.Equal(t, "no such transfer", row.NextAction.Message)
	assert.Equal(t, due, *row.NextAction.ExpiresAt)
	assert.Equal(t, "payment_rejected", row.Step(domain.StepPayment).Error.Code)
	assert.Zero(t, row.Reminders, "the new window has its own reminders")
	invoices := f.invoices(o)
	require.Len(t, invoices, 1, "the same invoice")
	assert.Equal(t, due, *invoices[0].DueAt)

	second := f.submit(o)
	assert.Equal(t, 2, second.Attempt)
	assert.NotEqual(t, first.ID, second.ID)
	assert.Nil(t, f.onboarding(o).Step(domain.StepPayment).Error, "trying again clears the complaint")
	err := f.decide(f.command(o, domain.ActionApprovePayment, ofPayment(first.ID)))
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(err), "a rejected payment stays rejected")
	assert.Equal(t, domain.OnboardingCompleted, f.apply(o, domain.ActionApprovePayment, ofPayment(second.ID)).Status)
	assert.Equal(t, 2, f.onboarding(o).Step(domain.StepPayment).Attempts)
}

func TestRemind_OncePerNumberAndOnlyWhileUnpaid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	invoice := f.invoices(o)[0].ID
	remind := func(invoice string, number int) onboarding.State {
		t.Helper()
		return twice(f, func() (onboarding.State, error) {
			return f.RemindCustomer(t.Context(), activities.RemindInput{OnboardingID: o.ID, InvoiceID: invoice, Number: number})
		})
	}
	reminded := func() int { return f.count("SELECT count(*) FROM events WHERE type = 'onboarding.reminded'") }
	remind(store.NewID(domain.PrefixInvoice), 1)
	assert.Zero(t, reminded(), "another invoice")
	state := remind(invoice, 1)
	assert.Equal(t, invoice, state.InvoiceID)
	assert.Equal(t, 1, reminded())
	remind(invoice, 2)
	assert.Equal(t, 2, reminded())
	remind(invoice, 1)
	assert.Equal(t, 2, reminded(), "late first one")
	last := f.lastEvent(o, domain.EventOnboardingReminded)
	assert.Equal(t, map[string]any{"invoice": invoice, "number": float64(2)}, last.Data)
	f.submit(o)
	remind(invoice, 3)
	assert.Equal(t, 2, reminded(), "nobody is reminded of what they submitted")
}

func TestActivities_ADatabaseThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	in := f.command(o, domain.ActionCancel)
	away, err := store.Open(store.Config{URL: t.TempDir() + "/away.db"})
	require.NoError(t, err)
	require.NoError(t, away.Close())
	f.use(func(c *activities.Config) { c.Store = away })
	var ours *domain.Error
	require.True(t, errors.As(f.decide(in), &ours))
	assert.Equal(t, domain.CodeUnavailable, ours.Code)
	assert.True(t, ours.Code.Retryable())
}

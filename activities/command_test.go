package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// reach takes a fresh sign-up to the status.
func (f *fixture) reach(status domain.OnboardingStatus) *domain.Onboarding {
	f.t.Helper()
	growth := func() *domain.Onboarding { return f.signUp(plan("growth")) }
	var o *domain.Onboarding
	switch status {
	case domain.OnboardingReceived:
		o = f.receive(plan("growth"), slugged("chosen"))
	case domain.OnboardingCreatingAccount:
		o = f.receive(plan("growth"))
		f.create(o)
	case domain.OnboardingWaitingForPlan:
		o = f.signUp(plan("gold"))
	case domain.OnboardingWaitingForPaymentMethod:
		o = f.signUp(plan("growth"), option("cheque"))
	case domain.OnboardingAwaitingPayment:
		o = growth()
	case domain.OnboardingAwaitingApproval:
		o = growth()
		f.submit(o)
	case domain.OnboardingActivating, domain.OnboardingCompensating: // no transaction ends there; a repair may find it
		o = growth()
		f.exec("UPDATE onboardings SET status = ? WHERE id = ?", status, o.ID)
	case domain.OnboardingCompleted:
		o = f.signUp(plan("free"))
	case domain.OnboardingCanceled:
		o = growth()
		f.apply(o, domain.ActionCancel)
	default: // expired, failed
		o = growth()
		f.end(o, status, "payment_expired")
	}
	o = f.onboarding(o)
	require.Equal(f.t, status, o.Status)
	return o
}

// fillFor is what a command of the action says, where the onboarding stands.
func (f *fixture) fillFor(o *domain.Onboarding, action domain.Action) func(*domain.Command) {
	return func(c *domain.Command) {
		switch action {
		case domain.ActionChoosePlan:
			c.Plan = "scale"
		case domain.ActionAddPaymentMethod:
			c.Option = "card"
		case domain.ActionApprovePayment, domain.ActionRejectPayment:
			if payments := f.payments(o); len(payments) > 0 {
				c.PaymentID = payments[0].ID
			}
		}
	}
}

func TestApply_AllowsExactlyWhatTheTableSays(t *testing.T) {
	t.Parallel()
	// Where a command is not allowed and its effect is there already, it is no refusal.
	there := map[domain.OnboardingStatus]domain.Action{
		domain.OnboardingCanceled: domain.ActionCancel, domain.OnboardingCompleted: domain.ActionActivate,
	}
	actions := []domain.Action{
		domain.ActionChoosePlan, domain.ActionAddPaymentMethod, domain.ActionSubmitPayment, domain.ActionApprovePayment,
		domain.ActionRejectPayment, domain.ActionActivate, domain.ActionCancel,
	}
	for _, status := range domain.OnboardingMoves.States() {
		for _, action := range actions {
			t.Run(string(status)+"/"+string(action), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				o := f.reach(status)
				if o.Check(action) == nil {
					state := f.apply(o, action, f.fillFor(o, action))
					assert.Greater(t, state.Version, o.Version)
					return
				}
				in := f.command(o, action, f.fillFor(o, action))
				before := f.dump()
				state, err := f.Apply(t.Context(), in)
				if there[status] == action {
					require.NoError(t, err)
					assert.Equal(t, status, state.Status)
					assert.Equal(t, 1, f.count("SELECT count(*) FROM commands WHERE id = '"+in.CommandID+"' AND applied_at IS NOT NULL"))
					delete(before, "commands") // it says that the effect is there
				} else {
					assertRefused(t, o, err)
				}
				f.assertUnchanged(before, "refused")
			})
		}
	}
}

func TestApply_ASignalThatIsRefusedLeavesATraceAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status domain.OnboardingStatus
		action domain.Action
	}{
		{domain.OnboardingReceived, domain.ActionActivate},
		{domain.OnboardingCreatingAccount, domain.ActionActivate},
		{domain.OnboardingWaitingForPlan, domain.ActionActivate},
		{domain.OnboardingCompleted, domain.ActionCancel},
		{domain.OnboardingExpired, domain.ActionActivate},
		{domain.OnboardingCanceled, domain.ActionActivate},
	} {
		t.Run(string(c.status)+"/"+string(c.action), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(c.status)
			before := f.dump()
			state, err := f.Apply(t.Context(), activities.ApplyCommandInput{
				Noun: domain.NounOnboarding, ID: o.ID, Action: c.action, Signal: true, Reason: "by hand",
			})
			require.NoError(t, err, "the sender gets no answer, and the workflow gets the state")
			assert.Equal(t, c.status, state.Status)
			assert.Equal(t, o.Version, state.Version)

			event := f.lastEvent(o, domain.EventCommandRefused)
			assert.Equal(t, domain.ActorTemporal, event.ActorType)
			assert.Equal(t, "by hand", event.Reason)
			assert.Equal(t, map[string]any{"action": string(c.action), "status": string(c.status)}, event.Data)
			f.exec("DELETE FROM events WHERE type = ?", domain.EventCommandRefused)
			f.assertUnchanged(before, "but for the trace")
		})
	}
}

func TestApply_ASignalDoesWhatTheCommandDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for action, want := range map[domain.Action]domain.OnboardingStatus{
		domain.ActionActivate: domain.OnboardingCompleted, domain.ActionCancel: domain.OnboardingCanceled,
	} {
		o := f.signUp(plan("growth"))
		in := activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: o.ID, Action: action, Signal: true, Reason: "by hand"}
		state := twice(f, func() (onboarding.State, error) { return f.Apply(t.Context(), in) })
		assert.Equal(t, want, state.Status)
		assert.NotContains(t, f.story(o), domain.EventCommandRefused, "carried out, even if the worker runs it again")
		events := f.events(o)
		last := events[len(events)-1]
		assert.Equal(t, domain.ActorTemporal, last.ActorType)
		assert.Equal(t, "by hand", last.Reason)
	}
}

func TestApply_ACommandThatWasCarriedOutIsNoRefusal(t *testing.T) {
	t.Parallel()
	// The worker may die between the commit and its report: the second run must
	// tell the workflow where the onboarding stands, or it would wait for ever.
	always := func(f *fixture) {
		f.exec("UPDATE plans SET payment_method_collection = 'always' WHERE code = 'starter'")
	}
	for _, c := range []struct {
		why    string
		setUp  func(f *fixture)
		wishes []wish
		action domain.Action
		fill   func(*domain.Command)
		want   domain.OnboardingStatus
	}{
		{"cancel", nil, []wish{plan("growth")}, domain.ActionCancel, because("bye"), domain.OnboardingCanceled},
		{"activate", nil, []wish{plan("growth")}, domain.ActionActivate, because("paid"), domain.OnboardingCompleted},
		{"choose a free plan", nil, []wish{plan("growth")}, domain.ActionChoosePlan, toPlan("free"), domain.OnboardingCompleted},
		{"choose a paid plan", nil, []wish{plan("gold")}, domain.ActionChoosePlan, toPlan("scale"), domain.OnboardingAwaitingPayment},
		{"choose one that is not on offer", nil, []wish{plan("gold")}, domain.ActionChoosePlan, toPlan("silver"), domain.OnboardingWaitingForPlan},
		{"choose the one that is chosen", nil, []wish{plan("growth")}, domain.ActionChoosePlan, toPlan("growth"), domain.OnboardingAwaitingPayment},
		{"add a method, money owed", nil, []wish{plan("growth"), option("cheque")}, domain.ActionAddPaymentMethod, byOption("card"), domain.OnboardingAwaitingPayment},
		{"add a method that does not serve", nil, []wish{plan("growth"), option("cheque")}, domain.ActionAddPaymentMethod, byOption("wallet"), domain.OnboardingWaitingForPaymentMethod},
		{"add a method, nothing owed", always, []wish{plan("starter"), option("cheque")}, domain.ActionAddPaymentMethod, byOption("card"), domain.OnboardingCompleted},
		{"submit", nil, []wish{plan("growth")}, domain.ActionSubmitPayment, withReference("RF-1"), domain.OnboardingAwaitingApproval},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if c.setUp != nil {
				c.setUp(f)
			}
			o := f.signUp(c.wishes...)
			assert.Equal(t, c.want, f.apply(o, c.action, c.fill).Status) // runs it twice
		})
	}
}

func TestApply_ChoosingAnotherPlanTakesTheInvoiceBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	state := f.apply(o, domain.ActionChoosePlan, toPlan("scale"))
	assert.Equal(t, domain.OnboardingAwaitingPayment, state.Status)
	assert.Equal(t, "scale", state.PlanCode)
	assert.Equal(t, int64(22900), state.Amount)
	invoices := f.invoices(o)
	require.Len(t, invoices, 2)
	assert.Equal(t, domain.InvoiceVoid, invoices[0].Status)
	assert.False(t, invoices[0].Waived)
	assert.Equal(t, domain.InvoiceOpen, invoices[1].Status)
	assert.Equal(t, state.InvoiceID, invoices[1].ID)
	assert.Equal(t, "scale", f.subscription(o).PlanCode)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM subscriptions"))
	assert.Equal(t, map[string]any{"plan": "scale"}, f.lastEvent(o, domain.EventPlanChosen).Data)
}

func TestApply_ChoosingAFreePlanOrATrialCompletes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]domain.SubscriptionStatus{
		"free": domain.SubscriptionActive, "starter": domain.SubscriptionTrialing,
	} {
		f := newFixture(t)
		o := f.signUp(plan("growth"))
		state := f.apply(o, domain.ActionChoosePlan, toPlan(code))
		assert.Equal(t, domain.OnboardingCompleted, state.Status)
		assert.Equal(t, want, state.SubscriptionStatus)
		assert.Equal(t, domain.InvoiceVoid, f.invoices(o)[0].Status)
		assert.Equal(t, domain.StepSkipped, f.onboarding(o).Step(domain.StepPayment).Status)
		assert.Equal(t, domain.AccountActive, f.account(o).Status)
		assert.Equal(t, map[string]int64{"free": 100, "starter": 1000}[code], f.credits(o))
	}
}

func TestApply_ChoosingWhatIsNotOnOfferWaitsAndShowsNothingElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	assert.Equal(t, domain.OnboardingWaitingForPlan, f.apply(o, domain.ActionChoosePlan, toPlan("gold")).Status)
	row := f.onboarding(o)
	assert.Equal(t, domain.StepWaiting, row.Step(domain.StepPlan).Status)
	assert.Equal(t, step{domain.StepPending, ""}, steps(row)[domain.StepPayment], "no money is asked for while there is no plan")
	assert.Equal(t, domain.InvoiceVoid, f.invoices(o)[0].Status)
	assert.Equal(t, domain.SubscriptionIncomplete, f.subscription(o).Status)

	assert.Equal(t, domain.OnboardingAwaitingPayment, f.apply(o, domain.ActionChoosePlan, toPlan("growth")).Status)
	assert.Len(t, f.invoices(o), 2)
}

func TestApply_AddingAPaymentMethodMakesItTheDefault(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	state := f.apply(o, domain.ActionAddPaymentMethod, byOption("card"))
	assert.Equal(t, domain.OnboardingAwaitingPayment, state.Status)
	methods := f.methods(o)
	require.Len(t, methods, 2)
	assert.False(t, methods[0].Default)
	assert.True(t, methods[1].Default)
	assert.Equal(t, "card", methods[1].Option)
	row := f.onboarding(o)
	assert.Equal(t, "card", row.NextAction.PaymentOption)
	assert.Contains(t, row.NextAction.Instructions, "Pay through the link")
	assert.Equal(t, "Waiting for $139.00 by Card.", row.Step(domain.StepPayment).Message)
	assert.Len(t, f.invoices(o), 2)

	f.apply(o, domain.ActionAddPaymentMethod, byOption("bank_transfer"))
	assert.Len(t, f.methods(o), 2, "the same option is the same method")
}

func TestApply_AddingAMethodEndsTheWaitForOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.reach(domain.OnboardingWaitingForPaymentMethod)
	f.apply(o, domain.ActionAddPaymentMethod, byOption("wallet"))
	assert.Equal(t, domain.OnboardingWaitingForPaymentMethod, f.onboarding(o).Status, "it is for other countries")
	f.apply(o, domain.ActionAddPaymentMethod, byOption("bank_transfer"))
	assert.Equal(t, domain.OnboardingAwaitingPayment, f.onboarding(o).Status)
}

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
			invoice: domain.InvoicePaid, outOfBand: true, payment: domain.PaymentSucceeded, message: "Paid $139.00.", ownPayment: true,
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
			invoice: domain.InvoiceVoid, waived: true, payment: domain.PaymentFailed, failure: domain.FailureSuperseded, message: "Waived.",
		},
		{
			why: "without a way to pay", from: domain.OnboardingWaitingForPaymentMethod, fill: because("cash"),
			invoice: domain.InvoicePaid, outOfBand: true, payment: domain.PaymentSucceeded, message: "Paid $139.00.", ownPayment: true,
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

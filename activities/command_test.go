package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
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
					applied := "SELECT count(*) FROM commands WHERE applied_at IS NOT NULL AND id = '" + in.CommandID + "'"
					assert.Equal(t, 1, f.count(applied))
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
		in := activities.ApplyCommandInput{
			Noun: domain.NounOnboarding, ID: o.ID, Action: action, Signal: true, Reason: "by hand",
		}
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
	// return the state to the workflow, or it would wait for ever.
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
		{"choose a free plan", nil, []wish{plan("growth")},
			domain.ActionChoosePlan, toPlan("free"), domain.OnboardingCompleted},
		{"choose a paid plan", nil, []wish{plan("gold")},
			domain.ActionChoosePlan, toPlan("scale"), domain.OnboardingAwaitingPayment},
		{"choose one that is not on offer", nil, []wish{plan("gold")},
			domain.ActionChoosePlan, toPlan("silver"), domain.OnboardingWaitingForPlan},
		{"choose the one that is chosen", nil, []wish{plan("growth")},
			domain.ActionChoosePlan, toPlan("growth"), domain.OnboardingAwaitingPayment},
		{"add a method, money owed", nil, []wish{plan("growth"), option("cheque")},
			domain.ActionAddPaymentMethod, byOption("card"), domain.OnboardingAwaitingPayment},
		{"add a method that does not serve", nil, []wish{plan("growth"), option("cheque")},
			domain.ActionAddPaymentMethod, byOption("wallet"), domain.OnboardingWaitingForPaymentMethod},
		{"add a method, nothing owed", always, []wish{plan("starter"), option("cheque")},
			domain.ActionAddPaymentMethod, byOption("card"), domain.OnboardingCompleted},
		{"submit", nil, []wish{plan("growth")},
			domain.ActionSubmitPayment, withReference("RF-1"), domain.OnboardingAwaitingApproval},
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
	payment := steps(row)[domain.StepPayment]
	assert.Equal(t, step{domain.StepPending, ""}, payment, "no money is asked for while there is no plan")
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

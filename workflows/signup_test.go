package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/workflows"
)

func TestSignup_NothingOwedIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wish   wish
		plan   string
		status domain.SubscriptionStatus
	}{
		{plan("free"), "free", domain.SubscriptionActive},
		{plan("starter"), "starter", domain.SubscriptionTrialing},
		{plan(""), "free", domain.SubscriptionActive},
	} {
		f := newFlow(t)
		f.signup(c.wish)
		f.assertEnd(domain.OnboardingCompleted)
		assert.Equal(t, noon, f.Now().UTC(), "no timer was needed")
		sub := f.subscription()
		assert.Equal(t, c.status, sub.Status)
		assert.Equal(t, c.plan, sub.PlanCode)
		assert.Equal(t, 1, f.ran("CreateAccount"))
		assert.Equal(t, []map[string]string{{
			"OnboardingStatus": "completed", "PlanCode": c.plan, "SubscriptionStatus": string(c.status),
		}}, f.upserts, "search attributes are set once, at the end")
		assert.Equal(t, "Done: plan "+c.plan+" is "+string(c.status)+".", f.details())
	}
}

func TestSignup_BeginAnswersWhenTheAccountExistsAndTheNextStepIsKnown(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]domain.OnboardingStatus{
		"free": domain.OnboardingCompleted, "growth": domain.OnboardingAwaitingPayment,
		"gold": domain.OnboardingWaitingForPlan,
	} {
		f := newFlow(t)
		var begin *answer
		f.at(0, func() { begin = f.send(workflows.UpdateBegin, workflows.UpdateBegin) })
		f.at(time.Minute, func() { f.give(domain.ActionCancel) })
		f.signup(plan(code))
		require.True(t, begin.done, code)
		assert.NoError(t, begin.err)
		assert.Equal(t, want, begin.state.Status)
		assert.WithinDuration(t, noon, begin.at, time.Second)
	}
}

func TestSignup_BeginWaitsWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.before = func(string, int) error {
		if f.Now().Before(noon.Add(time.Minute)) {
			return domain.Unavailable("The database", time.Second)
		}
		return nil
	}
	var begin *answer
	f.at(time.Millisecond, func() { begin = f.send(workflows.UpdateBegin, workflows.UpdateBegin) })
	f.at(30*time.Second, func() { assert.False(t, begin.done); assert.True(t, begin.accepted) })
	f.signup(plan("free"))
	f.assertEnd(domain.OnboardingCompleted)
	require.True(t, begin.done)
	assert.False(t, begin.at.Before(noon.Add(time.Minute)))
	assert.Equal(t, domain.OnboardingCompleted, begin.state.Status)
}

func TestSignup_BeginAnswersAtFailureToo(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.receive(plan("free"))
	f.before = func(name string, _ int) error {
		if name == "ChoosePlan" {
			return &domain.Error{Code: domain.CodeForbidden, Detail: "Never."}
		}
		return nil
	}
	var begin *answer
	f.at(0, func() { begin = f.send(workflows.UpdateBegin, workflows.UpdateBegin) })
	f.signup()
	require.True(t, begin.done)
	f.assertStatus(domain.OnboardingFailed)
	f.assertGivenBack()
	assert.Equal(t, "internal", f.row().Error.Code)
	assert.Equal(t, "forbidden", kind(f.GetWorkflowError()), "the failure's own type, for Temporal's UI")
}

func TestSignup_ExpiresAfterTheWindowWithBothReminders(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(window-time.Second, func() { f.assertStatus(domain.OnboardingAwaitingPayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(window), f.Now().UTC())
	reminded := f.events(domain.EventOnboardingReminded)
	require.Len(t, reminded, 2)
	assert.Equal(t, noon.Add(time.Hour), reminded[0].CreatedAt)
	assert.Equal(t, noon.Add(20*time.Hour), reminded[1].CreatedAt)
	assert.Equal(t, "payment_expired", f.row().Error.Code)
	assert.Equal(t, []map[string]string{
		awaitingGrowth,
		notWaiting(map[string]string{"OnboardingStatus": "expired", "SubscriptionStatus": "incomplete_expired"}),
	}, f.upserts)
}

func TestSignup_SubmittedAndApproved(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	var details []string
	note := func() { details = append(details, f.details()) }
	f.at(time.Minute, note)
	f.at(2*time.Hour, func() { f.give(domain.ActionSubmitPayment) })
	f.at(2*time.Hour+time.Minute, note)
	f.at(3*time.Hour, func() { f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	note()
	assert.Equal(t, noon.Add(3*time.Hour), f.Now().UTC())
	assert.Len(t, f.events(domain.EventOnboardingReminded), 1, "no reminder comes after the payment")
	assert.Equal(t, noon.Add(3*time.Hour), *f.subscription().CurrentPeriodStart)
	assert.Equal(t, []string{
		"Waiting for the customer to pay $139.00 for plan growth and submit the reference until " +
			"16 Jan 2026 11:00 UTC, then it expires. An admin may activate or cancel.",
		"The customer submitted a payment reference. An admin approves or rejects the payment.",
		"Done: plan growth is active.",
	}, details)
	assert.Equal(t, []map[string]string{
		awaitingGrowth,
		{"OnboardingStatus": "awaiting_approval", "BlockedOn": "approval", "WaitsUntil": "2026-02-14T14:00:00Z"},
		notWaiting(map[string]string{"OnboardingStatus": "completed", "SubscriptionStatus": "active"}),
	}, f.upserts, "only what changed")
}

func TestSignup_TheWaitForAnAdminIsLongerThanThePaymentWindow(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(patience-time.Hour, func() {
		f.assertStatus(domain.OnboardingAwaitingApproval)
		f.give(domain.ActionApprovePayment)
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	assert.Empty(t, f.events(domain.EventOnboardingReminded))
}

func TestSignup_RejectedMayTryAgain(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(time.Hour/2, func() { f.give(domain.ActionSubmitPayment) })
	f.at(22*time.Hour, func() { f.give(domain.ActionRejectPayment) })
	f.at(44*time.Hour, func() { // the first window ended long ago
		f.assertStatus(domain.OnboardingAwaitingPayment)
		f.give(domain.ActionSubmitPayment)
	})
	f.at(50*time.Hour, func() { f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	payments := f.payments()
	require.Len(t, payments, 2)
	assert.Equal(t, domain.PaymentFailed, payments[0].Status)
	assert.Equal(t, domain.PaymentSucceeded, payments[1].Status)
	assert.Equal(t, 2, payments[1].Attempt)
	assert.Len(t, f.events(domain.EventOnboardingReminded), 2, "the new window has its own")
}

func TestSignup_TheWindowBeginsAnewAfterARejection(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(2*time.Hour, func() { f.give(domain.ActionSubmitPayment) })
	f.at(10*time.Hour, func() { f.give(domain.ActionRejectPayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(10*time.Hour+window), f.Now().UTC())
	reminded := f.events(domain.EventOnboardingReminded)
	require.Len(t, reminded, 3, "one before, two after")
	assert.Equal(t, noon.Add(11*time.Hour), reminded[1].CreatedAt)
	assert.Equal(t, noon.Add(30*time.Hour), reminded[2].CreatedAt)
}

func TestSignup_APaymentSubmittedAtTheLastMomentIsNotExpired(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	// The window's timer fires while the submission is being written.
	fired := make(chan struct{})
	f.SetOnTimerFiredListener(func(string) {
		if !f.Now().Before(noon.Add(window)) {
			close(fired)
		}
	})
	f.before = func(name string, call int) error {
		if name == "ApplyCommand" && call == 1 {
			<-fired
		}
		return nil
	}
	f.at(window-10*time.Millisecond, func() { f.give(domain.ActionSubmitPayment) })
	f.at(window+time.Hour, func() {
		f.assertStatus(domain.OnboardingAwaitingApproval, "the customer has done their part")
		f.give(domain.ActionApprovePayment)
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
}

func TestSignup_AnotherPlanAndAnotherMethodAtEachWait(t *testing.T) {
	t.Parallel()
	type move struct {
		action domain.Action
		fill   func(c *domain.Command)
		want   domain.OnboardingStatus
	}
	choose, add := domain.ActionChoosePlan, domain.ActionAddPaymentMethod
	waitingForPlan, waitingForMethod := domain.OnboardingWaitingForPlan, domain.OnboardingWaitingForPaymentMethod
	awaiting, completed := domain.OnboardingAwaitingPayment, domain.OnboardingCompleted
	for _, c := range []struct {
		why    string
		wishes []wish
		moves  []move
	}{
		{"no plan, then a free one", []wish{plan("gold")}, []move{{choose, toPlan("free"), completed}}},
		{"no plan, another one that is not, then a paid one", []wish{plan("gold")}, []move{
			{choose, toPlan("silver"), waitingForPlan}, {choose, toPlan("growth"), awaiting},
			{choose, toPlan("starter"), completed},
		}},
		{"no method, then one", []wish{plan("growth"), option("cheque")}, []move{
			{add, byOption("wallet"), waitingForMethod}, {add, byOption("card"), awaiting}, {choose, toPlan("free"), completed},
		}},
		{"no method, then a plan that needs none", []wish{plan("growth"), option("cheque")}, []move{
			{choose, toPlan("starter"), completed},
		}},
		{"no method, then a plan that is not, then another", []wish{plan("growth"), option("cheque")}, []move{
			{choose, toPlan("gold"), waitingForPlan}, {choose, toPlan("scale"), waitingForMethod},
			{add, byOption("card"), awaiting}, {choose, toPlan("free"), completed},
		}},
		{"a dearer plan, another method, then free", []wish{plan("growth")}, []move{
			{choose, toPlan("scale"), awaiting}, {add, byOption("card"), awaiting}, {choose, toPlan("free"), completed},
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			for i, m := range c.moves {
				after := time.Duration(i+1) * 10 * time.Minute
				var a *answer
				f.at(after, func() { a = f.give(m.action, m.fill) })
				if m.want != completed {
					f.at(after+time.Minute, func() {
						assert.NoError(t, a.err)
						assert.Equal(t, m.want, a.state.Status)
						f.assertStatus(m.want)
					})
				}
			}
			f.signup(c.wishes...)
			f.assertEnd(completed)
			assert.Zero(t, f.count("SELECT count(*) FROM invoices WHERE status <> 'void'"))
		})
	}
}

func TestSignup_ANewInvoiceHasItsOwnWindow(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(20*time.Hour+time.Minute, func() { f.give(domain.ActionChoosePlan, toPlan("scale")) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(20*time.Hour+time.Minute+window), f.Now().UTC())
	assert.Len(t, f.events(domain.EventOnboardingReminded), 4)
}

func TestActivation_IsTheSameStoryForAnAccountThatExists(t *testing.T) {
	t.Parallel()
	first := newFlow(t)
	first.signup(plan("starter"))
	first.assertEnd(domain.OnboardingCompleted)
	f := newFlow(t)
	f.store, f.db = first.store, first.db
	f.useStore(first.store)
	o := f.activationOf(first.o, plan("growth"))
	f.at(time.Hour/2, func() { f.give(domain.ActionSubmitPayment) })
	f.at(time.Hour, func() { f.give(domain.ActionApprovePayment) })
	f.expectMethodChange(first.o.SubscriptionID)
	f.ExecuteWorkflow(workflows.Activation, workflows.OnboardingInput{OnboardingID: o.ID})
	f.assertEnd(domain.OnboardingCompleted)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM subscriptions WHERE status = 'active'"))
	replaced := "status = 'canceled' AND cancellation_reason = 'replaced'"
	assert.Equal(t, 1, f.count("SELECT count(*) FROM subscriptions WHERE "+replaced))
	assert.Equal(t, 1, f.count("SELECT count(*) FROM accounts"))
	f.AssertExpectations(t) // the Billing of the trial is signaled
}

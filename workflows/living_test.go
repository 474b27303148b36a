package workflows_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

const day = 24 * time.Hour

// trial signs up for a trial with a card that behaves as its token says, and
// returns the environment for its Billing.
func (s *shop) trial(token string) *flow {
	s.t.Helper()
	s.signedUp(plan("starter"))
	f := s.next(noon)
	if token != "" {
		s.attached(token)
	}
	return f
}

// after is a time some days after noon.
func after(days int) time.Duration { return time.Duration(days) * day }

// continued reports whether Billing went on as another run, of the same kind.
func (f *flow) continued() bool {
	f.t.Helper()
	var next *workflow.ContinueAsNewError
	return errors.As(f.GetWorkflowError(), &next) && next.WorkflowType.Name == "Billing"
}

// carried is the news that the run left to the next.
func (f *flow) carried() []string {
	f.t.Helper()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(f.t, f.GetWorkflowError(), &next)
	var in workflows.BillingInput
	require.NoError(f.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in.News
}

func (f *flow) days(of domain.EventType) []int {
	f.t.Helper()
	list, err := f.store.ListEvents(f.t.Context(), store.EventFilter{AccountID: f.o.AccountID, Type: string(of), Page: store.Page{Limit: 100}})
	require.NoError(f.t, err)
	days := []int{}
	for i := len(list.Data) - 1; i >= 0; i-- {
		days = append(days, int(list.Data[i].CreatedAt.Sub(noon)/day))
	}
	return days
}

func TestBilling_LivesForYearsInRunsOfTwelvePeriods(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	for run := 1; run <= 3; run++ {
		if run == 3 {
			f.at(time.Hour, func() { f.give(domain.ActionCancel) })
		}
		s.live(f)
		if run < 3 {
			require.True(t, f.continued(), "run %d: %v", run, f.GetWorkflowError())
			assert.Len(t, s.ledger(), 12*run)
			assert.Equal(t, 12, f.ran("ChargeSubscription"), "nobody is asked for nothing")
			assert.LessOrEqual(t, f.ran("ProcessDue"), 40)
			s.assertNoSecrets(f)
			f = s.next(f.Now())
		}
	}
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
	sub := f.subscription()
	assert.Equal(t, time.Date(2027, 12, 29, 12, 0, 0, 0, time.UTC), *sub.CurrentPeriodStart, "two years later, on the same day")
	assert.Equal(t, int64(24*8900), s.kept())
	s.assertBooks()
}

func TestBilling_ShowsWhereItStands(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_declined_stolen")
	var details []string
	look := func() { details = append(details, f.details()) }
	f.at(time.Hour, look)
	f.at(after(15), look)
	s.live(f)
	look()
	require.NoError(t, f.GetWorkflowError(), "what cannot be collected is no failure of the workflow")
	assert.Equal(t, []string{
		"The subscription to starter is trialing. Next, on 26 Jan 2026 12:00 UTC: the end of the period is announced, and who pays by hand gets an invoice.",
		"The subscription to starter is past_due. Next, on 5 Feb 2026 12:00 UTC: recovery ends, and with it the use of the account.",
		"The subscription to starter is canceled.",
	}, details)
	assert.Equal(t, []map[string]string{
		{"PlanCode": "starter", "SubscriptionStatus": "trialing"},
		{"PlanCode": "starter", "SubscriptionStatus": "past_due"},
		{"PlanCode": "starter", "SubscriptionStatus": "canceled"},
	}, f.upserts, "only what changed")
	assert.Equal(t, noon.Add(after(21)), f.Now().UTC())
	assert.Equal(t, 1, f.count("SELECT count(*) FROM accounts WHERE status = 'suspended'"))
}

func TestBilling_TriesAgainByTheCalendar(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_declined_funds")
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, []int{14, 15, 17, 19, 21}, f.days(domain.EventPaymentFailed))
	assert.Equal(t, noon.Add(after(21)), f.Now().UTC())
	s.assertBooks()
}

func TestBilling_AnotherCardIsChargedAtOnce(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"tok_declined_funds", "tok_declined_stolen"} {
		s := newShop(t)
		f := s.trial(token)
		f.at(after(15)+time.Hour, func() {
			assert.Equal(t, domain.SubscriptionPastDue, f.subscription().Status)
			m := s.proposed("tok_ok")
			_, err := f.acts.AddPaymentMethod(t.Context(), activities.AddPaymentMethodInput{AccountID: f.o.AccountID, MethodID: m.ID})
			require.NoError(t, err)
			f.SignalWorkflow(workflows.SignalMethodChanged, nil)
		})
		f.at(after(15)+2*time.Hour, func() {
			assert.Equal(t, domain.SubscriptionActive, f.subscription().Status, token)
			f.give(domain.ActionCancel)
		})
		s.live(f)
		require.NoError(t, f.GetWorkflowError())
		assert.Equal(t, []int{15}, f.days(domain.EventSubscriptionRecovered))
		s.assertBooks()
	}
}

func TestBilling_CommandsDoNotWaitForAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	s.away = func(now time.Time) bool {
		return now.After(noon.Add(after(13))) && now.Before(noon.Add(after(14)+9*time.Hour))
	}
	var later, resume, cancel *answer
	f.at(after(14)+time.Hour, func() {
		later = f.give(domain.ActionCancel, func(c *domain.Command) { c.At = domain.CancelPeriodEnd })
	})
	f.at(after(14)+2*time.Hour, func() {
		assert.True(t, later.done)
		resume = f.give(domain.ActionResume)
	})
	f.at(after(14)+3*time.Hour, func() {
		assert.True(t, resume.done)
		assert.NoError(t, resume.err)
	})
	f.at(after(16), func() {
		assert.Equal(t, domain.SubscriptionActive, f.subscription().Status, "charged when the provider is there again")
		cancel = f.give(domain.ActionCancel)
	})
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	require.True(t, cancel.done)
	assert.Equal(t, int64(8900), s.kept())
	s.assertBooks()
}

func TestBilling_CanceledWhileACardIsCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_lost_response")
	s.away = func(now time.Time) bool { return len(s.ledger()) > 0 && now.Before(noon.Add(after(14)+6*time.Hour)) }
	var cancel *answer
	f.at(after(14)+time.Hour, func() { cancel = f.give(domain.ActionCancel) })
	f.at(after(14)+2*time.Hour, func() { assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status) })
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	require.True(t, cancel.done)
	require.Len(t, s.ledger(), 1)
	assert.Zero(t, s.kept(), "given back before it closes")
	s.assertBooks()
}

func TestBilling_StoppedByTemporalLeavesTheSubscriptionAsItIs(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	f.at(after(5), f.CancelWorkflow)
	s.live(f)
	assert.True(t, temporal.IsCanceledError(f.GetWorkflowError()), "%v", f.GetWorkflowError())
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription().Status)

	again := s.next(noon.Add(after(20))) // started anew, late
	again.at(day, func() { again.give(domain.ActionCancel) })
	s.live(again)
	require.NoError(t, again.GetWorkflowError())
	assert.Equal(t, int64(8900), s.kept(), "what was due meanwhile is done")
	assert.Equal(t, noon.Add(after(14)), *again.subscription().CurrentPeriodStart)
}

// say sends as many events that are about nothing.
func (f *flow) say(n int) {
	for range n {
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{})
	}
}

// hold lets a command that changes nothing take ten minutes from now.
func (f *flow) hold() *answer {
	until := f.Now().Add(10 * time.Minute)
	f.before = func(activity string, _ int) error {
		if activity == "ApplyCommand" && f.Now().Before(until) {
			return domain.Unavailable("The database", 0)
		}
		return nil
	}
	return f.give(domain.ActionResume)
}

func TestBilling_ContinuesAfterFiveHundredMessagesAndHearsEach(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_3ds")
	f.at(after(14)+time.Hour, func() {
		p := f.payments()[0]
		require.Equal(t, domain.PaymentRequiresAction, p.Status)
		s.submit(p.ActionURL, url.Values{"decision": {"confirm"}})
		f.hold()
		f.say(498)
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID})
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID})
	})
	s.live(f)
	require.True(t, f.continued(), "%v", f.GetWorkflowError())
	p := f.payments()[0]
	assert.Equal(t, []string{p.ID}, f.carried(), "once, however often it was told")
	assert.Zero(t, f.ran("LookUpPayment"), "news does not keep a run from ending")
	news := f.carried()
	f = s.next(f.Now())
	f.at(time.Hour, func() { f.give(domain.ActionCancel) })
	s.live(f, news...)
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, 1, f.ran("LookUpPayment"))
	assert.Equal(t, domain.PaymentSucceeded, f.payments()[0].Status, "the last of them was heard")
	s.assertBooks()
}

func TestBilling_RefusesCommandsOnceItIsAboutToBeContinued(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	var first, second *answer
	f.at(time.Hour, func() {
		first = f.hold()
		f.say(500)
	})
	f.at(time.Hour+5*time.Minute, func() { second = f.give(domain.ActionCancel) })
	s.live(f)
	require.True(t, f.continued(), "%v", f.GetWorkflowError())
	require.True(t, first.done, "what it took, it answers")
	assert.NoError(t, first.err)
	assert.Equal(t, "run_ends", second.refusal(), "the client asks the next run")
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription().Status)
}

func TestBilling_TakesCommandsHoweverLongAProviderIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	s.away = func(now time.Time) bool { return now.After(noon.Add(after(13))) && now.Before(noon.Add(after(16))) }
	var cancel *answer
	f.at(after(14)+time.Hour, func() { f.say(600) })
	f.at(after(15), func() { cancel = f.give(domain.ActionCancel) })
	s.live(f)
	require.True(t, cancel.done, "though more was said than a run hears: %v", cancel.rejected)
	assert.NoError(t, cancel.err)
	require.True(t, f.continued(), "%v", f.GetWorkflowError())
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
}

func TestBilling_AnswersEveryCommandBeforeItContinues(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	var answers []*answer
	f.at(time.Hour, func() {
		f.say(470)
		for i := range 30 {
			action := domain.ActionResume
			if i%2 == 0 {
				action = domain.ActionCancel
			}
			answers = append(answers, f.give(action, func(c *domain.Command) { c.At = domain.CancelPeriodEnd }))
		}
	})
	s.live(f)
	require.True(t, f.continued(), "%v", f.GetWorkflowError())
	for i, a := range answers {
		require.True(t, a.done, "command %d", i)
		assert.NoError(t, a.err)
	}
	assert.Equal(t, 30, f.count("SELECT count(*) FROM commands WHERE applied_at IS NOT NULL"))
	assert.Len(t, f.days(domain.EventSubscriptionWillCancel), 15)
}

func TestBilling_ACommandDeliveredTwiceIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.signedUp(plan("growth"), card("tok_ok"))
	f := s.next(noon.Add(day))
	var first, second *answer
	f.at(time.Hour, func() {
		c := f.command(domain.ActionChangePlan, toPlan("scale"))
		first = f.send(string(c.Action), c.ID, workflows.CommandInput{CommandID: c.ID})
		second = f.send(string(c.Action), c.ID+"-again", workflows.CommandInput{CommandID: c.ID})
	})
	f.at(day, func() { f.give(domain.ActionCancel) })
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	require.True(t, first.done && second.done)
	assert.NoError(t, errors.Join(first.err, second.err))
	assert.Len(t, s.ledger(), 2)
	s.assertBooks()
}

func TestBilling_ByHandFromInvoiceToTheEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(2*time.Minute, func() { f.give(domain.ActionApprovePayment) })
	s.signedUp(plan("growth"))
	f = s.next(f.Now())
	f.at(after(29), func() { f.give(domain.ActionSubmitPayment) })
	f.at(after(30)+12*time.Hour, func() { f.give(domain.ActionApprovePayment) })
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	assert.Len(t, f.days(domain.EventSubscriptionRenewed), 1, "the second month was paid, the third was not")
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
	assert.Equal(t, "payment_failed", f.subscription().CancellationReason)
	assert.Len(t, f.days(domain.EventInvoiceReminded), 1, "who has submitted a payment is not reminded")
	s.assertNoSecrets(f)
}

func TestAdvance_EndsWhenTheClockStands(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.next(noon)
	id, target := store.NewID(domain.PrefixTestClock), noon.Add(after(40))
	require.NoError(t, s.stock.InsertTestClock(t.Context(), &domain.TestClock{
		ID: id, Status: domain.ClockAdvancing, Now: noon, Target: &target, CreatedAt: noon, UpdatedAt: noon,
	}))
	failures := 0
	f.before = func(string, int) error {
		if failures++; failures < 3 {
			return domain.Unavailable("The database", 0)
		}
		return nil
	}
	f.ExecuteWorkflow(workflows.Advance, workflows.AdvanceInput{ClockID: id})
	require.NoError(t, f.GetWorkflowError())
	var result activities.WaitForClockResult
	require.NoError(t, f.GetWorkflowResult(&result))
	assert.Equal(t, target, result.Now)
}

func TestSignup_OnATestClockSleepsByIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	id := store.NewID(domain.PrefixTestClock)
	require.NoError(t, s.stock.InsertTestClock(t.Context(), &domain.TestClock{
		ID: id, Status: domain.ClockReady, Now: noon, CreatedAt: noon, UpdatedAt: noon,
	}))
	move := func(to time.Duration) {
		f.exec("UPDATE test_clocks SET now = ?", noon.Add(to))
		f.SignalWorkflow(workflows.SignalClock, nil)
	}
	f.at(90*day, func() { f.assertStatus(domain.OnboardingAwaitingPayment, "real time does not count") })
	f.at(91*day, func() { move(2 * time.Hour) })
	f.at(92*day, func() { assert.Len(t, f.events(domain.EventOnboardingReminded), 1) })
	f.at(93*day, func() { move(window) })
	f.signup(plan("growth"), func(o *domain.Onboarding) { o.TestClockID = id })
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(93*day), f.Now().UTC().Truncate(time.Minute))
	assert.Equal(t, noon.Add(window), f.events(domain.EventOnboardingExpired)[0].CreatedAt)
	assert.Zero(t, f.count("SELECT count(*) FROM clock_waits"), "nobody sleeps there any more")
}

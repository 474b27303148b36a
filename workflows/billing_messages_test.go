package workflows_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
	"slipway/workflows"
)

// carried is the news that the run left to the next.
func (f *flow) carried() []string {
	f.t.Helper()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(f.t, f.GetWorkflowError(), &next)
	var in workflows.BillingInput
	require.NoError(f.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in.News
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
	assert.Zero(t, s.kept(), "refunded before it closes")
	s.assertBooks()
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

func TestBilling_ContinuesAfterFiveHundredMessagesAndTakesEach(t *testing.T) {
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
	assert.Equal(t, []string{p.ID}, f.carried(), "once, however often it was sent")
	assert.Zero(t, f.ran("LookUpPayment"), "news does not keep a run from ending")
	news := f.carried()
	f = s.next(f.Now())
	f.at(time.Hour, func() { f.give(domain.ActionCancel) })
	s.live(f, news...)
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, 1, f.ran("LookUpPayment"))
	assert.Equal(t, domain.PaymentSucceeded, f.payments()[0].Status, "the last of them was taken")
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
	require.True(t, cancel.done, "though more was said than a run takes: %v", cancel.rejected)
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

func TestBilling_ACommandDeliveredTwiceIsAppliedOnce(t *testing.T) {
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

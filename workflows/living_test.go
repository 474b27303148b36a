package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
func (f *flow) continued() bool { return f.continuedAs("Billing") }

func (f *flow) continuedAs(workflowType string) bool {
	f.t.Helper()
	var next *workflow.ContinueAsNewError
	return errors.As(f.GetWorkflowError(), &next) && next.WorkflowType.Name == workflowType
}

func (f *flow) days(of domain.EventType) []int {
	f.t.Helper()
	list, err := f.store.ListEvents(f.t.Context(), store.EventFilter{
		AccountID: f.o.AccountID, Type: string(of), Page: store.Page{Limit: 100},
	})
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
			assert.Equal(t, 12, f.ran("ChargeSubscription"), "no provider is asked for nothing")
			assert.LessOrEqual(t, f.ran("ProcessDue"), 40)
			s.assertNoSecrets(f)
			f = s.next(f.Now())
		}
	}
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
	sub := f.subscription()
	twoYearsLater := time.Date(2027, 12, 29, 12, 0, 0, 0, time.UTC)
	assert.Equal(t, twoYearsLater, *sub.CurrentPeriodStart, "on the same day")
	assert.Equal(t, int64(24*8900), s.kept())
	s.assertBooks()
}

func TestBilling_ShowsWhereItIs(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_declined_stolen")
	var details []string
	note := func() { details = append(details, f.details()) }
	f.at(time.Hour, note)
	f.at(after(15), note)
	s.live(f)
	note()
	require.NoError(t, f.GetWorkflowError(), "what cannot be collected is no failure of the workflow")
	assert.Equal(t, []string{
		"The subscription to starter is trialing. Next, on 26 Jan 2026 12:00 UTC: the end of the period is " +
			"announced, and customers who pay by hand get an invoice.",
		"The subscription to starter is past_due. Next, on 5 Feb 2026 12:00 UTC: recovery ends, and with it " +
			"the use of the account.",
		"The subscription to starter is canceled.",
	}, details)
	assert.Equal(t, []map[string]string{
		{"AccountId": s.o.AccountID, "PlanCode": "starter", "SubscriptionStatus": "trialing", "BlockedOn": "renewal"},
		{"PlanCode": "starter", "SubscriptionStatus": "past_due", "BlockedOn": "late_payment", "AmountDue": "$89.00",
			"WaitsUntil": "2026-02-05T12:00:00Z"},
		{"PlanCode": "starter", "SubscriptionStatus": "canceled", "BlockedOn": "", "AmountDue": "", "WaitsUntil": ""},
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
			_, err := f.acts.AddPaymentMethod(t.Context(),
				activities.AddPaymentMethodInput{AccountID: f.o.AccountID, MethodID: m.ID})
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

func TestBilling_StartedAgainLateDoesWhatWasDueMeanwhile(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	f.at(after(5), func() { f.say(aRunTakes) })
	s.live(f)
	require.True(t, f.continued(), "%v", f.GetWorkflowError())
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription().Status)

	again := s.next(noon.Add(after(20))) // started anew, late
	again.at(day, func() { again.give(domain.ActionCancel) })
	s.live(again)
	require.NoError(t, again.GetWorkflowError())
	assert.Equal(t, int64(8900), s.kept(), "what was due meanwhile is done")
	assert.Equal(t, noon.Add(after(14)), *again.subscription().CurrentPeriodStart)
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

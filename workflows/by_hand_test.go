package workflows_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/workflows"
)

// byHand is what an operator can do to a running workflow with Temporal's tools.
var byHand = map[string]func(f *flow){
	"the signal cancel":                 func(f *flow) { f.SignalWorkflow(workflows.SignalCancel, noInput{}) },
	"the signal cancel, with no object": func(f *flow) { f.SignalWorkflow(workflows.SignalCancel, "now") },
	"Temporal's cancellation":           func(f *flow) { f.CancelWorkflow() },
}

func TestByHand_CancelingABillingKeepsItForThePeriodAndGoesOn(t *testing.T) {
	t.Parallel()
	for what, cancel := range byHand {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			f := s.trial("tok_ok")
			f.at(after(3), func() { cancel(f) })
			f.at(after(4), func() {
				sub := f.subscription()
				assert.Equal(t, domain.SubscriptionTrialing, sub.Status, "it is paid for, and can be taken back")
				assert.True(t, sub.CancelAtPeriodEnd)
			})
			s.live(f)
			require.NoError(t, f.GetWorkflowError(), "it lives until the subscription ends")
			assert.Equal(t, domain.SubscriptionCanceled, f.subscription().Status)
			assert.WithinDuration(t, noon.Add(after(14)), f.Now(), time.Hour)
			assert.Len(t, f.events(domain.EventSubscriptionWillCancel), 1)
			s.assertBooks()
		})
	}
}

func TestByHand_ASignalSaysWhenABillingIsCanceled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	f.at(after(3), func() {
		f.SignalWorkflow(workflows.SignalCancel, workflows.SignalInput{Reason: "fraud", At: domain.CancelNow})
	})
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	assert.WithinDuration(t, noon.Add(after(3)), f.Now(), time.Minute)
	assert.Equal(t, "fraud", f.events(domain.EventSubscriptionCanceled)[0].Reason)
}

func TestByHand_CancelingWhileAProviderIsAwayDoesNotLoseTheBilling(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	s.away = func(now time.Time) bool {
		return now.After(noon.Add(after(13))) && now.Before(noon.Add(after(14)+9*time.Hour))
	}
	f.at(after(14)+time.Hour, func() { f.CancelWorkflow() })
	f.at(after(15), func() {
		assert.Equal(t, domain.SubscriptionActive, f.subscription().Status)
		f.give(domain.ActionCancel)
	})
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
	s.assertBooks()
}

func TestByHand_CancelingAPurchaseVoidsItsInvoice(t *testing.T) {
	t.Parallel()
	for what, cancel := range byHand {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			f := s.trial("")
			f.exec("UPDATE payment_methods SET is_default = true")
			f.at(time.Hour, func() { cancel(f) })
			_, result := s.purchase(f)
			assert.Equal(t, domain.InvoiceVoid, result.Status)
			assert.WithinDuration(t, noon.Add(time.Hour), f.Now(), time.Minute)
		})
	}
}

func TestByHand_ActivateOnWhatCannotBeActivatedLeavesATrace(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_3ds")
	f.at(
		time.Hour,
		func() { f.SignalWorkflow(workflows.SignalActivate, workflows.SignalInput{Reason: "paid in cash"}) },
	)
	f.at(2*time.Hour, func() {
		p := f.payments()[0]
		s.submit(p.ActionURL, url.Values{"decision": {"confirm"}})
		f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID})
	})
	s.purchase(f)
	assert.Equal(
		t,
		1,
		f.count("SELECT count(*) FROM events WHERE type = 'command.refused' AND reason = 'paid in cash'"),
	)
}

func TestByHand_ALongReasonIsRefusedAndCopiedIntoNoEvent(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(time.Hour, func() {
		f.SignalWorkflow(workflows.SignalCancel, workflows.SignalInput{Reason: strings.Repeat("long ", 80_000)})
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	require.Len(t, f.events(domain.EventCommandRefused), 1)
	long := 0
	for _, text := range f.seen.texts {
		if len(text) > 10_000 {
			long++
		}
	}
	assert.LessOrEqual(t, long, 1, "the signal itself")
}

func TestByHand_AWorkflowUnderAnotherIDFailsAtOnceAndChangesNothing(t *testing.T) {
	t.Parallel()
	under := func(workflow, in any) func(f *flow) {
		return func(f *flow) { f.executeUnder("mine", workflow, in) }
	}
	for name, start := range map[string]func(f *flow){
		"Signup":        under(workflows.Signup, workflows.OnboardingInput{OnboardingID: "onb_1"}),
		"Activation":    under(workflows.Activation, workflows.OnboardingInput{SubscriptionID: "sub_1"}),
		"Billing":       under(workflows.Billing, workflows.BillingInput{SubscriptionID: "sub_1"}),
		"Purchase":      under(workflows.Purchase, workflows.PurchaseInput{InvoiceID: "in_1"}),
		"PaymentMethod": under(workflows.PaymentMethod, workflows.PaymentMethodInput{MethodID: "pm_1"}),
		"Advance":       under(workflows.Advance, workflows.AdvanceInput{ClockID: "clock_1"}),
		"EndpointDeliveries": under(workflows.EndpointDeliveries,
			workflows.EndpointDeliveriesInput{EndpointID: "whk_1"}),
		"Delivery": under(workflows.Delivery, workflows.DeliveryInput{EventID: "evt_1", EndpointID: "we_1"}),
		"Refresh":  under(workflows.Refresh, workflows.RefreshInput{OnboardingID: "onb_1"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			start(f)
			assert.Equal(t, workflows.TypeOtherID, kind(f.GetWorkflowError()))
			assert.Empty(t, f.calls, "no activity ran")
		})
	}
}

func TestByHand_ABillingThatWasStartedWithoutItsAccountShowsIt(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("starter"))
	f.at(time.Hour, func() { f.give(domain.ActionCancel) })
	f.billing()
	assert.Contains(t, f.upserts, map[string]string{
		"AccountId": f.o.AccountID, "PlanCode": "starter", "SubscriptionStatus": "trialing",
		"BlockedOn": "renewal",
	})
}

//go:build !nodev

package system

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// age makes payments look as old as the janitor wants them: nobody waits ten
// minutes for a test.
func (r *running) age() {
	r.t.Helper()
	_, err := r.app.Store.Stats()["write"].Exec(
		"UPDATE payments SET updated_at = $1 WHERE status IN ('created', 'processing', 'unknown')",
		time.Now().UTC().Add(-time.Hour))
	require.NoError(r.t, err)
}

// 16. Terminated by hand during a charge: the status is true, and the janitor
// refunds what was charged.
func TestFault16_TerminatedDuringACharge(t *testing.T) {
	t.Parallel()
	app := startApp(t)
	for _, token := range []string{"tok_lost_response", "tok_slow", "tok_throttled_wait_300"} {
		t.Run(token, func(t *testing.T) {
			r := app.in(t)
			o := r.pays(token+"@example.com", "growth", token)
			eventually(t, func() bool {
				payments := r.payments(o.Account.ID)
				return len(payments) > 0 && payments[0].Status != domain.PaymentCreated
			}, "the company was asked")
			r.terminate("signup-" + o.ID)
			eventually(t, func() bool { return r.onboarding(o).Done }, "the status is true")
			if r.onboarding(o).Status == domain.OnboardingCompleted {
				t.Log("the lookup was faster than the operator")
				return
			}
			require.Equal(t, domain.OnboardingFailed, r.onboarding(o).Status)
			eventually(t, func() bool {
				r.age()
				_, n := r.kept(o.Account.ID)
				return n == 0 && r.payments(o.Account.ID)[0].Status == domain.PaymentFailed
			}, "what was charged is refunded")
		})
	}
	app.sound()
}

// 16. Reset by hand to its beginning, during and after a charge: no second one.
func TestFault16_ResetAroundACharge(t *testing.T) {
	t.Parallel()
	app := startApp(t)
	for _, token := range []string{"tok_ok", "tok_flaky_3", "tok_lost_response"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			r := app.in(t)
			o := r.pays(token+"@example.com", "growth", token)
			eventually(t, func() bool { return len(r.payments(o.Account.ID)) > 0 }, "the charge is under way")
			if token == "tok_ok" {
				r.until(o, domain.OnboardingCompleted)
			}
			_, err := r.app.Temporal.ResetWorkflowExecution(context.Background(), &workflowservice.ResetWorkflowExecutionRequest{
				Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "signup-" + o.ID},
				Reason: "by hand", WorkflowTaskFinishEventId: 3, RequestId: "reset",
				ResetReapplyType: enumspb.RESET_REAPPLY_TYPE_NONE,
			})
			require.NoError(t, err)
			r.until(o, domain.OnboardingCompleted)
			r.waitClosed("signup-" + o.ID)
			sum, n := r.kept(o.Account.ID)
			assert.Equal(t, 1, n)
			assert.EqualValues(t, 13900, sum)
		})
	}
	t.Cleanup(app.sound)
}

// 16. Billing is terminated by hand: reconcile starts it again within a round, long
// before anything is due, leaves a trace, and nothing is charged twice.
func TestFault16_BillingTerminated(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	o := r.pays("ada@example.com", "growth", "tok_ok")
	done := r.until(o, domain.OnboardingCompleted)
	id := "billing-" + done.Subscription.ID
	state := func() onboarding.ProcessState {
		s, err := r.app.Workflows.BillingState(context.Background(), done.Subscription.ID)
		require.NoError(t, err)
		return s
	}
	eventually(t, func() bool { return state() == onboarding.ProcessRunning }, "Billing runs")
	r.sound()
	r.terminate(id)
	require.Equal(t, onboarding.ProcessStopped, state())
	eventually(t, func() bool { return state() == onboarding.ProcessRunning }, "reconcile starts it")
	eventually(t, func() bool {
		events, err := r.app.Store.ListEvents(context.Background(), store.EventFilter{
			Type: string(domain.EventWorkflowRestarted), Page: store.Page{Limit: 10},
		})
		return err == nil && len(events.Data) == 1 && events.Data[0].SubscriptionID == done.Subscription.ID
	}, "with a trace")
	r.sound()
	_, n := r.kept(o.Account.ID)
	assert.Equal(t, 1, n)
}

// 16. A Billing that lives by a test clock is terminated: the clock starts it
// again when it moves.
func TestFault16_BillingTerminatedOnATestClock(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	clock := r.newClock("2026-01-15T10:00:00Z")
	o := r.paysOn(clock, "ada@example.com", "growth", "tok_ok")
	done := r.until(o, domain.OnboardingCompleted)
	eventually(t, func() bool {
		s, err := r.app.Workflows.BillingState(context.Background(), done.Subscription.ID)
		return err == nil && s == onboarding.ProcessRunning
	}, "Billing runs")
	r.advance(clock, "2026-01-20T10:00:00Z")
	r.terminate("billing-" + done.Subscription.ID)
	r.advance(clock, "2026-02-20T10:00:00Z")
	_, n := r.kept(o.Account.ID)
	assert.Equal(t, 2, n, "the sign-up and one renewal")
	r.sound()
}

// 20. 2,000 commands and 5,000 signals for one subscription: its Billing is
// continued as new several times, every command takes effect, no signal stops it.
func TestFault20_OneBillingOfManyMessages(t *testing.T) {
	const commandsGiven, signalsSent, together = 2000, 5000, 10
	const longest = 4000 // events of a run: 500 messages and what was on its way when they were heard
	r := startApp(t)
	o := r.pays("ada@example.com", "growth", "tok_ok")
	sub := r.until(o, domain.OnboardingCompleted).Subscription.ID
	payment := r.payments(o.Account.ID)[0].ID
	began := time.Now()
	var next, sent atomic.Int64
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			for i := next.Add(1); i <= commandsGiven; i = next.Add(1) {
				r.cancelOrResume(sub, i)
			}
		})
	}
	for range 4 {
		wg.Go(func() {
			for sent.Add(1) <= signalsSent {
				err := r.app.Workflows.ProviderEvent(context.Background(),
					&domain.PaymentOwner{SubscriptionID: sub, PaymentID: payment})
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d commands and %d signals in %s, over %d runs", commandsGiven, signalsSent,
		time.Since(began).Round(time.Second), len(r.runs("billing-"+sub)))
	assert.Zero(t, r.count("SELECT count(*) FROM commands WHERE subscription_id = $1 AND applied_at IS NULL", sub),
		"none is lost")
	assert.Equal(t, commandsGiven, r.count("SELECT count(*) FROM commands WHERE subscription_id = $1", sub))
	eventually(t, func() bool { return len(r.runs("billing-"+sub)) >= 5 }, "continued as new, time and again")
	for _, run := range r.runs("billing-" + sub) {
		assert.Less(t, run.GetHistoryLength(), int64(longest), "however much is said to it, its history stays small")
	}
	r.sound()
	_, n := r.kept(o.Account.ID)
	assert.Equal(t, 1, n)
}

// cancelOrResume gives the nth command: canceling at the end of the period, and taking
// that back, in turn. One that does not fit any more is taken back, too.
func (r *running) cancelOrResume(sub string, n int64) {
	r.t.Helper()
	command := &domain.Command{
		ID: store.NewID("cmd"), Action: domain.ActionCancel, At: domain.CancelPeriodEnd, SubscriptionID: sub,
		ActorType: domain.ActorCustomer,
	}
	if n%2 == 0 {
		command.Action, command.At = domain.ActionResume, ""
	}
	ctx := context.Background()
	if !assert.NoError(r.t, r.app.Store.InsertCommand(ctx, command)) {
		return
	}
	var err error
	for range 20 { // Temporal asks to try again while the run is continued
		if err = r.app.Workflows.Command(ctx, domain.Recipient{SubscriptionID: command.SubscriptionID},
			command); domain.CodeOf(err) != domain.CodeUnavailable {
			break
		}
	}
	assert.NoError(r.t, err)
}

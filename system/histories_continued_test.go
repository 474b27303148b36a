//go:build !nodev

package system

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"slipway/app"
	"slipway/domain"
	"slipway/workflows"
)

// continued says things to a workflow until its first run is continued as new, and
// returns that run's history.
func (r *running) continued(workflowID string, say func(n int)) *historypb.History {
	r.t.Helper()
	for n := 0; ; n++ {
		if runs := r.runs(workflowID); len(runs) > 0 {
			first := runs[len(runs)-1]
			if first.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
				return r.historyOf(workflowID, first.GetExecution().GetRunId())
			}
		}
		require.Less(r.t, n, 200, "%s is continued", workflowID)
		say(n)
	}
}

// signals says the same signal again and again, each time at rest.
func (r *running) signals(workflowID, name string) func(int) {
	return func(int) {
		ctx := context.Background()
		eventually(r.t, func() bool {
			return r.app.Temporal.SignalWorkflow(ctx, workflowID, "", name, nil) == nil
		}, "the next run takes it")
		eventually(r.t, func() bool {
			d, err := r.app.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
			return err == nil && d.GetPendingWorkflowTask() == nil && len(d.GetPendingActivities()) == 0
		}, "it rests")
	}
}

// Whoever continues as new does so at rest, with its timer running: what was said is
// done, and nothing of it is lost.
func TestHistories_OfContinuedRunsHoldNoPersonalWord(t *testing.T) {
	s := newSite(t, "", func(s *site) { s.runLimit = 24 })
	private := childConfig{WebhookPrivate: true}
	r := &running{t: t, url: s.child("api", private).url, app: &app.App{Temporal: s.dial(), Store: s.store}}
	s.child("worker", private)
	histories := map[string]*historypb.History{}

	trial := r.person(40, "starter")
	r.until(trial, domain.OnboardingCompleted)
	var started struct{ Onboarding domain.Onboarding }
	r.own(trial, "subscription", map[string]any{"plan": "growth"}).into(t, &started)
	next := kickedOff{Onboarding: started.Onboarding, ClientSecret: trial.ClientSecret}
	r.until(next, domain.OnboardingAwaitingPayment)
	id := "activation-" + r.onboardingRow(next).SubscriptionID
	histories["activation_continued"] = r.continued(id, r.signals(id, workflows.SignalCatalogueChanged))

	r.subscription(trial, "refresh") // starts its Billing
	histories["billing_continued"] = r.continued(r.billing(trial), func(n int) {
		r.own(trial, "subscription/"+[]string{"cancel", "resume"}[n%2], map[string]any{})
	})

	invoice := r.invoiced(trial)
	id = "purchase-" + invoice
	histories["purchase_continued"] = r.continued(id, r.signals(id, workflows.SignalProviderEvent))

	backend := newBackend(t, 1000)
	backend.how = http.StatusBadGateway
	endpoint, _ := r.endpointOf(backend.url, "account.created")
	r.person(41, "starter")
	id = "deliveries-" + endpoint
	eventually(t, func() bool { return len(r.runs(id)) > 0 }, "an event is due")
	histories["deliveries_continued"] = r.continued(id, r.signals(id, workflows.SignalEventsDue))
	keepAndRead(t, histories)
}

// The activity of ReconcileLoop ends with its worker; the next one goes on.
func TestHistories_OfReconcileContinued(t *testing.T) {
	s := newSite(t, "", func(s *site) { s.runLimit = 12 })
	r := &running{t: t, app: &app.App{Temporal: s.dial(), Store: s.store}}
	running := "ExecutionStatus = 'Running' AND WorkflowType = 'ReconcileLoop'"
	worker := s.worker()
	id := r.executions(running, 1)[0]
	h := r.continued(id, func(int) {
		eventually(t, func() bool {
			d, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), id, "")
			return err == nil && len(d.GetPendingActivities()) == 1 && d.GetPendingActivities()[0].GetLastHeartbeatTime() != nil
		}, "the jobs run")
		worker.stop()
		worker = s.worker()
	})
	keepAndRead(t, map[string]*historypb.History{"reconcile_loop_continued": h})
}

// underAnotherID starts the workflow of an onboarding as an operator does who makes up
// an id.
func underAnotherID(r *running) []string {
	const id = "made-up-by-an-operator"
	o := r.person(19, "starter")
	_, err := r.app.Temporal.ExecuteWorkflow(context.Background(),
		client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueueOnboarding},
		workflows.Refresh, workflows.RefreshInput{OnboardingID: o.ID})
	require.NoError(r.t, err)
	return []string{id}
}

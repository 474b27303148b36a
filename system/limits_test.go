//go:build !nodev

package system

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/app"
	"slipway/domain"
	"slipway/workflows"
)

// A run of a workflow may receive only so many updates and signals; here forty of
// each. Sign-ups that wait are continued as new before, and take every one.
func TestHistories_AWaitingSignupOutlivesWhatOneRunMayReceive(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", func(s *site) { s.runLimit = 40 })
	_, r := s.api()
	s.worker()
	o := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(o, domain.OnboardingAwaitingPayment)
	admin := r.admin()
	row, err := s.store.OnboardingByID(t.Context(), o.ID)
	require.NoError(t, err)
	for range 100 {
		r.command("/v1/admin/subscriptions/"+row.SubscriptionID+"/refresh", admin, map[string]any{"reason": "she asked"})
	}
	c := s.dial()
	ctx := context.Background()
	for range 100 {
		require.Eventually(t, func() bool {
			return c.SignalWorkflow(ctx, "signup-"+o.ID, "", workflows.SignalCatalogueChanged, nil) == nil
		}, 10*time.Second, 50*time.Millisecond, "the next run takes it")
	}
	r.decide(r.submit(o, "RF18").ID, "approve", "seen on the bank statement")
	r.until(o, domain.OnboardingCompleted)
	var runs []*workflowpb.WorkflowExecutionInfo // the latest first
	require.Eventually(t, func() bool {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: "WorkflowId = 'signup-" + o.ID + "'", PageSize: 100})
		require.NoError(t, err)
		runs = list.GetExecutions()
		return len(runs) >= 5 && runs[0].GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}, 30*time.Second, 100*time.Millisecond)
	s.requireOneOfEach(1)

	first := &running{t: t, app: &app.App{Temporal: c}}
	history := first.historyOf("signup-"+o.ID, runs[len(runs)-1].GetExecution().GetRunId())
	keepAndRead(t, map[string]*historypb.History{"signup_continued": history})
}

// What was received while Temporal was away is started within 30 seconds, even
// when the worker that runs the jobs of reconcile dies just then.
func TestReconcile_StartsWhatWasReceivedThoughItsWorkerDies(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	_, r := s.api()
	doomed := s.worker()
	first := r.accepted("first@example.com", "First", "starter", "first")
	r.until(first, domain.OnboardingCompleted)
	require.NoError(t, s.temporal.Stop())
	o := r.accepted("ada@example.com", "Acme", "starter", "k")
	assert.Equal(t, domain.OnboardingReceived, o.Status)
	doomed.kill()
	s.startTemporal()
	s.worker()
	began := time.Now()
	r.until(o, domain.OnboardingCompleted)
	assert.Less(t, time.Since(began), 30*time.Second)
	t.Logf("started and completed in %s", time.Since(began).Round(time.Millisecond))
	s.requireOneOfEach(2)
}

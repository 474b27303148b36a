package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/workflows"
)

func TestReconcile_LoopsWhileThereIsMoreAndStopsAtItsBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		batches int // that are full
		want    activities.ReconcileResult
		calls   int
	}{
		{0, activities.ReconcileResult{Checked: 3, Started: 1}, 1},
		{4, activities.ReconcileResult{Checked: 15, Started: 5}, 5},
		{99, activities.ReconcileResult{Checked: 30, Started: 10, More: true}, 10},
	} {
		f, calls := newFlow(t), 0
		f.OnActivity(f.acts.Reconcile, mock.Anything, activities.ReconcileInput{StaleAfter: time.Minute}).Return(
			func(context.Context, activities.ReconcileInput) (activities.ReconcileResult, error) {
				calls++
				return activities.ReconcileResult{Checked: 3, Started: 1, More: calls <= c.batches}, nil
			})
		f.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{StaleAfter: time.Minute})
		require.NoError(t, f.GetWorkflowError())
		var total activities.ReconcileResult
		require.NoError(t, f.GetWorkflowResult(&total))
		assert.Equal(t, c.want, total)
		assert.Equal(t, c.calls, calls)
	}
}

func TestReconcile_LooksAgainWhenTheCatalogueChangesMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.before = func(_ string, call int) error {
		if call == 1 {
			f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
			f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
		}
		return nil
	}
	f.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{StaleAfter: time.Minute})
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, 2, f.ran("Reconcile"), "twice, however often it changed")
}

func TestResumeServed_LooksAgainWhenTheCatalogueChangesMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.before = func(_ string, call int) error {
		if call == 1 {
			f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
			f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
		}
		return nil
	}
	f.ExecuteWorkflow(workflows.ResumeServed)
	require.NoError(t, f.GetWorkflowError())
	assert.Equal(t, 2, f.ran("ResumeServed"), "twice, however often it changed")
}

func TestReconcileLoop_RunsTheJobsWithoutEndInSmallHistories(t *testing.T) {
	t.Parallel()
	f, runs := newFlow(t), 0
	f.OnActivity(f.acts.RunReconcileJobs, mock.Anything).Return(func(context.Context) error { runs++; return nil })
	f.ExecuteWorkflow(workflows.ReconcileLoop)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, f.GetWorkflowError(), &next)
	assert.Equal(t, "ReconcileLoop", next.WorkflowType.Name)
	assert.Equal(t, 7*24, runs)
}

func TestReconcile_EndsWhatWasStoppedByHand(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	o := f.receive(plan("growth"))
	f.exec("UPDATE onboardings SET checked_at = '2026-01-01', updated_at = '2026-01-01'")
	f.fakes.states = map[string]onboarding.ProcessState{o.ID: onboarding.ProcessStopped}
	failures := 0
	f.before = func(string, int) error {
		if failures++; failures < 4 {
			return domain.Unavailable("Temporal", 0)
		}
		return nil
	}
	f.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{StaleAfter: time.Minute})
	require.NoError(t, f.GetWorkflowError(), "a Temporal that is away is waited for")
	f.assertStatus(domain.OnboardingFailed)
	assert.Equal(t, domain.ReasonTerminatedExternally, f.row().Error.Code)
}

func TestRefresh_AsAWorkflowWhereNoneRuns(t *testing.T) {
	t.Parallel()
	f := afterSignup(t, plan("free"))
	f.exec("UPDATE onboardings SET status = 'awaiting_payment'")
	f.fakes.states = map[string]onboarding.ProcessState{f.o.ID: onboarding.ProcessCompleted}
	c := f.command(domain.ActionRefresh)
	f.ExecuteWorkflow(workflows.Refresh, workflows.RefreshInput{OnboardingID: f.o.ID, CommandID: c.ID})
	require.NoError(t, f.GetWorkflowError())
	var result onboarding.Repaired
	require.NoError(t, f.GetWorkflowResult(&result))
	assert.Equal(t, []domain.Difference{{Field: "status", Was: "awaiting_payment", Is: "completed"}}, result.Differences)
	f.assertStatus(domain.OnboardingCompleted)
	assert.NotContains(t, f.seen.String(), personReason)
}

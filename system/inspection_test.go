//go:build !nodev

package system

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"

	"slipway/workflows"
)

func TestInspection_OperatorsFindAndUnderstandWorkflows(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	query := "OnboardingStatus = 'awaiting_payment' AND BlockedOn = 'customer' AND PlanCode = 'growth' AND " +
		"SubscriptionStatus = 'incomplete' AND AccountId = '" + o.Account.ID + "'"
	require.Equal(t, []string{"signup-" + o.ID}, r.executions(query, 1))
	started := r.history("signup-" + o.ID).GetEvents()[0]
	assert.Contains(t, string(started.GetUserMetadata().GetSummary().GetData()), o.Account.ID)

	meta, err := r.app.Temporal.QueryWorkflow(context.Background(), "signup-"+o.ID, "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var details sdkpb.WorkflowMetadata
	require.NoError(t, meta.Get(&details))
	assert.Contains(t, details.GetCurrentDetails(), "Waiting for the customer to pay $139.00")
}

// attributesOf are the search attributes of a workflow, as its page shows them.
func (r *running) attributesOf(workflowID string) map[string]string {
	r.t.Helper()
	d, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), workflowID, "")
	require.NoError(r.t, err)
	set := map[string]string{}
	fields := d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()
	for name := range workflows.SearchAttributes() {
		payload, is := fields[name]
		if !is || name == "AccountId" {
			continue
		}
		var value string
		require.NoError(r.t, converter.GetDefaultDataConverter().FromPayload(payload, &value))
		set[name] = value
	}
	return set
}

// Without a worker, Temporal's list and a workflow's page show plan, sum and wait.
func TestInspection_ShowsPlanSumAndWaitWithoutAWorker(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	trial := r.signUp("bob@example.com", "Bolt", "starter")
	require.NoError(t, r.app.Workflows.StartBilling(context.Background(), r.opened(trial)))
	eventually(t, func() bool { return r.asleep(r.opened(trial).ID) }, "Billing sleeps")
	r.app.Worker.Stop()
	late := r.accepted("eve@example.com", "Evil", "growth", "k")
	require.NoError(t, r.app.Workflows.Start(context.Background(), r.onboardingRow(late)))

	due := r.onboarding(o).NextAction.ExpiresAt
	for id, want := range map[string]map[string]string{
		"signup-" + o.ID: {
			"OnboardingStatus": "awaiting_payment", "BlockedOn": "customer", "PlanCode": "growth",
			"SubscriptionStatus": "incomplete", "AmountDue": "$139.00", "WaitsUntil": due.Format("2006-01-02T15:04:05Z"),
		},
		"signup-" + trial.ID: {
			"OnboardingStatus": "completed", "PlanCode": "starter", "SubscriptionStatus": "trialing",
		},
		"billing-" + r.opened(trial).ID: {"PlanCode": "starter", "SubscriptionStatus": "trialing", "BlockedOn": "renewal"},
		"signup-" + late.ID:             {"OnboardingStatus": "received", "BlockedOn": "worker"},
	} {
		assert.Equal(t, want, r.attributesOf(id), id)
	}
	soon := due.AddDate(0, 0, 1).Format("2006-01-02T15:04:05Z")
	query := "BlockedOn = 'customer' AND AmountDue = '$139.00' AND WaitsUntil < '" + soon + "'"
	require.Equal(t, []string{"signup-" + o.ID}, r.executions(query, 1))
}

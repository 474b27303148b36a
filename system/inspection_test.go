//go:build !nodev

package system

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
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

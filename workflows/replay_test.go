package workflows_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"slipway/workflows"
)

// recorded names every path an onboarding can take, and what comes after it.
// Each has its history in testdata, recorded from a real server by
// `make histories`; a change that no longer replays them needs workflow.GetVersion.
var recorded = []string{
	"trial", "free", "growth_approved", "growth_rejected_then_approved", "growth_expired", "canceled_while_waiting",
	"waiting_for_plan_resumed", "waiting_for_payment_method_resumed", "activated_by_admin", "activated_by_signal",
	"canceled_by_signal", "canceled_by_temporal", "plan_changed_while_waiting", "refreshed", "activation_after_trial",
	"billing_cancel", "billing_late_payment", "reconcile", "refresh",
	"delivery", "delivery_gone",
}

// recordedCount is said apart, so that a path cannot go unnoticed.
const recordedCount = 21

func TestReplay_EveryRecordedHistoryStillReplays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		found = append(found, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	want := slices.Sorted(slices.Values(recorded))
	require.Len(t, want, recordedCount)
	assert.Equal(t, want, found, "a history for each path, and no other")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflow(workflows.Signup)
			replayer.RegisterWorkflow(workflows.Activation)
			replayer.RegisterWorkflow(workflows.Billing)
			replayer.RegisterWorkflow(workflows.Reconcile)
			replayer.RegisterWorkflow(workflows.Refresh)
			replayer.RegisterWorkflow(workflows.Delivery)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet{}, file))
		})
	}
}

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
// Each has its history in testdata, in the folder of the version that it was
// recorded with, from a real server, by `make histories`. What a version recorded
// stays: a change that no longer replays it needs workflow.GetVersion.
var recorded = map[string][]string{"v0.1.0": {
	"trial", "free", "growth_approved", "growth_rejected_then_approved", "growth_expired", "canceled_while_waiting",
	"waiting_for_plan_resumed", "waiting_for_payment_method_resumed", "activated_by_admin", "activated_by_signal",
	"canceled_by_signal", "canceled_by_temporal", "plan_changed_while_waiting", "refreshed", "activation_after_trial",
	"billing_cancel", "billing_late_payment", "reconcile", "refresh",
	"delivery", "delivery_gone",
	"card_charged", "card_declined_then_another", "card_confirmed", "card_entered_on_a_page", "card_throttled",
	"card_lost_response", "card_canceled_while_charging", "card_on_a_test_clock",
	"billing_year", "billing_real_time", "billing_gives_up", "billing_recovers_with_another_card", "billing_by_hand",
	"billing_upgrade_declined_then_downgrade", "purchase_by_card", "purchase_by_hand", "purchase_expired_on_a_test_clock",
	"activation_replaces_a_trial", "method_entered_on_a_page", "advance",
}, "v0.2.0": {
	"signup_continued", "resume_served", "deliveries", "deliveries_gone", "deliveries_retried",
}}

// recordedCount is said apart, so that a path cannot go unnoticed.
const recordedCount = 46

func TestReplay_EveryRecordedHistoryStillReplays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*/*.json")
	require.NoError(t, err)
	var found, want []string
	for _, file := range files {
		found = append(found, strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".json"))
	}
	for version, names := range recorded {
		for _, name := range names {
			want = append(want, version+"/"+name)
		}
	}
	slices.Sort(want)
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
			replayer.RegisterWorkflow(workflows.ReconcileLoop)
			replayer.RegisterWorkflow(workflows.ResumeServed)
			replayer.RegisterWorkflow(workflows.Refresh)
			replayer.RegisterWorkflow(workflows.Delivery)
			replayer.RegisterWorkflow(workflows.EndpointDeliveries)
			replayer.RegisterWorkflow(workflows.PaymentMethod)
			replayer.RegisterWorkflow(workflows.Purchase)
			replayer.RegisterWorkflow(workflows.Advance)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet{}, file))
		})
	}
}

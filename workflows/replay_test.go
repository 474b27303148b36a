package workflows_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway/workflows"
)

// recorded names every path an onboarding can take, and what comes after it.
// Each has its history in testdata, in the folder of the version that it was
// recorded with, from a real server, by `make histories`. What a version recorded
// stays: a change that no longer replays it needs workflow.GetVersion.
//
// refresh_under_another_id began before ids were checked: it was recorded with the check
// left out.
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
	"refresh_under_another_id", "refused_under_another_id",
	"activation_continued", "billing_continued", "purchase_continued", "deliveries_continued", "reconcile_loop_continued",
}, "v0.3.0": {
	"growth_approved_showing_its_wait", "waiting_for_plan_resumed_showing_its_wait",
	"card_entered_on_a_page_showing_its_wait", "billing_recovers_with_another_card_showing_its_wait",
	"billing_by_hand_showing_its_wait", "billing_while_the_provider_is_away", "purchase_by_hand_showing_its_wait",
	"method_entered_on_a_page_showing_its_wait",
}}

// recordedCount is said apart, so that a path cannot go unnoticed.
const recordedCount = 61

func TestReplay_EveryRecordedHistoryStillReplays(t *testing.T) {
	t.Parallel()
	files := historyFiles(t)
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
			h := historyIn(t, file)
			last := h.GetEvents()[len(h.GetEvents())-1].GetEventType()
			assert.Equal(t, last, replayed(t, h).end(last), "it ends as it did")
		})
	}
}

func historyFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.json")
	require.NoError(t, err)
	return files
}

func historyIn(t *testing.T, file string) *historypb.History {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	h, err := client.HistoryFromJSON(in, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}

// replay is what a workflow did when its history was replayed.
type replay struct {
	interceptor.WorkerInterceptorBase
	ended    bool
	err      error
	versions map[string]workflow.Version // what each GetVersion returned, by its change id
}

// replayed replays the history with the code of the day, under the workflow's own id.
func replayed(t *testing.T, h *historypb.History) *replay {
	t.Helper()
	r := &replay{versions: map[string]workflow.Version{}}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: []interceptor.WorkerInterceptor{r}})
	require.NoError(t, err)
	for _, kind := range workflows.Kinds() {
		replayer.RegisterWorkflow(kind.Run)
	}
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(quiet{}, h, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}}))
	return r
}

// end is the event that the workflow's end would be; how it is where it did not end by
// itself.
func (r *replay) end(last enumspb.EventType) enumspb.EventType {
	switch {
	case !r.ended:
		return last
	case r.err == nil:
		return enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	case workflow.IsContinueAsNewError(r.err):
		return enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
	case temporal.IsCanceledError(r.err):
		return enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
	}
	return enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
}

func (r *replay) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &replayInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, r}
}

type replayInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	*replay
}

func (i *replayInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&replayOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, i.replay})
}

func (i *replayInbound) ExecuteWorkflow(
	ctx workflow.Context, in *interceptor.ExecuteWorkflowInput,
) (any, error) {
	result, err := i.Next.ExecuteWorkflow(ctx, in)
	i.ended, i.err = true, err
	return result, err
}

type replayOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	*replay
}

func (o *replayOutbound) GetVersion(
	ctx workflow.Context, change string, least, most workflow.Version,
) workflow.Version {
	v := o.Next.GetVersion(ctx, change, least, most)
	o.versions[change] = v
	return v
}

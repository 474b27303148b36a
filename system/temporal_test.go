//go:build !nodev

package system

import (
	"context"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// history is the whole history of a workflow.
func (r *running) history(workflowID string) *historypb.History {
	r.t.Helper()
	return r.historyOf(workflowID, "")
}

// historyOf is the history of one run; of the latest when it is not named.
func (r *running) historyOf(workflowID, runID string) *historypb.History {
	r.t.Helper()
	h := &historypb.History{}
	events := r.app.Temporal.GetWorkflowHistory(context.Background(), workflowID, runID, false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(r.t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// closedHistory is the history of a workflow once it has closed.
func (r *running) closedHistory(workflowID string) *historypb.History {
	r.t.Helper()
	_ = r.app.Temporal.GetWorkflow(context.Background(), workflowID, "").Get(context.Background(), nil) // ends as it may
	return r.history(workflowID)
}

func (r *running) waitClosed(workflowID string) {
	r.t.Helper()
	require.NoError(r.t, r.app.Temporal.GetWorkflow(context.Background(), workflowID, "").Get(context.Background(), nil))
}

// terminate ends a workflow as an operator does.
func (r *running) terminate(workflowID string) {
	r.t.Helper()
	require.NoError(r.t, r.app.Temporal.TerminateWorkflow(context.Background(), workflowID, "", "by hand"))
}

// signal sends a workflow a plain signal, as Temporal's UI does.
func (r *running) signal(workflowID, name string, input any) {
	r.t.Helper()
	require.NoError(r.t, r.app.Temporal.SignalWorkflow(context.Background(), workflowID, "", name, input))
}

// executions lists the workflows Temporal finds for a query, once it finds at
// least so many: its visibility follows a moment later.
func (r *running) executions(query string, atLeast int) []string {
	r.t.Helper()
	var ids []string
	eventually(r.t, func() bool {
		list, err := r.app.Temporal.ListWorkflow(context.Background(),
			&workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000})
		if err != nil {
			return false
		}
		ids = nil
		for _, e := range list.GetExecutions() {
			ids = append(ids, e.GetExecution().GetWorkflowId())
		}
		return len(ids) >= atLeast
	}, "%d workflows for %s", atLeast, query)
	return ids
}

// runs are the runs of a workflow, the newest first.
func (r *running) runs(workflowID string) []*workflowpb.WorkflowExecutionInfo {
	r.t.Helper()
	list, err := r.app.Temporal.ListWorkflow(context.Background(),
		&workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + workflowID + "'", PageSize: 100})
	require.NoError(r.t, err)
	return list.GetExecutions()
}

// events is how long the history of the workflow is.
func (r *running) events(workflowID string) int {
	r.t.Helper()
	return len(r.history(workflowID).GetEvents())
}

// asleep reports whether nothing but a timer is under way in a Billing.
func (r *running) asleep(subscription string) bool {
	d, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), "billing-"+subscription, "")
	return err == nil && d.GetPendingWorkflowTask() == nil && len(d.GetPendingActivities()) == 0
}

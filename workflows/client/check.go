package client

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/workflows"
)

// BillingState asks how the subscription's Billing is; it needs no worker.
func (c *Client) BillingState(ctx context.Context, subscriptionID string) (onboarding.ProcessState, error) {
	return c.state(ctx, workflows.BillingID(subscriptionID))
}

// failingTasks finds running workflows whose tasks have failed several times in
// a row: their code panics, or has changed under them. Temporal itself marks them.
const failingTasks = `ExecutionStatus = "Running" AND ` +
	`TemporalReportedProblems IN ("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut")`

// FailingWorkflows returns the ids of some running workflows that make no
// progress since their tasks fail, and how many there are. It is a moment behind.
func (c *Client) FailingWorkflows(ctx context.Context, limit int) (ids []string, count int64, err error) {
	found, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: c.namespace, Query: failingTasks,
	})
	if err != nil || found.GetCount() == 0 {
		return nil, 0, asOurs(err)
	}
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: c.namespace, Query: failingTasks, PageSize: int32(limit),
	})
	for _, e := range list.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	return ids, found.GetCount(), asOurs(err)
}

// CountRunning counts the workflows that run, a moment behind.
func (c *Client) CountRunning(ctx context.Context) (int64, error) {
	found, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: c.namespace, Query: `ExecutionStatus = "Running"`,
	})
	return found.GetCount(), asOurs(err)
}

// state asks how a workflow is.
func (c *Client) state(ctx context.Context, workflowID string) (onboarding.ProcessState, error) {
	description, err := c.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if err := asOurs(err); err != nil {
		if domain.CodeOf(err) == domain.CodeNotFound {
			return onboarding.ProcessMissing, nil
		}
		return "", err
	}
	return stateOf(description.GetWorkflowExecutionInfo().GetStatus()), nil
}

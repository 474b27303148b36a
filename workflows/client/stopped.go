package client

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/workflows"
)

// stoppedSince finds the workflows that did not come to an end by themselves. A
// Delivery that failed is one whose endpoint did not take it: its row says so.
const stoppedSince = `CloseTime >= "%s" AND ((` +
	`WorkflowType IN ("Billing", "Purchase", "Advance", "EndpointDeliveries") AND ` +
	`ExecutionStatus IN ("Terminated", "Canceled", "Failed", "TimedOut")) OR ` +
	`(WorkflowType = "Delivery" AND ExecutionStatus = "Terminated"))`

// stoppedPage is how many of them one call returns.
const stoppedPage = 500

// Stopped returns the workflows of subscriptions, purchases, test clocks and
// endpoints that were stopped by hand, or failed, since a time. It is a moment behind.
func (c *Client) Stopped(ctx context.Context, since time.Time) ([]domain.StoppedWorkflow, error) {
	var stopped []domain.StoppedWorkflow
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: c.namespace, Query: fmt.Sprintf(stoppedSince, since.UTC().Format(time.RFC3339)), PageSize: stoppedPage,
	}
	for {
		page, err := c.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, asOurs(err)
		}
		for _, e := range page.GetExecutions() {
			stopped = append(stopped, c.StoppedByID(e.GetExecution().GetWorkflowId()))
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return stopped, nil
		}
	}
}

// StoppedByID is what a workflow's id says it is about.
func (c *Client) StoppedByID(id string) domain.StoppedWorkflow {
	w := domain.StoppedWorkflow{ID: id}
	about := func(prefix string) string { rest, _ := strings.CutPrefix(id, prefix); return rest }
	switch {
	case strings.HasPrefix(id, workflows.BillingID("")):
		w.SubscriptionID = about(workflows.BillingID(""))
	case strings.HasPrefix(id, workflows.PurchaseID("")):
		w.InvoiceID = about(workflows.PurchaseID(""))
	case strings.HasPrefix(id, workflows.ClockID("")):
		w.ClockID = about(workflows.ClockID(""))
	case strings.HasPrefix(id, workflows.EndpointDeliveriesID("")):
		w.EndpointID = about(workflows.EndpointDeliveriesID(""))
	case strings.HasPrefix(id, deliveryPrefix):
		w.EventID, w.EndpointID, _ = strings.Cut(about(deliveryPrefix), "-")
	}
	return w
}

// deliveryPrefix begins the id of each Delivery.
var deliveryPrefix = strings.TrimSuffix(workflows.DeliveryID("", ""), "-")

// WorkflowState asks how a workflow is; it needs no worker.
func (c *Client) WorkflowState(ctx context.Context, id string) (onboarding.ProcessState, error) {
	return c.state(ctx, id)
}

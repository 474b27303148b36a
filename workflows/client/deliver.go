package client

import (
	"context"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/workflows"
)

// DeliverTo signals the endpoint's workflow that something is due, and starts it where it
// does not run.
func (c *Client) DeliverTo(ctx context.Context, endpointID string) error {
	options := sdk.StartWorkflowOptions{
		TaskQueue:     workflows.TaskQueueWebhooks,
		Priority:      temporal.Priority{PriorityKey: workflows.PriorityDelivery, FairnessKey: endpointID},
		StaticSummary: domain.Text(domain.SummaryDeliveries, "endpoint", endpointID),
	}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, workflows.EndpointDeliveriesID(endpointID),
		workflows.SignalEventsDue, nil, options, workflows.EndpointDeliveries,
		workflows.EndpointDeliveriesInput{EndpointID: endpointID})
	return asOurs(err)
}

package client

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/workflows"
)

// Deliver starts the delivery's workflow without waiting for it. One that runs
// already is no error; again ends it first, since it may be hours from its next
// attempt. A delivery that has ended is made once more.
func (c *Client) Deliver(ctx context.Context, d *domain.WebhookDelivery, again bool) error {
	conflict := enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	if again {
		conflict = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
	}
	options := sdk.StartWorkflowOptions{
		ID: workflows.DeliveryID(d.EventID, d.EndpointID), TaskQueue: workflows.TaskQueueBilling,
		WorkflowIDConflictPolicy: conflict, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Priority:      temporal.Priority{PriorityKey: workflows.PriorityDelivery, FairnessKey: d.EndpointID},
		StaticSummary: domain.Text(domain.SummaryDelivery, "event", string(d.EventType), "endpoint", d.EndpointID),
	}
	if d.AccountID != "" {
		options.TypedSearchAttributes = temporal.NewSearchAttributes(workflows.AttributeAccount.ValueSet(d.AccountID))
	}
	input := workflows.DeliveryInput{EventID: d.EventID, EndpointID: d.EndpointID}
	_, err := c.temporal.ExecuteWorkflow(ctx, options, workflows.Delivery, input)
	return asOurs(err)
}

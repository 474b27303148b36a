package client

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"

	"slipway/domain"
	"slipway/workflows"
)

// Command carries a stored command to the workflow of what it is about and
// returns when it has taken effect. It returns invalid_transition when the state
// does not allow it, unavailable when Temporal is away, and not_found when the
// onboarding's workflow has closed. The command's id makes repeating it harmless.
//
// A subscription's or a purchase's workflow is started where none runs: it
// answers even for one that has ended.
func (c *Client) Command(ctx context.Context, to domain.Recipient, cmd *domain.Command) error {
	switch to.Noun() {
	case domain.NounOnboarding:
		return c.commandOnboarding(ctx, to.Onboarding, cmd)
	case domain.NounInvoice:
		return c.commandWithStart(ctx, purchaseOptions(to.InvoiceID), workflows.Purchase,
			workflows.PurchaseInput{InvoiceID: to.InvoiceID}, cmd)
	}
	return c.commandWithStart(ctx, billingOptions(to.SubscriptionID), workflows.Billing,
		billingInput(to.SubscriptionID), cmd)
}

func (c *Client) commandOnboarding(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) error {
	err := c.update(ctx, workflows.WorkflowID(o), cmd, nil)
	if domain.CodeOf(err) != domain.CodeNotFound || o.Status != domain.OnboardingReceived {
		return err
	}
	if err := c.Start(ctx, o); err != nil { // received while Temporal was away
		return err
	}
	return c.update(ctx, workflows.WorkflowID(o), cmd, nil)
}

func (c *Client) commandWithStart(
	ctx context.Context, options sdk.StartWorkflowOptions, workflow, in any, cmd *domain.Command,
) error {
	start := func() sdk.WithStartWorkflowOperation {
		return c.temporal.NewWithStartWorkflowOperation(options, workflow, in)
	}
	return c.updateWithStart(ctx, start, sdk.UpdateWorkflowOptions{
		UpdateID: cmd.ID, UpdateName: string(cmd.Action), Args: []any{workflows.CommandInput{CommandID: cmd.ID}},
	}, nil)
}

func (c *Client) update(ctx context.Context, workflowID string, cmd *domain.Command, result any) error {
	handle, err := c.temporal.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateID: cmd.ID, UpdateName: string(cmd.Action),
		Args: []any{workflows.CommandInput{CommandID: cmd.ID}}, WaitForStage: sdk.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, result)
	}
	return asOurs(err)
}

// purchaseOptions are the options of a purchase that is started for a command.
func purchaseOptions(invoiceID string) sdk.StartWorkflowOptions {
	return sdk.StartWorkflowOptions{
		ID: workflows.PurchaseID(invoiceID), TaskQueue: workflows.TaskQueueBilling,
		StaticSummary:            domain.Text(domain.SummaryPurchaseCommand, "invoice", invoiceID),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
}

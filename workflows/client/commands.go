package client

import (
	"context"
	"errors"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

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
		return c.commandWithStart(ctx, purchaseOptions(to.AccountID, to.InvoiceID), workflows.Purchase,
			workflows.PurchaseInput{InvoiceID: to.InvoiceID}, cmd)
	}
	return c.commandWithStart(ctx, billingOptions(to.AccountID, to.SubscriptionID), workflows.Billing,
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
	return untilTaken(ctx, func() error {
		handle, err := c.temporal.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
			WorkflowID: workflowID, UpdateID: cmd.ID, UpdateName: string(cmd.Action),
			Args: []any{workflows.CommandInput{CommandID: cmd.ID}}, WaitForStage: sdk.WorkflowUpdateStageCompleted,
		})
		if err != nil {
			return err
		}
		return handle.Get(ctx, result)
	})
}

// nextRunWithin is how soon a run that is being continued is asked again.
const nextRunWithin = 200 * time.Millisecond

// untilTaken sends an update, again once the next run has begun while the one that
// it reaches is about to end.
func untilTaken(ctx context.Context, send func() error) error {
	for {
		err := send()
		var refused *temporal.ApplicationError
		if !errors.As(err, &refused) || refused.Type() != workflows.TypeRunEnds {
			return asOurs(err)
		}
		select {
		case <-ctx.Done():
			process := domain.Text(domain.LabelOnboardingProcess)
			return errors.Join(domain.Unavailable(process, temporalRetryAfter), ctx.Err())
		case <-time.After(nextRunWithin):
		}
	}
}

// Package client is the only door to running workflows.
package client

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/workflows"
)

// Client is the only door to running workflows: it starts them, carries
// commands to them and says how they are.
type Client struct {
	temporal   sdk.Client
	namespace  string
	codec      *Codec
	attributes attributesCheck
}

// New works with a Temporal client that may not be connected yet, and whose options the
// codec was used for.
func New(c sdk.Client, namespace string, codec *Codec) *Client {
	return &Client{temporal: c, namespace: namespace, codec: codec}
}

// Begin starts the onboarding's workflow, or finds it running, and returns once
// the account exists and what comes next is known: read the row then. When ctx
// ends first, or Temporal is away, it returns unavailable: the onboarding is
// stored, and reconcile starts what was not.
func (c *Client) Begin(ctx context.Context, o *domain.Onboarding) error {
	start := func() sdk.WithStartWorkflowOperation {
		return c.temporal.NewWithStartWorkflowOperation(
			onboardingOptions(o, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE),
			workflowOf(o),
			inputOf(o),
		)
	}
	err := c.updateWithStart(ctx, start, beginUpdate, nil)
	var closed *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &closed) {
		return nil // it has run to its end; the row says which
	}
	return err
}

// Start starts the onboarding's workflow without waiting for anything; one that
// runs already is no error. Reconcile calls it.
func (c *Client) Start(ctx context.Context, o *domain.Onboarding) error {
	_, err := c.temporal.ExecuteWorkflow(ctx, onboardingOptions(o, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE),
		workflowOf(o), inputOf(o))
	return asOurs(err)
}

func workflowOf(o *domain.Onboarding) any {
	if o.Kind == domain.KindActivation {
		return workflows.Activation
	}
	return workflows.Signup
}

// inputOf names the subscription where the workflow's id does.
func inputOf(o *domain.Onboarding) workflows.OnboardingInput {
	in := workflows.OnboardingInput{OnboardingID: o.ID}
	if o.Kind == domain.KindActivation {
		in.SubscriptionID = o.SubscriptionID
	}
	return in
}

// onboardingOptions are the same however an onboarding's workflow is started.
func onboardingOptions(o *domain.Onboarding, reuse enumspb.WorkflowIdReusePolicy) sdk.StartWorkflowOptions {
	summary := domain.Text(domain.SummarySignup, "account", o.AccountID)
	if o.Kind == domain.KindActivation {
		summary = domain.Text(domain.SummaryActivation, "account", o.AccountID)
	}
	details := domain.Text(domain.TextOnboardingIDs, "onboarding", o.ID, "subscription", o.SubscriptionID)
	return sdk.StartWorkflowOptions{
		ID:                       workflows.WorkflowID(o),
		TaskQueue:                workflows.TaskQueueOnboarding,
		WorkflowIDReusePolicy:    reuse,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: workflows.PriorityPerson},
		StaticSummary:            summary,
		StaticDetails:            details,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.AttributeAccount.ValueSet(o.AccountID),
			workflows.AttributeOnboardingStatus.ValueSet(string(domain.OnboardingReceived)),
			workflows.AttributeBlockedOn.ValueSet(string(domain.BlockedOnWorker)),
		),
	}
}

// Refresh compares the onboarding's row with its workflow and the rows behind
// it, repairs it, and returns what differed. Where no workflow runs that could
// be asked, one is started for the purpose.
func (c *Client) Refresh(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) ([]domain.Difference, error) {
	var result onboarding.Repaired
	err := c.update(ctx, workflows.WorkflowID(o), cmd, &result)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return result.Differences, err
	}
	run, err := c.temporal.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{
		ID: workflows.RefreshID(o.ID), TaskQueue: workflows.TaskQueueOnboarding,
		StaticSummary:            domain.Text(domain.SummaryRefreshOf, "onboarding", o.ID),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		TypedSearchAttributes:    temporal.NewSearchAttributes(workflows.AttributeAccount.ValueSet(o.AccountID)),
	}, workflows.Refresh, workflows.RefreshInput{OnboardingID: o.ID, CommandID: cmd.ID})
	if err == nil {
		err = run.Get(ctx, &result)
	}
	return result.Differences, asOurs(err)
}

// Resume signals a waiting onboarding that the catalogue may serve it now: it runs
// its step again.
func (c *Client) Resume(ctx context.Context, o *domain.Onboarding) error {
	err := c.temporal.SignalWorkflow(ctx, workflows.WorkflowID(o), "", workflows.SignalCatalogueChanged, nil)
	return ignoreNotFound(asOurs(err))
}

// State asks how the onboarding's workflow is; it needs no worker.
func (c *Client) State(ctx context.Context, o *domain.Onboarding) (onboarding.ProcessState, error) {
	return c.state(ctx, workflows.WorkflowID(o))
}

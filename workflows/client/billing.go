package client

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway/billing"
	"slipway/domain"
	"slipway/workflows"
)

// billingOptions are the options of a subscription's Billing, however it is started.
func billingOptions(accountID, subscriptionID string) sdk.StartWorkflowOptions {
	return sdk.StartWorkflowOptions{
		ID: workflows.BillingID(subscriptionID), TaskQueue: workflows.TaskQueueBilling,
		StaticSummary:            domain.Text(domain.SummaryBilling, "subscription", subscriptionID),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		TypedSearchAttributes:    ofAccount(accountID, domain.BlockedOnRenewal),
	}
}

// ofAccount has operators find a workflow by its account, empty is none, and by what it
// waits for at first.
func ofAccount(id string, on domain.BlockedOn) temporal.SearchAttributes {
	blocked := workflows.AttributeBlockedOn.ValueSet(string(on))
	if id == "" {
		return temporal.NewSearchAttributes(blocked)
	}
	return temporal.NewSearchAttributes(blocked, workflows.AttributeAccount.ValueSet(id))
}

func billingInput(subscriptionID string) workflows.BillingInput {
	return workflows.BillingInput{SubscriptionID: subscriptionID}
}

// StartBilling starts the Billing of a subscription in use, or finds it running.
func (c *Client) StartBilling(ctx context.Context, sub *domain.Subscription) error {
	options := billingOptions(sub.AccountID, sub.ID)
	options.TypedSearchAttributes = temporal.NewSearchAttributes(
		workflows.AttributeAccount.ValueSet(sub.AccountID), workflows.AttributePlan.ValueSet(sub.PlanCode),
		workflows.AttributeSubscriptionStatus.ValueSet(string(sub.Status)),
		workflows.AttributeBlockedOn.ValueSet(string(sub.Due.BlockedOn())))
	_, err := c.temporal.ExecuteWorkflow(ctx, options, workflows.Billing, billingInput(sub.ID))
	return asOurs(err)
}

// updateWithStart sends an update to a workflow that is started for it if need
// be, and waits for its answer.
func (c *Client) updateWithStart(
	ctx context.Context, start func() sdk.WithStartWorkflowOperation, update sdk.UpdateWorkflowOptions, result any,
) error {
	update.WaitForStage = sdk.WorkflowUpdateStageCompleted
	return untilTaken(ctx, func() error {
		handle, err := c.temporal.UpdateWithStartWorkflow(ctx, sdk.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: start(), UpdateOptions: update,
		})
		if err != nil {
			return err
		}
		return handle.Get(ctx, result)
	})
}

// beginUpdate is the update that every beginning waits for; under one id it has
// one answer, however often it is sent.
var beginUpdate = sdk.UpdateWorkflowOptions{UpdateID: workflows.UpdateBegin, UpdateName: workflows.UpdateBegin}

// begin starts a workflow of billing that says by UpdateBegin how far it came at first, or
// finds it running.
func (c *Client) begin(ctx context.Context, options sdk.StartWorkflowOptions, workflow, in, result any) error {
	start := func() sdk.WithStartWorkflowOperation {
		return c.temporal.NewWithStartWorkflowOperation(options, workflow, in)
	}
	return c.updateWithStart(ctx, start, beginUpdate, result)
}

// methodOptions are the options of the workflow that adds a payment method.
func methodOptions(accountID, methodID string) sdk.StartWorkflowOptions {
	return sdk.StartWorkflowOptions{
		ID: workflows.MethodID(methodID), TaskQueue: workflows.TaskQueueBilling,
		StaticSummary:            domain.Text(domain.SummaryMethod, "account", accountID),
		Priority:                 temporal.Priority{PriorityKey: workflows.PriorityPerson},
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		TypedSearchAttributes:    ofAccount(accountID, domain.BlockedOnProvider),
	}
}

// AttachMethod has a provider make the proposed method chargeable. It returns
// the page to be filled in, where there is one, and why the provider refused,
// where it did.
func (c *Client) AttachMethod(ctx context.Context, m *domain.PaymentMethod) (pageURL, refused string, err error) {
	var result billing.AddedMethod
	err = c.begin(ctx, methodOptions(m.AccountID, m.ID), workflows.PaymentMethod,
		workflows.PaymentMethodInput{AccountID: m.AccountID, MethodID: m.ID}, &result)
	return result.PageURL, result.Code, err
}

// purchaseOptions are the options of a credit package's purchase.
func purchaseOptions(accountID, invoiceID string) sdk.StartWorkflowOptions {
	return sdk.StartWorkflowOptions{
		ID: workflows.PurchaseID(invoiceID), TaskQueue: workflows.TaskQueueBilling,
		StaticSummary:            domain.Text(domain.SummaryPurchase, "account", accountID),
		Priority:                 temporal.Priority{PriorityKey: workflows.PriorityPerson},
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		TypedSearchAttributes:    ofAccount(accountID, domain.BlockedOnProvider),
	}
}

// BeginPurchase starts the purchase of a credit package and returns when its
// card was charged, or the customer has to pay by hand.
func (c *Client) BeginPurchase(ctx context.Context, accountID, invoiceID, creditPackage string) error {
	return c.begin(ctx, purchaseOptions(accountID, invoiceID), workflows.Purchase,
		workflows.PurchaseInput{InvoiceID: invoiceID, AccountID: accountID, Package: creditPackage}, nil)
}

// StartPurchase starts the Purchase of an open invoice, or finds it running.
func (c *Client) StartPurchase(ctx context.Context, accountID, invoiceID string) error {
	_, err := c.temporal.ExecuteWorkflow(ctx, purchaseOptions(accountID, invoiceID), workflows.Purchase,
		workflows.PurchaseInput{InvoiceID: invoiceID})
	return asOurs(err)
}

// ProviderEvent signals the workflow that waits for a payment, or for a page to be
// filled in, that its provider has news. A payment whose workflow has closed is left to Billing; a
// method's page that was filled in late, or after its workflow was stopped, is taken.
func (c *Client) ProviderEvent(ctx context.Context, owner *domain.PaymentOwner) error {
	news := workflows.ProviderEventInput{PaymentID: owner.PaymentID}
	id := ""
	switch {
	case owner.Onboarding != nil:
		id = workflows.WorkflowID(owner.Onboarding)
	case owner.InvoiceID != "":
		id = workflows.PurchaseID(owner.InvoiceID)
	case owner.MethodID != "":
		options := methodOptions(owner.AccountID, owner.MethodID)
		_, err := c.temporal.SignalWithStartWorkflow(ctx, options.ID, workflows.SignalProviderEvent, news, options,
			workflows.PaymentMethod, workflows.PaymentMethodInput{AccountID: owner.AccountID, MethodID: owner.MethodID})
		return asOurs(err)
	}
	if id != "" {
		err := asOurs(c.temporal.SignalWorkflow(ctx, id, "", workflows.SignalProviderEvent, news))
		if domain.CodeOf(err) != domain.CodeNotFound || owner.SubscriptionID == "" {
			return ignoreNotFound(err)
		}
	}
	options := billingOptions(owner.AccountID, owner.SubscriptionID)
	_, err := c.temporal.SignalWithStartWorkflow(ctx, options.ID, workflows.SignalProviderEvent, news, options,
		workflows.Billing, billingInput(owner.SubscriptionID))
	return asOurs(err)
}

// Tick signals a workflow that its test clock has moved; not_found when it does
// not run.
func (c *Client) Tick(ctx context.Context, workflowID string) error {
	return asOurs(c.temporal.SignalWorkflow(ctx, workflowID, "", workflows.SignalClock, nil))
}

// ignoreNotFound: a workflow that has closed needs no signal.
func ignoreNotFound(err error) error {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	return err
}

// AdvanceClock starts moving a test clock to its target, or signals the workflow
// that moves it already.
// The clock's row says when it has arrived.
func (c *Client) AdvanceClock(ctx context.Context, id string) error {
	options := sdk.StartWorkflowOptions{
		TaskQueue: workflows.TaskQueueBilling, StaticSummary: domain.Text(domain.SummaryAdvance, "clock", id),
	}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, workflows.ClockID(id), workflows.SignalClock, nil, options,
		workflows.Advance, workflows.AdvanceInput{ClockID: id})
	return asOurs(err)
}

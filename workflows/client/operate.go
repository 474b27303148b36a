package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/workflows"
)

// RegisterSearchAttributes adds the missing search attributes to the namespace.
// It returns an error when one is there with another type: workers must not
// start then, since every workflow would hang.
func (c *Client) RegisterSearchAttributes(ctx context.Context) error {
	missing, wrong, err := c.searchAttributes(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read search attributes: %w", err)
	case len(wrong) > 0:
		return fmt.Errorf("search attributes have another type than Slipway needs in namespace %s: %s",
			c.namespace, strings.Join(wrong, ", "))
	case len(missing) == 0:
		return nil
	}
	add := map[string]enumspb.IndexedValueType{}
	for _, name := range missing {
		add[name] = workflows.SearchAttributes()[name]
	}
	_, err = c.temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: c.namespace, SearchAttributes: add,
	})
	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) { // another worker was faster
		return fmt.Errorf("register search attributes: %w", err)
	}
	return nil
}

// searchAttributes returns the names that are missing and those of a wrong type.
func (c *Client) searchAttributes(ctx context.Context) (missing, wrong []string, err error) {
	there, err := c.temporal.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: c.namespace})
	if err != nil {
		return nil, nil, err
	}
	for name, want := range workflows.SearchAttributes() {
		switch is, found := there.GetCustomAttributes()[name]; {
		case !found:
			missing = append(missing, name)
		case is != want:
			wrong = append(wrong, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(wrong)
	return missing, wrong, nil
}

// reconcileCheck is how often the schedule looks whether ReconcileLoop runs.
const reconcileCheck = time.Minute

// ScheduleReconcile makes sure that ReconcileLoop runs, now and whenever it was
// ended by hand. A worker that lacks the key to what is there changes nothing, and must
// not start.
func (c *Client) ScheduleReconcile(ctx context.Context) error {
	if err := c.readsNamespace(ctx); err != nil {
		return err
	}
	spec := sdk.ScheduleSpec{Intervals: []sdk.ScheduleIntervalSpec{{Every: reconcileCheck}}}
	action := &sdk.ScheduleWorkflowAction{
		ID: workflows.ReconcileScheduleID, Workflow: workflows.ReconcileLoop, TaskQueue: workflows.TaskQueueOnboarding,
		StaticSummary: domain.Text(domain.SummaryReconcile),
	}
	schedules, overlap := c.temporal.ScheduleClient(), enumspb.SCHEDULE_OVERLAP_POLICY_SKIP
	_, err := schedules.Create(ctx, sdk.ScheduleOptions{
		ID: workflows.ReconcileScheduleID, Spec: spec, Action: action, Overlap: overlap, TriggerImmediately: true,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return asOurs(err)
	}
	schedule := schedules.GetHandle(ctx, workflows.ReconcileScheduleID)
	err = schedule.Update(ctx, sdk.ScheduleUpdateOptions{
		DoUpdate: func(in sdk.ScheduleUpdateInput) (*sdk.ScheduleUpdate, error) {
			is := in.Description.Schedule
			is.Spec, is.Action = &spec, action
			is.Policy = &sdk.SchedulePolicies{Overlap: overlap}
			return &sdk.ScheduleUpdate{Schedule: &is}, nil
		},
	})
	if err != nil {
		return asOurs(err)
	}
	return asOurs(schedule.Trigger(ctx, sdk.ScheduleTriggerOptions{Overlap: overlap}))
}

// CatalogueChanged resumes, now, what waits for a plan or a payment option. A run
// for an earlier change looks again.
func (c *Client) CatalogueChanged(ctx context.Context) error {
	options := sdk.StartWorkflowOptions{
		TaskQueue: workflows.TaskQueueOnboarding, StaticSummary: domain.Text(domain.SummaryCatalogueChanged),
	}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, workflows.ReconcileCatalogueID, workflows.SignalCatalogueChanged,
		nil, options, workflows.ResumeServed)
	return asOurs(err)
}

// Ping reports whether Temporal and the namespace answer.
func (c *Client) Ping(ctx context.Context) error {
	request := &workflowservice.DescribeNamespaceRequest{Namespace: c.namespace}
	_, err := c.temporal.WorkflowService().DescribeNamespace(ctx, request)
	return asOurs(err)
}

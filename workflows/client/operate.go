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
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
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
		return fmt.Errorf("search attributes have another type than Keyword in namespace %s: %s",
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

// ScheduleReconcile makes sure that Reconcile runs at the interval.
func (c *Client) ScheduleReconcile(ctx context.Context, every time.Duration) error {
	spec := sdk.ScheduleSpec{Intervals: []sdk.ScheduleIntervalSpec{{Every: every}}}
	action := &sdk.ScheduleWorkflowAction{
		ID: workflows.ReconcileScheduleID, Workflow: workflows.Reconcile, TaskQueue: workflows.TaskQueueOnboarding,
		Args: []any{workflows.ReconcileInput{StaleAfter: every}}, StaticSummary: "Keep rows and workflows in step",
	}
	schedules := c.temporal.ScheduleClient()
	_, err := schedules.Create(ctx, sdk.ScheduleOptions{
		ID: workflows.ReconcileScheduleID, Spec: spec, Action: action, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = schedules.GetHandle(ctx, workflows.ReconcileScheduleID).Update(ctx, sdk.ScheduleUpdateOptions{
			DoUpdate: func(in sdk.ScheduleUpdateInput) (*sdk.ScheduleUpdate, error) {
				schedule := in.Description.Schedule
				schedule.Spec, schedule.Action = &spec, action
				return &sdk.ScheduleUpdate{Schedule: &schedule}, nil
			},
		})
	}
	return asOurs(err)
}

// CatalogueChanged runs Reconcile now, which wakes what waits for a plan or a
// payment option. One that runs already for an earlier change looks again.
func (c *Client) CatalogueChanged(ctx context.Context) error {
	_, err := c.temporal.SignalWithStartWorkflow(ctx, workflows.ReconcileCatalogueID, workflows.SignalCatalogueChanged, nil, sdk.StartWorkflowOptions{
		TaskQueue: workflows.TaskQueueOnboarding, StaticSummary: "The catalogue changed",
	}, workflows.Reconcile, workflows.ReconcileInput{StaleAfter: workflows.CatalogueStaleAfter})
	return asOurs(err)
}

// Ping reports whether Temporal and the namespace answer.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.namespace})
	return asOurs(err)
}

// Checks reports on Temporal for the doctor and readiness: sign-ups are
// accepted without any of it, but they wait.
func (c *Client) Checks(ctx context.Context) []domain.Check {
	if err := c.Ping(ctx); err != nil {
		return []domain.Check{{
			Name: "temporal", Status: domain.CheckWarn, Message: "Temporal or its namespace " + c.namespace + " does not answer; sign-ups are accepted and started later.",
			Fix: "Start Temporal, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE to where it runs.",
		}}
	}
	return []domain.Check{
		{Name: "temporal", Status: domain.CheckOK, Message: "Namespace " + c.namespace + " answers."},
		c.checkSearchAttributes(ctx),
		c.checkPollers(ctx, workflows.TaskQueueOnboarding, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueBilling, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueProviders, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkPollers(ctx, workflows.TaskQueueWebhooks, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkSchedule(ctx),
	}
}

func (c *Client) checkSearchAttributes(ctx context.Context) domain.Check {
	check := domain.Check{Name: "search_attributes", Status: domain.CheckWarn}
	missing, wrong, err := c.searchAttributes(ctx)
	switch {
	case err != nil:
		check.Message, check.Fix = "The search attributes could not be read.", "Give this process access to Temporal's operator service."
	case len(wrong) > 0:
		check.Message = "Not of type Keyword: " + strings.Join(wrong, ", ") + "."
		check.Fix = "Remove them from the namespace; a worker registers them anew when it starts."
	case len(missing) > 0:
		check.Message = "Not registered: " + strings.Join(missing, ", ") + ". Workflows hang without them."
		check.Fix = "Start a worker, which registers them."
	default:
		check.Status, check.Message = domain.CheckOK, "All are registered."
	}
	return check
}

func (c *Client) checkPollers(ctx context.Context, queue string, kind enumspb.TaskQueueType) domain.Check {
	check := domain.Check{Name: "pollers_" + queue, Status: domain.CheckWarn}
	queues, err := c.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: c.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind,
	})
	switch {
	case err != nil:
		check.Message, check.Fix = "The task queue could not be read.", "Look at Temporal's log."
	case len(queues.GetPollers()) == 0:
		check.Message = "No worker polls the task queue " + queue + "; what was accepted waits."
		check.Fix = "Start `slipway worker`."
	default:
		check.Status, check.Message = domain.CheckOK, "Workers poll the task queue "+queue+"."
	}
	return check
}

func (c *Client) checkSchedule(ctx context.Context) domain.Check {
	check := domain.Check{Name: "reconcile", Status: domain.CheckOK, Message: "Reconcile is scheduled."}
	description, err := c.temporal.ScheduleClient().GetHandle(ctx, workflows.ReconcileScheduleID).Describe(ctx)
	switch {
	case err != nil:
		check.Status, check.Message, check.Fix = domain.CheckWarn, "The reconcile schedule is missing.", "Start `slipway worker`, which creates it."
	case description.Schedule.State.Paused:
		check.Status, check.Message, check.Fix = domain.CheckWarn, "The reconcile schedule is paused.", "Unpause it in Temporal's UI."
	}
	return check
}

package client

import (
	"context"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/workflows"
)

// Checks reports on Temporal for the doctor and readiness: sign-ups are
// accepted without any of it, but they wait.
func (c *Client) Checks(ctx context.Context) []domain.Check {
	if err := c.Ping(ctx); err != nil {
		return []domain.Check{{
			Name: "temporal", Status: domain.CheckWarn,
			Message: domain.Text(domain.TextTemporalAway, "namespace", c.namespace),
			Fix:     domain.Text(domain.TextTemporalAwayFix),
		}}
	}
	return []domain.Check{
		ok("temporal", domain.Text(domain.TextNamespaceAnswers, "namespace", c.namespace)),
		c.rememberedSearchAttributes(ctx),
		c.checkPollers(ctx, workflows.TaskQueueOnboarding, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueBilling, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueProviders, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkPollers(ctx, workflows.TaskQueueWebhooks, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkSchedule(ctx),
	}
}

// ok and warn are the two results a check has.
func ok(name, message string) domain.Check {
	return domain.Check{Name: name, Status: domain.CheckOK, Message: message}
}

func warn(name, message string, fix domain.TextCode) domain.Check {
	return domain.Check{Name: name, Status: domain.CheckWarn, Message: message, Fix: domain.Text(fix)}
}

// attributesCheck remembers what was found of the search attributes.
type attributesCheck struct {
	mu    sync.Mutex
	at    time.Time
	found domain.Check
}

// askAgainAfter is how soon search attributes that were not as they should be are
// asked for again.
const askAgainAfter = 30 * time.Second

// rememberedSearchAttributes asks for the search attributes until they are as they
// should be, and seldom: a server on SQL opens a connection to itself for each such
// question and never closes it.
func (c *Client) rememberedSearchAttributes(ctx context.Context) domain.Check {
	known := &c.attributes
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.found.Status != domain.CheckOK && time.Since(known.at) >= askAgainAfter {
		known.found, known.at = c.checkSearchAttributes(ctx), time.Now()
	}
	return known.found
}

func (c *Client) checkSearchAttributes(ctx context.Context) domain.Check {
	const name = "search_attributes"
	missing, wrong, err := c.searchAttributes(ctx)
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextAttributesUnreadable), domain.TextAttributesUnreadableFix)
	case len(wrong) > 0:
		names := strings.Join(wrong, ", ")
		return warn(name, domain.Text(domain.TextAttributesWrong, "names", names), domain.TextAttributesWrongFix)
	case len(missing) > 0:
		names := strings.Join(missing, ", ")
		return warn(name, domain.Text(domain.TextAttributesMissing, "names", names), domain.TextAttributesMissingFix)
	}
	return ok(name, domain.Text(domain.TextAttributesRegistered))
}

func (c *Client) checkPollers(ctx context.Context, queue string, kind enumspb.TaskQueueType) domain.Check {
	name := "pollers_" + queue
	queues, err := c.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: c.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind,
	})
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextQueueUnreadable), domain.TextQueueUnreadableFix)
	case len(queues.GetPollers()) == 0:
		return warn(name, domain.Text(domain.TextQueueNotPolled, "queue", queue), domain.TextQueueNotPolledFix)
	}
	return ok(name, domain.Text(domain.TextQueuePolled, "queue", queue))
}

func (c *Client) checkSchedule(ctx context.Context) domain.Check {
	const name = "reconcile"
	schedule := c.temporal.ScheduleClient().GetHandle(ctx, workflows.ReconcileScheduleID)
	description, err := schedule.Describe(ctx)
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextReconcileMissing), domain.TextReconcileMissingFix)
	case description.Schedule.State.Paused:
		return warn(name, domain.Text(domain.TextReconcilePaused), domain.TextReconcilePausedFix)
	}
	return ok(name, domain.Text(domain.TextReconcileScheduled))
}

package client

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/workflows"
)

// Queue is how a task queue is doing, as Temporal sees it.
type Queue struct {
	Name       string
	Kind       string        // workflow or activity
	Pollers    int           // heard of within the last 75 seconds
	Backlog    int64         // tasks that wait for a worker, about
	BacklogAge time.Duration // how long the oldest of them has waited
}

// Queues describes every task queue of the engine, for metrics.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) {
	var all []Queue
	for _, queue := range workflows.TaskQueues {
		for _, kind := range []enumspb.TaskQueueType{
			enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		} {
			q, err := c.describeQueue(ctx, queue, kind)
			if err != nil {
				return nil, err
			}
			all = append(all, q)
		}
	}
	return all, nil
}

func (c *Client) describeQueue(ctx context.Context, queue string, kind enumspb.TaskQueueType) (Queue, error) {
	found, err := c.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: c.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind, ReportStats: true,
	})
	if err != nil {
		return Queue{}, asOurs(err)
	}
	q := Queue{
		Name: queue, Kind: "workflow", Backlog: found.GetStats().GetApproximateBacklogCount(),
		BacklogAge: found.GetStats().GetApproximateBacklogAge().AsDuration(),
	}
	if kind == enumspb.TASK_QUEUE_TYPE_ACTIVITY {
		q.Kind = "activity"
	}
	for _, p := range found.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) < pollersSilent {
			q.Pollers++
		}
	}
	return q, nil
}

package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/workflows"
)

// Queue is how a task queue is doing, as Temporal sees it.
type Queue struct {
	Name       string
	Kind       string        // workflow or activity
	Pollers    int           // heard of within the last 75 seconds, and given new work
	Backlog    int64         // tasks that wait for a worker, about
	BacklogAge time.Duration // how long the oldest of them has waited

	taken   []Version // the versions that new work goes to: the current one, and one that is ramped up
	polling []Version // those of all pollers heard of
}

// Version is a build of the workers in a worker deployment; the zero value are workers
// without versions.
type Version struct{ Deployment, BuildID string }

// String is how Temporal writes it, such as slipway:v2.
func (v Version) String() string {
	if v == (Version{}) {
		return domain.Text(domain.LabelNoVersion)
	}
	return v.Deployment + ":" + v.BuildID
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
		BacklogAge: found.GetStats().GetApproximateBacklogAge().AsDuration(), taken: taken(found.GetVersioningInfo()),
	}
	if kind == enumspb.TASK_QUEUE_TYPE_ACTIVITY {
		q.Kind = "activity"
	}
	for _, p := range found.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) >= pollersSilent {
			continue
		}
		v := ofPoller(p.GetDeploymentOptions())
		if slices.Contains(q.taken, v) {
			q.Pollers++
		}
		if !slices.Contains(q.polling, v) {
			q.polling = append(q.polling, v)
		}
	}
	slices.SortFunc(q.polling, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.Deployment, b.Deployment), cmp.Compare(a.BuildID, b.BuildID))
	})
	return q, nil
}

// taken are the versions that a queue's new work goes to, the current one first.
func taken(routing *taskqueuepb.TaskQueueVersioningInfo) []Version {
	versions := []Version{of(routing.GetCurrentDeploymentVersion())}
	if routing.GetRampingVersionPercentage() > 0 {
		versions = append(versions, of(routing.GetRampingDeploymentVersion()))
	}
	return versions
}

func of(v *deploymentpb.WorkerDeploymentVersion) Version {
	return Version{v.GetDeploymentName(), v.GetBuildId()}
}

// ofPoller is the version of a worker. One that only says its build id takes work like any
// other.
func ofPoller(o *deploymentpb.WorkerDeploymentOptions) Version {
	if o.GetWorkerVersioningMode() != enumspb.WORKER_VERSIONING_MODE_VERSIONED {
		return Version{}
	}
	return Version{o.GetDeploymentName(), o.GetBuildId()}
}

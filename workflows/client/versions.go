package client

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"slipway/domain"
	"slipway/workflows"
)

// ReadyVersion says whether new work goes to workers of the version. Before it is current,
// they are given only what is pinned to it.
func (c *Client) ReadyVersion(ctx context.Context, v Version) domain.Check {
	const name = "version"
	q, err := c.describeQueue(ctx, workflows.TaskQueueOnboarding, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextQueueUnreadable), domain.TextQueueUnreadableFix)
	case !slices.Contains(q.taken, v):
		return domain.Check{Name: name, Status: domain.CheckWarn,
			Message: domain.Text(domain.TextVersionNotCurrent, "version", v.String(), "current", q.taken[0].String()),
			Fix:     domain.Text(domain.TextVersionNotCurrentFix, "command", makeCurrent(v, v))}
	}
	return ok(name, domain.Text(domain.TextVersionCurrent, "version", v.String()))
}

// otherVersions says that workers poll a queue, and none of them those of the version that
// new work goes to.
func otherVersions(name string, q Queue) domain.Check {
	var polling []string
	for _, v := range q.polling {
		polling = append(polling, v.String())
	}
	current, latest := q.taken[0], q.polling[len(q.polling)-1]
	return domain.Check{Name: name, Status: domain.CheckWarn,
		Message: domain.Text(domain.TextQueueOtherVersion,
			"queue", q.Name, "polling", strings.Join(polling, ", "), "current", current.String()),
		Fix: domain.Text(domain.TextQueueOtherVersionFix,
			"current", current.String(), "command", makeCurrent(latest, current)),
	}
}

// makeCurrent is the line that lets a version take over from the one before.
func makeCurrent(v, before Version) string {
	if v == (Version{}) {
		return domain.Text(domain.LabelMakeUnversioned, "deployment", before.Deployment)
	}
	return domain.Text(domain.LabelMakeCurrent, "deployment", v.Deployment, "build", v.BuildID)
}

// checkVersions looks for versions whose workers are gone though workflows are pinned to
// them; none where workers have no versions.
func checkVersions(ctx context.Context, c *Client) []domain.Check {
	const name = "worker_versions"
	polled, deployments := map[Version]bool{}, map[string]bool{}
	for _, queue := range workflows.TaskQueues {
		q, err := c.describeQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		if err != nil {
			return []domain.Check{warn(name, domain.Text(domain.TextQueueUnreadable), domain.TextQueueUnreadableFix)}
		}
		for _, v := range q.polling {
			polled[v], deployments[v.Deployment] = true, true
		}
		deployments[q.taken[0].Deployment] = true
	}
	delete(deployments, "") // workers without versions
	var checks []domain.Check
	for deployment := range deployments {
		left, err := leftBehind(ctx, c, deployment, polled)
		if err != nil {
			checks = append(checks, warn(name, domain.Text(domain.TextVersionsUnreadable), domain.TextQueueUnreadableFix))
			continue
		}
		checks = append(checks, left...)
	}
	if len(deployments) > 0 && len(checks) == 0 {
		checks = append(checks, ok(name, domain.Text(domain.TextVersionsPolled)))
	}
	return checks
}

// leftBehind warns of each version of the deployment that nobody polls for and that
// running workflows are pinned to.
func leftBehind(
	ctx context.Context, c *Client, deployment string, polled map[Version]bool,
) ([]domain.Check, error) {
	handle := c.temporal.WorkerDeploymentClient().GetHandle(deployment)
	described, err := handle.Describe(ctx, sdk.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return nil, asOurs(err)
	}
	var checks []domain.Check
	for _, summary := range described.Info.VersionSummaries {
		v := Version{summary.Version.DeploymentName, summary.Version.BuildID}
		if polled[v] || summary.DrainageStatus == sdk.WorkerDeploymentVersionDrainageStatusDrained {
			continue
		}
		query := pinnedTo(v)
		found, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: c.namespace, Query: query,
		})
		if err != nil {
			return nil, asOurs(err)
		}
		if found.GetCount() > 0 {
			checks = append(checks, domain.Check{Name: "worker_versions", Status: domain.CheckWarn,
				Message: domain.Text(domain.TextVersionLeft,
					"version", v.String(), "count", strconv.FormatInt(found.GetCount(), 10)),
				Fix: domain.Text(domain.TextVersionLeftFix, "version", v.String(), "query", query),
			})
		}
	}
	return checks, nil
}

// pinnedTo finds the running workflows that only workers of the version can go on with.
func pinnedTo(v Version) string {
	return fmt.Sprintf(`ExecutionStatus = "Running" AND TemporalWorkflowVersioningBehavior = "Pinned" `+
		`AND TemporalWorkerDeploymentVersion = "%s"`, v)
}

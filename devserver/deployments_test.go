package devserver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	computepb "go.temporal.io/api/compute/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Worker Deployments ask, at every turn, the module that third_party/ replaces.
// These tests walk through what they ask.

const testDeployment = "slipway"

func workAs(t *testing.T, c client.Client, buildID string) {
	t.Helper()
	w := worker.New(c, testQueue, worker.Options{DeploymentOptions: worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: testDeployment, BuildID: buildID},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestAWorkerDeploymentCanBeGivenItsCurrentVersion(t *testing.T) {
	c := dial(t, start(t, Config{UIPort: NoUI}))
	workAs(t, c, "1.0")
	deployment := c.WorkerDeploymentClient().GetHandle(testDeployment)
	require.Eventually(t, func() bool {
		_, err := deployment.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: "1.0"})
		return err == nil
	}, 20*time.Second, 50*time.Millisecond, "the server hears of the version from its worker")
	runGreeting(t, c, client.StartWorkflowOptions{ID: "versioned"})

	described, err := deployment.Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
	require.NoError(t, err)
	require.NotNil(t, described.Info.RoutingConfig.CurrentVersion)
	assert.Equal(t, "1.0", described.Info.RoutingConfig.CurrentVersion.BuildID)
	version, err := deployment.DescribeVersion(t.Context(), client.WorkerDeploymentDescribeVersionOptions{BuildID: "1.0"})
	require.NoError(t, err, "a version without a compute configuration")
	assert.Equal(t, "1.0", version.Info.Version.BuildID)

	run, err := c.DescribeWorkflowExecution(t.Context(), "versioned", "")
	require.NoError(t, err)
	pinned := run.GetWorkflowExecutionInfo().GetVersioningInfo()
	assert.Equal(t, "1.0", pinned.GetDeploymentVersion().GetBuildId())
	assert.Equal(t, enumspb.VERSIONING_BEHAVIOR_PINNED, pinned.GetBehavior())
}

func TestAVersionCanBeCreatedAndDeletedButNotGivenCompute(t *testing.T) {
	c := dial(t, start(t, Config{UIPort: NoUI}))
	require.NoError(t, createVersion(t, c, "1.0", nil))
	deployment := c.WorkerDeploymentClient().GetHandle(testDeployment)
	_, err := deployment.DeleteVersion(t.Context(), client.WorkerDeploymentDeleteVersionOptions{BuildID: "1.0"})
	require.NoError(t, err)

	provider := &computepb.ComputeProvider{Type: "subprocess"}
	groups := map[string]*computepb.ComputeConfigScalingGroup{"all": {Provider: provider}}
	err = createVersion(t, c, "2.0", &computepb.ComputeConfig{ScalingGroups: groups})
	var refused *serviceerror.InvalidArgument
	require.ErrorAs(t, err, &refused)
	assert.ErrorContains(t, err, "does not start workers by itself")
}

// createVersion makes a version that no worker has asked for yet. The first call
// also makes its deployment.
func createVersion(t *testing.T, c client.Client, buildID string, compute *computepb.ComputeConfig) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := c.WorkflowService().CreateWorkerDeployment(ctx, &workflowservice.CreateWorkerDeploymentRequest{
		Namespace: DefaultNamespace, DeploymentName: testDeployment,
	})
	if exists := new(serviceerror.AlreadyExists); err != nil {
		require.ErrorAs(t, err, &exists)
	}
	_, err = c.WorkflowService().CreateWorkerDeploymentVersion(ctx, &workflowservice.CreateWorkerDeploymentVersionRequest{
		Namespace:         DefaultNamespace,
		DeploymentVersion: &deploymentpb.WorkerDeploymentVersion{DeploymentName: testDeployment, BuildId: buildID},
		ComputeConfig:     compute,
	})
	return err
}

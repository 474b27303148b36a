// Package client answers the Temporal server's questions about workers that the
// server starts by itself: there are none in this build.
package client

import (
	"context"

	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/serviceerror"
	"go.uber.org/fx"

	"go.temporal.io/auto-scaled-workers/wci/workflow/iface"
)

const notInThisBuild = "this build of the Temporal server does not start workers by itself: " +
	"a Worker Deployment Version cannot have a compute configuration"

// Module gives the server its Client.
var Module = fx.Provide(func() Client { return Client{} })

// Client is what Worker Deployments ask about the compute configuration of a
// version. The namespace is the server's type, which nothing here reads.
type Client struct{}

// DescribeWorkerControllerInstance answers NotFound, from which the server
// concludes that the version has no compute configuration.
func (Client) DescribeWorkerControllerInstance(
	_ context.Context, _ any, version *deploymentpb.WorkerDeploymentVersion,
) (*iface.QueryDescribeWorkerControllerInstanceResponse, []byte, error) {
	return nil, nil, serviceerror.NewNotFoundf("version %s of Worker Deployment %s has no compute configuration",
		version.GetBuildId(), version.GetDeploymentName())
}

// UpdateWorkerControllerInstance refuses with InvalidArgument, which the server
// passes on to the caller and does not try again.
func (Client) UpdateWorkerControllerInstance(
	context.Context, any, *deploymentpb.WorkerDeploymentVersion, []byte, string,
	map[string]iface.ScalingGroupSpecUpdate, []string,
) (*iface.UpdateWorkerControllerInstanceResponse, error) {
	return nil, serviceerror.NewInvalidArgument(notInThisBuild)
}

// ValidateWorkerControllerInstanceSpec refuses every compute configuration.
func (Client) ValidateWorkerControllerInstanceSpec(
	context.Context, any, *deploymentpb.WorkerDeploymentVersion, string,
	map[string]iface.ScalingGroupSpecUpdate, []string,
) error {
	return serviceerror.NewInvalidArgument(notInThisBuild)
}

// DeleteWorkerControllerInstance has nothing to delete. The server calls it
// whenever a version is deleted.
func (Client) DeleteWorkerControllerInstance(
	context.Context, any, *deploymentpb.WorkerDeploymentVersion, string,
) error {
	return nil
}

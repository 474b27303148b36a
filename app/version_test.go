package app

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/worker"
)

func TestVersion_AWorkerHasOneOnlyInADeployment(t *testing.T) {
	t.Parallel()
	s := Defaults()
	none, err := s.workerVersion()
	require.NoError(t, err)
	assert.Zero(t, none)
	s.WorkerBuildID = "v2"
	none, err = s.workerVersion()
	require.NoError(t, err)
	assert.Zero(t, none, "a build id alone names no deployment")
	s.WorkerDeployment = "slipway"
	named, err := s.workerVersion()
	require.NoError(t, err)
	assert.Equal(t, worker.Version{DeploymentName: "slipway", BuildID: "v2"}, named)
}

// Two builds of one id would replay each other's workflows as if they were the same.
func TestVersion_ABuildWithoutOneIsRefused(t *testing.T) {
	t.Parallel()
	s := Defaults()
	s.WorkerDeployment = "slipway"
	require.Equal(t, unnamed, version, "tests are built without one")
	_, err := s.workerVersion()
	assert.ErrorContains(t, err, "SLIPWAY_WORKER_BUILD_ID")
}

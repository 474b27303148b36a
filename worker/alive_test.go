package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const heartbeat = 400 * time.Millisecond

// longCall takes longer than its heartbeat and says nothing while it does.
func longCall(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * heartbeat):
		return nil
	}
}

func callOnce(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    heartbeat,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteActivity(ctx, longCall).Get(ctx, nil)
}

// call runs a workflow that makes one long call, with the interceptors.
func call(t *testing.T, background context.Context, with ...interceptor.WorkerInterceptor) error {
	t.Helper()
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: background, Interceptors: with})
	env.RegisterActivity(longCall)
	env.ExecuteWorkflow(callOnce)
	require.True(t, env.IsWorkflowCompleted())
	return env.GetWorkflowError()
}

func TestAlive_ALongCallIsNotTakenForADeadWorkers(t *testing.T) {
	t.Parallel()
	var timeout *temporal.TimeoutError
	require.ErrorAs(t, call(t, t.Context()), &timeout, "without it")
	assert.NoError(t, call(t, t.Context(), &alive{}))
}

func TestAlive_ACallUnderWayIsFinishedWhateverIsCanceled(t *testing.T) {
	t.Parallel()
	for _, with := range [][]interceptor.WorkerInterceptor{nil, {&alive{}}} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(heartbeat/2, cancel)
		err := call(t, ctx, with...)
		if with == nil {
			require.ErrorContains(t, err, context.Canceled.Error(), "without it")
			continue
		}
		assert.NoError(t, err, "cut off, nobody would know the outcome")
	}
}

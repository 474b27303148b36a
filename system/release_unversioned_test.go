//go:build !nodev

package system

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway/devserver"
)

// The same workflow in two releases: the new one runs another activity, and there is a
// workflow that the old one does not have.

const rolled = "rolled"

func quick(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func waitsInOld(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

func waitsInNew(ctx workflow.Context) error {
	if workflow.GetVersion(ctx, "asks", workflow.DefaultVersion, 1) == 1 {
		if err := workflow.ExecuteActivity(quick(ctx), "Ask").Get(ctx, nil); err != nil {
			return err
		}
	}
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

func onlyInNew(workflow.Context) error { return nil }

// rolling starts workers of the two releases, without versions.
type rolling struct {
	*testing.T
	client.Client
}

func (r rolling) old() worker.Worker {
	return r.started(worker.Options{}, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(waitsInOld, workflow.RegisterOptions{Name: "Waits"})
		w.RegisterActivityWithOptions(func() error { return nil }, activity.RegisterOptions{Name: "Another"})
	})
}

// next is a worker of the new release, for workflow tasks alone unless it takes activities.
func (r rolling) next(takesActivities bool) worker.Worker {
	return r.started(worker.Options{LocalActivityWorkerOnly: !takesActivities}, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(waitsInNew, workflow.RegisterOptions{Name: "Waits"})
		w.RegisterWorkflowWithOptions(onlyInNew, workflow.RegisterOptions{Name: "OnlyInNew"})
		w.RegisterActivityWithOptions(func() error { return nil }, activity.RegisterOptions{Name: "Ask"})
	})
}

func (r rolling) started(o worker.Options, register func(worker.Worker)) worker.Worker {
	r.Helper()
	w := worker.New(r.Client, rolled, o)
	register(w)
	require.NoError(r, w.Start())
	r.Cleanup(w.Stop)
	return w
}

func (r rolling) start(id, kind string) {
	r.Helper()
	_, err := r.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: id, TaskQueue: rolled}, kind)
	require.NoError(r, err)
}

func (r rolling) describe(id string) *workflowservice.DescribeWorkflowExecutionResponse {
	d, err := r.DescribeWorkflowExecution(context.Background(), id, "")
	require.NoError(r, err)
	return d
}

// refusesTask waits until workers have failed the workflow's task, and it runs on.
func (r rolling) refusesTask(id string) {
	r.Helper()
	eventually(r, func() bool { return r.describe(id).GetPendingWorkflowTask().GetAttempt() > 1 }, "its task fails")
	assert.Equal(r, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, r.describe(id).GetWorkflowExecutionInfo().GetStatus())
}

// Temporal passes on what a worker does not know: until a worker that does takes it, it
// waits. So the rows of a rolling release are right either way, and it only has to end with
// the new workers.
func TestRelease_WithoutVersionsWhatOldWorkersDoNotKnowWaitsForNewOnes(t *testing.T) {
	t.Parallel()
	server, err := devserver.Start(t.Context(), devserver.Config{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	c, err := client.Dial(client.Options{HostPort: server.FrontendHostPort(),
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r := rolling{t, c}

	old := r.old()
	r.start("began-with-old", "Waits")
	r.start("unknown-type", "OnlyInNew")
	r.refusesTask("unknown-type")

	tasks := r.next(false)
	require.NoError(t, c.GetWorkflow(t.Context(), "unknown-type", "").Get(t.Context(), nil), "a new worker takes it")
	var failure string
	for n := 0; failure == ""; n++ { // either release begins it
		id := fmt.Sprint("began-", n)
		r.start(id, "Waits")
		eventually(t, func() bool {
			d := r.describe(id)
			if pending := d.GetPendingActivities(); len(pending) > 0 {
				failure = pending[0].GetLastFailure().GetMessage()
				return failure != ""
			}
			return d.GetPendingWorkflowTask() == nil && d.GetWorkflowExecutionInfo().GetHistoryLength() > 3
		}, "it waits, or its activity fails")
		require.Less(t, n, 50)
	}
	assert.Contains(t, failure, "unable to find activityType=Ask")

	tasks.Stop()
	next := r.next(true)
	old.Stop()
	r.start("began-with-new", "Waits")
	eventually(t, func() bool { return r.describe("began-with-new").GetWorkflowExecutionInfo().GetHistoryLength() > 10 },
		"it waits, its activity behind it")
	next.Stop()
	r.old()
	require.NoError(t, c.SignalWorkflow(t.Context(), "began-with-new", "", "go", nil))
	r.refusesTask("began-with-new")
	r.next(true)
	for _, id := range []string{"began-with-old", "began-with-new"} {
		_ = c.SignalWorkflow(t.Context(), id, "", "go", nil)
		require.NoError(t, c.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil), "rolled forward again, it ends")
	}
}

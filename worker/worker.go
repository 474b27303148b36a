// Package worker polls task queues, and sends webhooks on their way. Which queue
// runs which workflows is said in workflows/kinds.go.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Namespace is what a worker prepares before it polls. The client of running
// workflows is the one implementation; the interface keeps imports one way.
type Namespace interface {
	Ping(ctx context.Context) error
	RegisterSearchAttributes(ctx context.Context) error
	ScheduleReconcile(ctx context.Context) error
}

// Queue is a task queue that a worker polls. Every queue has all activities.
type Queue struct {
	Name      string
	Workflows []Workflow // empty: activities alone
	AtOnce    int        // activities under way in one worker; 0 is the SDK's thousand
	// Heartbeats are sent for activities while they run (see alive).
	Heartbeats bool
	// ActivitiesPerSecond bounds them over all workers; 0 for no limit. Such a queue
	// gets no eager activities.
	ActivitiesPerSecond float64
}

// Workflow is a workflow that a queue runs.
type Workflow struct {
	Run any // its function
	// Versioning says what becomes of its runs when another version is made current.
	Versioning workflow.VersioningBehavior
}

// Version names a build of the workers in Temporal's worker deployment. The zero value is
// none: its workers take work like any other.
type Version = worker.WorkerDeploymentVersion

// Config says what a worker works with.
type Config struct {
	Temporal   client.Client
	Namespace  Namespace
	Activities *activities.Activities
	Queues     []Queue
	Log        *slog.Logger
	// Version is this worker's. With one, it is given work once the version is current.
	Version Version
	// Interceptors run inside activities.Errors, nearest to the activity; fault
	// tests stop the process there.
	Interceptors []interceptor.WorkerInterceptor
	// Failed is called for each activity that failed, with its name and the code of its
	// error; nil for nobody.
	Failed func(activity, code string)
	// StopTimeout is how long Stop waits for the work in hand.
	StopTimeout time.Duration
	// Ready says whether what the activities need is there, such as the database; nil for yes.
	Ready func(context.Context) error
}

// Worker polls every task queue of the engine from this process.
type Worker struct {
	queues     []worker.Worker
	dispatcher *dispatcher
}

// Pollers follow the load. A task that finds no poller waiting is written to
// the queue's backlog and overtaken by later ones, which is where a long tail
// comes from, so their bound is generous.
const (
	firstPollers = 5
	minPollers   = 2
	maxPollers   = 100
	tryAgain     = 2 * time.Second // while what a worker needs is away
)

// Start prepares the namespace (search attributes, the reconcile schedule) and
// polls. While Temporal or the database is away it keeps trying until ctx ends, and says
// so in the log. A search attribute of a wrong type is an error at once.
func Start(ctx context.Context, c Config) (*Worker, error) {
	if err := prepare(ctx, c); err != nil {
		return nil, err
	}
	w := &Worker{}
	for _, q := range c.Queues {
		queue := worker.New(c.Temporal, q.Name, options(c, q))
		for _, kind := range q.Workflows {
			queue.RegisterWorkflowWithOptions(kind.Run, workflow.RegisterOptions{VersioningBehavior: kind.Versioning})
		}
		queue.RegisterActivity(c.Activities)
		if err := queue.Start(); err != nil {
			w.Stop()
			return nil, fmt.Errorf("start worker: %w", err)
		}
		w.queues = append(w.queues, queue)
	}
	w.dispatcher = startDispatcher(ctx, c)
	return w, nil
}

func options(c Config, q Queue) worker.Options {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: firstPollers, MinimumNumberOfPollers: minPollers, MaximumNumberOfPollers: maxPollers,
	})
	o := worker.Options{
		WorkflowTaskPollerBehavior:   pollers,
		ActivityTaskPollerBehavior:   pollers,
		WorkerStopTimeout:            c.StopTimeout,
		TaskQueueActivitiesPerSecond: q.ActivitiesPerSecond,
		DisableWorkflowWorker:        len(q.Workflows) == 0,
		DeploymentOptions: worker.DeploymentOptions{
			UseVersioning: c.Version != Version{}, Version: c.Version,
		},

		MaxConcurrentActivityExecutionSize: q.AtOnce,
		Interceptors: append(
			[]interceptor.WorkerInterceptor{&activities.Errors{Failed: c.Failed}},
			c.Interceptors...),
	}
	if q.Heartbeats {
		o.Interceptors = append(o.Interceptors, &alive{})
	}
	return o
}

// prepare makes the namespace ready, as often as it takes.
func prepare(ctx context.Context, c Config) error {
	steps := []func(context.Context) error{
		c.Namespace.Ping, c.Namespace.RegisterSearchAttributes, c.Namespace.ScheduleReconcile,
	}
	if c.Ready != nil {
		steps = append(steps, c.Ready)
	}
	for {
		var err error
		for _, step := range steps {
			if err = step(ctx); err != nil {
				break
			}
		}
		if err == nil || !away(err) {
			return err
		}
		c.Log.Warn("the worker starts when what it needs is there", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tryAgain):
		}
	}
}

func away(err error) bool {
	var ours *domain.Error
	return errors.As(err, &ours) && ours.Code == domain.CodeUnavailable
}

// Stop stops polling and waits, for at most the stop timeout, for the work in hand.
func (w *Worker) Stop() {
	if w.dispatcher != nil {
		w.dispatcher.stop()
	}
	var stopping sync.WaitGroup
	for _, queue := range w.queues {
		stopping.Go(queue.Stop)
	}
	stopping.Wait()
}

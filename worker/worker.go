// Package worker registers the workflows and activities, and polls for work.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/domain"
	"slipway/workflows"
	flows "slipway/workflows/client"
)

// Config says what a worker works with.
type Config struct {
	Temporal       client.Client
	Client         *flows.Client
	Activities     *activities.Activities
	ReconcileEvery time.Duration
	// ProviderRate is how many activities a second may call payment providers,
	// over all workers; 0 for no limit.
	ProviderRate float64
	Log          *slog.Logger
	// Interceptors run inside activities.Errors, nearest to the activity; fault
	// tests stop the process there.
	Interceptors []interceptor.WorkerInterceptor
}

// Worker polls every task queue of the engine from this process.
type Worker struct {
	queues     []worker.Worker
	dispatcher *dispatcher
}

// Pollers follow the load. A task that finds no poller waiting is written to
// the queue's backlog and overtaken by later ones, which is where a long tail
// comes from, so their bound is generous. The farewell is short, so that Ctrl-C
// ends within its five seconds.
const (
	firstPollers = 5
	minPollers   = 2
	maxPollers   = 100
	stopTimeout  = 2 * time.Second
	// thirdPartiesAtOnce bounds the calls under way in one worker: to payment
	// providers, and again to webhook endpoints.
	thirdPartiesAtOnce = 100
)

// Start prepares the namespace (search attributes, the reconcile schedule) and
// polls. While Temporal is away it keeps trying until ctx ends, and says so in
// the log. A search attribute of a wrong type is an error at once.
func Start(ctx context.Context, c Config) (*Worker, error) {
	if err := prepare(ctx, c); err != nil {
		return nil, err
	}
	onboarding := worker.New(c.Temporal, workflows.TaskQueueOnboarding, options(c))
	onboarding.RegisterWorkflow(workflows.Signup)
	onboarding.RegisterWorkflow(workflows.Activation)
	onboarding.RegisterWorkflow(workflows.Reconcile)
	onboarding.RegisterWorkflow(workflows.Refresh)
	onboarding.RegisterActivity(c.Activities)
	billing := worker.New(c.Temporal, workflows.TaskQueueBilling, options(c))
	for _, workflow := range []any{workflows.Billing, workflows.Delivery, workflows.PaymentMethod, workflows.Purchase, workflows.Advance} {
		billing.RegisterWorkflow(workflow)
	}
	billing.RegisterActivity(c.Activities)
	providers := worker.New(c.Temporal, workflows.TaskQueueProviders, providerOptions(c))
	providers.RegisterActivity(c.Activities)
	webhooks := worker.New(c.Temporal, workflows.TaskQueueWebhooks, webhookOptions(c))
	webhooks.RegisterActivity(c.Activities)

	w := &Worker{}
	for _, queue := range []worker.Worker{onboarding, billing, providers, webhooks} {
		if err := queue.Start(); err != nil {
			w.Stop()
			return nil, fmt.Errorf("start worker: %w", err)
		}
		w.queues = append(w.queues, queue)
	}
	w.dispatcher = startDispatcher(ctx, c)
	return w, nil
}

func options(c Config) worker.Options {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: firstPollers, MinimumNumberOfPollers: minPollers, MaximumNumberOfPollers: maxPollers,
	})
	return worker.Options{
		WorkflowTaskPollerBehavior: pollers,
		ActivityTaskPollerBehavior: pollers,
		WorkerStopTimeout:          stopTimeout,
		Interceptors:               append([]interceptor.WorkerInterceptor{&activities.Errors{}}, c.Interceptors...),
	}
}

// providerOptions bound what payment providers are asked in a second, over all
// workers. Such a queue gets no eager activities, hence its own.
func providerOptions(c Config) worker.Options {
	o := webhookOptions(c)
	o.Interceptors = append(o.Interceptors, &alive{})
	o.TaskQueueActivitiesPerSecond = c.ProviderRate
	return o
}

// webhookOptions are for activities alone, so many at once.
func webhookOptions(c Config) worker.Options {
	o := options(c)
	o.DisableWorkflowWorker = true
	o.MaxConcurrentActivityExecutionSize = thirdPartiesAtOnce
	return o
}

// prepare makes the namespace ready, as often as it takes.
func prepare(ctx context.Context, c Config) error {
	for {
		err := c.Client.Ping(ctx)
		if err == nil {
			err = c.Client.RegisterSearchAttributes(ctx)
		}
		if err == nil {
			err = c.Client.ScheduleReconcile(ctx, c.ReconcileEvery)
		}
		if err == nil || !away(err) {
			return err
		}
		c.Log.Warn("Temporal does not answer; the worker starts when it does", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(stopTimeout):
		}
	}
}

func away(err error) bool {
	var ours *domain.Error
	return errors.As(err, &ours) && ours.Code == domain.CodeUnavailable
}

// Stop stops polling and waits, for at most two seconds, for the work in hand.
func (w *Worker) Stop() {
	if w.dispatcher != nil {
		w.dispatcher.stop()
	}
	for _, queue := range w.queues {
		queue.Stop()
	}
}

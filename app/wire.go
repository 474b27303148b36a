package app

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"slipway/activities"
	"slipway/api"
	"slipway/notify/webhook"
	"slipway/payment"
	"slipway/payment/sandbox"
	"slipway/store"
	"slipway/worker"
	"slipway/workflows"
	flows "slipway/workflows/client"
)

// App is one process: its settings and the parts it has built. This file is the
// map of how they are connected; database.go, temporal.go, providers.go and
// serve.go make the parts.
//
//	store, providers ─▶ api ─▶ workflows/client ─▶ Temporal
//	store, providers ─▶ activities ─▶ worker, which polls Temporal and runs workflows
type App struct {
	*Settings
	Log    *slog.Logger
	stdout io.Writer
	stderr io.Writer // where progress is shown

	Store     *store.Store
	providers *payment.Registry
	Sandbox   *sandbox.Server // dev and sandbox run one
	Temporal  client.Client
	Workflows *flows.Client
	codec     *flows.Codec
	api       *api.API
	Worker    *worker.Worker

	OnReady      func(url string)                // called once the process does its work; nil for nobody
	Interceptors []interceptor.WorkerInterceptor // around each activity of the worker
	closers      []func()                        // undo, latest first
	registry     *prometheus.Registry
	polling      atomic.Bool // the worker does its work
}

// New is an app that has settings and builds nothing yet.
func New(s *Settings, stdout, stderr io.Writer) *App {
	return &App{Settings: s, stdout: stdout, stderr: stderr, Log: s.logger(stderr), registry: newRegistry()}
}

// buildAPI connects the API to store and workflows.
func (a *App) buildAPI(generateKey bool) error {
	key, err := a.Key(generateKey)
	if err != nil {
		return err
	}
	hash, err := a.HashParams()
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Config{
		Store: a.Store, Workflows: a.Workflows, Log: a.Log, SecretKey: key, PasswordHash: *hash,
		SignupRate: a.SignupRate, LoginRate: a.LoginRate, Limits: a.Limits,
		Providers: a.providers, TestClocks: a.TestClocks, WebhookAllowPrivate: a.WebhookPrivate,
		TrustedProxies: a.TrustedProxies, AllowedOrigins: a.AllowedOrigins,
		Checks: a.checks, Metrics: a.registry, Version: version,
	})
	return err
}

// callsAtOnce bounds the calls to payment providers under way in one worker, and
// endpointsAtOnce the webhook endpoints that it posts to.
const (
	callsAtOnce     = 100
	endpointsAtOnce = 500
)

// queues says how each task queue is polled; workflows.Kinds says which workflows it
// runs. Providers' runs only activities that call them. Webhooks have a queue of their own,
// with pollers of their own, so that no endpoint can delay a charge or a sign-up.
func (a *App) queues() []worker.Queue {
	return []worker.Queue{
		{Name: workflows.TaskQueueOnboarding, Workflows: workflowsOn(workflows.TaskQueueOnboarding)},
		{Name: workflows.TaskQueueBilling, Workflows: workflowsOn(workflows.TaskQueueBilling)},
		{Name: workflows.TaskQueueProviders, Heartbeats: true, AtOnce: callsAtOnce,
			ActivitiesPerSecond: a.ProviderRate},
		{Name: workflows.TaskQueueWebhooks, Heartbeats: true, AtOnce: endpointsAtOnce,
			Workflows: workflowsOn(workflows.TaskQueueWebhooks)},
	}
}

// startWorker starts polling, as a worker of the version, or of none; it waits for Temporal
// as long as ctx lasts.
func (a *App) startWorker(ctx context.Context, version worker.Version) error {
	failed, gone := a.registerWork()
	acts := activities.New(activities.Config{
		Store: a.Store, Processes: a.Workflows, Deliveries: a.Workflows, Webhooks: webhook.NewSender(a.WebhookPrivate),
		Providers: a.providers.Providers(), ReturnURL: a.publicAddress(a.Listen) + "/return", Policy: a.policy(),
		ReconcileEvery: a.ReconcileEvery, Retention: a.Retention, Pruned: gone, Pace: activities.Pace{AtOnce: a.WebhookPosts},
	})
	var err error
	a.Worker, err = worker.Start(ctx, worker.Config{
		Temporal: a.Temporal, Namespace: a.Workflows, Activities: acts, Queues: a.queues(), Log: a.Log,
		Interceptors: a.Interceptors, Failed: failed, StopTimeout: a.StopTimeout, Ready: a.storeReady,
		Version: version,
	})
	if err != nil {
		return err
	}
	a.onClose(a.Worker.Stop)
	return nil
}

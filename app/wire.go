package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/lmittmann/tint"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"

	"slipway/activities"
	"slipway/api"
	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/payment"
	"slipway/payment/sandbox"
	"slipway/store"
	"slipway/worker"
	"slipway/workflows"
	flows "slipway/workflows/client"
)

// App is one process: its settings and the parts it has built. This file is the
// map of how they are connected:
//
//	store ───┬─────────────────▶ api ──▶ HTTP
//	providers┴▶ activities ─┐    │          ▲ notify: signed webhooks
//	temporal ─▶ workflows/client ┴─▶ worker ┘
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
	api       *api.API
	Worker    *worker.Worker

	OnReady      func(url string)                // called once the process does its work; nil for nobody
	Interceptors []interceptor.WorkerInterceptor // around each activity of the worker
	closers      []func()                        // undo, latest first
	registry     *prometheus.Registry
}

// New is an app that has settings and builds nothing yet.
func New(s *Settings, stdout, stderr io.Writer) *App {
	return &App{Settings: s, stdout: stdout, stderr: stderr, Log: s.logger(stderr), registry: newRegistry()}
}

// logger writes to w in the format and from the level that were set.
func (s *Settings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // check has refused anything else
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(tint.NewHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !isTerminal(w)}))
}

// newRegistry is what /metrics shows: the API's own metrics, Go's and the process's.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// openStore opens the database; it may be away.
func (a *App) openStore() error {
	if !store.IsPostgres(a.Database()) {
		if err := makeFolder(a.Database()); err != nil {
			return err
		}
	}
	var err error
	if a.Store, err = store.Open(store.Config{URL: a.Database()}); err != nil {
		return err
	}
	a.onClose(func() { a.logError("close database", a.Store.Close()) })
	return nil
}

// temporalOptions reads TEMPORAL_* and Temporal's profile file.
func (a *App) temporalOptions() (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return options, fmt.Errorf("read TEMPORAL_* settings: %w", err)
	}
	options.Logger = sdklog.NewStructuredLogger(a.temporalLog())
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options, nil
}

// temporalLog is the log of the SDK, which reports at info what concerns only
// its developers.
func (a *App) temporalLog() *slog.Logger {
	return slog.New(atLeast{a.Log.Handler(), slog.LevelWarn})
}

// ConnectTemporal makes the client, which connects when it is first used, so
// that the API starts, and answers, while Temporal is away.
func (a *App) ConnectTemporal(options client.Options) error {
	var err error
	if a.Temporal, err = client.NewLazyClient(options); err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	a.onClose(a.Temporal.Close)
	a.Workflows = flows.New(a.Temporal, options.Namespace)
	return nil
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
		SignupRate: a.SignupRate, LoginRate: a.LoginRate,
		Providers: a.providers, TestClocks: a.TestClocks, TrustedProxies: a.TrustedProxies, AllowedOrigins: a.AllowedOrigins,
		WebhookAllowPrivate: a.WebhookPrivate,
		Checks:              a.checks, Metrics: a.registry, Version: version,
	})
	return err
}

// queues says which task queue runs which workflows. The last two run only
// activities that call third parties: payment providers, and webhook endpoints,
// of which one that hangs must not keep a charge waiting.
func (a *App) queues() []worker.Queue {
	return []worker.Queue{
		{Name: workflows.TaskQueueOnboarding, Workflows: []any{
			workflows.Signup, workflows.Activation, workflows.Reconcile, workflows.Refresh}},
		{Name: workflows.TaskQueueBilling, Workflows: []any{
			workflows.Billing, workflows.Purchase, workflows.PaymentMethod, workflows.Delivery, workflows.Advance}},
		{Name: workflows.TaskQueueProviders, Heartbeats: true, ActivitiesPerSecond: a.ProviderRate},
		{Name: workflows.TaskQueueWebhooks},
	}
}

// startWorker starts polling; it waits for Temporal as long as ctx lasts.
func (a *App) startWorker(ctx context.Context) error {
	reminders, err := a.reminderTimes()
	if err != nil {
		return err
	}
	acts := activities.New(activities.Config{
		Store: a.Store, Processes: a.Workflows, Providers: a.providers.Providers(), ReturnURL: a.publicAddress(a.Listen) + "/return",
		Deliveries: a.Workflows, Webhooks: webhook.NewSender(a.WebhookPrivate),
		Policy: domain.Policy{
			PaymentWindow: a.PaymentWindow, Reminders: reminders, Billing: a.billingPolicy(),
			PreferredOption: a.PreferredOption, KeepSlugs: a.KeepSlugs,
		},
	})
	a.Worker, err = worker.Start(ctx, worker.Config{
		Temporal: a.Temporal, Namespace: a.Workflows, Activities: acts, Queues: a.queues(),
		ReconcileEvery: a.ReconcileEvery, Log: a.Log, Interceptors: a.Interceptors,
	})
	if err != nil {
		return err
	}
	a.onClose(a.Worker.Stop)
	return nil
}

// How patient the HTTP server is with slow clients, and how long it says
// goodbye. Answers may take as long as a long poll or a stream.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	idleTimeout       = 2 * time.Minute
	goodbye           = 2 * time.Second
	maxHeaderBytes    = 16 << 10
)

// Serve answers HTTP on the listener until ctx ends; open streams end with it.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	streams, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: a.api.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	a.ready("http://" + listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	end()
	farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := server.Shutdown(farewell); err != nil {
		return errors.Join(server.Close())
	}
	return nil
}

// listenHTTP takes the API's port, with one clear sentence when it is taken.
func (a *App) listenHTTP() (net.Listener, error) {
	listener, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return nil, fmt.Errorf("the API cannot listen on %s; stop what uses it or set SLIPWAY_LISTEN (%w)", a.Listen, rootCause(err))
	}
	return listener, nil
}

// checks is what doctor and readyz report.
func (a *App) checks(ctx context.Context) []domain.Check {
	checks := append(a.Store.Checks(ctx), a.checkProviders(ctx))
	return append(checks, a.Workflows.Checks(ctx)...)
}

func (a *App) ready(url string) {
	if a.OnReady != nil {
		a.OnReady(url)
	}
}

func (a *App) onClose(f func()) { a.closers = append(a.closers, f) }

// Close undoes what was built, latest first.
func (a *App) Close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

func (a *App) logError(doing string, err error) {
	if err != nil {
		a.Log.Error(doing, "error", err)
	}
}

package main

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
	"slipway/store"
	"slipway/worker"
	"slipway/workflows"
)

// app is one process: its settings and the parts it has built. This file is the
// map of how they are connected:
//
//	store ───┬─────────────────▶ api ──▶ HTTP
//	providers┴▶ activities ─┐    │          ▲ notify: signed webhooks
//	temporal ─▶ workflows.Client ┴─▶ worker ┘
type app struct {
	*settings
	stdout io.Writer
	stderr io.Writer // where progress is shown
	log    *slog.Logger

	store     *store.Store
	providers map[string]payment.Provider
	sandbox   *payment.SandboxServer // dev and sandbox run one
	temporal  client.Client
	workflows *workflows.Client
	api       *api.API
	worker    *worker.Worker

	onReady      func(url string) // called once the process does its work; nil for nobody
	closers      []func()         // undo, latest first
	interceptors []interceptor.WorkerInterceptor
	registry     *prometheus.Registry
}

// logger writes to w in the format and from the level that were set.
func (s *settings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.logLevel)) // check has refused anything else
	if s.logFormat == "json" {
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
func (a *app) openStore() error {
	if !store.IsPostgres(a.database()) {
		if err := makeFolder(a.database()); err != nil {
			return err
		}
	}
	var err error
	if a.store, err = store.Open(store.Config{URL: a.database()}); err != nil {
		return err
	}
	a.onClose(func() { a.logError("close database", a.store.Close()) })
	return nil
}

// temporalOptions reads TEMPORAL_* and Temporal's profile file.
func (a *app) temporalOptions() (client.Options, error) {
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
func (a *app) temporalLog() *slog.Logger {
	return slog.New(atLeast{a.log.Handler(), slog.LevelWarn})
}

// connectTemporal makes the client, which connects when it is first used, so
// that the API starts, and answers, while Temporal is away.
func (a *app) connectTemporal(options client.Options) error {
	var err error
	if a.temporal, err = client.NewLazyClient(options); err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	a.onClose(a.temporal.Close)
	a.workflows = workflows.NewClient(a.temporal, options.Namespace)
	return nil
}

// buildAPI connects the API to store and workflows.
func (a *app) buildAPI(generateKey bool) error {
	key, err := a.key(generateKey)
	if err != nil {
		return err
	}
	hash, err := a.hashParams()
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Config{
		Store: a.store, Workflows: a.workflows, Log: a.log, SecretKey: key, PasswordHash: *hash,
		SignupRate: a.signupRate, LoginRate: a.loginRate,
		Providers: a.providers, TestClocks: a.testClocks, TrustedProxies: a.trustedProxies, AllowedOrigins: a.allowedOrigins,
		WebhookAllowPrivate: a.webhookPrivate,
		Checks:              a.checks, Metrics: a.registry, Version: version,
	})
	return err
}

// startWorker starts polling; it waits for Temporal as long as ctx lasts.
func (a *app) startWorker(ctx context.Context) error {
	reminders, err := a.reminderTimes()
	if err != nil {
		return err
	}
	a.worker, err = worker.Start(ctx, worker.Config{
		Temporal: a.temporal, Client: a.workflows, ReconcileEvery: a.reconcileEvery, Log: a.log, Interceptors: a.interceptors,
		ProviderRate: a.providerRate,
		Activities: &activities.Activities{
			Store: a.store, Processes: a.workflows, Providers: a.providers, ReturnURL: a.publicAddress(a.listen) + "/return",
			Deliveries: a.workflows, Webhooks: webhook.NewSender(a.webhookPrivate),
			Policy: activities.Policy{
				PaymentWindow: a.paymentWindow, Reminders: reminders, Billing: a.billingPolicy(),
				PreferredOption: a.preferredOption, KeepSlugs: a.keepSlugs,
			},
		},
	})
	if err != nil {
		return err
	}
	a.onClose(a.worker.Stop)
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

// serve answers HTTP on the listener until ctx ends; open streams end with it.
func (a *app) serve(ctx context.Context, listener net.Listener) error {
	streams, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: a.api.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
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
func (a *app) listenHTTP() (net.Listener, error) {
	listener, err := net.Listen("tcp", a.listen)
	if err != nil {
		return nil, fmt.Errorf("the API cannot listen on %s; stop what uses it or set SLIPWAY_LISTEN (%w)", a.listen, rootCause(err))
	}
	return listener, nil
}

// checks is what doctor and readyz report.
func (a *app) checks(ctx context.Context) []domain.Check {
	checks := append(a.store.Checks(ctx), a.checkProviders(ctx))
	return append(checks, a.workflows.Checks(ctx)...)
}

func (a *app) ready(url string) {
	if a.onReady != nil {
		a.onReady(url)
	}
}

func (a *app) onClose(f func()) { a.closers = append(a.closers, f) }

// close undoes what was built, latest first.
func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

func (a *app) logError(doing string, err error) {
	if err != nil {
		a.log.Error(doing, "error", err)
	}
}

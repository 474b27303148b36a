package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/urfave/cli/v3"

	"slipway/api"
	"slipway/domain"
	"slipway/worker"
	flows "slipway/workflows/client"
)

func workerCommand(do action) *cli.Command {
	return &cli.Command{Name: "worker", Usage: "run workflows and activities", Action: do(runWorker)}
}

// runWorker runs workflows and activities against any Temporal and database. Its port
// answers from the first moment; the worker is ready once both are there.
func runWorker(ctx context.Context, a *App) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer a.Close()
	version, err := a.workerVersion()
	if err != nil {
		return err
	}
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(false)); err != nil {
		return err
	}
	api.RegisterStore(a.registry, a.Store)
	failed, err := a.serveWorkerPort(ctx)
	if err != nil {
		return err
	}
	go a.Store.Listen(ctx, a.Log) // for the outbox
	if err := a.startWorker(ctx, version); err != nil {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	a.Log.Info("worker is up", "port", a.WorkerListen, "build", version.BuildID,
		"database", a.databaseName(), "temporal", options.HostPort)
	a.polling.Store(true)
	a.ready("")
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// serveWorkerPort answers those who run the worker, in the background until ctx ends; the
// channel has the error of a server that failed.
func (a *App) serveWorkerPort(ctx context.Context) (failed <-chan error, err error) {
	failures := make(chan error, 1)
	if a.WorkerListen == "" {
		return failures, nil
	}
	listener, err := listen("worker", a.WorkerListen, "SLIPWAY_WORKER_LISTEN")
	if err != nil {
		return nil, err
	}
	go func() {
		if err := a.serve(ctx, listener, a.workerPort(), func() {}); err != nil {
			failures <- err
		}
	}()
	return failures, nil
}

// workerPort is for load balancers and operators alone: it asks for no credential, but for
// what decrypts payloads.
func (a *App) workerPort() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": domain.CheckOK})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		checks := a.workerChecks(r.Context())
		answer, status := map[string]any{"status": domain.Worst(checks)}, http.StatusOK
		if domain.Worst(checks) == domain.CheckFail {
			status = http.StatusServiceUnavailable
		}
		if r.URL.Query().Has("verbose") {
			answer["checks"] = checks
		}
		writeJSON(w, status, answer)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	mux.Handle(codecPath+"/", codecEndpoint{a.codec.Handler(), a.CodecToken, a.CodecOrigins}.handler())
	return mux
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}

// workerPatience bounds how long a worker's checks may take.
const workerPatience = 3 * time.Second

// workerChecks say whether this worker does its work: it polls, and has its database and
// Temporal.
func (a *App) workerChecks(ctx context.Context) []domain.Check {
	ctx, cancel := context.WithTimeout(ctx, workerPatience)
	defer cancel()
	checks := a.Store.Checks(ctx)
	fail := func(name, message, fix string) {
		checks = append(checks, domain.Check{Name: name, Status: domain.CheckFail, Message: message, Fix: fix})
	}
	if err := a.Workflows.Ping(ctx); err != nil {
		fail("temporal", "Temporal or its namespace does not answer.",
			"Start Temporal, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE to where it runs.")
	}
	if v, err := a.workerVersion(); err == nil && v != (worker.Version{}) {
		own := flows.Version{Deployment: v.DeploymentName, BuildID: v.BuildID}
		checks = append(checks, a.Workflows.ReadyVersion(ctx, own))
	}
	if !a.polling.Load() {
		fail("polling", "The worker does not poll its task queues yet.", "Its log says what it waits for.")
	}
	return checks
}

// storeReady says whether the activities' database is there, with its schema.
func (a *App) storeReady(ctx context.Context) error {
	for _, c := range a.Store.Checks(ctx) {
		if c.Status == domain.CheckFail {
			return &domain.Error{Code: domain.CodeUnavailable, Detail: c.Message + " " + c.Fix}
		}
	}
	return nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

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
		return nil, fmt.Errorf("the API cannot listen on %s; stop what uses it or set SLIPWAY_LISTEN (%w)",
			a.Listen, rootCause(err))
	}
	return listener, nil
}

// newRegistry is what /metrics shows: the API's own metrics, Go's and the process's.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// publicAddress is where customers and providers reach the API that listens on
// the address.
func (a *App) publicAddress(listening string) string {
	if a.PublicURL != "" {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	return "http://" + listening
}

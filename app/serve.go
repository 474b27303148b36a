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

// How patient an HTTP server is with slow clients. Answers may take as long as a
// long poll or a stream.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
)

// Serve answers HTTP on the listener until ctx ends; open streams end with it.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	return a.serve(ctx, listener, a.api.Handler(), func() { a.ready("http://" + listener.Addr().String()) })
}

// serve answers HTTP until ctx ends, and finishes the requests in hand for as long as
// the stop timeout.
func (a *App) serve(ctx context.Context, listener net.Listener, handler http.Handler, ready func()) error {
	streams, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	end()
	farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.StopTimeout)
	defer cancel()
	if err := server.Shutdown(farewell); err != nil {
		return errors.Join(server.Close())
	}
	return nil
}

// listenHTTP takes the API's port.
func (a *App) listenHTTP() (net.Listener, error) { return listen("API", a.Listen, "SLIPWAY_LISTEN") }

// listen takes a port, with one clear sentence when it is taken.
func listen(who, address, setting string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the %s cannot listen on %s; stop what uses it or set %s (%w)",
			who, address, setting, rootCause(err))
	}
	return listener, nil
}

// newRegistry is what /metrics shows: the API's own metrics, Go's and the process's.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
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

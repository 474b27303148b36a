package devserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	startLimit = 30 * time.Second
	stopLimit  = 10 * time.Second
	retryPause = 10 * time.Millisecond
)

// Server is a running Temporal with its UI. Stop it after the workers and
// clients that use it.
type Server struct {
	frontend string
	uiURL    string
	temporal temporal.Server
	ui       *uiserver.Server
	dbs      databases
	log      *logger
	stopOnce sync.Once
	stopErr  error
}

// Start runs a server and returns once it answers, workflows can be started and
// the UI is served. On an error nothing is left running; a PortInUseError means
// that nothing was touched.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	p, err := reservePorts(cfg)
	if err != nil {
		return nil, err
	}
	defer p.release()
	dbs := databasesFor(cfg)
	if err := dbs.prepare(ctx, cfg); err != nil {
		return nil, err
	}

	s := &Server{frontend: reachable(cfg.IP, p.frontend.number), dbs: dbs, log: newLogger(cfg.Logger)}
	p.releaseServices()
	if s.temporal, err = bootTemporal(cfg, p, dbs, s.log); err == nil {
		s.startUI(cfg, p)
		err = s.waitUntilReady(ctx, cfg.Namespace)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	s.log.state.serving.Store(true)
	return s, nil
}

// FrontendHostPort is the address for clients and workers.
func (s *Server) FrontendHostPort() string { return s.frontend }

// UIURL is the UI's root, without a slash at its end; empty when there is none.
func (s *Server) UIURL() string { return s.uiURL }

// Stop ends the UI and the server, normally in about a second, and gives up
// waiting after ten. Further calls return what the first one did.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() {
		s.log.state.serving.Store(false)
		if s.ui != nil {
			s.ui.Stop()
		}
		if s.temporal != nil {
			s.stopErr = errors.Join(stopTemporal(s.temporal), s.dbs.flush())
		}
	})
	return s.stopErr
}

func stopTemporal(server temporal.Server) error {
	done := make(chan error, 1)
	go func() { done <- server.Stop() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stop Temporal: %w", err)
		}
		return nil
	case <-time.After(stopLimit):
		return fmt.Errorf("Temporal did not stop within %s", stopLimit)
	}
}

func (s *Server) startUI(cfg Config, p *ports) {
	if cfg.UIPort == NoUI {
		return
	}
	s.ui = newUI(cfg, p)
	s.uiURL = "http://" + reachable(cfg.IP, p.ui.number)
	p.ui.release()
	go func() { _ = s.ui.Start() }()
}

func (s *Server) waitUntilReady(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := retry(ctx, func() error { return s.askTemporal(ctx, namespace) }); err != nil {
		return fmt.Errorf("wait for Temporal: %w", err)
	}
	if s.ui == nil {
		return nil
	}
	if err := retry(ctx, func() error { return s.askUI(ctx) }); err != nil {
		return fmt.Errorf("wait for the Temporal UI: %w", err)
	}
	return nil
}

// askTemporal looks for a workflow that does not exist: only a frontend that
// reaches a history service that owns its shard can say so.
func (s *Server) askTemporal(ctx context.Context, namespace string) error {
	conn, err := grpc.NewClient(s.frontend, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	request := &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: namespace,
		Execution: &commonpb.WorkflowExecution{WorkflowId: "devserver-readiness"},
	}
	service := workflowservice.NewWorkflowServiceClient(conn)
	_, err = service.DescribeWorkflowExecution(ctx, request, grpc.WaitForReady(true))
	var notFound *serviceerror.NotFound
	if errors.As(serviceerror.FromStatus(status.Convert(err)), &notFound) {
		return nil
	}
	return err
}

func (s *Server) askUI(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.uiURL+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

// retry calls ask until it succeeds or ctx ends, and then returns its last error.
func retry(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryPause):
		}
	}
}

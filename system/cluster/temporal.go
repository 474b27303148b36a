package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Services are the parts of a Temporal server, in the order in which they start.
var Services = []string{"history", "matching", "frontend", "worker"}

// Retention is how long the namespace keeps what has ended, as the compose file says it.
const Retention = "90d"

const retention = 90 * 24 * time.Hour

// Compose reads a compose file as the engines do, with a password for everything
// and what else is in env, as NAME=value.
func Compose(ctx context.Context, file string, env ...string) (*types.Project, error) {
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithEnv(
			append([]string{"POSTGRES_PASSWORD=secret", "SLIPWAY_SECRET_KEY=key"}, env...),
		),
		cli.WithInterpolation(true),
	)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return options.LoadProject(ctx)
}

// Temporal is the server that the compose file describes, built from its own
// module and run without containers: its environment, its command, its dynamic
// configuration, and the schema made by its job. Addresses and ports alone are
// of this machine.
type Temporal struct {
	Address  string     // of the frontend
	Services []*Process // one for each of Services, or one for all
	ports    map[string]string
}

// NewTemporal builds the programs and prepares the databases; nothing runs yet.
// apart says whether each service is a process of its own. postgres is the
// host:port of a PostgreSQL that trusts the user postgres.
func NewTemporal(ctx context.Context, dir, composeFile, postgres string, apart bool) (*Temporal, error) {
	project, err := Compose(ctx, composeFile)
	if err != nil {
		return nil, err
	}
	t := &Temporal{}
	if t.ports, err = freePorts(); err != nil {
		return nil, err
	}
	t.Address = "127.0.0.1:" + t.ports["FRONTEND_GRPC_PORT"]
	for program, source := range map[string]string{"temporal-server": "server", "temporal-sql-tool": "tools/sql"} {
		if _, err := run(ctx, dir, nil, "go", "build", "-o", filepath.Join(dir, program),
			"go.temporal.io/server/cmd/"+source); err != nil {
			return nil, err
		}
	}
	if err := makeSchema(ctx, dir, project.Services["temporal-schema"], postgres); err != nil {
		return nil, err
	}
	for name, config := range project.Configs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(config.Content), 0o600); err != nil {
			return nil, fmt.Errorf("write the dynamic configuration: %w", err)
		}
	}
	service := project.Services["temporal"]
	if !apart {
		t.add(dir, "temporal", service, postgres, nil)
		return t, nil
	}
	for _, name := range Services {
		t.add(dir, name, service, postgres, map[string]string{"TEMPORAL_SERVICES": name})
	}
	return t, nil
}

// Start starts every service and makes the namespace.
func (t *Temporal) Start(ctx context.Context, say func(string)) error {
	for _, p := range t.Services {
		say("Temporal: " + p.Name)
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	return t.namespace(ctx)
}

// Kill ends every service at once.
func (t *Temporal) Kill() {
	for _, p := range t.Services {
		p.Kill()
	}
}

// add describes one process of the server.
func (t *Temporal) add(dir, name string, service types.ServiceConfig, postgres string, more map[string]string) {
	env := composeEnv(service)
	host, port, _ := net.SplitHostPort(postgres)
	maps.Copy(env, map[string]string{
		"POSTGRES_SEEDS": host, "DB_PORT": port, "POSTGRES_USER": "postgres",
		"BIND_ON_IP": "127.0.0.1", "TEMPORAL_BROADCAST_ADDRESS": "127.0.0.1",
		"DYNAMIC_CONFIG_FILE_PATH": filepath.Join(dir, service.Configs[0].Source),
	})
	maps.Copy(env, t.ports)
	maps.Copy(env, more)
	answers := t.ports[map[string]string{
		"history": "HISTORY_GRPC_PORT", "matching": "MATCHING_GRPC_PORT", "worker": "WORKER_MEMBERSHIP_PORT",
	}[name]]
	check := func(ctx context.Context) error { return listening(ctx, "127.0.0.1:"+answers) }
	if answers == "" {
		check = func(ctx context.Context) error { return serving(ctx, t.Address) }
	}
	t.Services = append(t.Services, newProcess(dir, name, check, func() *exec.Cmd {
		return command(
			context.Background(),
			dir,
			env,
			service.Entrypoint[0],
			append(service.Entrypoint[1:], service.Command...)...)
	}))
}

// namespace makes the default namespace, as the compose file's job does, and
// waits until every service knows it.
func (t *Temporal) namespace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{HostPort: t.Address,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer c.Close()
	for {
		_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: client.DefaultNamespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention)})
		var exists *serviceerror.NamespaceAlreadyExists
		if err == nil || errors.As(err, &exists) {
			// Every search of the visibility store goes through the caches of all services.
			if _, err = c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{}); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("make the namespace: %w", err)
		case <-time.After(checkEvery):
		}
	}
}

// makeSchema runs the compose file's job, with the schema of the server's module.
func makeSchema(ctx context.Context, dir string, job types.ServiceConfig, postgres string) error {
	module, err := run(ctx, dir, nil, "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/server")
	if err != nil {
		return err
	}
	env := composeEnv(job)
	host, port, _ := net.SplitHostPort(postgres)
	maps.Copy(env, map[string]string{"SQL_HOST": host, "SQL_PORT": port, "SQL_USER": "postgres"})
	script := strings.ReplaceAll(job.Command[0], "/etc/temporal/schema", strings.TrimSpace(module)+"/schema")
	_, err = run(ctx, dir, env, job.Entrypoint[0], append(job.Entrypoint[1:], script)...)
	return err
}

// composeEnv is the environment of a service.
func composeEnv(service types.ServiceConfig) map[string]string {
	env := map[string]string{}
	for name, value := range service.Environment {
		if value != nil {
			env[name] = *value
		}
	}
	return env
}

// freePorts are the settings of a server's ports.
func freePorts() (map[string]string, error) {
	ports := map[string]string{}
	for _, name := range []string{"FRONTEND_GRPC_PORT", "FRONTEND_HTTP_PORT", "FRONTEND_MEMBERSHIP_PORT",
		"HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT", "MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT",
		"WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT"} {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		ports[name] = strconv.Itoa(port)
	}
	return ports, nil
}

// command prepares a program of dir, or of the system, with an environment of its own.
func command(ctx context.Context, dir string, env map[string]string, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a program to its end and returns what it printed; the error of one
// that fails shows it.
func run(ctx context.Context, dir string, env map[string]string, program string, args ...string) (string, error) {
	cmd := command(ctx, dir, env, program, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{program}, args...), " "), err, out)
	}
	return string(out), nil
}

// listening says whether somebody listens on the address.
func listening(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// serving says whether the frontend at the address is healthy.
func serving(ctx context.Context, address string) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: "temporal.api.workflowservice.v1.WorkflowService"})
	if err != nil {
		return err
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("the frontend is %s", answer.GetStatus())
	}
	return nil
}

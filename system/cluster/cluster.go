package cluster

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"

	"slipway/store/storetest"
)

// Config says what an installation is made of.
type Config struct {
	Dir         string       // for logs and programs; made when it is not there
	ComposeFile string       // whose settings everything runs with
	Slipway     string       // the program; empty to build it
	OneTemporal bool         // one process, as the compose file has it, rather than four
	Say         func(string) // is given each part as it begins
}

// Cluster is an installation: PostgreSQL, Temporal, the payment sandbox, two APIs and
// two workers.
type Cluster struct {
	Database      string   // URL
	URLs          []string // of the APIs
	AdminEmail    string
	AdminPassword string
	Postgres      *storetest.Cluster
	Temporal      *Temporal
	Slipway       []*Process // sandbox, api-1, api-2, worker-1, worker-2

	config    Config
	compose   *types.Project
	addresses map[string]string // settings that say where the others are
	secretKey string
}

// Start starts everything, in the order of the compose file. What was started
// before an error is stopped again.
func Start(ctx context.Context, c Config) (*Cluster, error) {
	k := &Cluster{config: c, AdminEmail: "admin@slipway.example", AdminPassword: rand.Text()}
	err := os.MkdirAll(c.Dir, 0o700)
	for _, start := range []func(context.Context) error{
		k.startPostgres, k.startTemporal, k.install, k.startSlipway,
	} {
		if err == nil {
			err = start(ctx)
		}
	}
	if err != nil {
		k.Stop()
		return nil, err
	}
	return k, nil
}

func (k *Cluster) startPostgres(ctx context.Context) (err error) {
	k.config.Say("PostgreSQL")
	if k.Postgres, err = storetest.NewCluster(); err != nil {
		return err
	}
	k.Database, err = k.Postgres.Create(ctx)
	return err
}

func (k *Cluster) startTemporal(ctx context.Context) (err error) {
	k.config.Say("Temporal: building it (minutes, the first time) and its schema")
	k.Temporal, err = NewTemporal(ctx, k.config.Dir, k.config.ComposeFile, k.Postgres.Address(), !k.config.OneTemporal)
	if err != nil {
		return err
	}
	return k.Temporal.Start(ctx, k.config.Say)
}

// install builds Slipway and prepares its database.
func (k *Cluster) install(ctx context.Context) error {
	if k.config.Slipway == "" {
		k.config.Say("Slipway: building it")
		k.config.Slipway = filepath.Join(k.config.Dir, "slipway")
		if _, err := run(ctx, k.config.Dir, nil, "go", "build", "-tags", "nodev,nomsgpack", "-o", k.config.Slipway,
			"slipway"); err != nil {
			return err
		}
	}
	if err := k.configure(ctx); err != nil {
		return err
	}
	for _, job := range []string{"migrate", "seed"} {
		k.config.Say("Slipway: " + job)
		service := k.compose.Services[job]
		if _, err := run(ctx, k.config.Dir, k.envOf(service), k.config.Slipway, service.Command...); err != nil {
			return err
		}
	}
	return nil
}

// configure reads the compose file with what its user would have in .env, and sets
// what differs without containers: where the others are.
func (k *Cluster) configure(ctx context.Context) (err error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	sandbox, err := FreePort()
	if err != nil {
		return err
	}
	k.addresses = map[string]string{
		"DATABASE_URL": k.Database, "TEMPORAL_ADDRESS": k.Temporal.Address,
		"SLIPWAY_SANDBOX_URL": fmt.Sprintf("http://127.0.0.1:%d", sandbox),
	}
	k.secretKey = base64.StdEncoding.EncodeToString(key)
	k.compose, err = Compose(ctx, k.config.ComposeFile, "SLIPWAY_SECRET_KEY="+k.secretKey,
		"SLIPWAY_ADMIN_EMAIL="+k.AdminEmail, "SLIPWAY_ADMIN_PASSWORD="+k.AdminPassword,
		"SLIPWAY_DATA_DIR="+k.config.Dir, "SLIPWAY_SANDBOX_PORT="+strconv.Itoa(sandbox),
		"SLIPWAY_WEBHOOK_ALLOW_PRIVATE=true", "SLIPWAY_TEST_CLOCKS=true")
	return err
}

// envOf is the environment the compose file gives a service, with the addresses of here.
func (k *Cluster) envOf(service types.ServiceConfig) map[string]string {
	env := composeEnv(service)
	maps.Copy(env, k.addresses)
	return env
}

// startSlipway starts the payment sandbox, the APIs and the workers.
func (k *Cluster) startSlipway(ctx context.Context) error {
	sandbox, err := url.Parse(k.addresses["SLIPWAY_SANDBOX_URL"])
	if err != nil {
		return err
	}
	k.add("sandbox", k.envOf(k.compose.Services["api"]), []string{"sandbox"},
		func(ctx context.Context) error { return listening(ctx, sandbox.Host) })
	for i := 1; i <= 2; i++ {
		if err := k.addServer(fmt.Sprint("api-", i), "api", "SLIPWAY_LISTEN"); err != nil {
			return err
		}
	}
	for i := 1; i <= 2; i++ {
		if err := k.addServer(fmt.Sprint("worker-", i), "worker", "SLIPWAY_WORKER_LISTEN"); err != nil {
			return err
		}
	}
	for _, p := range k.Slipway {
		k.config.Say("Slipway: " + p.Name)
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// addServer describes a process of a service that listens on a port of its own, which
// the setting names. It is ready once it answers and passes the service's health check.
func (k *Cluster) addServer(name, role, setting string) error {
	port, err := FreePort()
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if role == "api" {
		k.URLs = append(k.URLs, "http://"+address)
	}
	service := k.compose.Services[role]
	env := k.envOf(service)
	env[setting] = address
	k.add(name, env, service.Command, func(ctx context.Context) error {
		if err := answering(ctx, "http://"+address+"/readyz"); err != nil {
			return err
		}
		_, err := run(ctx, k.config.Dir, env, k.config.Slipway, service.HealthCheck.Test[2:]...) // CMD /slipway …
		return err
	})
	return nil
}

func (k *Cluster) add(name string, env map[string]string, args []string, answers func(context.Context) error) {
	k.Slipway = append(k.Slipway, newProcess(k.config.Dir, name, answers, func() *exec.Cmd {
		return command(context.Background(), k.config.Dir, env, k.config.Slipway, args...)
	}))
}

// Processes are all programs of the installation but PostgreSQL's.
func (k *Cluster) Processes() []*Process {
	var all []*Process
	if k.Temporal != nil {
		all = append(all, k.Temporal.Services...)
	}
	return append(all, k.Slipway...)
}

// Stop ends what Start started, and nothing else, in the opposite order.
func (k *Cluster) Stop() {
	all := k.Processes()
	for i := len(all) - 1; i >= 0; i-- {
		k.config.Say("stop " + all[i].Name)
		all[i].Stop()
	}
	if k.Postgres != nil {
		k.config.Say("stop PostgreSQL")
		k.Postgres.Remove()
	}
}

// Environment is what every Slipway process runs with, as lines of a shell.
func (k *Cluster) Environment() []string {
	var lines []string
	env := maps.Clone(k.addresses)
	env["SLIPWAY_SECRET_KEY"] = k.secretKey
	for _, name := range slices.Sorted(maps.Keys(env)) {
		lines = append(lines, fmt.Sprintf("export %s='%s'", name, env[name]))
	}
	return lines
}

// answering says whether the URL is answered with 200.
func answering(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, response.StatusCode)
	}
	return nil
}

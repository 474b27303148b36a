//go:build !nodev

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"slipway/devserver"
	"slipway/worker"
	"slipway/workflows"
)

// devCommand is left out of production builds, and the embedded server with it.
func devCommand(do action) []*cli.Command {
	return []*cli.Command{{
		Name:   "dev",
		Usage:  "run everything in this process: Temporal and its UI, migrations, seed, worker and API",
		Action: do(runDev),
	}}
}

// devMemory is where Go's collector starts to work harder than usual: Temporal,
// its UI and Slipway share one process on somebody's laptop, and each password
// leaves 19 MiB behind. GOMEMLIMIT sets another limit.
const devMemory = 200 << 20

// runDev brings everything up in one process and keeps it up until ctx ends.
func runDev(ctx context.Context, a *App) error {
	defer a.Close()
	a.TestClocks = a.TestClocks || !a.testClocksSet // dev is never production
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(devMemory)
	}
	d, err := StartDev(ctx, a)
	if err != nil {
		return err
	}
	fmt.Fprint(a.stdout, d.Banner())
	err = a.Serve(ctx, d.Listener)
	fmt.Fprintln(a.stdout, "\nStopping.")
	return err
}

// Dev is what dev has brought up beside the parts of the app.
type Dev struct {
	app      *App
	Listener net.Listener
	Temporal string // host:port
	ui       string // URL, empty when the Temporal is not ours
	password string
}

// StartDev builds every part. The API does not answer before serve.
func StartDev(ctx context.Context, a *App) (*Dev, error) {
	if err := a.prepareDataDir(); err != nil {
		return nil, err
	}
	d := &Dev{app: a}
	var err error
	if d.Listener, err = a.listenHTTP(); err != nil {
		return nil, err
	}
	a.onClose(func() { _ = d.Listener.Close() }) // closed already when it was served
	if err := a.openStore(); err != nil {
		return nil, err
	}
	options, err := d.startTemporal(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.ConnectTemporal(options); err != nil {
		return nil, err
	}
	a.Listen = d.Listener.Addr().String()
	if err := d.startProviders(); err != nil {
		return nil, err
	}
	if err := d.fill(ctx); err != nil {
		return nil, err
	}
	if err := a.buildAPI(true); err != nil {
		return nil, err
	}
	if a.DatabaseURL != "" { // other processes may share it
		go a.Store.Listen(ctx, a.Log)
	}
	return d, a.startWorker(ctx, worker.Version{}) // current, whatever it is
}

// prepareDataDir makes the folder, or, when ephemeral, one that goes at the end.
func (a *App) prepareDataDir() error {
	if !a.Ephemeral {
		return makeFolder(filepath.Join(a.DataDir, "slipway.db"))
	}
	dir, err := os.MkdirTemp("", "slipway-")
	if err != nil {
		return fmt.Errorf("create a folder for this run: %w", err)
	}
	a.DataDir = dir
	a.onClose(func() { a.logError("remove the folder of this run", os.RemoveAll(dir)) })
	return nil
}

// startTemporal starts the embedded server, unless TEMPORAL_ADDRESS or the
// profile file name another one.
func (d *Dev) startTemporal(ctx context.Context) (client.Options, error) {
	a := d.app
	options, err := a.temporalOptions()
	if err != nil {
		return options, err
	}
	profile, err := envconfig.LoadClientConfigProfile(envconfig.LoadClientConfigProfileOptions{})
	if err == nil && profile.Address != "" {
		d.Temporal = profile.Address
		return options, nil
	}
	config := devserver.Config{
		DatabaseFile: devserver.Path(a.DataDir), FrontendPort: a.TemporalPort, UIPort: a.TemporalUIPort,
		Namespace: options.Namespace, SearchAttributes: workflows.SearchAttributes(),
		Logger: slog.New(atLeast{a.Log.Handler(), slog.LevelError}), // it warns of its own affairs
	}
	server, err := devserver.Start(ctx, config)
	var taken *devserver.PortInUseError
	if errors.As(err, &taken) {
		setting := "SLIPWAY_TEMPORAL_PORT"
		if taken.Purpose == devserver.PurposeUI {
			setting = "SLIPWAY_TEMPORAL_UI_PORT"
		}
		return options, fmt.Errorf("%w; stop what uses it or set %s", taken, setting)
	}
	if err != nil {
		return options, fmt.Errorf("start the embedded Temporal: %w", err)
	}
	a.onClose(func() { a.logError("stop the embedded Temporal", server.Stop()) })
	d.Temporal, d.ui = server.FrontendHostPort(), server.UIURL()
	options.HostPort = server.FrontendHostPort()
	return options, nil
}

// startProviders brings the payment sandbox up, unless another one is named.
func (d *Dev) startProviders() error {
	a := d.app
	if a.SandboxURL == "" {
		key, err := a.Key(true)
		if err != nil {
			return err
		}
		if err := a.startSandbox(a.publicAddress(a.Listen)+"/webhooks/sandbox", key); err != nil {
			return err
		}
	}
	return a.ConnectProviders(true)
}

// fill migrates, seeds and makes sure the admin can sign in. dev keeps the
// password it generated, so that every start can show it.
func (d *Dev) fill(ctx context.Context) error {
	a := d.app
	if err := a.Store.Migrate(ctx); err != nil {
		return err
	}
	if err := a.seedCatalogue(ctx); err != nil {
		return err
	}
	d.password = a.AdminPassword
	if d.password == "" {
		var err error
		if d.password, err = a.remembered("admin-password", randomPassword); err != nil {
			return err
		}
	}
	return a.SetAdmin(ctx, d.password)
}

// Banner shows a newcomer everything that runs and a line to try it with.
func (d *Dev) Banner() string {
	url := "http://" + d.Listener.Addr().String()
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-12s %s\n", name, value) }
	b.WriteString("\nSlipway is up.\n\n")
	line("API", url)
	line("API viewer", url+"/docs")
	if d.ui != "" {
		line("Temporal UI", d.ui)
	}
	line("Temporal", d.Temporal)
	line("Sandbox", d.app.SandboxURL)
	line("Database", d.app.databaseName())
	line("Admin", d.app.AdminEmail+d.shownPassword())
	line("Test clocks", onOrOff(d.app.TestClocks))
	email := fmt.Sprintf("ada-%s@example.com", time.Now().UTC().Format("150405"))
	fmt.Fprintf(&b, `
Sign somebody up:

  curl -sS %s/v1/onboardings -H 'Content-Type: application/json' \
    -d '{"email":"%s","password":"seven-Lamps-on-the-quay","account_name":"Acme","plan":"starter"}'

Ctrl-C stops everything; %s.

`, url, email, d.app.kept())
	return b.String()
}

// shownPassword is a password that dev made. One that was set is known to who set it,
// and would stand in every log of a start.
func (d *Dev) shownPassword() string {
	if d.app.AdminPassword != "" {
		return "  with the password that was set"
	}
	return "  password " + d.password
}

// onOrOff says whether there are test clocks, and how there would not be.
func onOrOff(clocks bool) string {
	if clocks {
		return "on, for `slipway demo` and tests; SLIPWAY_TEST_CLOCKS=false turns them off"
	}
	return "off"
}

// kept says where the data stays, if it does.
func (s *Settings) kept() string {
	if s.Ephemeral {
		return "this run keeps nothing"
	}
	return "the data stays in " + s.DataDir
}

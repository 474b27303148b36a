// Package app is the program: its settings, its commands, and wire.go, the map of
// how its parts are connected.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// version is set by the build with -ldflags "-X slipway/app.version=…".
var version = "dev"

// Main is the whole program: 0 when the command did what it says, 1 when it
// failed, with one sentence on stderr. Each change is made to the app before its
// command runs; tests put in what a person cannot set.
func Main(args []string, stdout, stderr io.Writer, changes ...func(*App)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(stdout, stderr, changes).Run(ctx, args); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintln(stderr, "slipway: "+err.Error())
		}
		return 1
	}
	return 0
}

// errSilent ends a command that has said all there is to say with exit code 1.
var errSilent = errors.New("")

// command is the table of commands.
func command(stdout, stderr io.Writer, changes []func(*App)) *cli.Command {
	s := &Settings{}
	action := func(do func(context.Context, *App) error) cli.ActionFunc {
		return func(ctx context.Context, cmd *cli.Command) error {
			s.testClocksSet = cmd.IsSet("test-clocks")
			if err := s.check(); err != nil {
				return err
			}
			a := New(s, stdout, stderr)
			for _, change := range changes {
				change(a)
			}
			return do(ctx, a)
		}
	}
	return &cli.Command{
		Name:                  "slipway",
		Usage:                 "durable onboarding: from sign-up to an active account",
		Version:               version,
		EnableShellCompletion: true,
		HideVersion:           true,
		Writer:                stdout,
		ErrWriter:             stderr,
		Flags:                 s.flags(),
		ExitErrHandler:        func(context.Context, *cli.Command, error) {},
		Commands: append(devCommand(action),
			&cli.Command{Name: "api", Usage: "serve the API", Action: action(runAPI)},
			&cli.Command{Name: "worker", Usage: "run workflows and activities", Action: action(runWorker)},
			&cli.Command{Name: "sandbox", Usage: "run the payment sandbox alone, for api and worker processes that share its secret key", Action: action(runSandbox)},
			&cli.Command{Name: "migrate", Usage: "bring the database schema up to date", Action: action(runMigrate)},
			&cli.Command{Name: "seed", Usage: "add the plans, payment options and admin of a new installation", Action: action(runSeed)},
			&cli.Command{Name: "doctor", Usage: "say what is missing, and its fix", Action: action(runDoctor), Flags: []cli.Flag{
				&cli.BoolFlag{Name: "deep", Destination: &s.deep, Usage: "check every invariant over all rows, charges and workflows, too; takes longer the more accounts there are"},
				&cli.StringSliceFlag{Name: "only", Destination: &s.only, Usage: "names of the checks to make, such as api; all when left out"},
			}},
			&cli.Command{Name: "demo", Usage: "send sign-ups of every kind through a running dev, move its clock, and tell what became of them",
				Action: action(runDemo), Flags: s.demoFlags()},
			&cli.Command{Name: "import", Usage: "adopt the accounts of a CSV file, each at the state it is in", Action: action(runImport), Flags: s.importFlags()},
			&cli.Command{Name: "openapi", Usage: "print the OpenAPI description", Action: action(runOpenAPI)},
			&cli.Command{Name: "config", Usage: "print the settings in force, secrets masked", Action: func(_ context.Context, cmd *cli.Command) error {
				return printSettings(stdout, cmd.Root())
			}},
			&cli.Command{Name: "version", Usage: "print the version", Action: func(context.Context, *cli.Command) error {
				_, err := fmt.Fprintln(stdout, "slipway "+version)
				return err
			}},
		),
	}
}

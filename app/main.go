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

// action wraps a command: it checks the settings, makes the app and runs the
// command.
type action func(do func(context.Context, *App) error) cli.ActionFunc

// command is the table of commands.
func command(stdout, stderr io.Writer, changes []func(*App)) *cli.Command {
	s, declared := declare()
	do := func(run func(context.Context, *App) error) cli.ActionFunc {
		return func(ctx context.Context, cmd *cli.Command) error {
			s.testClocksSet = cmd.IsSet("test-clocks")
			if err := check(declared); err != nil {
				return err
			}
			a := New(s, stdout, stderr)
			for _, change := range changes {
				change(a)
			}
			return run(ctx, a)
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
		Flags:                 flags(declared),
		ExitErrHandler:        func(context.Context, *cli.Command, error) {},
		Commands: append(devCommand(do), apiCommand(do), workerCommand(do), sandboxCommand(do), migrateCommand(do),
			seedCommand(do), doctorCommand(do), demoCommand(do), importCommand(do), openAPICommand(do),
			configCommand(declared, stdout), versionCommand(stdout)),
	}
}

// rootCause is the innermost error, which says it in the fewest words.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

package app

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"
)

// version is set by the build with -ldflags "-X slipway/app.version=…".
var version = "dev"

func versionCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{Name: "version", Usage: "print the version", Action: func(context.Context, *cli.Command) error {
		_, err := fmt.Fprintln(stdout, "slipway "+version)
		return err
	}}
}

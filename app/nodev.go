//go:build nodev

package app

import (
	"context"

	"github.com/urfave/cli/v3"
)

// devCommand offers nothing: this build has no embedded server.
func devCommand(func(func(context.Context, *App) error) cli.ActionFunc) []*cli.Command { return nil }

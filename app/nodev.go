//go:build nodev

package app

import "github.com/urfave/cli/v3"

// devCommand offers nothing: this build has no embedded server.
func devCommand(action) []*cli.Command { return nil }

package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"slipway/demo"
)

func demoCommand(do action) *cli.Command {
	var c demo.Config
	return &cli.Command{
		Name:   "demo",
		Usage:  "send sign-ups of every kind through a running dev, move its clock, and report their outcome",
		Action: do(func(ctx context.Context, a *App) error { return runDemo(ctx, a, c) }),
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:        "url",
				Destination: &c.URL,
				Usage:       "URL of the API; the address of --listen when empty",
			},
			&cli.IntFlag{Name: "count", Value: 300, Destination: &c.Count, Usage: "how many sign-ups"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Destination: &c.Seed,
				Usage: "the same number brings the same people in the same order"},
			&cli.IntFlag{Name: "parallel", Value: 16, Destination: &c.Parallel, Usage: "how many act at once"},
			&cli.IntFlag{Name: "months", Value: 4, Destination: &c.Months, Usage: "how far the test clock is moved"},
		},
	}
}

// runDemo sends people through the running API, moves their clock, and says
// their outcome; exit code 1 when something is not as it must be.
func runDemo(ctx context.Context, a *App, c demo.Config) error {
	if c.Count < 1 || c.Parallel < 1 || c.Months < 0 {
		return errors.New("--count and --parallel must be at least 1, --months at least 0")
	}
	var err error
	if c.AdminPassword, err = a.knownAdminPassword(); err != nil {
		return err
	}
	if c.URL == "" {
		c.URL = a.localURL()
	}
	c.AdminEmail, c.Out = a.AdminEmail, a.stdout
	c.Progress = func(total int, doing string) demo.Bar { return a.progress(total, doing) }
	checks, err := demo.Run(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprint(a.stdout, "\nChecks\n\n")
	return showChecks(a.stdout, checks)
}

// localURL is where this machine's API listens.
func (s *Settings) localURL() string {
	host := s.Listen
	if strings.HasPrefix(host, ":") {
		host = "127.0.0.1" + host
	}
	return "http://" + strings.Replace(host, "0.0.0.0:", "127.0.0.1:", 1)
}

// knownAdminPassword is the one that was set, else the one dev remembers.
func (s *Settings) knownAdminPassword() (string, error) {
	if s.AdminPassword != "" {
		return s.AdminPassword, nil
	}
	text, err := os.ReadFile(filepath.Join(s.DataDir, "admin-password"))
	if err != nil {
		return "", errors.New("the admin's password is not known: set SLIPWAY_ADMIN_PASSWORD, " +
			"or --data-dir to the one of the running `slipway dev`")
	}
	return strings.TrimSpace(string(text)), nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/demo"
)

// runDemo sends people through the running API, moves their clock, and tells
// what became of all of them; exit code 1 when something is not as it must be.
func runDemo(ctx context.Context, a *App) error {
	if a.demo.count < 1 || a.demo.parallel < 1 || a.demo.months < 0 {
		return errors.New("--count and --parallel must be at least 1, --months at least 0")
	}
	password, err := a.knownAdminPassword()
	if err != nil {
		return err
	}
	checks, err := demo.Run(ctx, demo.Config{
		URL: a.demoURL(), AdminEmail: a.AdminEmail, AdminPassword: password, Count: a.demo.count, Parallel: a.demo.parallel,
		Months: a.demo.months, Seed: a.demo.seed, Out: a.stdout,
		Progress: func(total int, doing string) demo.Bar { return a.progress(total, doing) },
	})
	if err != nil {
		return err
	}
	fmt.Fprint(a.stdout, "\nChecks\n\n")
	return showChecks(a.stdout, checks)
}

// demoURL is where the API is: as told, else where this machine's listens.
func (s *Settings) demoURL() string {
	if s.demo.url != "" {
		return s.demo.url
	}
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
		return "", errors.New("the admin's password is not known: set SLIPWAY_ADMIN_PASSWORD, or --data-dir to the one of the running `slipway dev`")
	}
	return strings.TrimSpace(string(text)), nil
}

// Command run starts a cluster on this machine, says where its parts are, and
// stops exactly those when it is interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"slipway/system/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	began := time.Now()
	dir, err := filepath.Abs(filepath.Join(".slipway", "cluster"))
	if err != nil {
		return err
	}
	k, err := cluster.Start(ctx, cluster.Config{
		Dir: dir, ComposeFile: "docker-compose.yml", Slipway: os.Getenv("SLIPWAY_PROGRAM"),
		Say: func(what string) { fmt.Fprintf(os.Stderr, "%5.1f s  %s\n", time.Since(began).Seconds(), what) },
	})
	if err != nil {
		return err
	}
	defer k.Stop()
	banner(k, dir)
	<-ctx.Done()
	fmt.Fprintln(os.Stderr)
	return nil
}

// banner says what runs where.
func banner(k *cluster.Cluster, dir string) {
	fmt.Printf("\nThe cluster is up. Ctrl-C stops it.\n\n")
	for i, url := range k.URLs {
		fmt.Printf("  API %d       %s\n", i+1, url)
	}
	fmt.Printf("  Temporal    %s\n", k.Temporal.Address)
	fmt.Printf("  PostgreSQL  %s\n", k.Database)
	fmt.Printf("  admin       %s, password %s\n", k.AdminEmail, k.AdminPassword)
	fmt.Printf("  logs        %s/*.log\n\n", dir)
	for _, p := range k.Processes() {
		fmt.Printf("  %-10s  pid %d\n", p.Name, p.PID())
	}
	fmt.Printf("\nSlipway's own commands, such as doctor, on it:\n\n  %s\n  %s/slipway doctor\n\n",
		strings.Join(k.Environment(), "\n  "), dir)
	fmt.Printf(
		"Sign somebody up:\n\n  curl -sS %s/v1/onboardings -H 'Content-Type: application/json' \\\n    -d %s\n\n",
		k.URLs[0],
		`'{"email":"ada@example.com","password":"seven-Lamps-on-the-quay","account_name":"Acme","plan":"starter"}'`,
	)
}

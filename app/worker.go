package app

import (
	"context"
	"errors"

	"github.com/urfave/cli/v3"
)

func workerCommand(do action) *cli.Command {
	return &cli.Command{Name: "worker", Usage: "run workflows and activities", Action: do(runWorker)}
}

// runWorker runs workflows and activities against any Temporal and database.
func runWorker(ctx context.Context, a *App) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(false)); err != nil {
		return err
	}
	go a.Store.Listen(ctx, a.Log) // for the outbox
	if err := a.startWorker(ctx); err != nil {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	a.Log.Info("worker is up", "database", a.databaseName(), "temporal", options.HostPort)
	a.ready("")
	<-ctx.Done()
	return nil
}

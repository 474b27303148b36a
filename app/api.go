package app

import (
	"context"
	"errors"

	"github.com/urfave/cli/v3"
)

func apiCommand(do action) *cli.Command {
	return &cli.Command{Name: "api", Usage: "serve the API", Action: do(runAPI)}
}

// runAPI serves the API against any Temporal and database.
func runAPI(ctx context.Context, a *App) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	listener, err := a.listenHTTP()
	if err != nil {
		return err
	}
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(false)); err != nil {
		return err
	}
	if err := a.buildAPI(false); err != nil {
		return err
	}
	go a.Store.Listen(ctx, a.Log)
	a.Log.Info("API is up", "url", "http://"+listener.Addr().String(), "database", a.databaseName(),
		"temporal", options.HostPort)
	return a.Serve(ctx, listener)
}

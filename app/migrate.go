package app

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

func migrateCommand(do action) *cli.Command {
	return &cli.Command{Name: "migrate", Usage: "bring the database schema up to date", Action: do(runMigrate)}
}

func runMigrate(ctx context.Context, a *App) error {
	defer a.Close()
	if err := a.openStore(); err != nil {
		return err
	}
	if err := a.Store.Migrate(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout, "The schema of "+a.databaseName()+" is up to date.")
	return err
}

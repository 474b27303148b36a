package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema up to date. Migrations are numbered SQL, forward
// only; on PostgreSQL an advisory lock lets several processes start at once.
func (s *Store) Migrate(ctx context.Context) error {
	provider, err := s.migrator(s.postgres)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return s.wrap("migrate", "", err)
	}
	return nil
}

// PendingMigrations counts the migrations this binary has and the database
// lacks. It does not wait for a migration under way.
func (s *Store) PendingMigrations(ctx context.Context) (int, error) {
	provider, err := s.migrator(false)
	if err != nil {
		return 0, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return 0, s.wrap("read migrations", "", err)
	}
	pending := 0
	for _, m := range status {
		if m.State == goose.StatePending {
			pending++
		}
	}
	return pending, nil
}

func (s *Store) migrator(locked bool) (*goose.Provider, error) {
	conn, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.postgres {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	if locked {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds between looks, and how many
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(dialect, conn, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
